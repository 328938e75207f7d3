//! Jobs: work that needs a network, written in the transaction that it follows from.
//!
//! A worker takes a job by moving the moment at which it is due; a worker that dies leaves it to be taken again then.
//! [`Job::attempt`] tells whether it is still ours.

use model::{ClaimSubject, JobId, TenantId, Timestamp};

use crate::db::{Rows, Tx, kinds, values};
use crate::{Store, StoreError};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// Send an offer to its person. The subject is the offer's id.
    OfferEmail,
    /// Tell a person that what was offered is revoked. The subject is the offer's id.
    RevocationEmail,
    /// Send a transaction code to its person. The subject is that of [`tx_code_subject`].
    TxCode,
    /// Send a person the link to claim a credential that was issued on behalf. The subject is the credential's id.
    ClaimLink,
    /// Sign a credential that a wallet waits for. The subject is the transaction's id.
    SignCredential,
}

/// The subject of a job that sends a transaction code: kind and id.
pub fn tx_code_subject(subject: &ClaimSubject) -> String {
    format!("{}/{}", subject.kind(), subject.id())
}

impl JobKind {
    /// The word by which the database knows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OfferEmail => "offer_email",
            Self::RevocationEmail => "revocation_email",
            Self::TxCode => "tx_code",
            Self::ClaimLink => "claim_link",
            Self::SignCredential => "sign_credential",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all =
            [Self::OfferEmail, Self::RevocationEmail, Self::TxCode, Self::ClaimLink, Self::SignCredential];
        all.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id: the same over all attempts.
    pub id: JobId,
    /// Whose.
    pub tenant_id: TenantId,
    /// What is to be done.
    pub kind: JobKind,
    /// With what.
    pub subject: String,
    /// How often it has been tried, the present attempt included.
    pub attempt: i64,
    /// When it is due, or taken until.
    pub run_at: Timestamp,
    /// When it was written.
    pub created_at: Timestamp,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was given up.
    pub failed_at: Option<Timestamp>,
}

/// A job to be written.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// Whose.
    pub tenant_id: TenantId,
    /// What is to be done.
    pub kind: JobKind,
    /// With what.
    pub subject: String,
}

#[derive(sqlx::FromRow)]
struct JobRow {
    id: String,
    tenant_id: String,
    kind: String,
    subject: String,
    attempts: i64,
    run_at: i64,
    created_at: i64,
    last_error: Option<String>,
    failed_at: Option<i64>,
}

impl TryFrom<JobRow> for Job {
    type Error = StoreError;

    fn try_from(row: JobRow) -> Result<Self, StoreError> {
        let kind = JobKind::parse(&row.kind);
        let unknown = || StoreError::inconsistent("job", "kind", &row.id, &row.kind);
        Ok(Self {
            kind: kind.ok_or_else(unknown)?,
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            subject: row.subject,
            attempt: row.attempts,
            run_at: Timestamp(row.run_at),
            created_at: Timestamp(row.created_at),
            last_error: row.last_error,
            failed_at: row.failed_at.map(Timestamp),
        })
    }
}

macro_rules! columns {
    () => {
        "id, tenant_id, kind, subject, attempts, run_at, created_at, last_error, failed_at"
    };
}

/// Writes jobs. One that waits already is not written twice; one that was given up begins anew.
pub(crate) async fn enqueue(tx: &mut Tx, jobs: &[NewJob], now: Timestamp) -> Result<(), StoreError> {
    let row = |job: &NewJob| {
        values![job.id.as_str(), job.tenant_id.as_str(), job.kind.as_str(), job.subject.as_str(), now]
    };
    // In one order everywhere, so that two transactions for the same subjects cannot wait for each other.
    let mut ordered: Vec<&NewJob> = jobs.iter().collect();
    ordered.sort_unstable_by(|a, b| a.subject.cmp(&b.subject));
    let rows = ordered.into_iter().map(row).collect();
    let sql = "INSERT INTO job (id, tenant_id, kind, subject, run_at, attempts, created_at) \
               SELECT column1, column2, column3, column4, column5, 0, column5 FROM {rows} WHERE true \
               ON CONFLICT (kind, subject) DO UPDATE SET id = excluded.id, run_at = excluded.run_at, attempts = 0, \
               created_at = excluded.created_at, last_error = NULL, failed_at = NULL WHERE job.failed_at IS NOT NULL";
    let kinds = kinds![Text, Text, Text, Text, Int];
    tx.execute_rows(sql, Rows { kinds, rows }).await?;
    Ok(())
}

