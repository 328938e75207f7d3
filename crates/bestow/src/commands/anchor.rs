//! `bestow anchor`: the queue of the chain that holds the log's heads, and what an operator orders of it.

use std::path::PathBuf;
use std::time::Duration;

use anchor::{Chain, Queue};
use anyhow::{Context as _, bail, ensure};
use keys::Secret;
use model::{SlotOrder, Timestamp};
use serde_json::{Value, json};
use store::{EvmSlot, WitnessState};

use crate::context::Context;
use crate::files;
use crate::output::Record;
use crate::publishers::open_chain;

/// How many transactions are shown.
const SHOWN: i64 = 20;
/// The longest file with a key, in bytes.
const KEY_LIMIT: usize = 200;
/// For how many seconds a new contract may take to be in a block.
const DEPLOYED_WITHIN: u32 = 300;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Show how far the log, its witnesses and the chain are, and what keeps them
    Status,
    /// Show the address that sends transactions: it must be able to pay for them
    Key {
        /// Take the key over from a file with 64 hexadecimal digits, unless there is one already
        #[arg(long, value_name = "FILE")]
        import: Option<PathBuf>,
    },
    /// Deploy the contract with the key that sends transactions, and use it from now on
    Deploy,
    /// Send a transaction that hangs once more
    Retry(Which),
    /// Sign a transaction that hangs anew, for the newest head and with higher fees
    Replace {
        #[command(flatten)]
        which: Which,
        /// What it may pay, in gwei a gas [default: an eighth more than before, or what the chain asks now]
        #[arg(long, value_name = "GWEI")]
        max_fee: Option<u32>,
    },
    /// Give a transaction that hangs up, and begin with the newest head and the nonce that the chain names
    Skip(Which),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Its nonce [default: the lowest that hangs]
    #[arg(long)]
    nonce: Option<i64>,
}

impl super::Action for Action {
    async fn run(self, context: &Context, json: bool) -> anyhow::Result<()> {
        match self {
            Self::Status => status(context, json).await,
            Self::Key { import } => key(context, import, json).await,
            Self::Deploy => deploy(context, json).await,
            Self::Retry(which) => order(context, &which, SlotOrder::Retry, None, json).await,
            Self::Replace { which, max_fee } => {
                order(
                    context,
                    &which,
                    SlotOrder::Replace,
                    max_fee.map(|gwei| i64::from(gwei) * 1_000_000_000),
                    json,
                )
                .await
            }
            Self::Skip(which) => order(context, &which, SlotOrder::Skip, None, json).await,
        }
    }
}

async fn chain(context: &Context) -> anyhow::Result<Chain> {
    let chain = open_chain(context).await?;
    chain.context("there is no chain: set evm.rpc_url (BESTOW_EVM_RPC_URL) to the URL of a node")
}

async fn status(context: &Context, json: bool) -> anyhow::Result<()> {
    let log = context.open_log().await?;
    let (pending, oldest) = log.pending().await?;
    let witnesses = context.store.witness_states().await?;
    let Queue { state, slots, covered } = Queue::read(&context.store, SHOWN).await?;
    let mut record = Record::default()
        .with("origin", log.origin())
        .with("logSize", context.store.log_head(log.origin()).await?.map_or(0, |head| head.size))
        .with("waitingLeaves", pending)
        .with("oldestWaiting", oldest.map(Timestamp::rfc3339))
        .with("halted", log.halt().await?)
        .with("witnesses", witnesses.iter().map(witness).collect::<Vec<_>>())
        .with("anchoredSize", covered);
    if let Some(state) = state {
        record = record
            .with("chainId", state.chain_id)
            .with("contract", state.contract)
            .with("publisher", state.publisher)
            .with("balance", state.balance)
            .with("block", state.block)
            .with("finalBlock", state.final_block)
            .with("failures", state.failures)
            .with("lastError", state.last_error)
            .with("lookedAt", Timestamp(state.looked_at).rfc3339());
    }
    record.with("queue", slots.iter().map(slot).collect::<Vec<_>>()).print(json);
    Ok(())
}

fn witness(state: &WitnessState) -> Value {
    json!({
        "name": state.name,
        "size": state.size,
        "failures": state.failures,
        "lastError": state.last_error,
        "triedAt": Timestamp(state.tried_at).rfc3339(),
    })
}

fn slot(slot: &EvmSlot) -> Value {
    let attempts = slot.attempts.iter().map(|attempt| {
        json!({
            "hash": attempt.hash,
            "size": attempt.size,
            "maxFee": attempt.max_fee,
            "priorityFee": attempt.priority_fee,
            "sentBlock": attempt.sent_block,
        })
    });
    json!({
        "nonce": slot.nonce,
        "state": slot.state.as_str(),
        "size": slot.size,
        "transaction": slot.transaction,
        "block": slot.block,
        "ordered": slot.ordered.map(SlotOrder::as_str),
        "lastError": slot.last_error,
        "createdAt": slot.created_at.rfc3339(),
        "attempts": attempts.collect::<Vec<_>>(),
    })
}

async fn key(context: &Context, import: Option<PathBuf>, json: bool) -> anyhow::Result<()> {
    if let Some(path) = import {
        let text = Secret::new(files::read_text(&path, KEY_LIMIT)?);
        let digits = text.expose().trim();
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits.strip_prefix("0x").unwrap_or(digits), &mut bytes)
            .ok()
            .with_context(|| format!("{} does not hold a key: 64 hexadecimal digits", path.display()))?;
        let secret = Secret::new(bytes);
        evm::Signer::from_bytes(secret.expose()).context("this is no key of secp256k1")?;
        ensure!(
            context.import_evm_key(&secret).await?,
            "there is a key already, and transactions that it signed: it is not replaced"
        );
    }
    let address = context.evm_key().await?.address();
    Record::default().with("address", evm::address::text(&address)).print(json);
    Ok(())
}

async fn deploy(context: &Context, json: bool) -> anyhow::Result<()> {
    let chain = chain(context).await?;
    if let Some(contract) = context.store.stored_value(anchor::CONTRACT_VALUE).await? {
        bail!("the contract {contract} was deployed from here already; set evm.contract to use another one");
    }
    let second = || tokio::time::sleep(Duration::from_secs(1));
    let contract = chain.deploy(&context.store, DEPLOYED_WITHIN, second).await.with_context(|| {
        format!("the contract cannot be deployed; {} pays for it", evm::address::text(&chain.publisher()))
    })?;
    Record::default()
        .with("contract", evm::address::text(&contract))
        .with("publisher", evm::address::text(&chain.publisher()))
        .print(json);
    Ok(())
}

async fn order(
    context: &Context,
    which: &Which,
    order: SlotOrder,
    fee: Option<i64>,
    json: bool,
) -> anyhow::Result<()> {
    let taken = Queue::order(&context.store, which.nonce, order, fee).await?;
    let nonce =
        taken.context("no such transaction hangs: `bestow anchor status` shows those that there are")?;
    Record::default().with("nonce", nonce).with("ordered", order.as_str()).print(json);
    Ok(())
}
