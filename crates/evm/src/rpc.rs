//! The methods of Ethereum's JSON-RPC that we use (execution-apis).

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answer::{Block, Log, RawBlock, RawFees, RawLog, RawReceipt, RawTransaction, Receipt};
use crate::error::{Refusal, RpcError};
use crate::hexadecimal::{data, parse_bytes, parse_data, parse_saturating, parse_u64, parse_u128, quantity};
use crate::transport::Transport;
use crate::word::{Address, B256, keccak256};

/// What to pay for inclusion where a node has no opinion, in wei per gas: 1 gwei.
const DEFAULT_PRIORITY_FEE: u128 = 1_000_000_000;

/// Blocks over which the usual priority fee is looked up where a node does not suggest one.
const FEE_HISTORY: u64 = 10;

/// A node of a chain. Cheap to clone: clones share the client.
///
/// Each request may take 10 seconds, and an answer may have 8 MiB. Nothing that this type shows holds more of the node's URL
/// than host and port, since the rest may be an API key.
#[derive(Clone)]
pub struct Rpc(Arc<Transport>);

/// Why a text is not the URL of a node. The text does not repeat the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL with a host.
    #[error("the URL of the node is not a valid URL: it looks like https://host/path")]
    Form,
    /// Neither http nor https.
    #[error(
        "the URL of the node begins with http:// or https://; other ways to reach a node are not supported"
    )]
    Scheme,
}

/// Which state of the chain is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// After the newest block.
    Latest,
    /// After the newest block and what the node would put into the next one.
    Pending,
    /// After the newest block that cannot be taken back. Chains without such a notion refuse it, or mean something weaker.
    Finalized,
    /// After the block of this number.
    Number(u64),
}

/// A call of a contract.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// Who calls; nobody in particular without.
    pub from: Option<Address>,
    /// The contract; without one, the input deploys a contract.
    pub to: Option<Address>,
    /// What the contract is given.
    pub input: Vec<u8>,
}

/// Which events are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter {
    /// The contract.
    pub address: Address,
    /// Topics by position, at most four; `None` takes any.
    pub topics: Vec<Option<B256>>,
    /// The first block.
    pub from: u64,
    /// The last block, which is included.
    pub to: u64,
}

impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rpc").field(&self.0.host()).finish()
    }
}

impl Tag {
    fn param(self) -> Value {
        match self {
            Self::Latest => json!("latest"),
            Self::Pending => json!("pending"),
            Self::Finalized => json!("finalized"),
            Self::Number(number) => json!(quantity(number)),
        }
    }
}

impl Call {
    fn param(&self) -> Value {
        let mut call = json!({ "input": data(&self.input) });
        if let Some(from) = &self.from {
            call["from"] = json!(data(from.as_slice()));
        }
        if let Some(to) = &self.to {
            call["to"] = json!(data(to.as_slice()));
        }
        call
    }
}

impl Rpc {
    /// A node at an `http` or `https` URL, over a client that follows no redirects: a redirect could carry a request, and the
    /// key in its URL, to another host.
    ///
    /// # Errors
    /// [`UrlError`] when the URL is none, or of another scheme.
    pub fn new(client: reqwest::Client, url: &str) -> Result<Self, UrlError> {
        Transport::new(client, url).map(Self)
    }

    /// Host of the node, with its port when the URL has one: fit to be shown.
    pub fn host(&self) -> &str {
        self.0.host()
    }

    /// The chain's number (EIP-155).
    ///
    /// # Errors
    /// [`RpcError`], as of every method here.
    pub async fn chain_id(&self) -> Result<u64, RpcError> {
        self.text("eth_chainId", &json!([]), parse_u64).await
    }

    /// The number of the newest block.
    pub async fn block_number(&self) -> Result<u64, RpcError> {
        self.text("eth_blockNumber", &json!([]), parse_u64).await
    }

