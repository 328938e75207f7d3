//! Issuing: read what a decision needs, then commit the decision if nothing of it has changed since.
//!
//! Both halves work on batches. A plan whose preconditions no longer hold is answered with [`CommitOutcome::Raced`] and
//! leaves no trace; whoever made it reads again and decides anew.

mod commit;
mod snapshot;
mod write;

use model::{
    AuditEvent, Consent, CoreClaimHash, CredentialId, Email, Holder, IssuerId, LeafOp, ProgramId, SchemaId,
    TenantId, Timestamp,
};

use crate::db::values;
use crate::{Store, StoreError};

pub(crate) use commit::commit;
pub(crate) use snapshot::snapshots;
pub(crate) use write::{
    CredentialRow, count_against_cap, insert_credentials, insert_holder, keep_answer, queue_leaf,
};

/// What a decision to issue needs to know.
#[derive(Clone, Debug)]
pub struct SnapshotQuery {
    /// Who issues.
    pub tenant: TenantId,
    /// For whom.
    pub email: Email,
    /// What may be held once only ([`model::Program::duplicate_key`]).
    pub duplicate_key: String,
}

/// What was so when it was asked.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The person, if known.
    pub holder: Option<Holder>,
    /// What the person decided about the tenant.
    pub consent: Consent,
    /// The credential in the place that at most one live credential takes; it may be revoked or expired by now.
    pub occupant: Option<Occupant>,
}

/// The credential that a duplicate key leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupant {
    /// `vcId`.
    pub id: CredentialId,
    /// `coreClaimHash`.
    pub core_claim_hash: CoreClaimHash,
    /// The program by which it was issued.
    pub program_id: ProgramId,
    /// Its issuer.
    pub issuer_id: IssuerId,
    /// Whether it is revoked.
    pub revoked: bool,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
}

impl Occupant {
    /// Whether it is neither revoked nor expired at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        !self.revoked && self.expires_at.is_none_or(|expiry| now < expiry)
    }
}

/// An answer kept for retries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// SHA-256 of the caller's key.
    pub key_hash: [u8; 32],
    /// SHA-256 of the request that the key came with.
    pub request_hash: [u8; 32],
    /// What was answered.
    pub answer: String,
}

/// The person of a plan.
#[derive(Clone, Debug)]
pub struct HolderPlan {
    /// Who.
    pub holder: Holder,
    /// Whether the person is to be created.
    pub is_new: bool,
}

/// A credential to be stored.
#[derive(Clone, Debug)]
pub struct NewCredential {
    /// `vcId`.
    pub id: CredentialId,
    /// Who issues it.
    pub issuer_id: IssuerId,
    /// By which program.
    pub program_id: ProgramId,
    /// With which schema.
    pub schema_id: SchemaId,
    /// The hash of its core claim.
    pub core_claim_hash: CoreClaimHash,
    /// The core claim: eight field elements, 32 bytes little-endian each.
    pub core_claim: Vec<u8>,
    /// A JSON object from format to signed document.
    pub documents: String,
    /// Which status list of the issuer.
    pub status_list: i64,
    /// Which entry of that list.
    pub status_index: i64,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// The leaf that says that it was issued.
    pub leaf: String,
}

/// A credential to be revoked.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// Which.
    pub credential_id: CredentialId,
    /// The leaf that says so.
    pub leaf: String,
}

/// A decision to issue, with what it relies on.
#[derive(Clone, Debug)]
pub struct IssuancePlan {
    /// Who issues.
    pub tenant: TenantId,
    /// For whom.
    pub holder: HolderPlan,
    /// What may be held once only.
    pub duplicate_key: String,
    /// The credential that the place is expected to hold; the new one takes its place.
    pub occupant: Option<CredentialId>,
    /// The occupant's revocation, if it is still live.
    pub revocation: Option<Revocation>,
    /// The new credential.
    pub credential: NewCredential,
    /// Whether the program has a cap.
    pub capped: bool,
    /// The answer to keep for retries.
    pub idempotency: Option<IdempotencyRecord>,
    /// What the audit trail says.
    pub events: Vec<AuditEvent>,
    /// When.
    pub now: Timestamp,
}

/// What became of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is durable.
    Committed,
    /// Something that it relied on has changed; nothing of it was done.
    Raced,
    /// The program has issued as many as it may; nothing of it was done.
    CapReached,
}

impl Store {
    /// Reads what a decision to issue needs.
    pub async fn issuance_snapshot(&self, query: SnapshotQuery) -> Result<Snapshot, StoreError> {
        self.snapshots.ask(query).await
    }

    /// Commits a decision, together with others that arrive at the same time. Durable when this returns.
    pub async fn commit_issuance(&self, plan: IssuancePlan) -> Result<CommitOutcome, StoreError> {
        self.commits.ask(plan).await
    }

    /// The answer kept for a tenant's idempotency key.
    pub async fn kept_answer(
        &self,
        tenant: &TenantId,
        key_hash: [u8; 32],
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        let sql = "SELECT request_hash, answer FROM idempotency WHERE tenant_id = $1 AND key_hash = $2";
        let row: Option<(Vec<u8>, String)> =
            self.db.fetch_optional(sql, values![tenant.as_str(), key_hash.as_slice()]).await?;
        let Some((request_hash, answer)) = row else { return Ok(None) };
        let request_hash = digest("idempotency", "request_hash", &request_hash)?;
        Ok(Some(IdempotencyRecord { key_hash, request_hash, answer }))
    }

    /// Keeps the answer to a request that changed nothing else; `false` if the key has an answer already.
    pub async fn remember_answer(
        &self,
        tenant: &TenantId,
        record: &IdempotencyRecord,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let kept = keep_answer(&mut tx, tenant, record, now).await?;
        tx.commit().await?;
        Ok(kept)
    }

    /// Forgets answers kept since before `before`; how many.
    pub async fn forget_answers(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.db.execute("DELETE FROM idempotency WHERE created_at < $1", values![before.0]).await
    }
}

/// 32 bytes out of a column.
pub(crate) fn digest(
    table: &'static str,
    column: &'static str,
    bytes: &[u8],
) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::inconsistent(table, column, "", &"not 32 bytes"))
}

/// The id of the ledger entry that says that a credential was issued or revoked.
pub(crate) fn ledger_id(credential: &CredentialId, op: LeafOp) -> String {
    format!("{credential}/{op}")
}
