//! Re-organisations of the chain: what was recorded is gone, and comes again.

use serde_json::{Value, json};
use support::{
    Act, ChainServer, ChainServerSetup, ChainSetup, Database, DevProcess, Mining, eventually,
    on_both_databases,
};

const ADA: &str = "ada@example.com";

/// A deployment on a chain whose blocks come by hand, and are final when there are two epochs of so many blocks on top.
async fn by_hand(database: Database, policy: &str, slots_in_an_epoch: u64) -> (ChainServer, DevProcess) {
    let chain = ChainSetup { mining: Mining::ByHand, slots_in_an_epoch, ..ChainSetup::default() };
    ChainServer::start(database, ChainServerSetup { chain, policy, ..ChainServerSetup::default() }).await
}

/// What is final on most of these chains is older than any test.
const LONG: u64 = 32;

/// The only transaction that waits: its hash, and its raw bytes as they were sent.
async fn only_pooled(deployment: &ChainServer) -> (String, String) {
    let pool = deployment.pooled().await;
    assert_eq!(pool.len(), 1, "{pool:?}");
    let hash = pool[0]["hash"].as_str().expect("a hash").to_owned();
    let raw = deployment.proxy.sent().into_iter().rev().find(|raw| evm::keccak256(raw).to_string() == hash);
    let digits: String = raw.expect("it was sent").iter().map(|byte| format!("{byte:02x}")).collect();
    (hash, format!("0x{digits}"))
}

on_both_databases!(what_a_reorganisation_takes_is_sent_again, async |database: Database| {
    let (deployment, process) = by_hand(database, "log+evm:1", LONG).await;
    for depth in 1..=4 {
        let email = format!("person{depth}@example.com");
        let hash = deployment.issue(&email).await;
        deployment.pooled().await;
        deployment.chain.mine(1).await;
        deployment.wait_for(&email, &hash, "ONCHAIN").await;
        deployment.chain.mine(depth - 1).await;
        // The block with the transaction is the oldest that goes; the transaction is in no pool any more.
        deployment.chain.reorg(depth).await;
        deployment.wait_for(&email, &hash, "WAIT_ONCHAIN").await;
        deployment.pooled().await;
        deployment.mine_until(&email, &hash, "ONCHAIN").await;
    }
    deployment.assert_settled().await;
    process.kill().await;
});

/// Several transactions in several blocks go at once; so do revocations.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_records_are_taken_at_once() {
    let (deployment, process) = by_hand(Database::Sqlite, "log+evm:1", LONG).await;
    let mut issued = Vec::new();
    for person in 0..3 {
        let email = format!("person{person}@example.com");
        let hash = deployment.issue(&email).await;
        deployment.mine_until(&email, &hash, "ONCHAIN").await;
        issued.push((email, hash));
    }
    deployment.revoke(&issued[0].1).await;
    deployment.mine_until(&issued[0].0, &issued[0].1, "REMOVE").await;
    let first = deployment.anchored().await[1].block;
    let depth = deployment.chain.block_number().await - first + 1;
    deployment.chain.reorg(depth).await;
    // The first is in an older block, and its revocation in one that is gone.
    deployment.wait_for(&issued[2].0, &issued[2].1, "WAIT_ONCHAIN").await;
    deployment.wait_for(&issued[1].0, &issued[1].1, "WAIT_ONCHAIN").await;
    for (email, hash) in &issued[1..] {
        deployment.mine_until(email, hash, "ONCHAIN").await;
    }
    deployment.mine_until(&issued[0].0, &issued[0].1, "REMOVE").await;
    deployment.assert_settled().await;
    process.kill().await;
}

/// A node puts what it took out of blocks back into its pool: the same transaction is mined again, in another block.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_may_move_to_another_block() {
    let (deployment, process) = by_hand(Database::Sqlite, "log+evm:2", LONG).await;
    let hash = deployment.issue(ADA).await;
    let (transaction, raw) = only_pooled(&deployment).await;
    deployment.chain.mine(2).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    deployment.chain.reorg(2).await;
    deployment.chain.try_call("eth_sendRawTransaction", json!([raw])).await.ok();
    deployment.wait_for(ADA, &hash, "WAIT_ONCHAIN").await;
    deployment.chain.mine(1).await;
    eventually("it is in a block", async || deployment.chain.receipt(&transaction).await.is_some()).await;
    // One confirmation: counted from its new block, not from the old one.
    let block = deployment.chain.block_number().await;
    eventually("its new block is known", async || {
        let anchor = deployment.anchor(ADA, &hash).await;
        anchor["evm"]["block"] == json!(block) && anchor["evm"]["confirmations"] == 1
    })
    .await;
    assert_eq!(deployment.status(ADA, &hash).await, "WAIT_ONCHAIN");
    deployment.chain.mine(1).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    let events = deployment.assert_settled().await;
    assert_eq!(events[0].transaction, transaction);
    process.kill().await;
}

