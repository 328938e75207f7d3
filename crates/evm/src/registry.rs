//! The contract in which log heads are kept (`contract/CheckpointRegistry.sol`): its calls, events and errors.
//!
//! All that the contract takes and gives is in words of 32 bytes (Solidity ABI specification, "Formal Specification of the
//! Encoding", static types).

use std::sync::LazyLock;

use serde::Deserialize;

use crate::answer::Log;
use crate::error::RpcError;
use crate::hexadecimal::parse_data;
use crate::rpc::{Call, LogFilter, Rpc, Tag};
use crate::word::{Address, B256, keccak256};

/// Blocks that are asked for at once, to begin with. Many providers take no more.
const CHUNK: u64 = 10_000;

/// Events that one request may find.
const MAX_EVENTS: usize = 1_000_000;

/// The head of a log: what an anchored checkpoint says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of leaves; 0 when nothing is anchored.
    pub size: u64,
    /// The root hash of the tree of these leaves (RFC 6962, section 2.1); zeros when nothing is anchored.
    pub root: [u8; 32],
}

/// The event that a head was anchored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchored {
    /// Which log ([`origin_id`]).
    pub origin: B256,
    /// Who anchored it: the sender of the transaction.
    pub publisher: Address,
    /// The number of leaves.
    pub size: u64,
    /// The root hash of the tree of these leaves.
    pub root: [u8; 32],
    /// The block's number.
    pub block: u64,
    /// The transaction.
    pub transaction: B256,
}

/// Why the contract cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// There is no code at this address.
    #[error(
        "there is no contract at {0} on this chain: the address is wrong, the chain is another one, or it is not deployed yet"
    )]
    NoContract(Address),
    /// There is code, but it does not answer as ours does.
    #[error("the contract at {0} is not a checkpoint registry")]
    NotRegistry(Address),
    /// More events than are held at once.
    #[error("more than {MAX_EVENTS} events in these blocks: ask for fewer blocks at a time")]
    TooMany,
    /// The node did not answer as it should.
    #[error(transparent)]
    Rpc(#[from] RpcError),
}

/// The committed artefact, as far as it is needed here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Artefact {
    bytecode: String,
    deployed_bytecode: String,
}

/// What deploys the contract, and what is then at its address.
struct Code {
    deploying: Vec<u8>,
    deployed: Vec<u8>,
}

static CODE: LazyLock<Code> = LazyLock::new(|| {
    let artefact: Artefact = serde_json::from_str(include_str!("../contract/CheckpointRegistry.json"))
        .expect("the committed artefact is JSON, as tests/node/contract.test.js checks");
    let bytes = |text: &str| parse_data(text).expect("the committed artefact holds bytecode");
    Code { deploying: bytes(&artefact.bytecode), deployed: bytes(&artefact.deployed_bytecode) }
});

/// How the contract knows a log: Keccak-256 of its origin, the first line of its checkpoints.
pub fn origin_id(origin: &str) -> B256 {
    keccak256(origin)
}

/// The input of a transaction that anchors a head of the log of this origin.
pub fn anchor_input(origin: &str, size: u64, root: &[u8; 32]) -> Vec<u8> {
    input("anchor(bytes32,uint64,bytes32)", &[origin_id(origin).0, number(size), *root])
}

/// The input of a transaction that deploys the contract.
pub fn deploy_input() -> Vec<u8> {
    CODE.deploying.clone()
}

/// Whether code found on a chain is this contract: byte for byte, since it has no parameters.
pub fn is_ours(code: &[u8]) -> bool {
    code == CODE.deployed
}

/// What the contract says when it refuses a head, out of the data of the revert: the size that it has, and the size that was
/// offered; `None` when it is another error.
pub fn not_growing(data: &[u8]) -> Option<(u64, u64)> {
    let words = data.strip_prefix(&selector("NotGrowing(uint64,uint64)"))?;
    let [latest, offered] = words_of(words)?;
    Some((to_number(&latest)?, to_number(&offered)?))
}

