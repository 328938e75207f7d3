//! What a chain has of a log: every head that was ever written there must be one that the log had.

use anyhow::{Context, anyhow};
use evm::registry::{self, Anchored};
use evm::{Address, Rpc, Tag, address};
use serde::Deserialize;
use tlog::audit::{Audit, Fault};
use tlog::hash::Hash;

use super::source::Source;
use crate::http;
use crate::verdict::Doubt;

/// The longest answer of `/log/anchors`, in bytes.
const ANCHORS_LIMIT: usize = 1 << 16;

/// Where the auditor looks.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// A node of the chain (JSON-RPC): checks the heads that the chain has, too; the answers are as good as the node
    #[arg(long, value_name = "URL")]
    rpc: Option<String>,
    /// The contract that holds the log's heads [default: what the log's server says]
    #[arg(long, value_name = "ADDRESS", requires = "rpc", value_parser = crate::commands::trusted::evm_address)]
    contract: Option<Address>,
    /// The address that sends the log's heads [default: what the log's server says]
    #[arg(long, value_name = "ADDRESS", requires = "rpc", value_parser = crate::commands::trusted::evm_address)]
    publisher: Option<Address>,
    /// The first block that is searched, for nodes that search slowly: heads before it are not checked
    #[arg(long, value_name = "BLOCK", requires = "rpc", default_value_t = 0)]
    from_block: u64,
}

/// The heads that a chain has.
#[derive(Debug)]
pub(super) struct Chained {
    pub(super) contract: Address,
    pub(super) publisher: Address,
    records: Vec<Anchored>,
    /// The contract's own newest head; size 0 if there is none.
    latest: registry::Head,
    /// What was believed of the audited server.
    pub(super) notes: Vec<String>,
}

/// `GET /log/anchors`, as far as it matters here.
#[derive(Deserialize)]
struct Anchors {
    evm: Option<Place>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    chain_id: u64,
    contract: String,
    publisher: String,
}

impl Options {
    /// Reads what the chain has of the log `origin`; `None` if no chain was named.
    pub(super) async fn read(&self, source: &Source, origin: &str) -> Result<Option<Chained>, Doubt> {
        let Some(url) = &self.rpc else { return Ok(None) };
        let rpc = Rpc::new(http::client()?, url).context("--rpc")?;
        let mut notes = Vec::new();
        let (contract, publisher) = self.place(source, &rpc, &mut notes).await?;
        let newest = rpc.block_number().await?;
        if self.contract.is_none() && !registry::is_ours(&rpc.code(&contract, Tag::Number(newest)).await?) {
            return Err(Doubt::wrong(format!(
                "the code of the contract {}, which the log's server names, is not that of Bestow's registry: if you know that it \
                 is the log's, name it with --contract",
                address::text(&contract)
            )));
        }
        let latest = registry::latest(&rpc, &contract, origin, &publisher, Tag::Number(newest)).await?;
        let records =
            registry::anchored_events(&rpc, &contract, origin, Some(&publisher), self.from_block, newest)
                .await?;
        let chained = Chained { contract, publisher, records, latest, notes };
        chained.agrees(self.from_block)?;
        Ok(Some(chained))
    }

    /// Contract and publisher: as named, or as the audited server says.
    async fn place(
        &self,
        source: &Source,
        rpc: &Rpc,
        notes: &mut Vec<String>,
    ) -> Result<(Address, Address), Doubt> {
        if let (Some(contract), Some(publisher)) = (self.contract, self.publisher) {
            return Ok((contract, publisher));
        }
        let text = source.text("anchors", ANCHORS_LIMIT).await.map_err(|doubt| {
            Doubt::Unknown(
                doubt
                    .into_error()
                    .context("give --contract and --publisher, since the log's server does not say them"),
            )
        })?;
        let anchors: Anchors =
            serde_json::from_str(&text).context("what the log's server says of its anchors")?;
        let place = anchors.evm.ok_or_else(|| {
            anyhow!("the log's server names no contract: if there is one, give --contract and --publisher")
        })?;
        let chain = rpc.chain_id().await?;
        if chain != place.chain_id {
            return Err(Doubt::unknown(format!(
                "the log's server writes to the chain {}; --rpc leads to the chain {chain}",
                place.chain_id
            )));
        }
        let mut take = |option: Option<Address>, text: &str, name: &str| {
            let Some(address) = option else {
                let address = address::parse(text)
                    .with_context(|| format!("the {name} that the log's server names"))?;
                notes.push(format!(
                    "The {name} {} was taken from the audited server: compare it with what the issuer publishes elsewhere, or \
                     name it with --{name}.",
                    address::text(&address)
                ));
                return anyhow::Ok(address);
            };
            Ok(address)
        };
        Ok((
            take(self.contract, &place.contract, "contract")?,
            take(self.publisher, &place.publisher, "publisher")?,
        ))
    }
}

impl Chained {
    /// How many heads there are.
    pub(super) fn count(&self) -> usize {
        self.records.len()
    }

    /// The contract's state and its events must tell the same.
    fn agrees(&self, from_block: u64) -> Result<(), Doubt> {
        let last = self.records.last().map_or((0, [0; 32]), |record| (record.size, record.root));
        if last == (self.latest.size, self.latest.root) || (self.records.is_empty() && from_block > 0) {
            return Ok(());
        }
        Err(Doubt::wrong(format!(
            "the contract {} holds a head of {} entries, but its newest event is of {}: is this a node that tells everything?",
            address::text(&self.contract),
            self.latest.size,
            last.0
        )))
    }

    /// What the log must have been like.
    pub(super) fn expect(&self, audit: &mut Audit) -> Result<(), Fault> {
        // The longest first: that a log has shrunk is told by how much.
        if self.latest.size > 0 {
            let by = format!("the contract {}", address::text(&self.contract));
            audit.expect_root_at(self.latest.size, Hash::from(self.latest.root), &by)?;
        }
        for record in &self.records {
            let by = format!("the transaction {} in block {}", record.transaction, record.block);
            audit.expect_root_at(record.size, Hash::from(record.root), &by)?;
        }
        Ok(())
    }
}
