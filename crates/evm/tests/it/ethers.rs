//! Transactions, calls, events and errors, byte for byte as ethers makes them (tests/vectors/make.mjs).

use evm::registry::{self, Anchored};
use evm::{Address, B256, Log, Signer, Transaction, address};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    transactions: Vec<Signed>,
    calls: Vec<Call>,
}

/// Numbers are decimal texts, bytes hexadecimal with `0x`.
#[derive(Deserialize)]
struct Signed {
    key: String,
    chain_id: String,
    nonce: String,
    max_fee_per_gas: String,
    max_priority_fee_per_gas: String,
    gas_limit: String,
    to: Option<String>,
    input: Option<String>,
    input_length: usize,
    sender: String,
    hash: String,
    raw: Option<String>,
}

#[derive(Deserialize)]
struct Call {
    origin: String,
    origin_id: String,
    size: String,
    root: String,
    publisher: String,
    anchor: String,
    topics: Vec<String>,
    data: String,
    not_growing: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/transactions.json")).expect("vectors")
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.strip_prefix("0x").expect("0x")).expect("hexadecimal")
}

fn bytes32(text: &str) -> [u8; 32] {
    bytes(text).try_into().expect("32 bytes")
}

fn at(text: &str) -> Address {
    address::parse(text).expect("an address")
}

impl Signed {
    fn transaction(&self) -> Transaction {
        let number = |text: &str| text.parse::<u64>().expect("a number");
        Transaction {
            chain_id: number(&self.chain_id),
            nonce: number(&self.nonce),
            max_fee_per_gas: self.max_fee_per_gas.parse().expect("a number"),
            max_priority_fee_per_gas: self.max_priority_fee_per_gas.parse().expect("a number"),
            gas_limit: number(&self.gas_limit),
            to: self.to.as_deref().map(at),
            input: self.input.as_deref().map_or_else(|| vec![0xa5; self.input_length], bytes),
        }
    }
}

#[test]
fn transactions_are_what_ethers_signs() {
    let vectors = vectors().transactions;
    assert!(vectors.len() > 35);
    for vector in &vectors {
        let transaction = vector.transaction();
        let signer = Signer::from_bytes(&bytes32(&vector.key)).expect("a key");
        let sender = at(&vector.sender);
        assert_eq!((signer.address(), transaction.input.len()), (sender, vector.input_length));

        let signed = transaction.sign(&signer);
        assert_eq!(signed.hash, B256::from(bytes32(&vector.hash)), "{transaction:?}");
        if let Some(raw) = &vector.raw {
            assert_eq!(signed.raw, bytes(raw));
        }
        let decoded = Transaction::decode(&signed.raw).expect("it is ours");
        assert_eq!(decoded, evm::Decoded { transaction, sender, hash: signed.hash });
    }
}

#[test]
fn calls_events_and_errors_are_what_ethers_encodes() {
    for vector in vectors().calls {
        let size = vector.size.parse().expect("a number");
        let (origin_id, root) = (B256::from(bytes32(&vector.origin_id)), bytes32(&vector.root));
        assert_eq!(registry::origin_id(&vector.origin), origin_id);
        assert_eq!(registry::anchor_input(&vector.origin, size, &root), bytes(&vector.anchor));
        assert_eq!(registry::not_growing(&bytes(&vector.not_growing)), Some((u64::MAX - size, size)));

        let log = Log {
            address: Address::ZERO,
            topics: vector.topics.iter().map(|topic| B256::from(bytes32(topic))).collect(),
            data: bytes(&vector.data),
            block_number: 7,
            block_hash: B256::ZERO,
            transaction: B256::repeat_byte(1),
            index: 0,
        };
        let publisher = at(&vector.publisher);
        let event = Anchored {
            origin: origin_id,
            publisher,
            size,
            root,
            block: 7,
            transaction: B256::repeat_byte(1),
        };
        assert_eq!(Anchored::from_log(&log), Some(event));
        refuses_other_logs(&log);
    }
}

fn refuses_other_logs(log: &Log) {
    let changed = |change: fn(&mut Log)| {
        let mut other = log.clone();
        change(&mut other);
        Anchored::from_log(&other)
    };
    assert_eq!(changed(|log| log.topics[0] = B256::ZERO), None);
    assert_eq!(changed(|log| log.topics[2].0[0] = 1), None);
    assert_eq!(changed(|log| log.topics.truncate(2)), None);
    assert_eq!(changed(|log| log.topics.push(B256::ZERO)), None);
    assert_eq!(changed(|log| log.data.truncate(63)), None);
    assert_eq!(changed(|log| log.data.push(0)), None);
    assert_eq!(changed(|log| log.data[0] = 1), None);
}

#[test]
fn errors_that_are_not_ours_are_not_read() {
    let good = bytes(&vectors().calls[0].not_growing);
    assert_eq!(registry::not_growing(&[]), None);
    assert_eq!(registry::not_growing(&good[..67]), None);
    assert_eq!(registry::not_growing(&[&good[..], &[0]].concat()), None);
    let mut other = good.clone();
    other[0] ^= 1;
    assert_eq!(registry::not_growing(&other), None);
    // More than 64 bits.
    let mut other = good;
    other[4] = 1;
    assert_eq!(registry::not_growing(&other), None);
}

#[test]
fn the_deployed_code_is_a_part_of_the_deploying_code() {
    let deploying = registry::deploy_input();
    let ours = (0..deploying.len()).find(|start| registry::is_ours(&deploying[*start..]));
    assert!(ours.is_some_and(|start| start > 0));
    assert!(!registry::is_ours(&[]));
    assert!(!registry::is_ours(&deploying));
}
