//! A real EVM chain: anvil, as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{eventually_some, free_address, http_client};

/// When blocks come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mining {
    /// One with each transaction, at once.
    Automatic,
    /// One in so many seconds.
    Every(u64),
    /// When the test says so ([`Anvil::mine`]).
    ByHand,
}

/// How a chain is to be.
#[derive(Clone, Debug)]
pub struct ChainSetup {
    /// When blocks come.
    pub mining: Mining,
    /// Its id.
    pub chain_id: u64,
    /// How many blocks an epoch has: the block with the tag `finalized` is two epochs behind the newest.
    pub slots_in_an_epoch: u64,
    /// The base fee of the first blocks, in wei.
    pub base_fee: Option<u64>,
    /// A file with the chain's state: read at the start if it is there, written at the end.
    pub state: Option<PathBuf>,
}

impl Default for ChainSetup {
    fn default() -> Self {
        Self {
            mining: Mining::Automatic,
            chain_id: 31_337,
            slots_in_an_epoch: 32,
            base_fee: None,
            state: None,
        }
    }
}

/// A running anvil. Dropped, it is gone.
#[derive(Debug)]
pub struct Anvil {
    /// Where it answers JSON-RPC.
    pub url: String,
    client: Client,
    child: Mutex<Child>,
    requests: AtomicU64,
    // What it writes below its home goes with it.
    _home: TempDir,
}

/// One `Anchored` event of a contract, as the chain has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchoredEvent {
    /// The number of its block.
    pub block: u64,
    /// The transaction's hash, `0x` and lower case.
    pub transaction: String,
    /// keccak-256 of the log's origin, `0x` and lower case.
    pub origin: String,
    /// Whose transaction it was, `0x` and lower case, without a checksum.
    pub publisher: String,
    /// The size of the log.
    pub size: u64,
    /// The log's root at that size.
    pub root: [u8; 32],
}

impl Anvil {
    /// Starts a chain on which each transaction has a block at once.
    pub async fn start() -> Self {
        Self::start_with(ChainSetup::default()).await
    }

    /// Starts a chain, and waits until it answers.
    ///
    /// # Panics
    /// If there is no anvil: skipping would hide what is not tested.
    pub async fn start_with(setup: ChainSetup) -> Self {
        let binary = std::env::var_os("BESTOW_TEST_ANVIL").expect(
            "BESTOW_TEST_ANVIL must name the binary of @foundry-rs/anvil: run scripts/test, which installs it",
        );
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(&binary);
        command.args(setup.arguments()).env("HOME", home.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{}: {error}: run scripts/test", binary.display()));
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let url = tokio::task::spawn_blocking(|| listening(lines)).await.expect("no panic");
        let child = Mutex::new(child);
        let chain = Self { url, client: http_client(), child, requests: AtomicU64::new(0), _home: home };
        eventually_some("anvil answers", async || chain.try_call("eth_chainId", json!([])).await.ok()).await;
        chain
    }

    /// The result of a JSON-RPC method.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn call(&self, method: &str, parameters: Value) -> Value {
        let called = self.try_call(method, parameters).await;
        called.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The result of a JSON-RPC method, or the error that was answered.
    ///
    /// # Errors
    /// The `error` of the answer; a text if there was no answer at all.
    pub async fn try_call(&self, method: &str, parameters: Value) -> Result<Value, Value> {
        let id = self.requests.fetch_add(1, Ordering::Relaxed);
        let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": parameters});
        let sent = self.client.post(&self.url).json(&body).send().await;
        let answer = sent.map_err(|error| json!(error.to_string()))?;
        let mut answer: Value = answer.json().await.map_err(|error| json!(error.to_string()))?;
        match answer.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(answer["result"].take()),
        }
    }

    /// Mines so many blocks, the first of which takes what waits.
    pub async fn mine(&self, blocks: u64) {
        self.call("anvil_mine", json!([format!("{blocks:#x}")])).await;
    }

    /// Replaces the newest blocks, so many of them, by as many empty ones. What they held is gone, from the pool, too; what
    /// waited in the pool stays.
    pub async fn reorg(&self, depth: u64) {
        self.call("anvil_reorg", json!([depth, []])).await;
    }

    /// Takes a transaction out of the pool; whether it was there.
    pub async fn drop_transaction(&self, hash: &str) -> bool {
        self.call("anvil_dropTransaction", json!([hash])).await == json!(hash)
    }

    /// Takes all transactions out of the pool.
    pub async fn drop_all_transactions(&self) {
        self.call("anvil_dropAllTransactions", json!([])).await;
    }

    /// Sets the base fee of the next block, in wei.
    pub async fn set_next_base_fee(&self, wei: u128) {
        self.call("anvil_setNextBlockBaseFeePerGas", json!([format!("{wei:#x}")])).await;
    }

    /// Sets what an account has, in wei.
    pub async fn set_balance(&self, address: &str, wei: u128) {
        self.call("anvil_setBalance", json!([address, format!("{wei:#x}")])).await;
    }

    /// Gives an account a hundred coins.
    pub async fn fund(&self, address: &str) {
        self.set_balance(address, 100_000_000_000_000_000_000).await;
    }

    /// What an account has, in wei.
    pub async fn balance(&self, address: &str) -> u128 {
        quantity(&self.call("eth_getBalance", json!([address, "latest"])).await)
    }

