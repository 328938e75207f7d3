//! The chain of a run, an Anvil of its own: what it charged.

use std::fmt;

use anyhow::{Context, bail, ensure};
use clap::Args;
use hyper::Uri;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::load::{Request, fetch};
use crate::server::{Server, path_of};

/// A chain with more blocks than that is not one of a run's own.
const MOST_BLOCKS: u64 = 100_000;
/// A hundred coins, in wei.
const PURSE: u128 = 100_000_000_000_000_000_000;

/// Arguments of `bench anchor fund`.
#[derive(Args)]
pub(crate) struct FundArguments {
    /// The Anvil
    #[arg(long, value_name = "URL")]
    rpc: String,
    /// The account
    #[arg(long, value_name = "0x...")]
    address: String,
}

/// A node that speaks JSON-RPC.
pub(super) struct Node {
    server: Server,
    path: Uri,
}

/// What transactions used, in gas.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Gas {
    /// To deploy the contract.
    pub(super) deploy: u64,
    /// For the log's first head.
    pub(super) first: Option<u64>,
    /// For each later head.
    pub(super) later: Option<Spread>,
    /// How many leaves each later head added.
    pub(super) leaves: Option<Spread>,
    /// How many transactions failed, and were paid all the same.
    pub(super) reverted: u64,
}

/// Several numbers.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Spread {
    pub(super) count: usize,
    pub(super) least: u64,
    pub(super) median: u64,
    pub(super) most: u64,
}

/// Runs `bench anchor fund`.
///
/// # Errors
///
/// If the node does not answer, or is no Anvil.
pub(super) async fn fund(arguments: &FundArguments) -> anyhow::Result<()> {
    let node = Node::at(&arguments.rpc)?;
    let question = ("anvil_setBalance", json!([arguments.address, format!("{PURSE:#x}")]));
    node.ask(&[question]).await.map(drop)
}

impl Node {
    /// The node at a URL.
    ///
    /// # Errors
    ///
    /// If the URL is not plain http, or its host has no address.
    pub(super) fn at(url: &str) -> anyhow::Result<Self> {
        Ok(Self { server: Server::at(url)?, path: path_of(url)? })
    }

    /// The results of calls of methods.
    async fn ask(&self, questions: &[(&str, Value)]) -> anyhow::Result<Vec<Value>> {
        let request = |(method, parameters): &(&str, Value)| {
            let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters });
            self.server.post(self.path.clone(), "application/json", body.to_string())
        };
        let requests: Vec<Request> = questions.iter().map(request).collect();
        let answers = fetch(self.server.address, 1, requests).await.context("asking the chain's node")?;
        let results = answers.iter().zip(questions).map(|(answer, (method, _))| {
            let mut answer: Value =
                serde_json::from_slice(answer).with_context(|| format!("{method}: the answer"))?;
            if let Some(error) = answer.get("error") {
                bail!("{method}: {error}");
            }
            Ok(answer["result"].take())
        });
        results.collect()
    }

    /// What the transactions of the contract that was deployed last used.
    ///
    /// # Errors
    ///
    /// If the node does not answer, has too many blocks, or no contract was deployed there.
    pub(super) async fn gas(&self) -> anyhow::Result<Gas> {
        let height = self.ask(&[("eth_blockNumber", json!([]))]).await?;
        let height = height.first().and_then(number).context("the chain's height")?;
        ensure!(height <= MOST_BLOCKS, "the chain has {height} blocks: it is not one of this run's own");
        let blocks: Vec<_> =
            (0..=height).map(|block| ("eth_getBlockReceipts", json!([format!("{block:#x}")]))).collect();
        let blocks = self.ask(&blocks).await?;
        let receipts: Vec<&Value> = blocks.iter().filter_map(Value::as_array).flatten().collect();
        Gas::of(&receipts)
    }
}

