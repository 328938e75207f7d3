//! `bestow serve`: a server, and the worker in the same process unless the settings say otherwise.

use std::path::{Path, PathBuf};

use tokio::net::TcpListener;

use crate::config::Settings;
use crate::development::listen_on;
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
    /// Address and port to listen on, instead of the configuration's
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { config, database_url, listen } = arguments;
    let stop = stop_requested()?;
    let deployment = Target { config, database_url, data_dir: None }.production(listen.as_deref())?;
    logging::init(&deployment.settings.logging)?;
    let context = deployment.open().await?;
    let log = context.open_log().await?;
    let witness = context.open_witness().await?;
    let listener = listen_on(&context.settings).await?;
    announce(&context.settings, &listener);
    let mut process = Process::new(&context).with_server(&context, &log, witness, listener)?;
    if context.settings.worker.enabled {
        process = process.with_worker(&context, &log).await?;
    }
    process.until(stop).await
}

fn announce(settings: &Settings, listener: &TcpListener) {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    tracing::info!(address, public_url = settings.public_url, worker = settings.worker.enabled, "serving");
    if settings.development {
        tracing::warn!(
            "development mode: JWKS over http and from addresses that are not public are accepted"
        );
    }
    let database = settings.database.url.expose();
    if let Some(path) = database.strip_prefix("sqlite:").filter(|path| Path::new(path).is_relative()) {
        tracing::warn!(path, "the database is relative to the folder that the server was started in");
    }
}