    /// Sets when blocks come from now on.
    pub async fn set_mining(&self, mining: Mining) {
        let seconds = if let Mining::Every(seconds) = mining { seconds } else { 0 };
        // No interval means blocks by hand, whatever was before.
        self.call("evm_setIntervalMining", json!([seconds])).await;
        if mining == Mining::Automatic {
            self.call("evm_setAutomine", json!([true])).await;
        }
    }

    /// Keeps the chain as it is now, under the name that is answered.
    pub async fn snapshot(&self) -> String {
        self.call("evm_snapshot", json!([])).await.as_str().expect("an id").to_owned()
    }

    /// Goes back to a snapshot, which is used up by it.
    pub async fn revert(&self, snapshot: &str) {
        assert_eq!(self.call("evm_revert", json!([snapshot])).await, true, "{snapshot} is known");
    }

    /// The number of the newest block.
    pub async fn block_number(&self) -> u64 {
        quantity(&self.call("eth_blockNumber", json!([])).await) as u64
    }

    /// How many transactions of an account are in blocks.
    pub async fn transaction_count(&self, address: &str) -> u64 {
        quantity(&self.call("eth_getTransactionCount", json!([address, "latest"])).await) as u64
    }

    /// The receipt of a transaction, if it is in a block.
    pub async fn receipt(&self, hash: &str) -> Option<Value> {
        let receipt = self.call("eth_getTransactionReceipt", json!([hash])).await;
        receipt.is_object().then_some(receipt)
    }

    /// A transaction, if it waits or is in a block.
    pub async fn transaction(&self, hash: &str) -> Option<Value> {
        let transaction = self.call("eth_getTransactionByHash", json!([hash])).await;
        transaction.is_object().then_some(transaction)
    }

    /// The transactions that wait for a block, ordered by their nonces; those that wait for an earlier nonce included.
    pub async fn pool(&self) -> Vec<Value> {
        let pool = self.call("txpool_content", json!([])).await;
        let accounts = ["pending", "queued"].into_iter().filter_map(|part| pool[part].as_object());
        let transactions = accounts.flat_map(|part| part.values()).filter_map(Value::as_object);
        let mut found: Vec<Value> = transactions.flat_map(|account| account.values()).cloned().collect();
        found.sort_by_key(|transaction| quantity(&transaction["nonce"]));
        found
    }

    /// Everything that a contract has recorded, oldest first.
    pub async fn anchored(&self, contract: &str) -> Vec<AnchoredEvent> {
        let filter = json!([{"address": contract, "fromBlock": "0x0", "toBlock": "latest"}]);
        let logs = self.call("eth_getLogs", filter).await;
        logs.as_array().expect("a list").iter().map(AnchoredEvent::read).collect()
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        if let Ok(mut child) = self.child.lock() {
            let _ = child.kill();
            // At once after SIGKILL; without it, it would stay as a zombie until the tests end.
            let _ = child.wait();
        }
    }
}

impl ChainSetup {
    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--port".to_owned(), "0".to_owned()];
        let mut option = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        option("--chain-id", self.chain_id.to_string());
        option("--slots-in-an-epoch", self.slots_in_an_epoch.to_string());
        if let Some(fee) = self.base_fee {
            option("--block-base-fee-per-gas", fee.to_string());
        }
        if let Some(state) = &self.state {
            option("--state", state.display().to_string());
        }
        match self.mining {
            Mining::Automatic => {}
            Mining::Every(seconds) => option("--block-time", seconds.to_string()),
            Mining::ByHand => arguments.push("--no-mining".to_owned()),
        }
        arguments
    }
}

impl AnchoredEvent {
    fn read(log: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let topics = log["topics"].as_array().expect("topics");
        assert_eq!(topics.len(), 3, "{log}");
        let data = text(&log["data"]);
        let (size, root) = data.trim_start_matches("0x").split_at(64);
        Self {
            block: quantity(&log["blockNumber"]) as u64,
            transaction: text(&log["transactionHash"]),
            origin: text(&topics[1]),
            publisher: format!("0x{}", &text(&topics[2])[26..]),
            size: u64::from_str_radix(size.trim_start_matches('0'), 16).unwrap_or(0),
            root: hex_bytes(root).try_into().expect("32 bytes"),
        }
    }
}

/// A hexadecimal quantity of JSON-RPC.
///
/// # Panics
/// If it is none.
pub fn quantity(value: &Value) -> u128 {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
    let number = digits.and_then(|digits| u128::from_str_radix(digits, 16).ok());
    number.unwrap_or_else(|| panic!("a quantity: {value}"))
}

/// The bytes that hexadecimal digits stand for, with `0x` before them or without.
///
/// # Panics
/// If they are none.
pub fn hex_bytes(text: &str) -> Vec<u8> {
    let digits = text.trim_start_matches("0x").as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16);
    digits.chunks(2).map(|pair| byte(pair).expect("hexadecimal digits")).collect()
}

/// Where it listens, by what it prints. Everything else that it prints is read and forgotten, or it would wait for a reader.
fn listening(mut lines: impl Iterator<Item = std::io::Result<String>> + Send + 'static) -> String {
    let mut printed = String::new();
    let address = loop {
        let Some(Ok(line)) = lines.next() else { panic!("anvil ended: {printed}") };
        if let Some(address) = line.trim().strip_prefix("Listening on ") {
            break address.to_owned();
        }
        printed.push_str(&line);
        printed.push('\n');
    };
    std::thread::spawn(move || lines.for_each(drop));
    format!("http://{address}")
}

/// A URL of this machine at which nobody answers.
pub fn nowhere() -> String {
    format!("http://{}", free_address())
}
