//! Requests for credentials that a worker signs.

use model::{ClaimSubject, CredentialId, IssuanceState, TenantId, Timestamp};

use super::token::use_up;
use crate::db::values;
use crate::issuance::digest;
use crate::job::{NewJob, enqueue};
use crate::{Store, StoreError};

/// A request that waits for its signature, or has it.
#[derive(Clone, Debug)]
pub struct DeferredIssuance {
    /// `transaction_id`
    pub id: String,
    /// Whose.
    pub tenant: TenantId,
    /// Which token asked.
    pub token_hash: [u8; 32],
    /// SHA-256 of what was asked.
    pub request_hash: [u8; 32],
    /// What was asked, as JSON.
    pub request: String,
    /// What was signed.
    pub delivery: Option<CredentialId>,
    /// Why nothing will be signed.
    pub refusal: Option<String>,
    /// When it was fetched.
    pub fetched_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct DeferredRow {
    id: String,
    tenant_id: String,
    token_hash: Vec<u8>,
    request_hash: Vec<u8>,
    request: String,
    delivery_id: Option<String>,
    refusal: Option<String>,
    fetched_at: Option<i64>,
}

impl TryFrom<DeferredRow> for DeferredIssuance {
    type Error = StoreError;

    fn try_from(row: DeferredRow) -> Result<Self, StoreError> {
        Ok(Self {
            token_hash: digest("deferred_issuance", "token_hash", &row.token_hash)?,
            request_hash: digest("deferred_issuance", "request_hash", &row.request_hash)?,
            id: row.id,
            tenant: row.tenant_id.into(),
            request: row.request,
            delivery: row.delivery_id.map(CredentialId::from),
            refusal: row.refusal,
            fetched_at: row.fetched_at.map(Timestamp),
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, tenant_id, token_hash, request_hash, request, delivery_id, refusal, fetched_at \
             FROM deferred_issuance ",
            $rest
        )
    };
}

impl Store {
    /// Takes a request that a worker will sign; `false`, and nothing is done, if it uses what was used before. The same request
    /// once more changes nothing, unless it was refused: then it begins anew.
    pub async fn defer_issuance(
        &self,
        deferred: &DeferredIssuance,
        subject: &ClaimSubject,
        once: (&[[u8; 32]], Timestamp),
        job: &NewJob,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        if !use_up(&mut tx, once.0, once.1).await? {
            return Ok(false);
        }
        let sql = "INSERT INTO deferred_issuance (id, tenant_id, token_hash, request_hash, request, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (token_hash, request_hash) DO UPDATE \
                   SET id = excluded.id, request = excluded.request, created_at = excluded.created_at, refusal = NULL \
                   WHERE deferred_issuance.refusal IS NOT NULL";
        let values = values![
            deferred.id.as_str(),
            deferred.tenant.as_str(),
            deferred.token_hash.as_slice(),
            deferred.request_hash.as_slice(),
            deferred.request.as_str(),
            now
        ];
        if tx.execute(sql, values).await? == 1 {
            enqueue(&mut tx, std::slice::from_ref(job), now).await?;
            let sql = "UPDATE claim_code SET state = $3, error = NULL, updated_at = $4 \
                       WHERE kind = $1 AND subject_id = $2";
            let state = IssuanceState::CredentialRequestReceived.as_str();
            tx.execute(sql, values![subject.kind(), subject.id(), state, now]).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The deferred request with this id.
    pub async fn deferred_issuance(&self, id: &str) -> Result<Option<DeferredIssuance>, StoreError> {
        let row: Option<DeferredRow> = self.db.fetch_optional(select!("WHERE id = $1"), values![id]).await?;
        row.map(DeferredIssuance::try_from).transpose()
    }

    /// The deferred request that a token made.
    pub async fn deferred_request(
        &self,
        token_hash: &[u8; 32],
        request_hash: &[u8; 32],
    ) -> Result<Option<DeferredIssuance>, StoreError> {
        let sql = select!("WHERE token_hash = $1 AND request_hash = $2");
        let values = values![token_hash.as_slice(), request_hash.as_slice()];
        let row: Option<DeferredRow> = self.db.fetch_optional(sql, values).await?;
        row.map(DeferredIssuance::try_from).transpose()
    }

    /// Says what became of a deferred request.
    pub async fn settle_deferred(
        &self,
        id: &str,
        outcome: Result<&CredentialId, &str>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE deferred_issuance SET delivery_id = $2, refusal = $3 \
                   WHERE id = $1 AND delivery_id IS NULL AND refusal IS NULL";
        let values = values![id, outcome.ok().map(CredentialId::as_str), outcome.err()];
        self.db.execute(sql, values).await?;
        Ok(())
    }

    /// Marks what was signed as fetched; `false` if it was before.
    pub async fn fetch_deferred(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE deferred_issuance SET fetched_at = $2 WHERE id = $1 AND fetched_at IS NULL";
        Ok(self.db.execute(sql, values![id, now]).await? == 1)
    }
}
