//! Checking a proof file to the chain: the leaf is in the tree whose root a contract holds.

use anyhow::{Context, anyhow};
use evm::registry::{self, Anchored};
use evm::{Address, B256, Receipt, Rpc, Tag, address};
use model::Finality;
use tlog::hash::{Hash, leaf_hash};
use tlog::verify::verify_inclusion;
use verify::EvmRecord;

use super::Shown;
use crate::verdict::Doubt;

/// What the checker knows from elsewhere, and wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// The contract; without it, that of the file is taken if its code is ours.
    pub(crate) contract: Option<Address>,
    /// Who sends the log's heads; without it, that of the file is taken.
    pub(crate) publisher: Option<Address>,
    /// When a block counts.
    pub(crate) finality: Finality,
}

/// What the chain shows.
#[derive(Debug)]
pub(crate) struct OnChain {
    /// The chain's id (EIP-155).
    pub(crate) chain_id: u64,
    /// The contract that holds the head.
    pub(crate) contract: Address,
    /// Who sent it.
    pub(crate) publisher: Address,
    /// The transaction.
    pub(crate) transaction: B256,
    /// Its block.
    pub(crate) block: u64,
    /// How many blocks there are from its own to the newest, both counted.
    pub(crate) confirmations: u64,
    /// How many leaves the head covers.
    pub(crate) size: u64,
    /// What was taken from the file, and must be compared with what the issuer publishes.
    pub(crate) notes: Vec<String>,
}

/// The record of a file, its texts read.
struct Record<'a> {
    text: &'a EvmRecord,
    contract: Address,
    publisher: Address,
    transaction: B256,
    path: Vec<Hash>,
}

impl<'a> Record<'a> {
    fn read(text: &'a EvmRecord) -> anyhow::Result<Self> {
        let transaction = text.transaction.parse().map_err(|_| anyhow!("its transaction is no hash"))?;
        Ok(Self {
            text,
            contract: address::parse(&text.contract).context("its contract")?,
            publisher: address::parse(&text.publisher).context("its publisher")?,
            transaction,
            path: text.path()?,
        })
    }

    /// What must be so for the file to be about this contract and this publisher.
    fn agree(&self, terms: &Terms) -> Result<(), Doubt> {
        let other = |what: &str, wanted: Option<Address>, found: Address| match wanted {
            Some(wanted) if wanted != found => Err(Doubt::wrong(format!(
                "the proof is of the {what} {}, not of {}",
                address::text(&found),
                address::text(&wanted)
            ))),
            _ => Ok(()),
        };
        other("contract", terms.contract, self.contract)?;
        other("publisher", terms.publisher, self.publisher)
    }

    fn notes(&self, terms: &Terms) -> Vec<String> {
        let taken = |what: &str, option: &str, address: Address| {
            format!(
                "The {what} {} was taken from the file: compare it with what the issuer publishes, or name it with {option}.",
                address::text(&address)
            )
        };
        let contract = terms.contract.is_none().then(|| taken("contract", "--contract", self.contract));
        let publisher = terms.publisher.is_none().then(|| taken("publisher", "--publisher", self.publisher));
        contract.into_iter().chain(publisher).collect()
    }
}

/// Checks the chain's part of a proof: the transaction that it names has succeeded, is old enough, and wrote a head into the
/// contract under which the leaf is.
pub(crate) async fn check(shown: &Shown, rpc: &Rpc, terms: &Terms) -> Result<OnChain, Doubt> {
    let record = shown.extra.evm.as_ref().ok_or_else(|| {
        Doubt::wrong(
            "the proof says nothing of a chain: its issuer anchors elsewhere, or had not yet done so",
        )
    })?;
    let record = Record::read(record)
        .map_err(|error| Doubt::Wrong(error.context("the proof's record of a chain cannot be read")))?;
    record.agree(terms)?;
    let chain_id = rpc.chain_id().await?;
    if chain_id != record.text.chain_id {
        return Err(Doubt::wrong(format!(
            "the proof is of the chain {}; --rpc leads to the chain {chain_id}",
            record.text.chain_id
        )));
    }
    let receipt = rpc.receipt(&record.transaction).await?.ok_or_else(|| {
        Doubt::wrong(format!("the chain has no transaction {} in a block", record.transaction))
    })?;
    let event = event(shown, &record, &receipt)?;
    if terms.contract.is_none() && !registry::is_ours(&rpc.code(&record.contract, Tag::Latest).await?) {
        return Err(Doubt::wrong(format!(
            "the code of the contract {} is not that of Bestow's registry: if you know that it is the issuer's, name it with \
             --contract",
            address::text(&record.contract)
        )));
    }
    let root = Hash::from(event.root);
    verify_inclusion(&leaf_hash(shown.extra.leaf.as_bytes()), shown.index, event.size, &record.path, &root)
        .map_err(|error| Doubt::wrong(format!("the leaf is not under the root that the chain holds: {error}")))?;
    let confirmations = confirmations(rpc, &receipt, terms.finality).await?;
    Ok(OnChain {
        chain_id,
        contract: record.contract,
        publisher: record.publisher,
        transaction: record.transaction,
        block: receipt.block_number,
        confirmations,
        size: event.size,
        notes: record.notes(terms),
    })
}

/// The head that a transaction wrote, as the file says.
fn event(shown: &Shown, record: &Record<'_>, receipt: &Receipt) -> Result<Anchored, Doubt> {
    if !receipt.succeeded {
        return Err(Doubt::wrong(format!("the transaction {} has failed", record.transaction)));
    }
    let origin = registry::origin_id(&shown.origin);
    // One transaction may write several heads, of several logs.
    let ours = receipt.logs.iter().filter(|log| log.address == record.contract);
    let found = ours.filter_map(Anchored::from_log).find(|event| {
        event.origin == origin && event.publisher == record.publisher && event.size == record.text.size
    });
    found.ok_or_else(|| {
        Doubt::wrong(format!(
            "the transaction {} did not write a head of {} entries of the log {} for {} into the contract {}",
            record.transaction,
            record.text.size,
            shown.origin,
            address::text(&record.publisher),
            address::text(&record.contract)
        ))
    })
}

/// Checks that the block of a transaction is one of the chain, and counts as is wanted; how many confirmations it has.
async fn confirmations(rpc: &Rpc, receipt: &Receipt, finality: Finality) -> Result<u64, Doubt> {
    let number = receipt.block_number;
    let newest = rpc.block_number().await?;
    let block = rpc.block(Tag::Number(number)).await?;
    if block.is_none_or(|block| block.hash != receipt.block_hash) {
        return Err(Doubt::wrong(format!("the block {number} is no longer one of the chain: try again")));
    }
    // The node may have learnt of the receipt after it told its newest block.
    let confirmations = newest.max(number) - number + 1;
    match finality {
        Finality::Confirmations(wanted) if confirmations < u64::from(wanted.get()) => {
            Err(Doubt::wrong(format!(
                "the transaction has {confirmations} confirmations; {wanted} are wanted: try again later"
            )))
        }
        Finality::Confirmations(_) => Ok(confirmations),
        Finality::Finalized => {
            let last = rpc.block(Tag::Finalized).await?.map(|block| block.number);
            if last.is_some_and(|last| number <= last) {
                return Ok(confirmations);
            }
            let last = last.map_or_else(
                || "there is no final block yet".to_owned(),
                |last| format!("the last final one is {last}"),
            );
            Err(Doubt::wrong(format!(
                "the block {number} of the transaction is not final: {last}; try again later"
            )))
        }
    }
}
