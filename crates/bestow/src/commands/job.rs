//! `bestow job`.

use anyhow::ensure;
use model::{JobId, Timestamp};
use store::Job;

use crate::context::Context;
use crate::output::{Record, print_list};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// List jobs, those due first
    List {
        /// How many at most
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Make a job due at once, also one that was given up
    Retry {
        /// Its id
        id: String,
    },
}

impl super::Action for Action {
    async fn run(self, context: &Context, json: bool) -> anyhow::Result<()> {
        match self {
            Self::List { limit } => {
                let jobs = context.store.jobs(limit.into()).await?;
                let records: Vec<Record> = jobs.iter().map(record).collect();
                let columns = ["id", "kind", "subject", "attempts", "due", "givenUp", "lastError"];
                print_list(&records, &columns, json);
            }
            Self::Retry { id } => {
                let id = JobId::from(id);
                let now = context.clock.now();
                ensure!(
                    context.store.retry_job(&id, now).await?,
                    "there is no job `{id}`: `bestow job list` shows those that there are; what is done is gone"
                );
                Record::default().with("id", id.as_str()).with("due", now.rfc3339()).print(json);
            }
        }
        Ok(())
    }
}

fn record(job: &Job) -> Record {
    Record::default()
        .with("id", job.id.as_str())
        .with("kind", job.kind.as_str())
        .with("subject", job.subject.as_str())
        .with("tenantId", job.tenant_id.as_str())
        .with("attempts", job.attempt)
        .with("due", job.failed_at.is_none().then(|| job.run_at.rfc3339()))
        .with("createdAt", job.created_at.rfc3339())
        .with("givenUp", job.failed_at.map(Timestamp::rfc3339))
        .with("lastError", job.last_error.as_deref())
}