/// The head that `publisher` anchored last for the log of this origin.
///
/// # Errors
/// [`RegistryError`]: without code at the address, with other code there, or when the node does not answer.
pub async fn latest(
    rpc: &Rpc,
    contract: &Address,
    origin: &str,
    publisher: &Address,
    tag: Tag,
) -> Result<Head, RegistryError> {
    let input = input("latest(bytes32,address)", &[origin_id(origin).0, publisher.into_word().0]);
    let call = Call { from: None, to: Some(*contract), input };
    let head = match rpc.call(&call, tag).await {
        Ok(answer) => words_of(&answer).and_then(|[size, root]| Some(Head { size: to_number(&size)?, root })),
        // Code that does not know the call refuses it.
        Err(RpcError::Refused { code, message, data }) => {
            check_code(rpc, contract, tag).await?;
            return Err(RpcError::Refused { code, message, data }.into());
        }
        Err(error) => return Err(error.into()),
    };
    match head {
        Some(head) => Ok(head),
        // Without code, a call succeeds and gives nothing.
        None => {
            check_code(rpc, contract, tag).await?;
            Err(RegistryError::NotRegistry(*contract))
        }
    }
}

async fn check_code(rpc: &Rpc, contract: &Address, tag: Tag) -> Result<(), RegistryError> {
    let code = rpc.code(contract, tag).await?;
    if code.is_empty() {
        Err(RegistryError::NoContract(*contract))
    } else if is_ours(&code) {
        Ok(())
    } else {
        Err(RegistryError::NotRegistry(*contract))
    }
}

/// Every head anchored for the log of this origin in these blocks, both included, in the chain's order: by `publisher`, or by
/// anybody.
///
/// The blocks are asked for in parts of 10,000, which are halved as long as the node refuses.
///
/// # Errors
/// [`RegistryError`] when the node refuses even a single block or does not answer, or when there are more than a million.
pub async fn anchored_events(
    rpc: &Rpc,
    contract: &Address,
    origin: &str,
    publisher: Option<&Address>,
    from_block: u64,
    to_block: u64,
) -> Result<Vec<Anchored>, RegistryError> {
    let mut topics = vec![Some(anchored_topic()), Some(origin_id(origin))];
    topics.extend(publisher.map(|publisher| Some(publisher.into_word())));
    let mut events = Vec::new();
    let mut chunk = CHUNK;
    let mut from = from_block;
    while from <= to_block {
        let to = to_block.min(from.saturating_add(chunk - 1));
        let filter = LogFilter { address: *contract, topics: topics.clone(), from, to };
        match rpc.logs(&filter).await {
            Ok(logs) => {
                for log in logs {
                    events.push(Anchored::from_log(&log).ok_or(RegistryError::NotRegistry(*contract))?);
                }
                if events.len() > MAX_EVENTS {
                    return Err(RegistryError::TooMany);
                }
                let Some(next) = to.checked_add(1) else { break };
                from = next;
            }
            // An answer can also be too long for us.
            Err(RpcError::Refused { .. } | RpcError::Malformed { .. }) if to > from => {
                chunk = (to - from).div_ceil(2);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(events)
}

impl Anchored {
    /// Reads an event; `None` when it is another one. Whose event it is, `log.address` says: the caller compares it with the
    /// contract.
    pub fn from_log(log: &Log) -> Option<Self> {
        let [topic, origin, publisher] = log.topics.as_slice() else { return None };
        let [size, root] = words_of(&log.data)?;
        let address = Address::from_word(*publisher);
        if *topic != anchored_topic() || address.into_word() != *publisher {
            return None;
        }
        Some(Self {
            origin: *origin,
            publisher: address,
            size: to_number(&size)?,
            root,
            block: log.block_number,
            transaction: log.transaction,
        })
    }
}

fn anchored_topic() -> B256 {
    keccak256("Anchored(bytes32,address,uint64,bytes32)")
}

/// The first four bytes of a call or an error.
fn selector(signature: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = keccak256(signature).0;
    [a, b, c, d]
}

fn input(signature: &str, words: &[[u8; 32]]) -> Vec<u8> {
    let mut input = selector(signature).to_vec();
    words.iter().for_each(|word| input.extend_from_slice(word));
    input
}

fn number(number: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

fn to_number(word: &[u8; 32]) -> Option<u64> {
    let (padding, digits) = word.split_last_chunk::<8>()?;
    padding.iter().all(|byte| *byte == 0).then(|| u64::from_be_bytes(*digits))
}

/// Two words, and nothing after them.
fn words_of(bytes: &[u8]) -> Option<[[u8; 32]; 2]> {
    let (first, second) = bytes.split_at_checked(32)?;
    Some([first.try_into().ok()?, second.try_into().ok()?])
}
