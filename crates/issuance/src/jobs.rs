//! The jobs: work that needs a network or can wait, done by whichever process runs a worker.
//!
//! A job may be tried more than once, and by a process that does not know how far another one came before it died. So each is
//! safe to repeat: a message keeps its `Message-ID` over all attempts, by which the receiving side knows it.

use std::time::Duration;

use futures_util::future::join_all;
use mail::{Envelope, SendError};
use store::{Job, JobKind};
use tokio::sync::watch;

use crate::EngineError;
use crate::engine::Engine;

/// How many jobs are under way at once.
const AT_ONCE: i64 = 16;
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(45);
/// For how long a job that was taken is nobody else's: longer than an attempt, so that two never work on one.
const TAKEN_SECONDS: i64 = 60;
/// How long an idle worker waits until it looks again: another process may have written a job.
const IDLE: Duration = Duration::from_millis(500);
/// The wait after the first attempt that failed, in seconds; it doubles with each.
const FIRST_WAIT: i64 = 1;
/// The longest wait between two attempts, in seconds.
const LONGEST_WAIT: i64 = 600;
/// After how long a job is given up, in seconds: as long as mail servers try.
const GIVEN_UP: i64 = 5 * 86_400;

/// What became of an attempt.
enum Outcome {
    /// A mail server has the message.
    Sent,
    /// There is nothing left to do.
    Moot,
    /// It failed, and may not fail again.
    Later(String),
    /// It failed, and would fail again.
    Failed(String),
}

/// The wait before the next attempt, in seconds.
fn wait(attempt: i64) -> i64 {
    let doublings = attempt.clamp(1, 20) - 1;
    (FIRST_WAIT << doublings).min(LONGEST_WAIT)
}

impl Engine {
    /// Does jobs until `stop` turns true; what is under way is finished.
    pub async fn work(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.run_jobs().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "jobs cannot be taken; trying again"),
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.jobs_waiting.notified() => {}
                () = tokio::time::sleep(IDLE) => {}
            }
        }
    }

    /// Does the jobs that are due, at most so many at once; how many they were.
    pub async fn run_jobs(&self) -> Result<usize, EngineError> {
        let now = self.clock.now();
        let jobs = self.store.take_jobs(AT_ONCE, now, now.plus_seconds(TAKEN_SECONDS)).await?;
        join_all(jobs.iter().map(|job| self.run_job(job))).await;
        Ok(jobs.len())
    }

    async fn run_job(&self, job: &Job) {
        let outcome = match tokio::time::timeout(ATTEMPT, self.perform(job)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Outcome::Later(error.to_string()),
            Err(_) => Outcome::Later(format!("it took longer than {} s", ATTEMPT.as_secs())),
        };
        metrics::counter!("bestow_job_attempts_total", "kind" => job.kind.as_str(), "outcome" => outcome.word())
            .increment(1);
        if let Err(error) = self.record(job, &outcome).await {
            tracing::error!(job = %job.id, %error, "what became of a job cannot be recorded; it will be done again");
        }
    }

    async fn record(&self, job: &Job, outcome: &Outcome) -> Result<(), EngineError> {
        let now = self.clock.now();
        match outcome {
            Outcome::Sent => self.store.mail_sent(job).await?,
            Outcome::Moot => self.store.drop_job(job).await?,
            Outcome::Later(error) if now < job.created_at.plus_seconds(GIVEN_UP) => {
                tracing::warn!(job = %job.id, kind = job.kind.as_str(), attempt = job.attempt, error, "a job failed; trying again");
                let next = now.plus_seconds(wait(job.attempt));
                self.store.postpone_job(job, error, Some(next), now).await?;
            }
            Outcome::Later(error) | Outcome::Failed(error) => {
                tracing::error!(job = %job.id, kind = job.kind.as_str(), attempt = job.attempt, error, "a job failed for good");
                self.store.postpone_job(job, error, None, now).await?;
            }
        }
        Ok(())
    }

    /// Does what a job is about, unless there is no reason to any more.
    async fn perform(&self, job: &Job) -> Result<Outcome, EngineError> {
        if job.kind == JobKind::SignCredential {
            self.sign_deferred(&job.tenant_id, &job.subject).await?;
            return Ok(Outcome::Moot);
        }
        let Some((email, content)) = self.message(job).await? else { return Ok(Outcome::Moot) };
        let envelope = Envelope { to: &email, message_id: job.id.as_str(), date: job.created_at };
        Ok(match self.mailer.send(&envelope, &content).await {
            Ok(()) => Outcome::Sent,
            Err(error @ SendError::Temporary(_)) => Outcome::Later(error.to_string()),
            Err(error @ SendError::Permanent(_)) => Outcome::Failed(error.to_string()),
        })
    }
}

impl Outcome {
    const fn word(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Moot => "moot",
            Self::Later(_) => "later",
            Self::Failed(_) => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::wait;

    #[test]
    fn waits_double_up_to_a_limit() {
        assert_eq!([1, 2, 3, 10, 11, 1_000_000].map(wait), [1, 2, 4, 512, 600, 600]);
    }
}
