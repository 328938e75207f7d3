//! The chain of `bestow demo --chain`: an anvil of its own, with a contract that the demo's deployment has deployed.

use std::io::ErrorKind;
use std::num::NonZeroU32;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use evm::{Address, Rpc, address};
use model::{AnchorPolicy, Finality};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::say;
use crate::config::environment;
use crate::development::Development;
use crate::http;
use crate::proof::Shown;
use crate::proof::chain::{self, Terms};
use crate::publishers::open_chain;
use crate::verdict::Doubt;

/// How long an anvil may take to start, and how many blocks the contract may take, a block being a second.
const PATIENCE: u32 = 20;
/// How many blocks must have been built on a transaction, its own counted.
const CONFIRMATIONS: NonZeroU32 = NonZeroU32::new(2).expect("2 is not 0");
/// What the demo's key is given, in wei: a coin.
const BALANCE: &str = "0xde0b6b3a7640000";

const HOW_TO_GET_ONE: &str = "\
`bestow demo --chain` needs an anvil, a chain of its own for development: put it on the PATH, or name its binary in \
BESTOW_ANVIL. `npm install @foundry-rs/anvil` brings one; its binary is \
node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil, or so, by the platform";

/// A running anvil. Dropped, it is killed.
pub(super) struct Node {
    url: String,
    child: Child,
}

/// The deployment's place on the chain.
#[derive(Clone)]
pub(super) struct Anchored {
    rpc: Rpc,
    contract: Address,
    publisher: Address,
}

impl Node {
    /// Starts one on a free port; what it writes goes into the folder.
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let binary = environment("BESTOW_ANVIL").unwrap_or_else(|| "anvil".to_owned());
        let mut child = Command::new(&binary)
            .args(["--port", "0", "--block-time", "1"])
            .env("HOME", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => anyhow!("there is no `{binary}`: {HOW_TO_GET_ONE}"),
                _ => anyhow!("cannot start `{binary}`: {error}. {HOW_TO_GET_ONE}"),
            })?;
        let stdout = child.stdout.take().context("its output is piped")?;
        let listening = listening(BufReader::new(stdout).lines());
        let address = tokio::time::timeout(Duration::from_secs(PATIENCE.into()), listening).await;
        let address = address.with_context(|| format!("`{binary}` does not say where it listens"))?;
        let address = address.with_context(|| format!("`{binary}` ended. {HOW_TO_GET_ONE}"))?;
        Ok(Self { url: format!("http://{address}"), child })
    }

    /// Settings with which a deployment anchors here, by the names of their environment variables.
    pub(super) fn setting(&self, name: &str) -> Option<String> {
        match name {
            "BESTOW_EVM_RPC_URL" => Some(self.url.clone()),
            "BESTOW_EVM_MIN_SECONDS_BETWEEN" => Some("0".to_owned()),
            "BESTOW_EVM_POLL_MS" => Some("200".to_owned()),
            _ => None,
        }
    }

    /// Gives the deployment's key money, deploys the contract with it, and has the demo's issuer wait for the chain.
    pub(super) async fn prepare(&self, server: &Development) -> anyhow::Result<Anchored> {
        let context = &server.context;
        let chain = open_chain(context).await?.context("the settings name a chain")?;
        let (publisher, chain_id) = (chain.publisher(), chain.chain_id().await?);
        say("chain", &format!("an anvil of its own, chain {chain_id}, a block a second, {}", self.url));
        self.call("anvil_setBalance", &json!([address::text(&publisher), BALANCE])).await?;
        let second = || tokio::time::sleep(Duration::from_secs(1));
        let contract = chain.deploy(&context.store, PATIENCE, second).await?;
        say("deploy", &format!("the contract {}", address::text(&contract)));
        say("", &format!("with the deployment's own key, {}", address::text(&publisher)));
        let mut issuer = server.demo.issuer.clone();
        issuer.anchor =
            AnchorPolicy { evm: Some(Finality::Confirmations(CONFIRMATIONS)), ..AnchorPolicy::default() };
        context.engine.update_issuer(&issuer).await?;
        say("policy", &format!("of the issuer: {}", issuer.anchor));
        Ok(Anchored { rpc: Rpc::new(http::client()?, &self.url)?, contract, publisher })
    }

    /// Stops it, and waits until it is gone.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("the anvil cannot be stopped")
    }

    async fn call(&self, method: &str, parameters: &Value) -> anyhow::Result<()> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters});
        let request = http::client()?.post(&self.url).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await?.error_for_status()?.text().await?;
        let answer: Value = serde_json::from_str(&answer).context("the anvil's answer is not JSON")?;
        ensure!(answer.get("error").is_none(), "the anvil refuses {method}: {}", answer["error"]);
        Ok(())
    }
}

impl Anchored {
    /// Shows the transaction that `GET /v1/credentials/anchor` names.
    pub(super) fn show(&self, anchor: &Value) -> anyhow::Result<()> {
        let evm = &anchor["evm"];
        let transaction = evm["transaction"].as_str().context("the answer names no transaction")?;
        let (block, confirmations) = (&evm["block"], &evm["confirmations"]);
        say("anchor", &format!("transaction {transaction}"));
        say("", &format!("in block {block}, confirmations: {confirmations}, attempts: {}", evm["attempts"]));
        Ok(())
    }

    /// Checks a proof to the chain, as `bestow verify-proof --rpc` does for a stranger who knows contract and publisher.
    pub(super) async fn check(&self, shown: &Shown) -> anyhow::Result<()> {
        let finality = Finality::Confirmations(CONFIRMATIONS);
        let terms = Terms { contract: Some(self.contract), publisher: Some(self.publisher), finality };
        let found = chain::check(shown, &self.rpc, &terms).await.map_err(Doubt::into_error)?;
        let head = format!("the contract's head of {} leaves, in block {}", found.size, found.block);
        say("prove", &format!("to the chain: {head}"));
        Ok(())
    }
}

/// Where an anvil listens, by what it prints. The rest of that is read and forgotten, or it would wait for a reader.
async fn listening(mut lines: Lines<BufReader<ChildStdout>>) -> anyhow::Result<String> {
    while let Some(line) = lines.next_line().await? {
        if let Some(address) = line.trim().strip_prefix("Listening on ") {
            let address = address.to_owned();
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(address);
        }
    }
    bail!("it says nothing")
}
