//! Claim codes, and how far the issuances that they began have come.

use model::{AuditEvent, ClaimSubject, IssuanceState, IssuerId, ProgramId, TenantId, Timestamp, TxCodeMode};

use super::token::{NewToken, insert_token};
use crate::db::{Tx, values};
use crate::job::{NewJob, enqueue};
use crate::together::Decision;
use crate::{Store, StoreError, audit};

/// How often a transaction code may be tried (the last try included).
const TRIES: i64 = 3;

/// A claim code: what it is derived from, and its state. The code itself is nowhere stored.
#[derive(Clone, Debug)]
pub struct ClaimCode {
    /// What it is for.
    pub subject: ClaimSubject,
    /// Whose.
    pub tenant: TenantId,
    /// Who issues.
    pub issuer: IssuerId,
    /// By which program.
    pub program: ProgramId,
    /// Random; differs for each code of a subject.
    pub salt: [u8; 16],
    /// Whether a transaction code goes with it.
    pub tx_code: Option<TxCodeMode>,
    /// How often a transaction code was tried.
    pub tries: i64,
    /// How far the issuance has come.
    pub state: IssuanceState,
    /// Why the last request for the credential was refused.
    pub error: Option<String>,
    /// When the code was made.
    pub created_at: Timestamp,
    /// When the state last changed.
    pub updated_at: Timestamp,
    /// First moment at which the code is no longer accepted.
    pub expires_at: Timestamp,
    /// When a wallet fetched the offer by reference.
    pub retrieved_at: Option<Timestamp>,
    /// When the code was exchanged for a token.
    pub used_at: Option<Timestamp>,
}

impl ClaimCode {
    /// Whether a wallet may still exchange it.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now < self.expires_at && !self.is_exhausted()
    }

    /// Whether its transaction code was tried too often.
    pub fn is_exhausted(&self) -> bool {
        self.tx_code.is_some() && self.tries >= TRIES
    }
}

/// A claim code on its way to become a token.
#[derive(Clone, Debug)]
pub struct CodeExchange {
    /// SHA-256 of the code.
    pub code_hash: [u8; 32],
    /// The token.
    pub token: NewToken,
    /// When.
    pub now: Timestamp,
}

impl Decision for CodeExchange {
    type Outcome = bool;

    fn stands(outcome: &bool) -> bool {
        *outcome
    }

    async fn decide(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let sql = "UPDATE claim_code SET used_at = $2, state = $3, updated_at = $2, wrong_tries = 0 \
                   WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2";
        let state = IssuanceState::AccessTokenCreated.as_str();
        if tx.execute(sql, values![self.code_hash.as_slice(), self.now, state]).await? != 1 {
            return Ok(false);
        }
        insert_token(tx, &self.token, self.now).await?;
        Ok(true)
    }
}

#[derive(sqlx::FromRow)]
struct ClaimCodeRow {
    kind: String,
    subject_id: String,
    tenant_id: String,
    issuer_id: String,
    program_id: String,
    salt: Vec<u8>,
    tx_code: Option<String>,
    wrong_tries: i64,
    state: String,
    error: Option<String>,
    created_at: i64,
    updated_at: i64,
    expires_at: i64,
    retrieved_at: Option<i64>,
    used_at: Option<i64>,
}

impl TryFrom<ClaimCodeRow> for ClaimCode {
    type Error = StoreError;

    fn try_from(row: ClaimCodeRow) -> Result<Self, StoreError> {
        let wrong = |column, problem: &dyn std::fmt::Display| {
            StoreError::inconsistent("claim_code", column, &row.subject_id, problem)
        };
        let subject = ClaimSubject::of(&row.kind, &row.subject_id);
        Ok(Self {
            subject: subject.ok_or_else(|| wrong("kind", &row.kind))?,
            salt: row.salt.as_slice().try_into().map_err(|_| wrong("salt", &"not 16 bytes"))?,
            tx_code: row
                .tx_code
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(|error| wrong("tx_code", &error))?,
            state: row.state.parse().map_err(|error| wrong("state", &error))?,
            tenant: row.tenant_id.into(),
            issuer: row.issuer_id.into(),
            program: row.program_id.into(),
            tries: row.wrong_tries,
            error: row.error,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            expires_at: Timestamp(row.expires_at),
            retrieved_at: row.retrieved_at.map(Timestamp),
            used_at: row.used_at.map(Timestamp),
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT kind, subject_id, tenant_id, issuer_id, program_id, salt, tx_code, wrong_tries, state, error, created_at, \
             updated_at, expires_at, retrieved_at, used_at FROM claim_code ",
            $rest
        )
    };
}

/// The statement that makes a claim code, for what can be claimed alone. What is left of one that is used or over goes; one
/// whose transaction code was tried too often stays until it is over, so that nobody guesses without end.
macro_rules! insert {
    ($subject:literal) => {
        concat!(
            "INSERT INTO claim_code (kind, subject_id, tenant_id, issuer_id, program_id, salt, code_hash, tx_code, wrong_tries, state, \
             created_at, updated_at, expires_at) \
             SELECT $1, s.id, s.tenant_id, s.issuer_id, s.program_id, $3, $4, $5, 0, $6, $7, $7, $8 FROM ",
            $subject,
            " ON CONFLICT (kind, subject_id) DO UPDATE SET salt = excluded.salt, code_hash = excluded.code_hash, \
             tx_code = excluded.tx_code, wrong_tries = 0, state = excluded.state, error = NULL, \
             created_at = excluded.created_at, updated_at = excluded.updated_at, expires_at = excluded.expires_at, \
             retrieved_at = NULL, used_at = NULL \
             WHERE claim_code.expires_at <= excluded.created_at OR claim_code.used_at IS NOT NULL"
        )
    };
}

impl Store {
    /// The latest claim code of a subject, live or not.
    pub async fn claim_code(&self, subject: &ClaimSubject) -> Result<Option<ClaimCode>, StoreError> {
        let sql = select!("WHERE kind = $1 AND subject_id = $2");
        let row: Option<ClaimCodeRow> =
            self.db.fetch_optional(sql, values![subject.kind(), subject.id()]).await?;
        row.map(ClaimCode::try_from).transpose()
    }

