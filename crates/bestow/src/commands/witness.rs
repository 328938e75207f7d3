//! `bestow witness`: a server that is a witness of other logs and nothing else.

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use anchor::Witness;
use anyhow::Context as _;
use serde_json::Value;
use server::WitnessApp;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::{Settings, environment};
use crate::context::{check_master_key, connect, open_witness};
use crate::data_dir::DataDir;
use crate::development::{listen_on, reachable};
use crate::logging;
use crate::output::Record;
use crate::process::stop_requested;
use crate::system::{SystemClock, SystemEntropy};
use crate::target::{Deployment, Target};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where keys and database are kept; made if it is not there
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    data_dir: Option<PathBuf>,
    /// The configuration file; without it and without a folder, the environment alone decides
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The database, instead of the configuration's or the folder's
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Address and port to listen on, instead of the configuration's
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// The verifier key of a log to follow (its /log/key), beside those of the configuration; may be repeated
    #[arg(long = "log", value_name = "VKEY")]
    logs: Vec<String>,
    /// The witness's name, which is fixed at first use [default: the public URL without its scheme, and /witness]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Print what it is as JSON on one line
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(mut arguments: Arguments) -> anyhow::Result<()> {
    let stop = stop_requested()?;
    let Deployment { mut settings, folder } = arguments.deployment()?;
    logging::init(&settings.logging)?;
    let master = Deployment { settings: settings.clone(), folder: folder.clone() }.master_key()?;
    settings.witness.logs.0.append(&mut arguments.logs);
    if let Some(name) = arguments.name.take() {
        settings.witness.name = name;
    }
    let listener = listen_on(&settings).await?;
    if let Some(folder) = &folder {
        // The port may have been chosen a moment ago.
        let reached = listener.local_addr().map(reachable)?;
        let url = environment("BESTOW_PUBLIC_URL").unwrap_or_else(|| format!("http://{reached}"));
        settings.set_public_url(url)?;
        if let Some(url) = &arguments.database_url {
            folder.record_database_url(url)?;
        }
    }
    let store = Arc::new(connect(&settings).await?);
    store.migrate().await?;
    check_master_key(&store, &master).await?;
    let witness = open_witness(&settings, &store, &master, Arc::new(SystemClock), &SystemEntropy).await?;
    announce(&settings, &store, &witness, arguments.json).await?;
    serve(&settings, &store, witness, listener, stop).await?;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

impl Arguments {
    /// A folder's deployment, which is a development server's, or that of a configuration.
    fn deployment(&self) -> anyhow::Result<Deployment> {
        let target =
            Target { config: self.config.clone(), data_dir: None, database_url: self.database_url.clone() };
        match &self.data_dir {
            None => target.production(self.listen.as_deref()),
            Some(path) => {
                let folder = DataDir::at(path)?;
                folder.make(&SystemEntropy)?;
                target.development(&folder, self.listen.as_deref(), &environment)
            }
        }
    }
}

/// Says on stdout what those who configure logs and verifiers have to know, and in the log how far the witness has come.
async fn announce(settings: &Settings, store: &Store, witness: &Witness, json: bool) -> anyhow::Result<()> {
    let logs: Vec<Value> = witness.logs().iter().map(|key| key.name().as_str().into()).collect();
    if logs.is_empty() {
        tracing::warn!("no log is named, so nothing will be cosigned: give --log, or set witness.logs");
    }
    for log in store.witnessed_logs().await? {
        tracing::info!(log = log.origin, size = log.size, at = log.updated_at.rfc3339(), "cosigned before");
    }
    Record::default()
        .with("name", witness.name())
        .with("url", format!("{}/witness", settings.public_url))
        .with("key", witness.verifier_key().to_string())
        .with("database", store.database_name())
        .with("logs", logs)
        .print(json);
    Ok(())
}

/// Answers requests until `stop`, then finishes what is under way.
async fn serve(
    settings: &Settings,
    store: &Arc<Store>,
    witness: Arc<Witness>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let router = server::witness_router(WitnessApp {
        witness,
        store: Arc::clone(store),
        limits: settings.server_limits(),
        entropy: Arc::new(SystemEntropy),
        metrics: server::install_metrics(),
    });
    let (stopper, stopping) = watch::channel(false);
    let mut serving = pin!(server::serve(listener, router, stopping));
    tokio::select! {
        served = &mut serving => served.context("the server failed")?,
        () = stop => {
            tracing::info!("stopping");
            stopper.send_replace(true);
            serving.await.context("the server failed")?;
        }
    }
    Ok(())
}
