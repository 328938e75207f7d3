//! Events over more blocks than a node wants to look at.

use std::sync::{Arc, Mutex};

use evm::registry::{self, RegistryError};
use evm::{Address, B256, Refusal, RpcError, keccak256};
use serde_json::{Value, json};

use crate::node::{Node, Reply, http, refusal, result};

const ORIGIN: &str = "log.example/1";
const CONTRACT: Address = Address::repeat_byte(0xcc);
const PUBLISHER: Address = Address::repeat_byte(0xaa);

/// A head anchored in a block, as a node writes it: its size is the block's number.
fn event(block: u64) -> Value {
    let topics = [
        keccak256("Anchored(bytes32,address,uint64,bytes32)"),
        registry::origin_id(ORIGIN),
        PUBLISHER.into_word(),
    ]
    .map(|topic| topic.to_string());
    let zero = B256::ZERO.to_string();
    json!({
        "address": CONTRACT.to_string(), "topics": topics, "data": format!("0x{block:064x}{}", "07".repeat(32)),
        "blockNumber": format!("{block:#x}"), "blockHash": zero, "transactionHash": zero, "logIndex": "0x0",
    })
}

/// The blocks of a request.
fn range(request: &Value) -> (u64, u64) {
    let number = |member: &str| {
        let text = request["params"][0][member].as_str().expect("a block");
        u64::from_str_radix(&text[2..], 16).expect("a quantity")
    };
    (number("fromBlock"), number("toBlock"))
}

/// A chain with a head in every thousandth block.
fn found(request: &Value) -> Reply {
    let (from, to) = range(request);
    let blocks = (from..=to).filter(|block| block % 1000 == 0);
    // Not every node sorts.
    result(request, &blocks.rev().map(event).collect())
}

async fn sizes(node: &Node, from: u64, to: u64) -> Result<Vec<u64>, RegistryError> {
    let events =
        registry::anchored_events(&node.rpc(), &CONTRACT, ORIGIN, Some(&PUBLISHER), from, to).await?;
    Ok(events.iter().map(|event| event.size).collect())
}

#[tokio::test]
async fn blocks_are_asked_for_in_parts() {
    let asked = Arc::<Mutex<Vec<(u64, u64)>>>::default();
    let seen = Arc::clone(&asked);
    let node = Node::start(move |request| {
        seen.lock().expect("no test panics with it").push(range(request));
        found(request)
    })
    .await;
    let all: Vec<u64> = (1..=25).map(|thousand| thousand * 1000).collect();
    assert_eq!(sizes(&node, 5, 25_000).await, Ok(all));
    let asked = asked.lock().expect("no test panics with it");
    assert_eq!(*asked, [(5, 10_004), (10_005, 20_004), (20_005, 25_000)]);
}

#[tokio::test]
async fn parts_are_halved_until_the_node_takes_them() {
    let too_many = |request: &Value, blocks: u64, no: fn(&Value) -> Reply| {
        let (from, to) = range(request);
        if to - from >= blocks { no(request) } else { found(request) }
    };
    let refused = |request: &Value| refusal(request, -32005, "query exceeds max block range 1500");
    let too_large = |_: &Value| http("200 OK", "", &vec![b' '; 9 << 20]);
    let all: Vec<u64> = (0..=12).map(|thousand| thousand * 1000).collect();
    for node in [
        Node::start(move |request| too_many(request, 1500, refused)).await,
        Node::start(move |request| too_many(request, 5000, too_large)).await,
    ] {
        assert_eq!(sizes(&node, 0, 12_345).await, Ok(all.clone()));
        assert_eq!(sizes(&node, 1000, 1000).await, Ok(vec![1000]));
        assert_eq!(sizes(&node, 1001, 1000).await, Ok(vec![]));
        assert_eq!(sizes(&node, u64::MAX - 5000, u64::MAX).await.map(|sizes| sizes.len()), Ok(5));
    }
}

#[tokio::test]
async fn a_node_that_never_takes_a_range_ends_it() {
    let node = Node::start(|request| refusal(request, -32601, "the method does not exist")).await;
    let error = sizes(&node, 0, 100_000).await.expect_err("refused");
    let RegistryError::Rpc(error) = error else { panic!("{error:?}") };
    assert_eq!(error.refusal(), Some(Refusal::Other));
    assert!(node.heads.lock().expect("no test panics with it").len() < 20);

    let node = Node::start(|_| http("502 Bad Gateway", "", b"")).await;
    let error = sizes(&node, 0, 100_000).await.expect_err("unreachable");
    assert!(matches!(error, RegistryError::Rpc(RpcError::Unreachable { .. })), "{error:?}");
    assert_eq!(node.heads.lock().expect("no test panics with it").len(), 1);
}

#[tokio::test]
async fn an_event_that_is_not_ours_is_an_error() {
    let node = Node::start(|request| {
        let mut event = event(range(request).0);
        event["data"] = json!("0x");
        result(request, &json!([event]))
    })
    .await;
    assert_eq!(sizes(&node, 7, 7).await, Err(RegistryError::NotRegistry(CONTRACT)));
}
