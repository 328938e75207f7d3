//! The status of a credential (seed 000, section 2).

use model::{CoreClaimHash, Credential, TenantId, VcStatus};
use store::StatusQuery;

use crate::EngineError;
use crate::engine::Engine;

/// A credential and what is to be said of it now.
#[derive(Clone, Debug)]
pub struct Status {
    /// The credential.
    pub credential: Credential,
    /// Its issuer's DID.
    pub issuer_did: String,
    /// `vcStatus`.
    pub status: VcStatus,
}

impl Engine {
    /// The status of a tenant's credential; another tenant's does not exist.
    pub async fn credential_status(
        &self,
        tenant: &TenantId,
        hash: CoreClaimHash,
    ) -> Result<Option<Status>, EngineError> {
        let found = self.store.credential_status(StatusQuery { tenant: tenant.clone(), hash }).await?;
        Ok(found.map(|found| Status {
            status: found.credential.vc_status(found.issue, found.revocation, self.clock.now()),
            issuer_did: found.issuer_did,
            credential: found.credential,
        }))
    }
}
