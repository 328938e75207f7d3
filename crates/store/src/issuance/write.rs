//! Statements that more than one way of issuing makes.

use model::{CredentialId, Holder, HolderId, Holding, LeafOp, ProgramId, TenantId, Timestamp};

use super::{IdempotencyRecord, NewCredential, ledger_id};
use crate::StoreError;
use crate::db::{Rows, Tx, kinds, values};

/// A credential on its way into the database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CredentialRow<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) holder: &'a HolderId,
    pub(crate) credential: &'a NewCredential,
    pub(crate) holding: Holding,
    pub(crate) issued_at: Timestamp,
}

pub(crate) async fn insert_credentials<'a>(
    tx: &mut Tx,
    rows: impl IntoIterator<Item = CredentialRow<'a>>,
) -> Result<(), StoreError> {
    let rows = rows
        .into_iter()
        .map(|row| {
            let credential = row.credential;
            values![
                credential.id.as_str(),
                row.tenant.as_str(),
                credential.issuer_id.as_str(),
                credential.program_id.as_str(),
                credential.schema_id.as_str(),
                row.holder.as_str(),
                credential.core_claim_hash.0.as_slice(),
                credential.core_claim.as_slice(),
                credential.documents.as_str(),
                credential.status_list,
                credential.status_index,
                row.holding.as_str(),
                row.issued_at,
                credential.expires_at,
            ]
        })
        .collect();
    let sql = "INSERT INTO credential (id, tenant_id, issuer_id, program_id, schema_id, holder_id, core_claim_hash, \
               core_claim, documents, status_list, status_index, holding, issued_at, expires_at) \
               SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9, column10, \
               column11, column12, column13, column14 FROM {rows}";
    let kinds = kinds![Text, Text, Text, Text, Text, Text, Bytes, Bytes, Text, Int, Int, Text, Int, Int];
    tx.execute_rows(sql, Rows { kinds, rows }).await?;
    Ok(())
}

/// Queues one leaf for the log.
pub(crate) async fn queue_leaf(
    tx: &mut Tx,
    credential: &CredentialId,
    op: LeafOp,
    leaf: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO ledger_entry (id, leaf, queued_at) VALUES ($1, $2, $3)";
    tx.execute(sql, values![ledger_id(credential, op), leaf, now]).await?;
    Ok(())
}

/// Adds a person; `false` if somebody with this address is there already.
pub(crate) async fn insert_holder(tx: &mut Tx, holder: &Holder, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "INSERT INTO holder (id, email, email_key, did, created_at) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (email_key) DO NOTHING";
    let values =
        values![holder.id.as_str(), holder.email.as_str(), holder.email.key(), holder.did.as_str(), now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Keeps an answer for retries; `false` if the key has one already.
pub(crate) async fn keep_answer(
    tx: &mut Tx,
    tenant: &TenantId,
    record: &IdempotencyRecord,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO idempotency (tenant_id, key_hash, request_hash, answer, created_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let values = values![
        tenant.as_str(),
        record.key_hash.as_slice(),
        record.request_hash.as_slice(),
        record.answer.as_str(),
        now
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Counts `wanted` issuances against a program's cap; for how many of them there is room. The update locks the program's row, so
/// that the count holds however many issue at once.
pub(crate) async fn count_against_cap(
    tx: &mut Tx,
    program: &ProgramId,
    wanted: usize,
) -> Result<usize, StoreError> {
    let sql = "UPDATE program SET issued = issued + $2 WHERE id = $1 RETURNING issued, cap";
    let count = wanted as i64;
    let row: Option<(i64, Option<i64>)> = tx.fetch_optional(sql, values![program.as_str(), count]).await?;
    Ok(match row {
        Some((issued, Some(cap))) => (cap - (issued - count)).clamp(0, count) as usize,
        _ => wanted,
    })
}
