//! `bestow doctor`: checks a deployment, and says how to mend what is wrong.

mod anchoring;
mod log;
mod offers;
mod report;

use anyhow::{Context as _, bail};
use issuance::PartnerAuthError;
use model::{PartnerKeys, Timestamp};

use crate::context::{Context, connect};
use crate::explain::explain;
use crate::http;
use crate::target::{Deployment, Target};
use report::{Report, Verdict};

/// No clock that is right shows an earlier time: 2026-01-01T00:00:00Z.
const EARLIEST: Timestamp = Timestamp::from_seconds(1_767_225_600);
/// How long a leaf may wait for its checkpoint, and how far two clocks may differ, before we say something; in seconds.
const TOLERANCE: i64 = 30;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let deployment = arguments.target.managed()?;
    let mut report = Report::default();
    report.ok("settings", "they are in order");
    if deployment.settings.development {
        report.warn(
            "mode",
            "development: http and addresses that are not public are accepted; not for production",
        );
    }
    if let Some(context) = open(deployment, &mut report).await {
        check_clock(context.clock.now(), &mut report);
        check_keys(&context, &mut report).await?;
        log::check(&context, &mut report).await?;
        anchoring::check(&context, &mut report).await?;
        check_public_url(&context, &mut report).await?;
        check_partners(&context, &mut report).await?;
        offers::check_mail(&context.settings, &mut report).await;
        offers::check_images(&context, &mut report).await;
        offers::check_jobs(&context, &mut report).await?;
        context.store.close().await;
    }
    match report.failures {
        0 => Ok(()),
        failures => bail!("{failures} check(s) failed"),
    }
}

/// Opens the deployment, unless there is something about it that must be mended first.
async fn open(deployment: Deployment, report: &mut Report) -> Option<Context> {
    match connect(&deployment.settings).await {
        Ok(store) => {
            report.ok("database", format_args!("{} answers", store.database_name()));
            store.close().await;
        }
        Err(error) => {
            report.fail("database", format_args!("{}; start it, or mend the URL", explain(&error)));
            return None;
        }
    }
    // Migrations and the master key: what is wrong with them, and how to mend it, is in the error.
    match deployment.open().await {
        Ok(context) => {
            report.ok("migrations", "none is missing");
            Some(context)
        }
        Err(error) => {
            report.fail("opening", explain(&error));
            None
        }
    }
}

fn check_clock(now: Timestamp, report: &mut Report) {
    if now < EARLIEST {
        report.fail("clock", format_args!("it says {}: set it, and keep it right with NTP", now.rfc3339()));
    } else {
        report.ok("clock", now.rfc3339());
    }
}

async fn check_keys(context: &Context, report: &mut Report) -> anyhow::Result<()> {
    let (closed, count) = context.closed_keys().await?;
    for error in &closed {
        report.fail("keys", format_args!("{error}; restore it from a backup, or rotate the issuer's key"));
    }
    if closed.is_empty() {
        report.ok("keys", format_args!("{count} open with the master key"));
    }
    Ok(())
}

async fn check_public_url(context: &Context, report: &mut Report) -> anyhow::Result<()> {
    let url = &context.settings.public_url;
    let response = http::client()?.get(format!("{url}/healthz")).send().await;
    let found = response.context("no answer").and_then(|response| {
        let status = response.status();
        if status.is_success() { Ok(()) } else { bail!("/healthz answers {status}") }
    });
    match found {
        Ok(()) => report.ok("public URL", format_args!("{url} answers")),
        Err(error) => {
            let mend = "start the server, or mend public_url, DNS, certificate or proxy";
            // A development server is usually checked while it does not run.
            let verdict = if context.settings.development { Verdict::Warning } else { Verdict::Failure };
            report.add(verdict, "public URL", format_args!("{url}: {}; {mend}", explain(&error)));
        }
    }
    Ok(())
}

async fn check_partners(context: &Context, report: &mut Report) -> anyhow::Result<()> {
    for tenant in context.store.tenants().await? {
        let who = format!("{} ({})", tenant.name.escape_debug(), tenant.id);
        let source = match &tenant.partner_keys {
            PartnerKeys::Url(url) => url.as_str(),
            PartnerKeys::None | PartnerKeys::Pinned(_) => "pinned",
        };
        match context.engine.probe_partner_keys(&tenant).await {
            Err(PartnerAuthError::NoKeys) => {
                report.warn(
                    "JWKS",
                    format_args!("{who}: none; `bestow tenant set {} --jwks-url URL`", tenant.id),
                );
            }
            Err(error) => report.fail("JWKS", format_args!("{who}, {source}: {error}")),
            Ok((0, warnings)) => {
                let reasons = warnings.join("; ");
                report.fail(
                    "JWKS",
                    format_args!("{who}, {source}: it has no usable key; publish one. {reasons}"),
                );
            }
            Ok((usable, warnings)) => {
                report.ok("JWKS", format_args!("{who}, {source}: {usable} usable key(s)"));
                for warning in warnings {
                    report.warn("JWKS", format_args!("{who}, {source}: {warning}"));
                }
            }
        }
    }
    Ok(())
}
