//! Chains and nodes that fail: the worker says so, and comes back by itself.

use std::time::Duration;

use serde_json::{Value, json};
use support::{
    Act, ChainServer, ChainServerSetup, ChainSetup, Database, DevProcess, Mining, eventually, nowhere,
    on_both_databases,
};

const ADA: &str = "ada@example.com";
const GWEI: u128 = 1_000_000_000;

async fn started(mining: Mining, settings: &[(&str, &str)]) -> (ChainServer, DevProcess) {
    let chain = ChainSetup { mining, ..ChainSetup::default() };
    let setup = ChainServerSetup { chain, settings, ..ChainServerSetup::default() };
    ChainServer::start(Database::Sqlite, setup).await
}

/// Waits until a tenant is told that something went wrong, and what.
async fn told(deployment: &ChainServer, email: &str, hash: &str, what: &str) {
    eventually(what, async || {
        let anchor = deployment.anchor(email, hash).await;
        anchor["evm"]["lastError"].as_str().is_some_and(|error| error.to_lowercase().contains(what))
    })
    .await;
}

/// A node that is away, or answers something else than JSON-RPC, costs time and nothing else.
async fn node_away(database: Database) {
    let (deployment, process) = ChainServer::start(database, ChainServerSetup::default()).await;
    let acts = [
        Act::Close,
        Act::CloseAfter,
        Act::Status(500),
        Act::Status(429),
        Act::Garbage,
        Act::Truncated,
        Act::Result(Value::Null),
        Act::Result(json!({})),
        Act::Result(json!("0x")),
        Act::Error(-32_005, "daily request count exceeded, request rate limited".to_owned()),
    ];
    for (number, act) in acts.into_iter().enumerate() {
        let email = format!("person{number}@example.com");
        deployment.proxy.always(act);
        let hash = deployment.issue(&email).await;
        deployment.proxy.wait_for_requests(1).await;
        assert_eq!(deployment.status(&email, &hash).await, "WAIT_ONCHAIN");
        deployment.proxy.behave();
        deployment.wait_for(&email, &hash, "ONCHAIN").await;
    }
    deployment.assert_settled().await;
    process.kill().await;
}

on_both_databases!(a_node_that_fails_delays_and_no_more, node_away);

/// It need not be there when the server starts, and other issuers do not wait for it. What it is asked may hold an API key,
/// which nobody is shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_without_its_node() {
    let mut deployment = ChainServer::new(Database::Sqlite, ChainServerSetup::default()).await;
    deployment.set("BESTOW_EVM_RPC_URL", &format!("{}/v3/5e3c2e7", nowhere()));
    let process = deployment.server.start().await;
    let hash = deployment.issue(ADA).await;
    eventually("it is said", async || deployment.anchor(ADA, &hash).await["evm"]["lastError"].is_string())
        .await;
    assert_eq!(deployment.status(ADA, &hash).await, "WAIT_ONCHAIN");
    deployment.set_policy("log").await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    deployment.set_policy("log+evm:1").await;
    let (queue, anchor) = (deployment.run(&["anchor", "status"]).await, deployment.anchor(ADA, &hash).await);
    for text in [queue.out.as_str(), queue.err.as_str(), &anchor.to_string(), &process.log()] {
        assert!(!text.contains("5e3c2e7"), "{text}");
    }
    process.kill().await;
    deployment.expire_leases().await;
    deployment.set("BESTOW_EVM_RPC_URL", &deployment.proxy.url.clone());
    let process = deployment.server.start().await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    deployment.assert_settled().await;
    process.kill().await;
}

/// A node that takes a request and never answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_hangs_is_not_waited_for_forever() {
    let (deployment, process) = started(Mining::Automatic, &[]).await;
    deployment.proxy.next(1, "eth_sendRawTransaction", Act::Hang);
    let hash = deployment.issue(ADA).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    deployment.assert_settled().await;
    process.kill().await;
}

/// The node says that our account has sent less, or more, than it has. What was signed for a nonce that never comes is given up
/// after some blocks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_lies_about_the_nonce_is_found_out() {
    let (deployment, process) = started(Mining::ByHand, &[("BESTOW_EVM_REPLACE_AFTER_BLOCKS", "2")]).await;
    for (number, lie) in ["0x0", "0xff", "0x0", "0x7"].into_iter().enumerate() {
        let email = format!("person{number}@example.com");
        deployment.proxy.on("eth_getTransactionCount", Act::Result(json!(lie)));
        let hash = deployment.issue(&email).await;
        deployment.proxy.wait_for_requests(8).await;
        deployment.proxy.behave();
        deployment.mine_until(&email, &hash, "ONCHAIN").await;
        deployment.assert_settled().await;
    }
    process.kill().await;
}

