//! Revoking a credential.

use model::{Actor, AuditAction, CoreClaimHash, LeafOp, LogLeaf, TenantId};

use crate::EngineError;
use crate::engine::Engine;

/// What became of a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// It is revoked now.
    Now,
    /// It was revoked before.
    Already,
    /// The tenant has no such credential.
    Unknown,
}

impl Engine {
    /// Revokes a tenant's credential. Status lists show it at once, the log as soon as it is anchored.
    pub async fn revoke(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        hash: CoreClaimHash,
    ) -> Result<Revoked, EngineError> {
        let Some(found) = self.credential_status(tenant, hash).await? else { return Ok(Revoked::Unknown) };
        if found.credential.holding.revoke().is_err() {
            return Ok(Revoked::Already);
        }
        let now = self.clock.now();
        let leaf = LogLeaf::new(LeafOp::Revoke, &found.issuer_did, hash, now).to_json();
        let id = &found.credential.id;
        let event = self.event(actor, tenant, AuditAction::RevokeCredential, id.as_str(), now);
        let revoked = self.store.revoke(tenant, id, &leaf, &event).await?;
        Ok(if revoked { Revoked::Now } else { Revoked::Already })
    }
}
