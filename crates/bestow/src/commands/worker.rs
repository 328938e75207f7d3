//! `bestow worker`: the work behind the answers (the log's sequencer, mail, housekeeping), without a server.

use std::path::PathBuf;

use crate::logging;
use crate::process::{Process, stop_requested};
use crate::target::Target;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The configuration file; without it, the environment alone decides
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The database, instead of the configuration's
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { config, database_url } = arguments;
    let stop = stop_requested()?;
    let deployment = Target { config, database_url, data_dir: None }.production(None)?;
    logging::init(&deployment.settings.logging)?;
    let context = deployment.open().await?;
    let log = context.open_log().await?;
    tracing::info!(log = log.origin(), "working");
    Process::new(&context).with_worker(&context, &log).await?.until(stop).await
}