/// The node refuses: for reasons that pass, and for reasons that are not true.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_transaction_is_sent_again() {
    let (deployment, process) = started(Mining::Every(1), &[("BESTOW_EVM_REPLACE_AFTER_BLOCKS", "2")]).await;
    let refusals = [
        ("eth_estimateGas", "execution reverted"),
        ("eth_estimateGas", "internal error"),
        ("eth_sendRawTransaction", "transaction underpriced"),
        ("eth_sendRawTransaction", "replacement transaction underpriced"),
        ("eth_sendRawTransaction", "max fee per gas less than block base fee"),
        ("eth_sendRawTransaction", "nonce too low"),
        ("eth_sendRawTransaction", "nonce too high"),
        ("eth_sendRawTransaction", "already known"),
        ("eth_sendRawTransaction", "insufficient funds for gas * price + value"),
        ("eth_sendRawTransaction", "txpool is full"),
    ];
    for (number, (method, message)) in refusals.into_iter().enumerate() {
        let email = format!("person{number}@example.com");
        deployment.proxy.next(2, method, Act::Error(-32_000, message.to_owned()));
        let hash = deployment.issue(&email).await;
        deployment.wait_for(&email, &hash, "ONCHAIN").await;
        deployment.proxy.behave();
    }
    deployment.assert_settled().await;
    process.kill().await;
}

/// A node counts a transaction before it knows its receipt: nothing is sent twice, and what was given up in between is found.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_may_come_late() {
    let (deployment, process) = started(Mining::Automatic, &[]).await;
    deployment.proxy.next(4, "eth_getTransactionReceipt", Act::Result(Value::Null));
    let hash = deployment.issue(ADA).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    let events = deployment.assert_settled().await;
    let last = deployment.transactions().last().map(|decoded| decoded.transaction.nonce);
    assert_eq!(last, Some(events.len() as u64), "one for each record, after the contract's");
    process.kill().await;
}

/// Accepted and thrown away: by the node, and out of the pool.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_vanishes_is_sent_again() {
    let (deployment, process) = started(Mining::ByHand, &[("BESTOW_EVM_REPLACE_AFTER_BLOCKS", "3")]).await;
    deployment.proxy.next(1, "eth_sendRawTransaction", Act::Swallow);
    let hash = deployment.issue(ADA).await;
    deployment.mine_until(ADA, &hash, "ONCHAIN").await;

    let another = deployment.issue("bob@example.com").await;
    deployment.pooled().await;
    deployment.chain.drop_all_transactions().await;
    deployment.mine_until("bob@example.com", &another, "ONCHAIN").await;
    deployment.assert_settled().await;
    process.kill().await;
}

/// Fees rise above what the transaction offers: after some blocks it is replaced by one that offers more, and both are seen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fees_that_rise_are_followed() {
    let (deployment, process) = started(Mining::ByHand, &[("BESTOW_EVM_REPLACE_AFTER_BLOCKS", "2")]).await;
    let hash = deployment.issue(ADA).await;
    let first = deployment.pooled().await[0]["hash"].clone();
    for _ in 0..200 {
        if deployment.status(ADA, &hash).await == "ONCHAIN" {
            break;
        }
        deployment.chain.set_next_base_fee(60 * GWEI).await;
        deployment.chain.mine(1).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let anchor = deployment.anchor(ADA, &hash).await;
    assert_eq!(deployment.status(ADA, &hash).await, "ONCHAIN", "{anchor}");
    assert!(anchor["evm"]["attempts"].as_u64().is_some_and(|attempts| attempts >= 2), "{anchor}");
    assert_ne!(anchor["evm"]["transaction"], first, "{anchor}");
    let events = deployment.assert_settled().await;
    assert_eq!(json!(events[0].transaction), anchor["evm"]["transaction"]);
    increasing_fees(&deployment);
    process.kill().await;
}

/// Each transaction of a nonce offers at least a tenth more than the one before: nodes take no other replacement.
fn increasing_fees(deployment: &ChainServer) {
    let transactions = deployment.transactions();
    for (place, decoded) in transactions.iter().enumerate() {
        let new = &decoded.transaction;
        let old = transactions[..place].iter().rev().find(|old| old.transaction.nonce == new.nonce);
        let Some(old) = old.map(|old| &old.transaction) else { continue };
        for (old, new) in [
            (old.max_fee_per_gas, new.max_fee_per_gas),
            (old.max_priority_fee_per_gas, new.max_priority_fee_per_gas),
        ] {
            assert!(new * 10 >= old * 11, "{old} -> {new}");
        }
    }
}

