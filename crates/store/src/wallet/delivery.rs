//! What wallets were given.

use model::{
    AuditEvent, ClaimSubject, CoreClaimHash, CredentialId, IssuanceState, IssuerId, LeafOp, LogLeaf,
    TenantId, Timestamp,
};

use super::token::use_up;
use crate::db::{Db, Rows, Tx, kinds, values};
use crate::issuance::{digest, queue_leaf};
use crate::{Store, StoreError, audit};

/// The documents of one answer to a wallet, each bound to one of the wallet's keys.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// Its id; the credential's own for the first delivery of an offer.
    pub id: CredentialId,
    /// Which token asked.
    pub token_hash: [u8; 32],
    /// SHA-256 of what was asked.
    pub request_hash: [u8; 32],
    /// The hash of the core claim that commits to the documents.
    pub core_claim_hash: CoreClaimHash,
    /// That core claim: eight field elements, 32 bytes little-endian each.
    pub core_claim: Vec<u8>,
    /// The format of the documents.
    pub format: String,
    /// A JSON array of signed documents.
    pub documents: String,
    /// By which the wallet says what became of it.
    pub notification_id: String,
    /// List and index of each document's status, apart from one that the credential itself has.
    pub statuses: Vec<(i64, i64)>,
    /// The leaf that says that it was issued.
    pub leaf: String,
    /// How many deliveries a token has at most.
    pub most: usize,
    /// What this answer uses up: nonces, and until when they would have served.
    pub once: Vec<[u8; 32]>,
    /// When what is used up would have been over.
    pub once_until: Timestamp,
}

/// A delivery of a credential that is there already.
#[derive(Clone, Debug)]
pub struct DeliveryPlan {
    /// Whose.
    pub tenant: TenantId,
    /// What the wallet claims.
    pub subject: ClaimSubject,
    /// The credential.
    pub credential: CredentialId,
    /// Who issues.
    pub issuer: IssuerId,
    /// Whether this is the credential's first delivery: it is `ready_to_claim` until then.
    pub first: bool,
    /// What is delivered.
    pub delivery: NewDelivery,
    /// What the audit trail says.
    pub event: AuditEvent,
    /// When.
    pub now: Timestamp,
}

/// What a wallet was given.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its id.
    pub id: CredentialId,
    /// The credential.
    pub credential: CredentialId,
    /// What was asked.
    pub request_hash: [u8; 32],
    /// Which token asked.
    pub token_hash: [u8; 32],
    /// The core claim.
    pub core_claim: Vec<u8>,
    /// The format.
    pub format: String,
    /// A JSON array of signed documents.
    pub documents: String,
    /// By which the wallet says what became of it.
    pub notification_id: String,
}

#[derive(sqlx::FromRow)]
struct DeliveryRow {
    id: String,
    credential_id: String,
    token_hash: Vec<u8>,
    request_hash: Vec<u8>,
    core_claim: Vec<u8>,
    format: String,
    documents: String,
    notification_id: String,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            credential: row.credential_id.into(),
            request_hash: digest("delivery", "request_hash", &row.request_hash)?,
            token_hash: digest("delivery", "token_hash", &row.token_hash)?,
            core_claim: row.core_claim,
            format: row.format,
            documents: row.documents,
            notification_id: row.notification_id,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, credential_id, token_hash, request_hash, core_claim, format, documents, notification_id \
             FROM delivery ",
            $rest
        )
    };
}

/// Writes a delivery; `false` if it uses what was used before, the same was delivered at the same time, or the token has had as
/// many as it may.
pub(crate) async fn insert_delivery(
    tx: &mut Tx,
    tenant: &TenantId,
    credential: &CredentialId,
    issuer: &IssuerId,
    delivery: &NewDelivery,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if !use_up(tx, &delivery.once, delivery.once_until).await? {
        return Ok(false);
    }
    let sql = "INSERT INTO delivery (id, tenant_id, credential_id, token_hash, request_hash, core_claim_hash, core_claim, \
               format, documents, notification_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
               ON CONFLICT DO NOTHING";
    let values = values![
        delivery.id.as_str(),
        tenant.as_str(),
        credential.as_str(),
        delivery.token_hash.as_slice(),
        delivery.request_hash.as_slice(),
        delivery.core_claim_hash.to_string(),
        delivery.core_claim.as_slice(),
        delivery.format.as_str(),
        delivery.documents.as_str(),
        delivery.notification_id.as_str(),
        now
    ];
    if tx.execute(sql, values).await? != 1 {
        return Ok(false);
    }
    // The credential's row is locked, so nobody else delivers it at the same time.
    let sql = "SELECT COUNT(*) FROM delivery WHERE token_hash = $1";
    let count: Option<(i64,)> = tx.fetch_optional(sql, values![delivery.token_hash.as_slice()]).await?;
    if count.is_some_and(|(count,)| count > delivery.most as i64) {
        return Ok(false);
    }
    let sql = "INSERT INTO delivery_status (issuer_id, status_list, status_index, credential_id, revoked) \
               SELECT column1, column2, column3, column4, false FROM {rows}";
    let row = |(list, index): &(i64, i64)| values![issuer.as_str(), *list, *index, credential.as_str()];
    let rows: Vec<_> = delivery.statuses.iter().map(row).collect();
    if !rows.is_empty() {
        tx.execute_rows(sql, Rows { kinds: kinds![Text, Int, Int, Text], rows }).await?;
    }
    queue_leaf(tx, &delivery.id, LeafOp::Issue, &delivery.leaf, now).await?;
    Ok(true)
}