    /// A block; `None` when there is none: not yet, or nothing is final yet. Not for [`Tag::Pending`], whose block has neither
    /// number nor hash: the answer counts as malformed.
    pub async fn block(&self, tag: Tag) -> Result<Option<Block>, RpcError> {
        const METHOD: &str = "eth_getBlockByNumber";
        let block: Option<RawBlock> = match self.ask(METHOD, &json!([tag.param(), false])).await {
            Err(error) if is_unknown_block(&error) => return Ok(None),
            other => other?,
        };
        let block = block.map(|block| self.converted(METHOD, block.read())).transpose()?;
        match (tag, &block) {
            (Tag::Number(wanted), Some(block)) if block.number != wanted => {
                Err(self.0.malformed(METHOD, "it is another block"))
            }
            _ => Ok(block),
        }
    }

    /// How many transactions an account has sent: the nonce of its next one. With [`Tag::Pending`], those count that no block
    /// has yet, as far as this node knows them.
    pub async fn transaction_count(&self, address: &Address, tag: Tag) -> Result<u64, RpcError> {
        let params = json!([data(address.as_slice()), tag.param()]);
        self.text("eth_getTransactionCount", &params, parse_u64).await
    }

    /// What an account has, in wei. Only a chain for tests can hold more than 128 bits can count; then it is [`u128::MAX`].
    pub async fn balance(&self, address: &Address, tag: Tag) -> Result<u128, RpcError> {
        let params = json!([data(address.as_slice()), tag.param()]);
        self.text("eth_getBalance", &params, parse_saturating).await
    }

    /// The code of a contract; empty where there is none.
    pub async fn code(&self, address: &Address, tag: Tag) -> Result<Vec<u8>, RpcError> {
        let params = json!([data(address.as_slice()), tag.param()]);
        self.text("eth_getCode", &params, parse_data).await
    }

    /// How much gas a transaction would need after the newest block; what waits in the pool does not count. A contract that would
    /// revert is refused.
    pub async fn estimate_gas(&self, call: &Call) -> Result<u64, RpcError> {
        self.text("eth_estimateGas", &json!([call.param(), Tag::Latest.param()]), parse_u64).await
    }

    /// What a call gives, without a transaction.
    pub async fn call(&self, call: &Call, tag: Tag) -> Result<Vec<u8>, RpcError> {
        self.text("eth_call", &json!([call.param(), tag.param()]), parse_data).await
    }

    /// What to pay for inclusion above the base fee, in wei per gas: the node's suggestion; where it has none, the median of
    /// what was paid in the last blocks; where that is unknown too, 1 gwei.
    pub async fn priority_fee(&self) -> Result<u128, RpcError> {
        match self.text("eth_maxPriorityFeePerGas", &json!([]), parse_u128).await {
            Err(RpcError::Refused { .. }) => {}
            other => return other,
        }
        const METHOD: &str = "eth_feeHistory";
        let fees: RawFees = match self.ask(METHOD, &json!([quantity(FEE_HISTORY), "latest", [50]])).await {
            Err(RpcError::Refused { .. }) => return Ok(DEFAULT_PRIORITY_FEE),
            other => other?,
        };
        let mut paid = self.converted(METHOD, fees.read())?;
        paid.sort_unstable();
        Ok(paid.get(paid.len() / 2).copied().unwrap_or(DEFAULT_PRIORITY_FEE))
    }

    /// Hands a signed transaction in, and gives its hash.
    pub async fn send_raw(&self, raw: &[u8]) -> Result<B256, RpcError> {
        const METHOD: &str = "eth_sendRawTransaction";
        let hash = self.text(METHOD, &json!([data(raw)]), parse_bytes).await.map(B256)?;
        if hash == keccak256(raw) { Ok(hash) } else { Err(self.0.malformed(METHOD, "it is another hash")) }
    }

