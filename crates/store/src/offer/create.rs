//! Making offers in bulk.

use model::{AuditEvent, Offer, TenantId};

use crate::audit;
use crate::db::{Rows, Tx, Value, kinds, values};
use crate::issuance::{IdempotencyRecord, keep_answer};
use crate::listing::search_text;
use crate::{Store, StoreError};

/// Offers to be made together.
#[derive(Clone, Debug)]
pub struct NewOffers {
    /// Whose.
    pub tenant: TenantId,
    /// The offers.
    pub offers: Vec<Offer>,
    /// What the audit trail says.
    pub events: Vec<AuditEvent>,
    /// The answer to keep for retries.
    pub idempotency: Option<IdempotencyRecord>,
    /// When.
    pub now: model::Timestamp,
}

fn row(offer: &Offer) -> Vec<Value> {
    let claims = serde_json::to_string(&offer.claims).expect("claims hold nothing that JSON cannot");
    values![
        offer.id.as_str(),
        offer.tenant_id.as_str(),
        offer.issuer_id.as_str(),
        offer.program_id.as_str(),
        offer.profile_id.as_str(),
        offer.collection.as_ref().map(|collection| collection.id.as_str()),
        offer.email.as_deref(),
        offer.reference_id.as_deref(),
        claims,
        offer.status.as_str(),
        offer.expires_at,
        offer.stamps.created_at,
        offer.stamps.created_by.as_str(),
        false,
        words(offer, None)
    ]
}

/// The words by which full-text search finds an offer, apart from those of its program and issuer.
pub(super) fn words(offer: &Offer, subject: Option<&str>) -> String {
    let collection = offer.collection.as_ref().map(|collection| collection.name.as_str());
    let own = [offer.email.as_deref(), offer.reference_id.as_deref(), subject, collection];
    let claims = offer.claims.iter().map(|claim| claim.claim_value.as_str());
    search_text(offer.tenant_id.as_str(), own.into_iter().flatten().chain(claims))
}

async fn insert(tx: &mut Tx, offers: &[Offer]) -> Result<(), StoreError> {
    let sql = "INSERT INTO offer (id, tenant_id, issuer_id, program_id, profile_id, collection_id, email, reference_id, \
               claims, status, expires_at, created_at, created_by, updated_at, updated_by, email_sent, \
               revocation_email_sent, words) SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9, \
               column10, column11, column12, column13, column12, column13, column14, column14, column15 FROM {rows}";
    let kinds =
        kinds![Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Int, Int, Text, Bool, Words];
    tx.execute_rows(sql, Rows { kinds, rows: offers.iter().map(row).collect() }).await?;
    Ok(())
}

impl Store {
    /// Makes offers, all in one transaction; `false`, and nothing is done, if the idempotency key has an answer already.
    pub async fn create_offers(&self, new: &NewOffers) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        if let Some(record) = &new.idempotency
            && !keep_answer(&mut tx, &new.tenant, record, new.now).await?
        {
            return Ok(false);
        }
        insert(&mut tx, &new.offers).await?;
        audit::record(&mut tx, &new.events).await?;
        tx.commit().await?;
        Ok(true)
    }
}
