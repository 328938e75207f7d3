//! A deployment that anchors on a chain of its own: the real binary, an anvil, and a proxy between them.

use std::path::Path;

use model::Clock;
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    AnchoredEvent, Anvil, Auditor, ChainSetup, Database, DevProcess, DevServer, Mining, Partner, Ran,
    RpcProxy, TestClock, bestow, eventually, eventually_some, execute_sql, http_client, query_texts,
};

/// The deployment and what it stands on. Dropped, all of it is gone.
#[derive(Debug)]
pub struct ChainServer {
    /// The chain.
    pub chain: Anvil,
    /// What the deployment takes for the chain.
    pub proxy: RpcProxy,
    /// The server's process, started and killed by the test.
    pub server: DevServer,
    /// The database's URL.
    pub database_url: String,
    /// The contract's address.
    pub contract: String,
    /// The address whose key signs.
    pub publisher: String,
    settings: Vec<(String, String)>,
    folder: TempDir,
}

/// What a test wants otherwise.
#[derive(Debug)]
pub struct ChainServerSetup<'a> {
    /// The chain.
    pub chain: ChainSetup,
    /// The policy of the demo tenant's issuer.
    pub policy: &'a str,
    /// Settings beside those that the chain needs, as environment variables.
    pub settings: &'a [(&'a str, &'a str)],
}

impl Default for ChainServerSetup<'_> {
    fn default() -> Self {
        Self { chain: ChainSetup::default(), policy: "log+evm:1", settings: &[] }
    }
}

/// What the processes said is shown with a test that fails.
impl Drop for ChainServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for name in ["stderr.log", "worker.log"] {
                let log = std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
                println!("--- {name}\n{log}");
            }
        }
    }
}

impl ChainServer {
    /// Starts a chain, makes a deployment's data folder, pays its key, deploys the contract and sets the policy of the demo
    /// tenant's issuer; the server is not running afterwards.
    pub async fn new(database: Database, setup: ChainServerSetup<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database_url = database.create(&folder).await;
        let server = DevServer::new(folder.path(), &database_url, &[]);
        // A data folder is made by the first start.
        let (first, chain) = (server.start(), Anvil::start_with(setup.chain.clone()));
        let (first, chain) = tokio::join!(first, chain);
        first.kill().await;
        chain.set_mining(Mining::Automatic).await;
        let proxy = RpcProxy::start(&chain.url).await;
        let (contract, publisher) = (String::new(), String::new());
        let settings = Vec::new();
        let mut made = Self { chain, proxy, server, database_url, contract, publisher, settings, folder };
        made.set("BESTOW_EVM_RPC_URL", &made.proxy.url.clone());
        made.set("BESTOW_EVM_MIN_SECONDS_BETWEEN", "0");
        made.set("BESTOW_EVM_POLL_MS", "100");
        made.set("BESTOW_LOG_INTERVAL_MS", "20");
        setup.settings.iter().for_each(|(name, value)| made.set(name, value));
        made.expire_leases().await;
        made.deploy().await;
        made.set_policy(setup.policy).await;
        made.chain.set_mining(setup.chain.mining).await;
        made
    }

    /// Pays the key and deploys the contract.
    async fn deploy(&mut self) {
        let text = |answer: &Value, name: &str| {
            answer[name].as_str().unwrap_or_else(|| panic!("{name}: {answer}")).to_owned()
        };
        self.publisher = text(&self.run(&["anchor", "key", "--json"]).await.json(), "address");
        self.chain.fund(&self.publisher).await;
        self.contract = text(&self.run(&["anchor", "deploy", "--json"]).await.json(), "contract");
        self.set("BESTOW_EVM_CONTRACT", &self.contract.clone());
        // No re-organisation of a test is to take the contract with it.
        self.chain.mine(8).await;
    }

    /// Sets the policy of the demo tenant's issuer.
    pub async fn set_policy(&self, policy: &str) {
        let issuer = self.partner().issuer_did;
        self.run(&["issuer", "set", &issuer, "--anchor", policy]).await.done();
    }

