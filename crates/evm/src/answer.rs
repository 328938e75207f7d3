//! Blocks, receipts and events, read out of what nodes answer. Members that we don't use are not looked at.

use serde::Deserialize;

use crate::hexadecimal::{parse_bytes, parse_data, parse_u64, parse_u128};
use crate::word::{Address, B256};

/// The head of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its number; the first block of a chain has 0.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// The hash of the block before it.
    pub parent: B256,
    /// When it was made, by its maker's word: seconds since 1970, UTC.
    pub timestamp: u64,
    /// What each unit of gas costs at least in it, in wei; `None` on chains without EIP-1559.
    pub base_fee: Option<u128>,
}

/// What came of a transaction that a block has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction.
    pub transaction: B256,
    /// The number of the block.
    pub block_number: u64,
    /// The hash of the block.
    pub block_hash: B256,
    /// Whether it did what it was to do; when not, it cost its gas and changed nothing else.
    pub succeeded: bool,
    /// The gas that it used.
    pub gas_used: u64,
    /// What each unit of gas cost, in wei.
    pub effective_gas_price: u128,
    /// The contract that it made, if it made one.
    pub contract: Option<Address>,
    /// Its events.
    pub logs: Vec<Log>,
}

/// An event of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The contract.
    pub address: Address,
    /// The event's topics, at most four: its kind, and its indexed members.
    pub topics: Vec<B256>,
    /// Its other members.
    pub data: Vec<u8>,
    /// The number of the block.
    pub block_number: u64,
    /// The hash of the block.
    pub block_hash: B256,
    /// The transaction.
    pub transaction: B256,
    /// The event's place among all events of the block.
    pub index: u64,
}

/// The name of the member that cannot be read.
type Wrong = &'static str;

/// A block as nodes write it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawBlock {
    number: String,
    hash: String,
    parent_hash: String,
    timestamp: String,
    base_fee_per_gas: Option<String>,
}

/// A receipt as nodes write it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawReceipt {
    transaction_hash: String,
    block_number: String,
    block_hash: String,
    status: String,
    gas_used: String,
    effective_gas_price: String,
    contract_address: Option<String>,
    logs: Vec<RawLog>,
}

/// An event as nodes write it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawLog {
    address: String,
    topics: Vec<String>,
    data: String,
    block_number: String,
    block_hash: String,
    transaction_hash: String,
    log_index: String,
}

/// What is wanted of a transaction.
#[derive(Deserialize)]
pub(crate) struct RawTransaction {
    pub(crate) hash: String,
}

/// The priority fees of some blocks, one percentile each.
#[derive(Deserialize)]
pub(crate) struct RawFees {
    #[serde(default)]
    reward: Option<Vec<Vec<String>>>,
}

impl RawBlock {
    pub(crate) fn read(&self) -> Result<Block, Wrong> {
        let base_fee = self.base_fee_per_gas.as_deref();
        Ok(Block {
            number: parse_u64(&self.number).ok_or("number")?,
            hash: hash(&self.hash).ok_or("hash")?,
            parent: hash(&self.parent_hash).ok_or("parentHash")?,
            timestamp: parse_u64(&self.timestamp).ok_or("timestamp")?,
            base_fee: base_fee.map(|fee| parse_u128(fee).ok_or("baseFeePerGas")).transpose()?,
        })
    }
}

impl RawReceipt {
    pub(crate) fn read(&self) -> Result<Receipt, Wrong> {
        let contract = self.contract_address.as_deref();
        Ok(Receipt {
            transaction: hash(&self.transaction_hash).ok_or("transactionHash")?,
            block_number: parse_u64(&self.block_number).ok_or("blockNumber")?,
            block_hash: hash(&self.block_hash).ok_or("blockHash")?,
            succeeded: match self.status.as_str() {
                "0x1" => true,
                "0x0" => false,
                _ => return Err("status"),
            },
            gas_used: parse_u64(&self.gas_used).ok_or("gasUsed")?,
            effective_gas_price: parse_u128(&self.effective_gas_price).ok_or("effectiveGasPrice")?,
            contract: contract.map(|text| address(text).ok_or("contractAddress")).transpose()?,
            logs: self.logs.iter().map(RawLog::read).collect::<Result<_, _>>()?,
        })
    }
}

impl RawLog {
    pub(crate) fn read(&self) -> Result<Log, Wrong> {
        if self.topics.len() > 4 {
            return Err("topics");
        }
        Ok(Log {
            address: address(&self.address).ok_or("address")?,
            topics: self.topics.iter().map(|topic| hash(topic).ok_or("topics")).collect::<Result<_, _>>()?,
            data: parse_data(&self.data).ok_or("data")?,
            block_number: parse_u64(&self.block_number).ok_or("blockNumber")?,
            block_hash: hash(&self.block_hash).ok_or("blockHash")?,
            transaction: hash(&self.transaction_hash).ok_or("transactionHash")?,
            index: parse_u64(&self.log_index).ok_or("logIndex")?,
        })
    }
}

impl RawFees {
    pub(crate) fn read(&self) -> Result<Vec<u128>, Wrong> {
        let blocks = self.reward.iter().flatten();
        blocks.filter_map(|block| block.first()).map(|fee| parse_u128(fee).ok_or("reward")).collect()
    }
}

fn hash(text: &str) -> Option<B256> {
    parse_bytes(text).map(B256)
}

fn address(text: &str) -> Option<Address> {
    parse_bytes(text).map(Address)
}
