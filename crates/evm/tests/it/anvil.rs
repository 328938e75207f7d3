//! A chain of the test's own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use evm::{Address, B256, Receipt, Rpc, Signer, Tag, Transaction, registry};
use serde_json::{Value, json};

/// An Anvil, ended when it is dropped. Each transaction gets a block at once, until the test asks for something else.
pub(crate) struct Anvil {
    process: Child,
    url: String,
    client: reqwest::Client,
    pub(crate) rpc: Rpc,
}

impl Anvil {
    pub(crate) fn start() -> Self {
        let binary = std::env::var("BESTOW_TEST_ANVIL")
            .expect("BESTOW_TEST_ANVIL is the path of an Anvil: run these tests by scripts/test, or set it");
        let mut process = Command::new(&binary)
            .args(["--port", "0", "--chain-id", "31337"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{binary} (BESTOW_TEST_ANVIL) does not start: {error}"));
        let mut lines = BufReader::new(process.stdout.take().expect("it is a pipe")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned))
            .expect("Anvil says where it listens");
        // A full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let (client, url) = (crate::client(), format!("http://{}", address.trim()));
        let rpc = Rpc::new(client.clone(), &url).expect("a URL");
        Self { process, url, client, rpc }
    }

    /// Anvil's own methods.
    pub(crate) async fn control(&self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.client.post(&self.url).json(&request).send().await.expect("Anvil answers");
        let answer: Value = answer.json().await.expect("JSON");
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Blocks only when the test asks for them.
    pub(crate) async fn stop_mining(&self) {
        self.control("evm_setAutomine", json!([false])).await;
    }

    pub(crate) async fn mine(&self, blocks: u64) {
        self.control("anvil_mine", json!([format!("{blocks:#x}")])).await;
    }

    /// An account of this number with money.
    pub(crate) async fn account(&self, number: u8) -> Signer {
        let signer = Signer::from_bytes(&[number; 32]).expect("a key");
        let wei = 10_u128.pow(20);
        self.control("anvil_setBalance", json!([signer.address().to_string(), format!("{wei:#x}")])).await;
        signer
    }

    /// The next transaction of an account, with fees that do.
    pub(crate) async fn next(&self, signer: &Signer, to: Option<Address>, input: Vec<u8>) -> Transaction {
        let nonce = self.rpc.transaction_count(&signer.address(), Tag::Pending).await.expect("a nonce");
        Transaction {
            chain_id: 31337,
            nonce,
            max_fee_per_gas: 10_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            gas_limit: 300_000,
            to,
            input,
        }
    }

    /// Sends a transaction that gets its block at once.
    pub(crate) async fn send(&self, signer: &Signer, to: Option<Address>, input: Vec<u8>) -> Receipt {
        let signed = self.next(signer, to, input).await.sign(signer);
        assert_eq!(self.rpc.send_raw(&signed.raw).await.expect("it is taken"), signed.hash);
        self.receipt(&signed.hash).await
    }

    /// What came of a transaction, as soon as a block has it: even when Anvil makes one at once, that is after its answer.
    pub(crate) async fn receipt(&self, hash: &B256) -> Receipt {
        for _ in 0..1000 {
            if let Some(receipt) = self.rpc.receipt(hash).await.expect("an answer") {
                return receipt;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no block has {hash}");
    }

    /// Deploys the contract.
    pub(crate) async fn deploy(&self, signer: &Signer) -> Address {
        let receipt = self.send(signer, None, registry::deploy_input()).await;
        receipt.contract.expect("it is deployed")
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // It may have ended by itself; waiting leaves no process behind in either case.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