    /// The same, and starts the server.
    pub async fn start(database: Database, setup: ChainServerSetup<'_>) -> (Self, DevProcess) {
        let made = Self::new(database, setup).await;
        let process = made.server.start().await;
        (made, process)
    }

    /// Changes a setting for the processes that are started from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self.server.set_settings(&self.settings);
    }

    /// Runs a command of `bestow` on the deployment's data folder.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        let data = self.server.data_dir();
        let place = ["--data-dir", data.to_str().expect("a text"), "--database-url", &self.database_url];
        bestow(self.folder.path(), &[arguments, &place].concat(), &self.settings).await
    }

    /// The folder of all that.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The demo tenant.
    pub fn partner(&self) -> Partner {
        self.server.partner()
    }

    /// Asks the server as the demo tenant, about a person.
    pub async fn ask(&self, method: Method, path: &str, email: &str, body: Option<&Value>) -> (u16, Value) {
        let token = self.partner().token(email, &TestClock::default());
        self.ask_as(method, path, &token, body).await
    }

    /// Asks the server with a Partner JWT; status and JSON of the answer.
    ///
    /// # Panics
    /// If there is no answer, or one that is not JSON.
    pub async fn ask_as(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let mut request = http_client().request(method, format!("{}{path}", self.server.url));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.header("x-partner-auth", token).send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a text");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Issues to a person; the credential's hash.
    ///
    /// # Panics
    /// If that fails.
    pub async fn issue(&self, email: &str) -> String {
        let body = self.partner().request();
        let path = "/v1/credentials/issue-on-behalf";
        let (status, answer) = self.ask(Method::POST, path, email, Some(&body)).await;
        assert_eq!(status, 200, "{answer}");
        answer["coreClaimHash"].as_str().expect("a hash").to_owned()
    }

    /// Revokes a credential, as the operator.
    pub async fn revoke(&self, hash: &str) {
        self.run(&["credential", "revoke", "--tenant", &self.partner().id, hash]).await.done();
    }

    /// `vcStatus` of a credential of whomever.
    ///
    /// # Panics
    /// If there is none.
    pub async fn status(&self, email: &str, hash: &str) -> String {
        let path = format!("/v1/credentials/status?coreClaimHash={hash}");
        let (status, answer) = self.ask(Method::GET, &path, email, None).await;
        assert_eq!(status, 200, "{answer}");
        answer["vcStatus"].as_str().expect("a status").to_owned()
    }

    /// Why a credential still waits, or no longer does.
    ///
    /// # Panics
    /// If that is not answered.
    pub async fn anchor(&self, email: &str, hash: &str) -> Value {
        let path = format!("/v1/credentials/anchor?coreClaimHash={hash}");
        let (status, answer) = self.ask(Method::GET, &path, email, None).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Waits until a credential's `vcStatus` is this.
    ///
    /// # Panics
    /// If it is not within a minute.
    pub async fn wait_for(&self, email: &str, hash: &str, wanted: &str) {
        let mut last = String::new();
        for _ in 0..3000 {
            last = self.status(email, hash).await;
            if last == wanted {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{hash} is {last}, not {wanted}: {}", self.anchor(email, hash).await);
    }

    /// Mines block after block until a credential's `vcStatus` is this.
    ///
    /// # Panics
    /// If it is not after a minute's blocks.
    pub async fn mine_until(&self, email: &str, hash: &str, wanted: &str) {
        for _ in 0..600 {
            if self.status(email, hash).await == wanted {
                return;
            }
            self.chain.mine(1).await;
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{hash} is not {wanted}: {}", self.anchor(email, hash).await);
    }

    /// Waits until transactions wait in the pool, and answers with them.
    pub async fn pooled(&self) -> Vec<Value> {
        eventually_some("a transaction waits in the pool", async || {
            let pool = self.chain.pool().await;
            (!pool.is_empty()).then_some(pool)
        })
        .await
    }

    /// The transactions that were handed in, in order, each once however often it was sent: nonce and hash.
    ///
    /// # Panics
    /// If one is none, or not of our key.
    pub fn transactions(&self) -> Vec<evm::Decoded> {
        let mut found: Vec<evm::Decoded> = Vec::new();
        for raw in self.proxy.sent() {
            let decoded = evm::Transaction::decode(&raw).expect("a transaction");
            assert_eq!(evm::address::text(&decoded.sender), self.publisher);
            if found.iter().all(|known| known.hash != decoded.hash) {
                found.push(decoded);
            }
        }
        found
    }

    /// Waits until the queue's report says what `look` looks for.
    ///
    /// # Panics
    /// If it does not within a minute.
    pub async fn wait_for_queue<T>(&self, what: &str, look: impl Fn(&Value) -> Option<T>) -> T {
        eventually_some(what, async || look(&self.queue().await)).await
    }

    /// What `bestow anchor status` says.
    pub async fn queue(&self) -> Value {
        self.run(&["anchor", "status", "--json"]).await.json()
    }

    /// As if the seconds had passed after which a dead process's leases end.
    pub async fn expire_leases(&self) {
        execute_sql(&self.database_url, "UPDATE lease SET expires_at = 0").await;
    }

    /// What the chain has recorded of the log, which must only ever have grown.
    ///
    /// # Panics
    /// If it has not, or something is not this deployment's.
    pub async fn anchored(&self) -> Vec<AnchoredEvent> {
        let events = self.chain.anchored(&self.contract).await;
        for event in &events {
            assert_eq!(event.publisher, self.publisher.to_lowercase(), "{event:?}");
        }
        for pair in events.windows(2) {
            assert!(pair[0].size < pair[1].size, "{pair:?}");
        }
        events
    }

    /// Compares chain, log and database once all is quiet: the newest record is the whole log, every record's root is the
    /// log's at that size, and nothing waits for log or chain. Mines as many blocks as that takes.
    ///
    /// # Panics
    /// If they differ.
    pub async fn assert_settled(&self) -> Vec<AnchoredEvent> {
        let auditor = Auditor::new(&self.server.url).await;
        let events = eventually_some("the whole log is on the chain", async || {
            let (checkpoint, events) = (auditor.checkpoint().await, self.anchored().await);
            if events.last().map(|event| event.size) == Some(checkpoint.size()) {
                return Some(events);
            }
            self.chain.mine(1).await;
            None
        })
        .await;
        let checkpoint = auditor.checkpoint().await;
        let entries = auditor.entries(checkpoint.size()).await;
        let hashes: Vec<_> = entries.iter().map(|entry| tlog::hash::leaf_hash(entry)).collect();
        for event in &events {
            let root = tlog::hash::tree_hash(&hashes[..event.size as usize]);
            assert_eq!(event.root, *root.as_bytes(), "the log's root at {}", event.size);
        }
        for nothing in ["ledger_entry WHERE leaf_index IS NULL", "evm_slot WHERE state = 'pending'"] {
            let count = format!("SELECT COUNT(*) || '' FROM {nothing}");
            eventually(nothing, async || {
                let none = query_texts(&self.database_url, &count).await == ["0"];
                if !none {
                    self.chain.mine(1).await;
                }
                none
            })
            .await;
        }
        events
    }

    /// The key of the deployment's log, as `dev.env` has it.
    ///
    /// # Panics
    /// If there is none.
    pub fn log_key(&self) -> String {
        let text = std::fs::read_to_string(self.server.data_dir().join("dev.env")).expect("dev.env");
        let line = text.lines().find_map(|line| line.strip_prefix("BESTOW_LOG_VKEY="));
        line.expect("the log's key").trim_matches('\'').to_owned()
    }

    /// Asks these witnesses from the next start on, given as URL and key.
    pub fn set_witnesses(&mut self, witnesses: &[(&str, &str)]) {
        let (urls, keys): (Vec<&str>, Vec<&str>) = witnesses.iter().copied().unzip();
        self.set("BESTOW_WITNESSES_URLS", &urls.join(","));
        self.set("BESTOW_WITNESSES_KEYS", &keys.join(","));
    }

    /// The server's time, in seconds since 1970-01-01T00:00:00Z.
    pub fn now(&self) -> i64 {
        TestClock::default().now().seconds()
    }
}