/// It happens while nobody looks: the process is not there, or the node does not answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reorganisation_is_found_after_a_restart() {
    let (deployment, process) = by_hand(Database::Sqlite, "log+evm:2", LONG).await;
    let hash = deployment.issue(ADA).await;
    deployment.pooled().await;
    deployment.chain.mine(2).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    process.kill().await;
    deployment.expire_leases().await;
    deployment.chain.reorg(3).await;
    let process = deployment.server.start().await;
    deployment.wait_for(ADA, &hash, "WAIT_ONCHAIN").await;
    deployment.mine_until(ADA, &hash, "ONCHAIN").await;
    deployment.assert_settled().await;
    process.kill().await;
}

/// `finalized` waits for the chain's own word, and is not moved by anything that comes before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finalized_is_what_the_chain_says() {
    let (deployment, process) = by_hand(Database::Sqlite, "log+evm:finalized", 1).await;
    let hash = deployment.issue(ADA).await;
    deployment.pooled().await;
    // An epoch of one block: what is two blocks behind the newest is final.
    deployment.chain.mine(2).await;
    eventually("its block is known", async || {
        deployment.anchor(ADA, &hash).await["evm"]["confirmations"] == 2
    })
    .await;
    assert_eq!(deployment.status(ADA, &hash).await, "WAIT_ONCHAIN");
    deployment.chain.reorg(2).await;
    deployment.pooled().await;
    deployment.chain.mine(3).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    deployment.assert_settled().await;
    process.kill().await;
}

/// What was final is gone: that is not to be, and is said; it is sent again all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reorganisation_deeper_than_final_is_said_and_survived() {
    let (deployment, process) = by_hand(Database::Sqlite, "log+evm:1", 1).await;
    let hash = deployment.issue(ADA).await;
    deployment.pooled().await;
    deployment.chain.mine(1).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    deployment.chain.mine(5).await;
    deployment.wait_for_queue("it is final", |queue| is_settled(queue).then_some(())).await;
    deployment.chain.reorg(6).await;
    // With nothing to do, nobody looks at the chain.
    let another = deployment.issue("bob@example.com").await;
    deployment.mine_until("bob@example.com", &another, "ONCHAIN").await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    deployment.assert_settled().await;
    let said = process.log();
    assert!(said.contains("called final"), "{said}");
    process.kill().await;
}

/// Whether nothing is on its way any more.
fn is_settled(queue: &Value) -> bool {
    let slots = queue["queue"].as_array().expect("a list");
    slots.iter().all(|slot| slot["state"] == "final" || slot["state"] == "given_up")
}

/// A chain that knows no finality: the operator says how many confirmations are enough to look no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_finality_a_depth_counts() {
    let chain = ChainSetup { mining: Mining::ByHand, ..ChainSetup::default() };
    let settings = [("BESTOW_EVM_FINAL_AFTER", "3")];
    let setup = ChainServerSetup { chain, policy: "log+evm:finalized", settings: &settings };
    let deployment = ChainServer::new(Database::Sqlite, setup).await;
    let unknown = Act::Error(-32_602, "invalid block tag".to_owned());
    deployment.proxy.on_about("eth_getBlockByNumber", "finalized", unknown);
    let process = deployment.server.start().await;
    let hash = deployment.issue(ADA).await;
    deployment.pooled().await;
    deployment.chain.mine(3).await;
    eventually("its block is known", async || {
        deployment.anchor(ADA, &hash).await["evm"]["confirmations"] == 3
    })
    .await;
    assert_eq!(deployment.status(ADA, &hash).await, "WAIT_ONCHAIN");
    deployment.chain.mine(1).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    deployment.wait_for_queue("it is final", |queue| is_settled(queue).then_some(())).await;
    process.kill().await;
}
