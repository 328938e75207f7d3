//! The settings of witnesses and chain, as those who publish the log's heads want them.

use std::time::Duration;

use anchor::{ChainSettings, Peer};
use anyhow::{Context as _, ensure};
use tlog::key::{SignatureType, VerifierKey};

use super::Settings;

/// Wei in a gwei.
const GWEI: u64 = 1_000_000_000;

impl Settings {
    /// The witnesses that are asked to sign the log's checkpoints.
    pub(crate) fn witness_peers(&self) -> anyhow::Result<Vec<Peer>> {
        let (urls, keys) = (&self.witnesses.urls.0, &self.witnesses.keys.0);
        ensure!(
            urls.len() == keys.len(),
            "witnesses.urls names {} witnesses and witnesses.keys {}: give each its URL and its key, in one order",
            urls.len(),
            keys.len()
        );
        let mut peers: Vec<Peer> = Vec::new();
        for (url, text) in urls.iter().zip(keys) {
            let shown = text.escape_debug();
            ensure!(
                url.starts_with("https://") || url.starts_with("http://"),
                "witnesses.urls: `{}` is no http(s) URL",
                url.escape_debug()
            );
            let key: VerifierKey =
                text.parse().with_context(|| format!("witnesses.keys: `{shown}` is no verifier key"))?;
            ensure!(
                key.signature_type() == SignatureType::Cosignature,
                "witnesses.keys: `{shown}` is not the key of a witness, which it publishes at /witness/key"
            );
            ensure!(
                peers.iter().all(|peer| peer.key.name() != key.name()),
                "witnesses.keys: `{shown}` has the name of another one"
            );
            peers.push(Peer { url: url.clone(), key });
        }
        Ok(peers)
    }

    /// How long a witness has to answer.
    pub(crate) fn witness_timeout(&self) -> Duration {
        Duration::from_secs(self.witnesses.timeout_seconds.into())
    }

    /// The node's URL, if there is a chain.
    pub(crate) fn chain_url(&self) -> Option<&str> {
        let url = self.evm.rpc_url.expose();
        (!url.is_empty()).then_some(url)
    }

    /// What was decided about the chain.
    pub(crate) fn chain(&self) -> anyhow::Result<ChainSettings> {
        let evm = &self.evm;
        let contract = match evm.contract.as_str() {
            "" => None,
            text => Some(evm::address::parse(text).with_context(|| format!("evm.contract is `{text}`"))?),
        };
        Ok(ChainSettings {
            chain_id: (evm.chain_id != 0).then_some(evm.chain_id),
            contract,
            seconds_between: evm.min_seconds_between.into(),
            replace_after: evm.replace_after_blocks,
            max_fee: u64::from(evm.max_fee_gwei) * GWEI,
            final_after: evm.final_after,
        })
    }

    /// How often it is looked whether a status list has changed.
    pub(crate) const fn digest_interval(&self) -> Duration {
        Duration::from_secs(self.status_lists.digest_seconds)
    }

    /// How often the chain is looked at while there is something to see.
    pub(crate) fn chain_interval(&self) -> Duration {
        Duration::from_millis(self.evm.poll_ms)
    }
}
