//! Anchoring on a chain: what is sent, when, and by whom.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use support::{
    Auditor, ChainServer, ChainServerSetup, ChainSetup, Database, Mining, eventually, http_client,
    on_both_databases,
};

const ADA: &str = "ada@example.com";

on_both_databases!(a_checkpoint_is_recorded_for_issuing_and_for_revoking, async |database: Database| {
    let (deployment, process) = ChainServer::start(database, ChainServerSetup::default()).await;
    let hash = deployment.issue(ADA).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    let recorded = deployment.anchored().await;
    assert!(recorded.last().is_some_and(|event| event.size >= 1), "{recorded:?}");
    deployment.revoke(&hash).await;
    deployment.wait_for(ADA, &hash, "REMOVE").await;
    let events = deployment.assert_settled().await;
    assert!(events.len() > recorded.len(), "the revocation was recorded: {events:?}");

    // Every transaction has a nonce of its own, and they follow one another.
    let transactions = deployment.transactions();
    let nonces: Vec<u64> = transactions.iter().map(|decoded| decoded.transaction.nonce).collect();
    let first = nonces[0];
    let wanted: Vec<u64> = (first..first + nonces.len() as u64).collect();
    assert_eq!(nonces, wanted, "the deployment's own is before them");
    process.kill().await;
});

/// `GET /log/anchors` names all that a stranger needs to find the records.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_told_where_the_records_are() {
    let (deployment, process) = ChainServer::start(Database::Sqlite, ChainServerSetup::default()).await;
    let hash = deployment.issue(ADA).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    let answer = http_client().get(format!("{}/log/anchors", deployment.server.url)).send().await;
    let anchors: serde_json::Value = answer.expect("an answer").json().await.expect("JSON");
    assert_eq!(anchors["evm"]["chainId"], 31_337, "{anchors}");
    assert_eq!(anchors["evm"]["contract"], *deployment.contract, "{anchors}");
    assert_eq!(anchors["evm"]["publisher"], *deployment.publisher, "{anchors}");
    process.kill().await;
}

/// Without new leaves there is nothing to record, however many blocks come; and once what was recorded is final, nobody looks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_deployment_pays_nothing() {
    let settings = [("BESTOW_STATUS_LISTS_DIGEST_SECONDS", "3600")];
    let setup = ChainServerSetup { settings: &settings, ..ChainServerSetup::default() };
    let (deployment, process) = ChainServer::start(Database::Sqlite, setup).await;
    let hash = deployment.issue(ADA).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    process.kill().await;
    deployment.expire_leases().await;
    // A start adds the leaf about the status list. It is the last.
    let process = deployment.server.start().await;
    let auditor = Auditor::new(&deployment.server.url).await;
    eventually("the status list is in the log", async || auditor.checkpoint().await.size() == 2).await;
    deployment.assert_settled().await;
    let (sent, balance) =
        (deployment.proxy.sent().len(), deployment.chain.balance(&deployment.publisher).await);
    for _ in 0..10 {
        deployment.chain.mine(7).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    process.kill().await;
    deployment.expire_leases().await;
    let process = deployment.server.start().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let asked = deployment.proxy.count();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(deployment.proxy.count(), asked, "{:?}", deployment.proxy.seen()[asked..].first());
    assert_eq!(deployment.proxy.sent().len(), sent);
    assert_eq!(deployment.chain.balance(&deployment.publisher).await, balance);
    process.kill().await;
}

/// However busy it is, what it pays is bounded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_floor_bounds_how_often_is_paid() {
    const FLOOR: i64 = 2;
    let settings = [("BESTOW_EVM_MIN_SECONDS_BETWEEN", "2")];
    let setup = ChainServerSetup { settings: &settings, ..ChainServerSetup::default() };
    let (deployment, process) = ChainServer::start(Database::Sqlite, setup).await;
    let started = deployment.now();
    let mut last = (String::new(), String::new());
    for person in 0.. {
        let email = format!("person{person}@example.com");
        last = (email.clone(), deployment.issue(&email).await);
        if deployment.now() - started >= 3 * FLOOR {
            break;
        }
    }
    deployment.wait_for(&last.0, &last.1, "ONCHAIN").await;
    let ended = deployment.now();
    let events = deployment.assert_settled().await;
    let allowed = (ended - started) / FLOOR + 2;
    assert!(events.len() as i64 <= allowed, "{} in {} s", events.len(), ended - started);
    assert!(events.len() > 1, "it went on while there was more: {events:?}");
    process.kill().await;
}

/// Each block takes what there is when it is mined: not a transaction for each checkpoint.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_takes_all_that_has_come_since_the_one_before() {
    let chain = ChainSetup { mining: Mining::ByHand, ..ChainSetup::default() };
    let setup = ChainServerSetup { chain, ..ChainServerSetup::default() };
    let (deployment, process) = ChainServer::start(Database::Sqlite, setup).await;
    let first = deployment.issue(ADA).await;
    deployment.pooled().await;
    let mut hashes = vec![(ADA.to_owned(), first)];
    for person in 0..20 {
        let email = format!("person{person}@example.com");
        hashes.push((email.clone(), deployment.issue(&email).await));
    }
    for (email, hash) in &hashes {
        assert_eq!(deployment.status(email, hash).await, "WAIT_ONCHAIN");
    }
    for (email, hash) in &hashes {
        deployment.mine_until(email, hash, "ONCHAIN").await;
    }
    let events = deployment.assert_settled().await;
    assert!(events.len() <= 4, "21 leaves: {events:?}");
    process.kill().await;
}

/// Three processes work on one deployment; the one that sends is killed. Nobody's nonce is used twice.
async fn one_sender(database: Database) {
    let (deployment, server) = ChainServer::start(database, ChainServerSetup::default()).await;
    let mut workers = vec![deployment.server.spawn_worker(), deployment.server.spawn_worker()];
    let mut issued = Vec::new();
    let mut server = Some(server);
    for round in 0..3 {
        for person in 0..4 {
            let email = format!("person{round}.{person}@example.com");
            issued.push((email.clone(), deployment.issue(&email).await));
            deployment.wait_for(&email, &issued[issued.len() - 1].1, "ONCHAIN").await;
        }
        if round == 0 {
            // Whoever was the sender, two of three go.
            server.take().expect("it runs").kill().await;
            workers.pop().expect("two").kill().await;
            deployment.expire_leases().await;
            server = Some(deployment.server.start().await);
        }
    }
    deployment.assert_settled().await;
    let mut by_nonce: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for decoded in deployment.transactions() {
        by_nonce.entry(decoded.transaction.nonce).or_default().insert(decoded.hash.to_string());
    }
    // Blocks come at once: nothing is replaced.
    assert!(by_nonce.values().all(|hashes| hashes.len() == 1), "{by_nonce:?}");
}

on_both_databases!(of_many_replicas_one_sends, one_sender);
