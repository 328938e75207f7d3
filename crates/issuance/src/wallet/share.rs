//! Sending a person the link by which a credential that was issued on behalf is claimed into a wallet.

use model::{AuditAction, ClaimSubject, CoreClaimHash, Origin, TenantId};
use store::JobKind;

use crate::engine::Engine;
use crate::offers::OfferError;
use crate::partner::Partner;

impl Engine {
    /// Has the holder of a partner's credential sent the link to claim it: twice a minute at most for each credential. The
    /// partner is not told the link: whoever has it may claim.
    pub async fn share_credential(
        &self,
        partner: &Partner,
        hash: CoreClaimHash,
        origin: &Origin,
    ) -> Result<(), OfferError> {
        let tenant = &partner.tenant.id;
        let held = self.store.held_credential_by_hash(tenant, &hash).await?.ok_or(OfferError::NotFound)?;
        self.check_held(&held)?;
        let now = self.clock.now();
        let job = self.new_job(JobKind::ClaimLink, tenant, held.id.to_string(), now);
        let actor = partner.actor(origin);
        let event = self.event(&actor, tenant, AuditAction::ShareCredential, held.id.as_str(), now);
        let bucket = format!("claim-link {}", held.id);
        self.enqueue_mail(&bucket, &[job], &[event], now).await
    }

    /// The link to claim a credential that was issued on behalf: for an operator, who hands it to the person.
    pub async fn credential_claim_url(
        &self,
        tenant: &TenantId,
        hash: CoreClaimHash,
    ) -> Result<String, OfferError> {
        let held = self.store.held_credential_by_hash(tenant, &hash).await?.ok_or(OfferError::NotFound)?;
        self.check_held(&held)?;
        Ok(self.claim_page_url(&ClaimSubject::Credential(held.id)))
    }
}
