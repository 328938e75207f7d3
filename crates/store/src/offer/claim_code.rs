//! The claim codes of offers, and how far the issuances that they began have come.

use model::{IssuanceState, OfferId, Timestamp};

use crate::db::values;
use crate::{Store, StoreError, audit};

/// The claim code of an offer: what it is derived from, and its state. The code itself is nowhere stored.
#[derive(Clone, Debug)]
pub struct ClaimCode {
    /// Random; differs for each code of an offer.
    pub salt: [u8; 16],
    /// How far the issuance has come.
    pub state: IssuanceState,
    /// When the code was made.
    pub created_at: Timestamp,
    /// When the state last changed.
    pub updated_at: Timestamp,
    /// First moment at which the code is no longer accepted.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct ClaimCodeRow {
    salt: Vec<u8>,
    state: String,
    created_at: i64,
    updated_at: i64,
    expires_at: i64,
}

impl Store {
    /// The latest claim code of an offer, live or not.
    pub async fn claim_code(&self, offer: &OfferId) -> Result<Option<ClaimCode>, StoreError> {
        let sql =
            "SELECT salt, state, created_at, updated_at, expires_at FROM claim_code WHERE offer_id = $1";
        let row: Option<ClaimCodeRow> = self.db.fetch_optional(sql, values![offer.as_str()]).await?;
        let Some(row) = row else { return Ok(None) };
        let wrong = |column, problem: &dyn std::fmt::Display| {
            StoreError::inconsistent("claim_code", column, offer.as_str(), problem)
        };
        Ok(Some(ClaimCode {
            salt: row.salt.as_slice().try_into().map_err(|_| wrong("salt", &"not 16 bytes"))?,
            state: row.state.parse().map_err(|error| wrong("state", &error))?,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            expires_at: Timestamp(row.expires_at),
        }))
    }

    /// Gives an offer a claim code with this SHA-256, in place of one that is no longer live. `false`, and nothing is done, if
    /// there is a live one by now or the offer can no longer be claimed.
    pub async fn put_claim_code(
        &self,
        offer: &OfferId,
        code: &ClaimCode,
        code_hash: &[u8; 32],
        event: &model::AuditEvent,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO claim_code (offer_id, tenant_id, salt, code_hash, state, created_at, updated_at, expires_at) \
                   SELECT o.id, o.tenant_id, $2, $3, $4, $5, $6, $7 FROM offer o \
                   WHERE o.id = $1 AND o.deleted_at IS NULL AND o.status = 'ready_to_claim' \
                   ON CONFLICT (offer_id) DO UPDATE SET salt = excluded.salt, code_hash = excluded.code_hash, \
                   state = excluded.state, created_at = excluded.created_at, updated_at = excluded.updated_at, \
                   expires_at = excluded.expires_at WHERE claim_code.expires_at <= excluded.created_at";
        let values = values![
            offer.as_str(),
            code.salt.as_slice(),
            code_hash.as_slice(),
            code.state.as_str(),
            code.created_at,
            code.updated_at,
            code.expires_at
        ];
        let mut tx = self.db.begin().await?;
        if tx.execute(sql, values).await? != 1 {
            return Ok(false);
        }
        audit::record(&mut tx, [event]).await?;
        tx.commit().await?;
        Ok(true)
    }
}