    /// Whether the node knows a transaction: because a block has it, or because it waits for one.
    pub async fn knows_transaction(&self, hash: &B256) -> Result<bool, RpcError> {
        const METHOD: &str = "eth_getTransactionByHash";
        let found: Option<RawTransaction> = self.ask(METHOD, &json!([data(hash.as_slice())])).await?;
        match found.map(|transaction| transaction.hash.parse().ok()) {
            None => Ok(false),
            Some(Some(found)) if *hash == found => Ok(true),
            Some(_) => Err(self.0.malformed(METHOD, "it is another transaction")),
        }
    }

    /// What came of a transaction; `None` as long as no block has it.
    pub async fn receipt(&self, hash: &B256) -> Result<Option<Receipt>, RpcError> {
        const METHOD: &str = "eth_getTransactionReceipt";
        let receipt: Option<RawReceipt> = self.ask(METHOD, &json!([data(hash.as_slice())])).await?;
        let Some(receipt) = receipt else { return Ok(None) };
        let receipt = self.converted(METHOD, receipt.read())?;
        if receipt.transaction == *hash {
            Ok(Some(receipt))
        } else {
            Err(self.0.malformed(METHOD, "it is of another transaction"))
        }
    }

    /// Events, in the chain's order. Providers limit the number of blocks or of events, each in its own way; see
    /// [`crate::registry::anchored_events`].
    pub async fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, RpcError> {
        const METHOD: &str = "eth_getLogs";
        let topics: Vec<_> =
            filter.topics.iter().map(|topic| topic.map(|topic| data(topic.as_slice()))).collect();
        let params = json!([{
            "address": data(filter.address.as_slice()),
            "topics": topics,
            "fromBlock": quantity(filter.from),
            "toBlock": quantity(filter.to),
        }]);
        let found: Vec<RawLog> = self.ask(METHOD, &params).await?;
        let logs: Result<Vec<Log>, &str> = found.iter().map(RawLog::read).collect();
        let mut logs = self.converted(METHOD, logs)?;
        if !logs.iter().all(|log| filter.takes(log)) {
            return Err(self.0.malformed(METHOD, "it holds events that were not asked for"));
        }
        logs.sort_by_key(|log| (log.block_number, log.index));
        Ok(logs)
    }

    async fn ask<T: DeserializeOwned>(&self, method: &'static str, params: &Value) -> Result<T, RpcError> {
        let result = self.0.ask(method, params).await?;
        // The error of the parser may quote a part of the answer.
        serde_json::from_str(result.get()).map_err(|error| self.0.malformed(method, &error.to_string()))
    }

    /// Asks for something that is a text in JSON.
    async fn text<T>(
        &self,
        method: &'static str,
        params: &Value,
        parse: fn(&str) -> Option<T>,
    ) -> Result<T, RpcError> {
        let text: String = self.ask(method, params).await?;
        let excerpt: String = text.chars().take(80).collect();
        parse(&text).ok_or_else(|| self.0.malformed(method, &format!("{excerpt:?} has the wrong form")))
    }

    fn converted<T>(&self, method: &'static str, result: Result<T, &'static str>) -> Result<T, RpcError> {
        result.map_err(|member| self.0.malformed(method, &format!("the member {member} has the wrong form")))
    }
}

impl LogFilter {
    fn takes(&self, log: &Log) -> bool {
        let mut topics = self.topics.iter().enumerate();
        log.address == self.address
            && (self.from..=self.to).contains(&log.block_number)
            && topics.all(|(index, wanted)| wanted.is_none() || log.topics.get(index) == wanted.as_ref())
    }
}

/// What nodes say instead of `null` about a block that isn't there, or isn't there yet: go-ethereum about the finalized one of
/// a chain that has none so far, Besu and others about any.
fn is_unknown_block(error: &RpcError) -> bool {
    let RpcError::Refused { code, message, .. } = error else { return false };
    let message = message.to_lowercase();
    let absent = message.contains("not found") || message.contains("unknown block");
    error.refusal() == Some(Refusal::Other) && (*code == -39001 || (absent && message.contains("block")))
}
