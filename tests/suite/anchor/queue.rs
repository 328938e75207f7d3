//! What operators see of the chain's queue, and order: `bestow anchor status|retry|replace|skip`.

use serde_json::{Value, json};
use support::{
    Act, Auditor, ChainServer, ChainServerSetup, ChainSetup, Database, DevProcess, Mining, bestow,
    eventually, on_both_databases,
};

const ADA: &str = "ada@example.com";

async fn by_hand(database: Database) -> (ChainServer, DevProcess) {
    // Nothing is replaced but by order.
    let settings = [("BESTOW_EVM_REPLACE_AFTER_BLOCKS", "1000")];
    let chain = ChainSetup { mining: Mining::ByHand, ..ChainSetup::default() };
    let setup = ChainServerSetup { chain, settings: &settings, ..ChainServerSetup::default() };
    ChainServer::start(database, setup).await
}

/// The only slot that is open, once there is one like this.
async fn open_slot(deployment: &ChainServer, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    deployment
        .wait_for_queue(what, |queue| {
            let slots = queue["queue"].as_array().expect("a list").iter();
            let mut open = slots.filter(|slot| slot["state"] == "pending");
            open.next().filter(|slot| is_it(slot)).cloned()
        })
        .await
}

fn attempts(slot: &Value) -> usize {
    slot["attempts"].as_array().expect("a list").len()
}

on_both_databases!(the_queue_says_what_is_on_its_way, async |database: Database| {
    let (deployment, process) = by_hand(database).await;
    let hash = deployment.issue(ADA).await;
    let pool = deployment.pooled().await;
    let slot = open_slot(&deployment, "it is sent", |slot| {
        attempts(slot) == 1 && slot["attempts"][0]["sentBlock"].is_u64()
    })
    .await;
    assert_eq!(slot["attempts"][0]["hash"], pool[0]["hash"], "{slot}");
    assert_eq!(slot["nonce"], json!(support::quantity(&pool[0]["nonce"]) as u64), "{slot}");
    assert_eq!(slot["size"], 1, "{slot}");
    let queue = deployment.queue().await;
    assert_eq!(queue["chainId"], 31_337, "{queue}");
    assert_eq!(
        (&queue["contract"], &queue["publisher"]),
        (&json!(deployment.contract), &json!(deployment.publisher))
    );
    let text = deployment.run(&["anchor", "status"]).await;
    for part in [deployment.contract.as_str(), &deployment.publisher, "pending"] {
        assert!(text.done().contains(part), "{part}: {text:?}");
    }
    deployment.mine_until(ADA, &hash, "ONCHAIN").await;
    process.kill().await;
});

/// Fees are too low, and the operator does not want to wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_replaces() {
    let (deployment, process) = by_hand(Database::Sqlite).await;
    let hash = deployment.issue(ADA).await;
    let first = deployment.pooled().await[0]["hash"].clone();
    deployment.run(&["anchor", "replace"]).await.done();
    let slot = open_slot(&deployment, "it is signed anew", |slot| attempts(slot) == 2).await;
    eventually("the new one waits", async || {
        deployment.pooled().await[0]["hash"] == slot["attempts"][1]["hash"]
    })
    .await;
    let fee = |attempt: &Value| {
        attempt["maxFee"].as_u64().or_else(|| attempt["maxFee"].as_str()?.parse().ok()).expect("a fee")
    };
    assert!(fee(&slot["attempts"][1]) * 10 >= fee(&slot["attempts"][0]) * 11, "{slot}");
    deployment.chain.mine(1).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    let events = deployment.assert_settled().await;
    assert_ne!(json!(events[0].transaction), first);
    process.kill().await;
}

/// A node refuses for a while what it takes later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_tries_again() {
    let (deployment, process) = by_hand(Database::Sqlite).await;
    let full = Act::Error(-32_000, "txpool is full".to_owned());
    deployment.proxy.on("eth_sendRawTransaction", full);
    let hash = deployment.issue(ADA).await;
    let slot = open_slot(&deployment, "it is refused", |slot| slot["lastError"].is_string()).await;
    assert!(slot["lastError"].as_str().is_some_and(|why| why.contains("txpool is full")), "{slot}");
    deployment.proxy.behave();
    deployment.run(&["anchor", "retry"]).await.done();
    deployment.pooled().await;
    deployment.mine_until(ADA, &hash, "ONCHAIN").await;
    let events = deployment.assert_settled().await;
    assert_eq!(json!(events[0].transaction), slot["attempts"][0]["hash"], "the same one");
    process.kill().await;
}

/// What hangs is given up for the newest head.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_skips() {
    let (deployment, process) = by_hand(Database::Sqlite).await;
    deployment.proxy.on("eth_sendRawTransaction", Act::Swallow);
    // A node that lies: it says that it knows what it has thrown away.
    deployment.proxy.on("eth_getTransactionByHash", Act::Result(json!({"hash": "0x00"})));
    let hash = deployment.issue(ADA).await;
    let stuck = open_slot(&deployment, "it is sent", |slot| {
        attempts(slot) == 1 && slot["attempts"][0]["sentBlock"].is_u64()
    })
    .await;
    let another = deployment.issue("bob@example.com").await;
    let auditor = Auditor::new(&deployment.server.url).await;
    eventually("it is in the log", async || auditor.checkpoint().await.size() >= 2).await;
    deployment.run(&["anchor", "skip"]).await.done();
    open_slot(&deployment, "another one is begun", |slot| slot["attempts"][0] != stuck["attempts"][0]).await;
    deployment.proxy.behave();
    deployment.mine_until("bob@example.com", &another, "ONCHAIN").await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    let events = deployment.assert_settled().await;
    assert!(events[0].size >= 2, "one head covers both: {events:?}");
    assert_ne!(json!(events[0].transaction), stuck["attempts"][0]["hash"]);
    process.kill().await;
}

/// Orders name a nonce that is there, and say so when there is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_needs_something_to_do() {
    let (deployment, process) = by_hand(Database::Sqlite).await;
    for order in ["retry", "replace", "skip"] {
        let refused = deployment.run(&["anchor", order]).await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
        let refused = deployment.run(&["anchor", order, "--nonce", "77"]).await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
    }
    let arguments = ["anchor", "deploy", "--data-dir", "data"];
    bestow(deployment.folder(), &arguments, &[]).await.refuses(1, "evm.rpc_url");
    process.kill().await;
}
