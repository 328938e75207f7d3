//! Messages about offers: asking for them, and remembering that a mail server has accepted them.

use model::{AuditEvent, Timestamp};

use crate::db::values;
use crate::job::{Job, JobKind, NewJob, enqueue, finish};
use crate::{Store, StoreError, audit, rate};

/// Requests that make us send mail: two a minute for each user, whatever its keys and whichever replica it asks.
const WINDOW_SECONDS: i64 = 60;

/// What became of a request to send mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareOutcome {
    /// The messages will be sent.
    Enqueued,
    /// The user has asked twice within the last minute; it may ask again from this moment on.
    Limited(Timestamp),
}

impl Store {
    /// Asks for messages, unless `bucket` has asked twice within the last minute.
    pub async fn ask_for_mail(
        &self,
        bucket: &str,
        jobs: &[NewJob],
        events: &[AuditEvent],
        now: Timestamp,
    ) -> Result<ShareOutcome, StoreError> {
        let mut tx = self.db.begin().await?;
        if let Err(again) = rate::admit(&mut tx, bucket, WINDOW_SECONDS, now).await? {
            return Ok(ShareOutcome::Limited(again));
        }
        enqueue(&mut tx, jobs, now).await?;
        audit::record(&mut tx, events).await?;
        tx.commit().await?;
        Ok(ShareOutcome::Enqueued)
    }

    /// Remembers that a mail server has accepted the message of a job, which is thereby done.
    pub async fn mail_sent(&self, job: &Job) -> Result<(), StoreError> {
        let sql = match job.kind {
            JobKind::OfferEmail => {
                Some("UPDATE offer SET email_sent = TRUE WHERE tenant_id = $1 AND id = $2")
            }
            JobKind::RevocationEmail => {
                Some("UPDATE offer SET revocation_email_sent = TRUE WHERE tenant_id = $1 AND id = $2")
            }
            JobKind::TxCode | JobKind::ClaimLink | JobKind::SignCredential => None,
        };
        let mut tx = self.db.begin().await?;
        // Even if the job was taken by somebody else meanwhile, the message is on its way.
        if let Some(sql) = sql {
            tx.execute(sql, values![job.tenant_id.as_str(), job.subject.as_str()]).await?;
        }
        finish(&mut tx, job).await?;
        tx.commit().await
    }
}
