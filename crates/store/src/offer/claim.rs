//! Claiming: the offer becomes a credential, in one transaction.

use model::{AuditEvent, ClaimSubject, Holder, HolderId, Holding, Offer, TenantId, Timestamp};

use super::create::{SearchWords, search_words};
use crate::db::{Rows, Tx, kinds, values};
use crate::issuance::{CredentialRow, NewCredential, count_against_cap, insert_credentials, insert_holder};
use crate::job::{JobKind, cancel};
use crate::together::Decision;
use crate::wallet::{NewDelivery, insert_delivery, issuance_done};
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
    /// The DID of the wallet's first key, the subject of the credential.
    pub subject: String,
    /// The person again, if it is to be created. Whoever has no address is known by the credential alone.
    pub new_holder: Option<Holder>,
    /// The credential.
    pub credential: NewCredential,
    /// What the wallet is given: the credential's first delivery, which has its id.
    pub delivery: NewDelivery,
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
    /// The offer could no longer be claimed, the person came to be known meanwhile, or what the delivery uses up was used
    /// before; nothing was done.
    Raced,
    /// The program has issued as many as it may; nothing was done.
    CapReached,
}

impl Store {
    /// Issues the credential of an offer and marks the offer as claimed, together with others that are claimed at the same time.
    pub async fn claim_offer(&self, plan: OfferClaimPlan) -> Result<ClaimOutcome, StoreError> {
        let vocabulary = self.vocabularies.of(&self.db, &plan.tenant).await?;
        let words = search_words(&plan.offer, Some(&plan.subject), &vocabulary);
        let tenant = plan.tenant.clone();
        let outcome = self.claims.ask(Claim { plan, words }).await??;
        if outcome == ClaimOutcome::Claimed {
            self.vocabularies.written(&self.db, &tenant, 1);
        }
        Ok(outcome)
    }
}

/// A claim with what the offer is found by from then on.
#[derive(Debug)]
pub(crate) struct Claim {
    plan: OfferClaimPlan,
    words: SearchWords,
}

impl Decision for Claim {
    type Outcome = ClaimOutcome;

    fn stands(outcome: &ClaimOutcome) -> bool {
        *outcome == ClaimOutcome::Claimed
    }

    async fn decide(&self, tx: &mut Tx) -> Result<ClaimOutcome, StoreError> {
        let Self { plan, words } = self;
        let credential = &plan.credential;
        // Whoever knows the holder's DID finds the offer by it from now on. Looked up by its id alone, as in `Store::offer`.
        let sql = "UPDATE offer SET status = 'claimed', credential_id = v.column3, subject = v.column4, \
                   revocation_id = v.column5, issued_at = v.column6, updated_at = v.column6, words = v.column7, \
                   common_0 = v.column8, common_1 = v.column9, common_2 = v.column10 \
                   FROM {rows} WHERE offer.id = v.column2 AND offer.tenant_id || '' = v.column1 \
                   AND offer.deleted_at IS NULL AND offer.status = 'ready_to_claim' \
                   AND (offer.expires_at IS NULL OR offer.expires_at > v.column6)";
        let row = values![
            plan.tenant.as_str(),
            plan.offer.id.as_str(),
            credential.id.as_str(),
            plan.subject.as_str(),
            credential.core_claim_hash.0.as_slice(),
            plan.now,
            words.own.as_str(),
            words.common[0],
            words.common[1],
            words.common[2]
        ];
        let kinds = kinds![Text, Text, Text, Text, Bytes, Int, Words, Int, Int, Int];
        if tx.execute_rows(sql, Rows { kinds, rows: vec![row] }).await? != 1 {
            return Ok(ClaimOutcome::Raced);
        }
        if let Some(holder) = &plan.new_holder
            && !insert_holder(tx, holder, plan.now).await?
        {
            return Ok(ClaimOutcome::Raced);
        }
        if plan.capped && count_against_cap(tx, &credential.program_id, 1).await? == 0 {
            return Ok(ClaimOutcome::CapReached);
        }
        let row = CredentialRow {
            tenant: &plan.tenant,
            holder: &plan.holder,
            credential,
            holding: Holding::Claimed,
            issued_at: plan.now,
        };
        insert_credentials(tx, [row]).await?;
        let issuer = &credential.issuer_id;
        if !insert_delivery(tx, &plan.tenant, &credential.id, issuer, &plan.delivery, plan.now).await? {
            return Ok(ClaimOutcome::Raced);
        }
        issuance_done(tx, &ClaimSubject::Offer(plan.offer.id.clone()), plan.now).await?;
        cancel(tx, JobKind::OfferEmail, plan.offer.id.as_str()).await?;
        audit::record(tx, [&plan.event]).await?;
        Ok(ClaimOutcome::Claimed)
    }
}