/// Above the limit that the operator has set, nothing is offered; when fees have fallen, it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fee_is_above_the_limit() {
    let settings = [("BESTOW_EVM_REPLACE_AFTER_BLOCKS", "2"), ("BESTOW_EVM_MAX_FEE_GWEI", "40")];
    let (deployment, process) = started(Mining::ByHand, &settings).await;
    deployment.chain.set_next_base_fee(300 * GWEI).await;
    deployment.chain.mine(1).await;
    let hash = deployment.issue(ADA).await;
    for _ in 0..10 {
        deployment.chain.set_next_base_fee(300 * GWEI).await;
        deployment.chain.mine(1).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(deployment.status(ADA, &hash).await, "WAIT_ONCHAIN");
    told(&deployment, ADA, &hash, "max_fee_gwei").await;
    deployment.chain.set_next_base_fee(GWEI).await;
    deployment.mine_until(ADA, &hash, "ONCHAIN").await;
    for decoded in deployment.transactions() {
        assert!(decoded.transaction.max_fee_per_gas <= 40 * GWEI, "{decoded:?}");
    }
    increasing_fees(&deployment);
    deployment.assert_settled().await;
    process.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_without_money_waits_for_some() {
    let (deployment, process) = started(Mining::Automatic, &[]).await;
    let publisher = deployment.publisher.clone();
    deployment.chain.set_balance(&publisher, 1_000).await;
    let hash = deployment.issue(ADA).await;
    told(&deployment, ADA, &hash, "fund").await;
    let queue = deployment.run(&["anchor", "status"]).await;
    assert!(queue.done().contains(&publisher), "it is said where money is missing: {queue:?}");
    deployment.chain.fund(&publisher).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    deployment.assert_settled().await;
    process.kill().await;
}

/// Settings that do not go with the chain: nothing is signed, and it is said what is wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_signed_for_another_chain_or_without_a_contract() {
    let mut deployment = ChainServer::new(Database::Sqlite, ChainServerSetup::default()).await;
    let sent = deployment.proxy.sent().len();
    let (contract, nobody) = (deployment.contract.clone(), "0x000000000000000000000000000000000000dEaD");
    for (name, wrong, right, said) in [
        ("BESTOW_EVM_CHAIN_ID", "1", "31337", "31337"),
        ("BESTOW_EVM_CONTRACT", nobody, contract.as_str(), "no contract"),
    ] {
        deployment.set(name, wrong);
        let process = deployment.server.start().await;
        let hash = deployment.issue(ADA).await;
        told(&deployment, ADA, &hash, said).await;
        assert_eq!(deployment.status(ADA, &hash).await, "WAIT_ONCHAIN");
        assert_eq!(deployment.proxy.sent().len(), sent, "nothing was sent");
        process.kill().await;
        deployment.expire_leases().await;
        deployment.set(name, right);
    }
    let process = deployment.server.start().await;
    let hash = deployment.issue(ADA).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    deployment.assert_settled().await;
    process.kill().await;
}

/// As long as no block comes there is nothing to replace: time alone costs nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_blocks_are_waited_for() {
    let (deployment, process) = started(Mining::ByHand, &[("BESTOW_EVM_REPLACE_AFTER_BLOCKS", "1")]).await;
    let hash = deployment.issue(ADA).await;
    deployment.pooled().await;
    let signed = deployment.transactions().len();
    deployment.issue("bob@example.com").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(deployment.transactions().len(), signed);
    deployment.mine_until(ADA, &hash, "ONCHAIN").await;
    deployment.assert_settled().await;
    process.kill().await;
}

/// Somebody else signs with the same key: the nonce that a transaction waits with is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nonce_that_somebody_else_took_is_given_up() {
    let (deployment, process) = started(Mining::ByHand, &[]).await;
    let hash = deployment.issue(ADA).await;
    let pool = deployment.pooled().await;
    let nonce = pool[0]["nonce"].clone();
    deployment.chain.drop_all_transactions().await;
    let publisher = &deployment.publisher;
    deployment.chain.call("anvil_impersonateAccount", json!([publisher])).await;
    let foreign = json!([{
        "from": publisher, "to": publisher, "value": "0x1", "nonce": nonce, "gas": "0x5208",
        "maxFeePerGas": "0x174876e800", "maxPriorityFeePerGas": "0x174876e800",
    }]);
    let foreign = deployment.chain.call("eth_sendTransaction", foreign).await;
    deployment.chain.mine(1).await;
    assert!(deployment.chain.receipt(foreign.as_str().expect("a hash")).await.is_some());
    deployment.mine_until(ADA, &hash, "ONCHAIN").await;
    deployment.assert_settled().await;
    process.kill().await;
}