impl Gas {
    /// From the receipts of all transactions, in their order.
    fn of(receipts: &[&Value]) -> anyhow::Result<Self> {
        let deployed = receipts.iter().rposition(|receipt| receipt["contractAddress"].is_string());
        let deployed = deployed.context("no contract was deployed on this chain")?;
        let contract = &receipts[deployed]["contractAddress"];
        let of_contract = receipts.iter().filter(|receipt| receipt["to"] == *contract);
        let (good, bad): (Vec<&Value>, Vec<&Value>) =
            of_contract.partition(|receipt| receipt["status"] == "0x1");
        let used: Vec<u64> = good.iter().map(|receipt| gas_used(receipt)).collect::<anyhow::Result<_>>()?;
        let sizes: Vec<u64> = good.iter().map(|receipt| size(receipt)).collect::<anyhow::Result<_>>()?;
        let leaves = sizes.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        Ok(Self {
            deploy: gas_used(receipts[deployed])?,
            first: used.first().copied(),
            later: Spread::of(used.into_iter().skip(1).collect()),
            leaves: Spread::of(leaves),
            reverted: bad.len() as u64,
        })
    }
}

impl Spread {
    fn of(mut numbers: Vec<u64>) -> Option<Self> {
        numbers.sort_unstable();
        let (&least, &most) = (numbers.first()?, numbers.last()?);
        Some(Self { count: numbers.len(), least, median: numbers[numbers.len() / 2], most })
    }
}

fn gas_used(receipt: &Value) -> anyhow::Result<u64> {
    number(&receipt["gasUsed"]).context("a receipt without gasUsed")
}

/// The size in the data of the event `Anchored`: its first word.
fn size(receipt: &Value) -> anyhow::Result<u64> {
    let data = receipt["logs"][0]["data"].as_str().and_then(|data| data.get(2..66));
    let size = data.and_then(|word| u64::from_str_radix(word, 16).ok());
    size.context("a receipt of the contract without its event")
}

fn number(quantity: &Value) -> Option<u64> {
    u64::from_str_radix(quantity.as_str()?.strip_prefix("0x")?, 16).ok()
}

impl fmt::Display for Gas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  gas                deploy {}", self.deploy)?;
        if let Some(first) = self.first {
            write!(f, ", first {first}")?;
        }
        if let (Some(later), Some(leaves)) = (&self.later, &self.leaves) {
            write!(f, ", {} later {} ({} to {})", later.count, later.median, later.least, later.most)?;
            write!(f, " for {} leaves ({} to {})", leaves.median, leaves.least, leaves.most)?;
        }
        writeln!(f, ", {} failed", self.reverted)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Gas, Node, Spread};

    fn anchored(gas: &str, size: u64) -> Value {
        let data = format!("0x{size:064x}{}", "ab".repeat(32));
        json!({ "to": "0xc", "status": "0x1", "gasUsed": gas, "contractAddress": null, "logs": [{ "data": data }] })
    }

    #[test]
    fn receipts_become_gas() {
        let deployed =
            json!({ "to": null, "status": "0x1", "gasUsed": "0x64", "contractAddress": "0xc", "logs": [] });
        let reverted =
            json!({ "to": "0xc", "status": "0x0", "gasUsed": "0x9", "contractAddress": null, "logs": [] });
        let heads = [anchored("0x32", 10), anchored("0x14", 30), anchored("0x16", 31), anchored("0x15", 80)];
        let receipts: Vec<&Value> = [&deployed, &heads[0], &heads[1], &reverted, &heads[2], &heads[3]].into();
        let expected = Gas {
            deploy: 100,
            first: Some(50),
            later: Some(Spread { count: 3, least: 20, median: 21, most: 22 }),
            leaves: Some(Spread { count: 3, least: 1, median: 20, most: 49 }),
            reverted: 1,
        };
        assert_eq!(Gas::of(&receipts).unwrap(), expected);
        let none = Gas::of(&receipts[..2]).unwrap();
        assert_eq!((none.first, none.later, none.leaves), (Some(50), None, None));
        assert!(Gas::of(&receipts[1..]).is_err());
    }

    #[test]
    fn a_node_has_a_path() {
        assert_eq!(Node::at("http://127.0.0.1:8545").unwrap().path, "/");
        assert_eq!(Node::at("http://127.0.0.1:8545/v1/key").unwrap().path, "/v1/key");
    }
}
