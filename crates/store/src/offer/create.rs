//! Making offers in bulk.

use model::{AuditEvent, Offer, TenantId};

use crate::audit;
use crate::common_words::{Bits, Vocabulary};
use crate::db::{Rows, Tx, Value, kinds, values};
use crate::issuance::{IdempotencyRecord, keep_answer};
use crate::listing::{search_text, words_of};
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

fn row(offer: &Offer, vocabulary: &Vocabulary) -> Vec<Value> {
    let words = search_words(offer, None, vocabulary);
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
        words.own,
        words.common[0],
        words.common[1],
        words.common[2]
    ]
}

/// What full-text search finds an offer by, apart from the words of its program and issuer.
#[derive(Debug)]
pub(super) struct SearchWords {
    /// Its own words, as [`search_text`] writes them.
    pub(super) own: String,
    /// The bits of those that many offers share.
    pub(super) common: Bits,
}

pub(super) fn search_words(offer: &Offer, subject: Option<&str>, vocabulary: &Vocabulary) -> SearchWords {
    let collection = offer.collection.as_ref().map(|collection| collection.name.as_str());
    let texts = [offer.email.as_deref(), offer.reference_id.as_deref(), subject, collection];
    let claims = offer.claims.iter().map(|claim| claim.claim_value.as_str());
    let (common, own) = vocabulary.split(words_of(texts.into_iter().flatten().chain(claims)));
    SearchWords { own: search_text(offer.tenant_id.as_str(), &own), common }
}

async fn insert(tx: &mut Tx, offers: &[Offer], vocabulary: &Vocabulary) -> Result<(), StoreError> {
    let sql = "INSERT INTO offer (id, tenant_id, issuer_id, program_id, profile_id, collection_id, email, reference_id, \
               claims, status, expires_at, created_at, created_by, updated_at, updated_by, email_sent, revocation_email_sent, \
               words, common_0, common_1, common_2) SELECT column1, column2, column3, column4, column5, column6, column7, column8, \
               column9, column10, column11, column12, column13, column12, column13, column14, column14, column15, column16, \
               column17, column18 FROM {rows}";
    let kinds = kinds![
        Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Int, Int, Text, Bool, Words, Int, Int,
        Int
    ];
    let rows = offers.iter().map(|offer| row(offer, vocabulary)).collect();
    tx.execute_rows(sql, Rows { kinds, rows }).await?;
    Ok(())
}

impl Store {
    /// Makes offers, all in one transaction; `false`, and nothing is done, if the idempotency key has an answer already.
    pub async fn create_offers(&self, new: &NewOffers) -> Result<bool, StoreError> {
        let vocabulary = self.vocabularies.of(&self.db, &new.tenant).await?;
        let mut tx = self.db.begin().await?;
        if let Some(record) = &new.idempotency
            && !keep_answer(&mut tx, &new.tenant, record, new.now).await?
        {
            return Ok(false);
        }
        insert(&mut tx, &new.offers, &vocabulary).await?;
        audit::record(&mut tx, &new.events).await?;
        tx.commit().await?;
        self.vocabularies.written(&self.db, &new.tenant, new.offers.len());
        Ok(true)
    }
}
