//! Revoking a credential.

use model::{Actor, AuditAction, CoreClaimHash, IssuerId, LeafOp, LogLeaf, TenantId, Timestamp};

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
        let leaf = self.revoke_leaf(&found.credential.issuer_id, hash, now).await?;
        let id = &found.credential.id;
        let event = self.event(actor, tenant, AuditAction::RevokeCredential, id.as_str(), now);
        let revoked = self.store.revoke(tenant, id, &leaf, &event).await?;
        Ok(if revoked { Revoked::Now } else { Revoked::Already })
    }

    /// The leaf that says that a credential was revoked.
    pub(crate) async fn revoke_leaf(
        &self,
        issuer: &IssuerId,
        hash: CoreClaimHash,
        now: Timestamp,
    ) -> Result<String, EngineError> {
        let issuer = self.store.issuer(issuer).await?;
        let issuer = issuer.ok_or_else(|| EngineError::inconsistent("a credential's issuer is gone"))?;
        Ok(LogLeaf::new(LeafOp::Revoke, &issuer.did, hash, now).to_json())
    }
}
