//! Who publishes the log's heads beside the log itself: the export, the witnesses, the chain.

use std::sync::Arc;
use std::time::Duration;

use anchor::{Chain, EvmAnchor, Export, Guard, Log, Place, Witnesses};
use anyhow::Context as _;
use tokio::sync::watch;

use crate::context::Context;
use crate::http;

/// How often witnesses are asked at most while the log grows: they limit how often one address may ask.
const WITNESSED_EVERY: Duration = Duration::from_millis(500);

/// Those of a deployment, as its settings name them.
pub(crate) struct Publishers {
    export: Option<Arc<Export>>,
    witnesses: Option<Arc<Witnesses>>,
    chain: Option<Arc<EvmAnchor>>,
}

impl Publishers {
    /// Opens them.
    ///
    /// # Errors
    /// When the place to which the log is exported, the witnesses or the chain's node cannot be used as they are set.
    pub(crate) async fn open(context: &Context, log: &Arc<Log>) -> anyhow::Result<Self> {
        let settings = &context.settings;
        let peers = settings.witness_peers()?;
        let witnesses = if peers.is_empty() {
            None
        } else {
            let (client, timeout) = (http::client()?, settings.witness_timeout());
            let (log, entropy) = (Arc::clone(log), &*context.entropy);
            Some(Arc::new(Witnesses::new(log, peers, client, timeout, WITNESSED_EVERY, entropy)))
        };
        let chain = open_chain(context).await?.map(|chain| {
            let interval = settings.chain_interval();
            Arc::new(EvmAnchor::new(Arc::clone(log), Arc::new(chain), interval, &*context.entropy))
        });
        Ok(Self { export: context.open_export(log)?, witnesses, chain })
    }

    /// What remembers the log outside the database.
    pub(crate) fn guard(&self) -> Guard {
        let export = self.export.iter().map(|export| Place::Export(Arc::clone(export)));
        let witnesses = self.witnesses.iter().flat_map(|witnesses| {
            (0..witnesses.peers().len()).map(|place| Place::Witness(Arc::clone(witnesses), place))
        });
        let chain = self.chain.iter().map(|chain| Place::Chain(Arc::clone(chain)));
        Guard::new(export.chain(witnesses).chain(chain).collect())
    }

    /// Publishes until `stop` turns true.
    pub(crate) async fn run(self, stop: watch::Receiver<bool>) {
        let exporting = async {
            if let Some(export) = &self.export {
                export.run(stop.clone()).await;
            }
        };
        let witnessed = async {
            if let Some(witnesses) = &self.witnesses {
                witnesses.run(stop.clone()).await;
            }
        };
        let anchoring = async {
            if let Some(chain) = &self.chain {
                chain.run(stop.clone()).await;
            }
        };
        tokio::join!(exporting, witnessed, anchoring);
    }
}

/// The chain that the settings name, if they do; its key is made if there is none yet.
///
/// # Errors
/// When the node's URL or the key cannot be used.
pub(crate) async fn open_chain(context: &Context) -> anyhow::Result<Option<Chain>> {
    let settings = &context.settings;
    let Some(url) = settings.chain_url() else { return Ok(None) };
    let rpc = evm::Rpc::new(http::client()?, url).context("evm.rpc_url")?;
    Ok(Some(Chain::new(rpc, context.evm_key().await?, settings.chain()?)))
}
