//! Access tokens, and what may be used once.

use model::{ClaimSubject, IssuerId, OfferDraft, ProgramId, TenantId, Timestamp};

use crate::db::{Rows, Tx, kinds, values};
use crate::issuance::digest;
use crate::{Store, StoreError};

/// An access token, without its text.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// SHA-256 of the token: it has 256 random bits, so a slow hash would add nothing.
    pub hash: [u8; 32],
    /// What it lets a wallet fetch.
    pub subject: ClaimSubject,
    /// Whose.
    pub tenant: TenantId,
    /// Who issues.
    pub issuer: IssuerId,
    /// By which program.
    pub program: ProgramId,
    /// The edition in which the offer was written.
    pub draft: OfferDraft,
    /// The RFC 7638 thumbprint of the key that it is bound to (RFC 9449).
    pub jkt: Option<[u8; 32]>,
    /// What the wallet calls itself.
    pub client_id: Option<String>,
    /// First moment at which it is no longer accepted.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    kind: String,
    subject_id: String,
    tenant_id: String,
    issuer_id: String,
    program_id: String,
    draft: String,
    jkt: Option<Vec<u8>>,
    client_id: Option<String>,
    expires_at: i64,
}

pub(super) async fn insert_token(tx: &mut Tx, token: &NewToken, now: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO access_token (token_hash, kind, subject_id, tenant_id, issuer_id, program_id, draft, jkt, client_id, \
               created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = values![
        token.hash.as_slice(),
        token.subject.kind(),
        token.subject.id(),
        token.tenant.as_str(),
        token.issuer.as_str(),
        token.program.as_str(),
        token.draft.as_str(),
        crate::db::Value::Bytes(token.jkt.map(|jkt| jkt.to_vec())),
        token.client_id.as_deref(),
        now,
        token.expires_at
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Uses up what may be used once; `false` if any of it was used before.
pub(super) async fn use_up(tx: &mut Tx, once: &[[u8; 32]], until: Timestamp) -> Result<bool, StoreError> {
    if once.is_empty() {
        return Ok(true);
    }
    let sql = "INSERT INTO used_once (hash, expires_at) SELECT column1, column2 FROM {rows} WHERE true \
               ON CONFLICT (hash) DO NOTHING";
    let rows = once.iter().map(|hash| values![hash.as_slice(), until]).collect();
    Ok(tx.execute_rows(sql, Rows { kinds: kinds![Bytes, Int], rows }).await? == once.len() as u64)
}

impl Store {
    /// The token with this SHA-256, over or not.
    pub async fn access_token(&self, hash: &[u8; 32]) -> Result<Option<NewToken>, StoreError> {
        let sql = "SELECT kind, subject_id, tenant_id, issuer_id, program_id, draft, jkt, client_id, expires_at \
                   FROM access_token WHERE token_hash = $1";
        let row: Option<TokenRow> = self.db.fetch_optional(sql, values![hash.as_slice()]).await?;
        let Some(row) = row else { return Ok(None) };
        let wrong = |column, problem: &dyn std::fmt::Display| {
            StoreError::inconsistent("access_token", column, &row.subject_id, problem)
        };
        let subject = ClaimSubject::of(&row.kind, &row.subject_id);
        Ok(Some(NewToken {
            hash: *hash,
            subject: subject.ok_or_else(|| wrong("kind", &row.kind))?,
            draft: row.draft.parse().map_err(|error| wrong("draft", &error))?,
            jkt: row.jkt.as_deref().map(|jkt| digest("access_token", "jkt", jkt)).transpose()?,
            tenant: row.tenant_id.into(),
            issuer: row.issuer_id.into(),
            program: row.program_id.into(),
            client_id: row.client_id,
            expires_at: Timestamp(row.expires_at),
        }))
    }

    /// Whether any of it was used before.
    pub async fn any_used(&self, once: &[[u8; 32]]) -> Result<bool, StoreError> {
        let sql = "SELECT u.expires_at FROM {rows} JOIN used_once u ON u.hash = v.column1";
        let rows = once.iter().map(|hash| values![hash.as_slice()]).collect();
        let used: Vec<(i64,)> = self.db.fetch_rows(sql, Rows { kinds: kinds![Bytes], rows }).await?;
        Ok(!used.is_empty())
    }

    /// Uses up something that may be used once, for instance the id of a DPoP proof; `false` if it was used before.
    pub async fn use_once(&self, once: &[[u8; 32]], until: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let first = use_up(&mut tx, once, until).await?;
        if first {
            tx.commit().await?;
        }
        Ok(first)
    }

    /// Forgets tokens that are over, and what could not be used again in any case.
    pub async fn forget_tokens(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.db.execute("DELETE FROM used_once WHERE expires_at <= $1", values![now]).await?;
        // Nobody has a token any more by which it could be fetched.
        let sql = "DELETE FROM deferred_issuance WHERE NOT EXISTS (SELECT 1 FROM access_token t \
                   WHERE t.token_hash = deferred_issuance.token_hash AND t.expires_at > $1)";
        self.db.execute(sql, values![now]).await?;
        self.db.execute("DELETE FROM access_token WHERE expires_at <= $1", values![now]).await
    }
}
