//! `bestow log restart`: gives the log up and begins another one.

use anyhow::{Context as _, ensure};

use crate::output::Record;
use crate::target::Target;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
    /// The name of the new log: no log of this deployment may have had it before
    #[arg(long, value_name = "NAME")]
    origin: String,
    /// Do it: the log's history ends here
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { target, json, origin, yes } = arguments;
    let context = target.managed()?.open().await?;
    let old = context.store.deployment_value("log.origin", &context.settings.log_origin()).await?;
    ensure!(
        yes,
        "the log {old} would end, and {origin} would begin with every leaf of the database in it. Proofs that people hold are of \
         {old}: they stay valid, but only for who still trusts its last checkpoint; verifiers, witnesses and mirrors have to \
         be given the new key; leaves that the database lost are in no log. First try `bestow log recover`. If this is what \
         you want, say it again with --yes"
    );
    let queued = anchor::restart(&context.store, &old, &origin, &*context.clock, &*context.entropy)
        .await
        .with_context(|| format!("giving {old} up"))?;
    let log = context.open_log().await?;
    Record::default()
        .with("origin", log.origin())
        .with("key", log.verifier_key().to_string())
        .with("formerOrigin", old)
        .with("queued", queued)
        .print(json);
    eprintln!("Restart every server and worker of this deployment: they still have the old log open.");
    context.store.close().await;
    Ok(())
}
