//! The log: whether it is extended, and whether somebody else remembers it.

use std::sync::Arc;

use anchor::Log;

use super::TOLERANCE;
use super::report::Report;
use crate::context::Context;
use crate::explain::explain;

pub(super) async fn check(context: &Context, report: &mut Report) -> anyhow::Result<()> {
    if !context.has_log().await? {
        report.warn("log", "not started yet; `bestow serve` or `bestow worker` starts it");
        return Ok(());
    }
    let log = match context.open_log().await {
        Ok(log) => log,
        Err(error) => {
            report.fail("log", explain(&error));
            return Ok(());
        }
    };
    check_waiting(context, &log, report).await?;
    check_export(context, &log, report).await;
    Ok(())
}

async fn check_waiting(context: &Context, log: &Log, report: &mut Report) -> anyhow::Result<()> {
    if let Some(reason) = log.halt().await? {
        report.fail("log", reason);
        return Ok(());
    }
    let now = context.clock.now();
    let (pending, oldest) = log.pending().await?;
    match oldest {
        Some(oldest) if oldest > now.plus_seconds(TOLERANCE) => {
            report.fail(
                "clock",
                format_args!("it is behind: the database has entries of {}", oldest.rfc3339()),
            );
        }
        Some(oldest) if oldest.plus_seconds(TOLERANCE) < now => {
            let waiting =
                format!("{pending} entries wait for a checkpoint, the oldest since {}", oldest.rfc3339());
            report.fail(
                "log",
                format_args!("{waiting}: run `bestow worker`, or look at the errors in its log"),
            );
        }
        _ => report.ok("log", format_args!("{}, key {}", log.origin(), log.verifier_key())),
    }
    Ok(())
}

/// Without an export nothing outside the database remembers the log, unless there are witnesses or a chain.
async fn check_export(context: &Context, log: &Arc<Log>, report: &mut Report) {
    let export = match context.open_export(log) {
        Ok(Some(export)) => export,
        Ok(None) => {
            let mend = "set log.export_folder or log.export_s3_bucket, so that a restored older backup is noticed and can be \
                        brought up to date";
            return report.warn("export", format_args!("the log is exported nowhere; {mend}"));
        }
        Err(error) => return report.fail("export", explain(&error)),
    };
    let place = export.place();
    match export.seen().await {
        Ok(Some(seen)) => {
            report.ok("export", format_args!("{place} has {} leaves", seen.unverified().size()));
        }
        Ok(None) => report.warn("export", format_args!("{place} has nothing yet; a worker fills it")),
        Err(error) => report.fail("export", error),
    }
}
