//! Claiming: the offer becomes a credential, in one transaction.

use model::{AuditEvent, Holder, HolderId, Holding, IssuanceState, Offer, TenantId, Timestamp};

use super::create::words;
use crate::db::{Rows, kinds, values};
use crate::issuance::{
    CredentialRow, NewCredential, count_against_cap, insert_credentials, insert_holder, queue_leaf,
};
use crate::job::{JobKind, cancel};
use crate::{Store, StoreError, audit};

/// A credential to be issued for an offer.
#[derive(Clone, Debug)]
pub struct OfferClaimPlan {
    /// Whose offer.
    pub tenant: TenantId,
    /// Which.
    pub offer: Offer,
    /// The person.
    pub holder: HolderId,
    /// The person's DID, the subject of the credential.
    pub subject: String,
    /// The person again, if it is to be created. Whoever has no address is known by the credential alone.
    pub new_holder: Option<Holder>,
    /// The credential.
    pub credential: NewCredential,
    /// Whether the program has a cap.
    pub capped: bool,
    /// What the audit trail says.
    pub event: AuditEvent,
    /// When.
    pub now: Timestamp,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The credential is issued, and the offer is claimed.
    Claimed,
    /// The offer could no longer be claimed, or the person came to be known meanwhile; nothing was done.
    Raced,
    /// The program has issued as many as it may; nothing was done.
    CapReached,
}

impl Store {
    /// Issues the credential of an offer and marks the offer as claimed.
    pub async fn claim_offer(&self, plan: &OfferClaimPlan) -> Result<ClaimOutcome, StoreError> {
        let credential = &plan.credential;
        let mut tx = self.db.begin().await?;
        let sql = "UPDATE offer SET status = 'claimed', credential_id = $3, subject = $4, revocation_id = $5, \
                   issued_at = $6, updated_at = $6 WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL \
                   AND status = 'ready_to_claim' AND (expires_at IS NULL OR expires_at > $6)";
        let values = values![
            plan.tenant.as_str(),
            plan.offer.id.as_str(),
            credential.id.as_str(),
            plan.subject.as_str(),
            credential.core_claim_hash.0.as_slice(),
            plan.now
        ];
        if tx.execute(sql, values).await? != 1 {
            return Ok(ClaimOutcome::Raced);
        }
        if let Some(holder) = &plan.new_holder
            && !insert_holder(&mut tx, holder, plan.now).await?
        {
            return Ok(ClaimOutcome::Raced);
        }
        if plan.capped && count_against_cap(&mut tx, &credential.program_id, 1).await? == 0 {
            return Ok(ClaimOutcome::CapReached);
        }
        // Whoever knows the holder's DID finds the offer by it from now on.
        let sql = "UPDATE offer SET words = v.column3 FROM {rows} \
                   WHERE offer.tenant_id = v.column1 AND offer.id = v.column2";
        let words = words(&plan.offer, Some(&plan.subject));
        let rows = vec![values![plan.tenant.as_str(), plan.offer.id.as_str(), words]];
        tx.execute_rows(sql, Rows { kinds: kinds![Text, Text, Words], rows }).await?;
        let row = CredentialRow {
            tenant: &plan.tenant,
            holder: &plan.holder,
            credential,
            holding: Holding::Claimed,
            issued_at: plan.now,
        };
        insert_credentials(&mut tx, [row]).await?;
        queue_leaf(&mut tx, &credential.id, model::LeafOp::Issue, &credential.leaf, plan.now).await?;
        let sql = "UPDATE claim_code SET state = $2, updated_at = $3 WHERE offer_id = $1";
        let values = values![plan.offer.id.as_str(), IssuanceState::CredentialIssued.as_str(), plan.now];
        tx.execute(sql, values).await?;
        cancel(&mut tx, JobKind::OfferEmail, plan.offer.id.as_str()).await?;
        audit::record(&mut tx, [&plan.event]).await?;
        tx.commit().await?;
        Ok(ClaimOutcome::Claimed)
    }
}
