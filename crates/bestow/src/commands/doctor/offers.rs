//! What offers need: mail, images, and somebody who does the jobs.

use std::time::Duration;

use anyhow::ensure;
use tokio::net::TcpStream;

use super::TOLERANCE;
use super::report::{Report, Verdict};
use crate::config::Settings;
use crate::context::Context;
use crate::explain::explain;

/// How long a mail server may take to answer the telephone.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many jobs are looked at to find the one that has waited longest.
const LOOKED_AT: i64 = 1_000;

/// Whoever does not send is told; whoever does is told whether the server can be reached.
pub(super) async fn check_mail(settings: &Settings, report: &mut Report) {
    let way = settings.mail_way();
    if !settings.sends_mail() {
        // A development server is not meant to send anything.
        let verdict = if settings.development { Verdict::Ok } else { Verdict::Warning };
        report.add(verdict, "mail", format_args!("{way}: it reaches nobody; set mail.smtp_host to send it"));
        return;
    }
    let server = (settings.mail.smtp_host.as_str(), settings.mail.smtp_port);
    let problem = match tokio::time::timeout(PATIENCE, TcpStream::connect(server)).await {
        Ok(Ok(_)) => return report.ok("mail", format_args!("{way}, which can be reached")),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
    };
    report.fail(
        "mail",
        format_args!("{way}: {problem}; start it, or mend mail.smtp_host, mail.smtp_port or the firewall"),
    );
}

/// Writes a blob, reads it, and removes it.
pub(super) async fn check_images(context: &Context, report: &mut Report) {
    let place = context.settings.images_place();
    match try_blobs(context).await {
        Ok(()) => report.ok("images", format_args!("{place} can be written")),
        Err(error) => report.fail("images", format_args!("{place}: {}", explain(&error))),
    }
}

async fn try_blobs(context: &Context) -> anyhow::Result<()> {
    let text = context.entropy.bytes::<16>();
    let key = format!("doctor/{}", hex::encode(text));
    context.blobs.put(&key, text.to_vec()).await?;
    let read = context.blobs.get(&key, text.len()).await;
    context.blobs.delete(&key).await?;
    ensure!(
        read?.as_deref() == Some(text.as_slice()),
        "what was written a moment ago reads differently: give every server the same store"
    );
    Ok(())
}

/// Jobs that wait longer than a worker would let them, and jobs that were given up.
pub(super) async fn check_jobs(context: &Context, report: &mut Report) -> anyhow::Result<()> {
    let (waiting, given_up) = context.store.job_counts().await?;
    let jobs = context.store.jobs(LOOKED_AT).await?;
    let oldest = jobs.iter().find(|job| job.failed_at.is_none()).map(|job| job.run_at);
    match oldest {
        Some(oldest) if oldest.plus_seconds(TOLERANCE) < context.clock.now() => {
            let finding = format!(
                "{waiting} wait, the first has been due since {}: run `bestow worker`, or look at the errors in its log",
                oldest.rfc3339()
            );
            // A development server is usually checked while it does not run.
            let verdict = if context.settings.development { Verdict::Warning } else { Verdict::Failure };
            report.add(verdict, "jobs", finding);
        }
        _ => report.ok("jobs", format_args!("{waiting} wait")),
    }
    if given_up > 0 {
        report.warn(
            "jobs",
            format_args!(
                "{given_up} given up: `bestow job list` says why, `bestow job retry ID` tries again"
            ),
        );
    }
    Ok(())
}