    /// The claim code with this SHA-256, live or not.
    pub async fn claim_code_by_hash(&self, hash: &[u8; 32]) -> Result<Option<ClaimCode>, StoreError> {
        let sql = select!("WHERE code_hash = $1");
        let row: Option<ClaimCodeRow> = self.db.fetch_optional(sql, values![hash.as_slice()]).await?;
        row.map(ClaimCode::try_from).transpose()
    }

    /// Gives a subject a claim code with this SHA-256, in place of one that is no longer live. `false`, and nothing is done, if
    /// there is a live one by now or the subject can no longer be claimed. `job` sends the transaction code.
    pub async fn put_claim_code(
        &self,
        code: &ClaimCode,
        code_hash: &[u8; 32],
        event: &AuditEvent,
        job: Option<&NewJob>,
    ) -> Result<bool, StoreError> {
        let sql = match &code.subject {
            ClaimSubject::Offer(_) => {
                insert!("offer s WHERE s.id = $2 AND s.deleted_at IS NULL AND s.status = 'ready_to_claim'")
            }
            ClaimSubject::Credential(_) => {
                insert!("credential s WHERE s.id = $2 AND s.holding = 'ready_to_claim'")
            }
        };
        let values = values![
            code.subject.kind(),
            code.subject.id(),
            code.salt.as_slice(),
            code_hash.as_slice(),
            code.tx_code.map(TxCodeMode::as_str),
            code.state.as_str(),
            code.created_at,
            code.expires_at
        ];
        let mut tx = self.db.begin().await?;
        if tx.execute(sql, values).await? != 1 {
            return Ok(false);
        }
        enqueue(&mut tx, job.map_or(&[], std::slice::from_ref), code.created_at).await?;
        audit::record(&mut tx, [event]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Notes that a wallet has fetched the offer by reference.
    pub async fn offer_retrieved(&self, subject: &ClaimSubject, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE claim_code SET retrieved_at = $3 WHERE kind = $1 AND subject_id = $2 \
                   AND retrieved_at IS NULL";
        self.db.execute(sql, values![subject.kind(), subject.id(), now]).await?;
        Ok(())
    }

    /// Counts a try of a transaction code, before it is looked at, so that guesses sent at once are counted too. `false` if
    /// it was one too many.
    pub async fn count_try(&self, code_hash: &[u8; 32], now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE claim_code SET wrong_tries = wrong_tries + 1, state = $3, updated_at = $2 \
                   WHERE code_hash = $1 AND used_at IS NULL AND wrong_tries < $4";
        let state = IssuanceState::AccessTokenRequested.as_str();
        Ok(self.db.execute(sql, values![code_hash.as_slice(), now, state, TRIES]).await? == 1)
    }

    /// Moves an issuance on that no token has been given for.
    pub async fn token_requested(&self, code_hash: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
        let sql =
            "UPDATE claim_code SET state = $3, updated_at = $2 WHERE code_hash = $1 AND used_at IS NULL";
        let state = IssuanceState::AccessTokenRequested.as_str();
        self.db.execute(sql, values![code_hash.as_slice(), now, state]).await?;
        Ok(())
    }

    /// Exchanges a claim code for a token, once, together with others that are exchanged at the same time: `false`, and nothing
    /// is done, if it is used or over.
    pub async fn exchange_code(&self, exchange: CodeExchange) -> Result<bool, StoreError> {
        self.exchanges.ask(exchange).await?
    }

    /// Notes why a request for the credential was refused, unless the credential was issued before.
    pub async fn refuse_issuance(
        &self,
        subject: &ClaimSubject,
        error: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // The states named here are those after which nothing is issued any more: model::IssuanceState.
        let sql = "UPDATE claim_code SET state = $3, error = $4, updated_at = $5 WHERE kind = $1 AND subject_id = $2 \
                   AND state <> 'CREDENTIAL_ISSUED' AND state NOT LIKE 'NOTIFICATION%'";
        let state = IssuanceState::Error.as_str();
        self.db.execute(sql, values![subject.kind(), subject.id(), state, error, now]).await?;
        Ok(())
    }

    /// Says how far the issuance of a subject has come.
    pub async fn move_issuance(
        &self,
        subject: &ClaimSubject,
        state: IssuanceState,
        error: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE claim_code SET state = $3, error = $4, updated_at = $5 WHERE kind = $1 AND subject_id = $2";
        let values = values![subject.kind(), subject.id(), state.as_str(), error, now];
        self.db.execute(sql, values).await?;
        Ok(())
    }
}