/// Takes a job off the list because what it is about is gone.
pub(crate) async fn cancel(tx: &mut Tx, kind: JobKind, subject: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM job WHERE kind = $1 AND subject = $2";
    tx.execute(sql, values![kind.as_str(), subject]).await?;
    Ok(())
}

/// Takes a job off the list, because it is done; `false` if somebody else has taken it since.
pub(crate) async fn finish(tx: &mut Tx, job: &Job) -> Result<bool, StoreError> {
    let sql = "DELETE FROM job WHERE id = $1 AND attempts = $2";
    Ok(tx.execute(sql, values![job.id.as_str(), job.attempt]).await? == 1)
}

impl Store {
    /// Takes at most `limit` jobs that are due at `now`; nobody else takes them before `until`.
    pub async fn take_jobs(
        &self,
        limit: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Job>, StoreError> {
        const SQLITE: &str = concat!(
            "UPDATE job SET run_at = $2, attempts = attempts + 1 WHERE id IN (SELECT id FROM job \
             WHERE failed_at IS NULL AND run_at <= $1 ORDER BY run_at LIMIT $3) RETURNING ",
            columns!()
        );
        const POSTGRES: &str = concat!(
            "UPDATE job SET run_at = $2, attempts = attempts + 1 WHERE id IN (SELECT id FROM job \
             WHERE failed_at IS NULL AND run_at <= $1 ORDER BY run_at LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING ",
            columns!()
        );
        // The first look costs no write, and most looks find nothing.
        let due = "SELECT id FROM job WHERE failed_at IS NULL AND run_at <= $1 LIMIT 1";
        if self.db.fetch_optional::<(String,)>(due, values![now]).await?.is_none() {
            return Ok(Vec::new());
        }
        let sql = self.db.either(SQLITE, POSTGRES);
        let mut tx = self.db.begin().await?;
        let rows: Vec<JobRow> = tx.fetch_all(sql, values![now, until, limit]).await?;
        tx.commit().await?;
        rows.into_iter().map(Job::try_from).collect()
    }

    /// Takes a job off the list, because there is nothing to do any more.
    pub async fn drop_job(&self, job: &Job) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        finish(&mut tx, job).await?;
        tx.commit().await
    }

    /// Says why an attempt failed, and when the next one is due; never again by itself if `None`.
    pub async fn postpone_job(
        &self,
        job: &Job,
        error: &str,
        next: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql =
            "UPDATE job SET last_error = $3, run_at = $4, failed_at = $5 WHERE id = $1 AND attempts = $2";
        let failed = if next.is_none() { Some(now) } else { None };
        let values = values![job.id.as_str(), job.attempt, error, next.unwrap_or(now), failed];
        self.db.execute(sql, values).await?;
        Ok(())
    }

    /// The jobs on the list, those due first, at most `limit`: for operators.
    pub async fn jobs(&self, limit: i64) -> Result<Vec<Job>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM job ORDER BY run_at, id LIMIT $1");
        let rows: Vec<JobRow> = self.db.fetch_all(SQL, values![limit]).await?;
        rows.into_iter().map(Job::try_from).collect()
    }

    /// How many jobs wait, and how many were given up.
    pub async fn job_counts(&self) -> Result<(i64, i64), StoreError> {
        let sql = "SELECT COUNT(*) - COUNT(failed_at), COUNT(failed_at) FROM job";
        Ok(self.db.fetch_optional(sql, Vec::new()).await?.unwrap_or_default())
    }

    /// Makes a job due at once, also one that was given up; `false` if there is none.
    pub async fn retry_job(&self, id: &JobId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE job SET run_at = $2, failed_at = NULL WHERE id = $1";
        Ok(self.db.execute(sql, values![id.as_str(), now]).await? == 1)
    }
}
