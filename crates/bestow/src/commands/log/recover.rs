//! `bestow log recover`: takes what a mirror has of our log and the database lacks.

use anchor::{ExportMirror, Recovered, recover};
use anyhow::Context as _;

use super::mirror::Mirror;
use crate::context::Context;
use crate::output::Record;
use crate::target::Target;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
    /// A mirror of the log, or a copy of one: the URL or the folder in which its `checkpoint` is [default: the export that the
    /// settings name]
    #[arg(long, value_name = "URL|FOLDER")]
    from: Option<String>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { target, json, from } = arguments;
    let context = target.managed()?.open().await?;
    let outcome = from_mirror(&context, from.as_deref()).await;
    context.store.close().await;
    let (log, Recovered { from, size, placed, lost }) = outcome?;
    Record::default()
        .with("origin", log)
        .with("size", size)
        .with("recoveredLeaves", size - from)
        .with("ledgerEntriesPlaced", placed)
        .with("leavesWithoutCredential", lost)
        .print(json);
    Ok(())
}

async fn from_mirror(context: &Context, from: Option<&str>) -> anyhow::Result<(String, Recovered)> {
    let log = context.open_log().await?;
    let recovered = match from {
        Some(place) => {
            let mirror = Mirror::open(place, &log).await?;
            recover(&log, &mirror, &*context.entropy)
                .await
                .with_context(|| format!("recovering from {place}"))?
        }
        None => {
            let export = context.open_export(&log)?.context(
                "the log is exported nowhere (log.export_folder, log.export_s3_bucket): name a mirror with --from",
            )?;
            let mirror = ExportMirror::from(&*export);
            recover(&log, &mirror, &*context.entropy)
                .await
                .with_context(|| format!("recovering from {}", export.place()))?
        }
    };
    Ok((log.origin().to_owned(), recovered))
}