/// Revokes what was delivered of credentials that were just revoked, each with the leaf that says so: the entries in the status
/// lists, and a leaf for each delivery that has an entry of the log of its own.
pub(crate) async fn revoke_deliveries(
    tx: &mut Tx,
    revoked: &[(&str, &str)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE delivery_status SET revoked = true FROM {rows} WHERE delivery_status.credential_id = v.column1";
    let rows = revoked.iter().map(|(credential, _)| values![*credential]).collect();
    tx.execute_rows(sql, Rows { kinds: kinds![Text], rows }).await?;
    let sql = "SELECT v.column1, d.id, d.core_claim_hash FROM {rows} JOIN delivery d ON d.credential_id = v.column1 \
               WHERE d.id <> d.credential_id";
    let rows = revoked.iter().map(|(credential, _)| values![*credential]).collect();
    let further: Vec<(String, String, String)> =
        tx.fetch_rows(sql, Rows { kinds: kinds![Text], rows }).await?;
    for (credential, delivery, hash) in further {
        let Some((_, leaf)) = revoked.iter().find(|(id, _)| *id == credential) else { continue };
        let leaf: LogLeaf = serde_json::from_str(leaf)
            .map_err(|error| StoreError::inconsistent("ledger_entry", "leaf", &credential, &error))?;
        let leaf = LogLeaf { hash, ..leaf }.to_json();
        queue_leaf(tx, &delivery.into(), LeafOp::Revoke, &leaf, now).await?;
    }
    Ok(())
}

/// The entries of a status list that documents of wallets have, and that are revoked.
pub(crate) async fn revoked_copies(db: &Db, issuer: &IssuerId, list: i64) -> Result<Vec<i64>, StoreError> {
    let sql =
        "SELECT status_index FROM delivery_status WHERE issuer_id = $1 AND status_list = $2 AND revoked";
    let rows: Vec<(i64,)> = db.fetch_all(sql, values![issuer.as_str(), list]).await?;
    Ok(rows.into_iter().map(|(index,)| index).collect())
}

/// Moves the issuance of a subject to its end.
pub(crate) async fn issuance_done(
    tx: &mut Tx,
    subject: &ClaimSubject,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql =
        "UPDATE claim_code SET state = $3, error = NULL, updated_at = $4 WHERE kind = $1 AND subject_id = $2";
    let state = IssuanceState::CredentialIssued.as_str();
    tx.execute(sql, values![subject.kind(), subject.id(), state, now]).await?;
    Ok(())
}

impl Store {
    /// Delivers a credential that is there already; `false`, and nothing is done, if it can no longer be delivered, or what the
    /// delivery uses up was used before.
    pub async fn deliver(&self, plan: &DeliveryPlan) -> Result<bool, StoreError> {
        let expected = if plan.first { "ready_to_claim" } else { "claimed" };
        // The same update either way: it locks the row against a revocation at the same time.
        let sql = "UPDATE credential SET holding = 'claimed' WHERE tenant_id = $1 AND id = $2 AND holding = $3 \
                   AND (expires_at IS NULL OR expires_at > $4)";
        let mut tx = self.db.begin().await?;
        let values = values![plan.tenant.as_str(), plan.credential.as_str(), expected, plan.now];
        if tx.execute(sql, values).await? != 1 {
            return Ok(false);
        }
        let (delivery, now) = (&plan.delivery, plan.now);
        if !insert_delivery(&mut tx, &plan.tenant, &plan.credential, &plan.issuer, delivery, now).await? {
            return Ok(false);
        }
        issuance_done(&mut tx, &plan.subject, now).await?;
        audit::record(&mut tx, [&plan.event]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// What a token's wallet was given.
    pub async fn deliveries(&self, token_hash: &[u8; 32]) -> Result<Vec<Delivery>, StoreError> {
        let sql = select!("WHERE token_hash = $1 ORDER BY created_at, id");
        let rows: Vec<DeliveryRow> = self.db.fetch_all(sql, values![token_hash.as_slice()]).await?;
        rows.into_iter().map(Delivery::try_from).collect()
    }

    /// The delivery whose core claim has this hash.
    pub async fn delivery_by_hash(
        &self,
        tenant: &TenantId,
        hash: &CoreClaimHash,
    ) -> Result<Option<Delivery>, StoreError> {
        let sql = select!("WHERE tenant_id = $1 AND core_claim_hash = $2");
        let row: Option<DeliveryRow> =
            self.db.fetch_optional(sql, values![tenant.as_str(), hash.to_string()]).await?;
        row.map(Delivery::try_from).transpose()
    }

    /// The delivery with this id.
    pub async fn delivery(
        &self,
        tenant: &TenantId,
        id: &CredentialId,
    ) -> Result<Option<Delivery>, StoreError> {
        let sql = select!("WHERE tenant_id = $1 AND id = $2");
        let row: Option<DeliveryRow> =
            self.db.fetch_optional(sql, values![tenant.as_str(), id.as_str()]).await?;
        row.map(Delivery::try_from).transpose()
    }

    /// The delivery that a token's wallet may say something about.
    pub async fn notified_delivery(
        &self,
        token_hash: &[u8; 32],
        notification_id: &str,
    ) -> Result<Option<Delivery>, StoreError> {
        let sql = select!("WHERE notification_id = $1 AND token_hash = $2");
        let row: Option<DeliveryRow> =
            self.db.fetch_optional(sql, values![notification_id, token_hash.as_slice()]).await?;
        row.map(Delivery::try_from).transpose()
    }
}
