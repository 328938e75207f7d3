//! A development server, ready to run: what `bestow dev` and `bestow demo` have in common.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anchor::{Log, Witness};
use anyhow::Context as _;
use keys::MasterKey;
use tokio::net::TcpListener;

use crate::config::Settings;
use crate::context::Context;
use crate::data_dir::DataDir;
use crate::demo_tenant::DemoTenant;
use crate::process::Process;

/// A server that listens already, and its demo tenant.
pub(crate) struct Development {
    pub(crate) context: Context,
    pub(crate) log: Arc<Log>,
    pub(crate) demo: DemoTenant,
    witness: Option<Arc<Witness>>,
    listener: TcpListener,
}

impl Development {
    /// Listens, brings the database up to date, and sets up what is missing of the demo tenant.
    pub(crate) async fn prepare(
        mut settings: Settings,
        master: MasterKey,
        folder: &DataDir,
        public_url: Option<String>,
    ) -> anyhow::Result<Self> {
        let listener = listen_on(&settings).await?;
        // The port may have been chosen a moment ago.
        let reached = listener.local_addr().map(reachable)?;
        settings.set_public_url(public_url.unwrap_or_else(|| format!("http://{reached}")))?;
        let context = Context::open_and_migrate(settings, master).await?;
        let log = context.open_log().await?;
        let witness = context.open_witness().await?;
        let demo = DemoTenant::ensure(&context, folder).await?;
        Ok(Self { context, log, demo, witness, listener })
    }

    /// Starts server and worker.
    pub(crate) async fn start(self) -> anyhow::Result<Process> {
        let Self { context, log, witness, listener, .. } = self;
        let process = Process::new(&context).with_server(&context, &log, witness, listener)?;
        process.with_worker(&context, &log).await
    }
}

/// Binds the address that the settings name.
pub(crate) async fn listen_on(settings: &Settings) -> anyhow::Result<TcpListener> {
    let address = &settings.listen;
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on `{address}` (an address and a port, such as 127.0.0.1:8080)")
    })
}

/// The address by which this machine reaches a listener that may listen on every address.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
    } else {
        address
    }
}
