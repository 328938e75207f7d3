//! A process that is killed between any two steps of anchoring: chain, log and database agree afterwards.

use std::collections::BTreeSet;
use std::time::Duration;

use model::Entropy;
use support::{
    ChainServer, ChainServerSetup, ChainSetup, Database, DevProcess, Mining, Moment, SystemEntropy,
    WitnessServer, on_both_databases,
};

/// More requests than one anchoring takes; some more may be seen until its end is.
const MOST: usize = 24;

/// Issues, and kills the process at the `number`th request from then on; `None` if the credential was anchored before.
async fn killed_at(
    deployment: &ChainServer,
    process: DevProcess,
    number: usize,
    moment: Moment,
    email: &str,
) -> (Option<DevProcess>, String) {
    deployment.proxy.stop_at(number, moment);
    let hash = deployment.issue(email).await;
    tokio::select! {
        () = deployment.proxy.stopped() => {}
        () = deployment.wait_for(email, &hash, "ONCHAIN") => {
            deployment.proxy.go_on();
            return (Some(process), hash);
        }
    }
    process.kill().await;
    deployment.expire_leases().await;
    deployment.proxy.go_on();
    (None, hash)
}

/// How many requests there are until what was issued is anchored, when nothing goes wrong.
async fn requests_of_one(deployment: &ChainServer) -> usize {
    let before = deployment.proxy.count();
    let hash = deployment.issue("undisturbed@example.com").await;
    deployment.wait_for("undisturbed@example.com", &hash, "ONCHAIN").await;
    let count = deployment.proxy.count() - before;
    deployment.assert_settled().await;
    count
}

async fn at_every_request(database: Database, moment: Moment) {
    let (deployment, mut process) = ChainServer::start(database, ChainServerSetup::default()).await;
    let requests = requests_of_one(&deployment).await;
    assert!(requests > 8, "looking, estimating, sending, looking again: {requests}");
    let mut issued = Vec::new();
    for number in 1..=requests.min(MOST) {
        let email = format!("person{number}@example.com");
        let (alive, hash) = killed_at(&deployment, process, number, moment, &email).await;
        process = match alive {
            Some(alive) => alive,
            None => deployment.server.start().await,
        };
        deployment.wait_for(&email, &hash, "ONCHAIN").await;
        deployment.assert_settled().await;
        issued.push((email, hash));
    }
    for (email, hash) in &issued {
        assert_eq!(deployment.status(email, hash).await, "ONCHAIN");
    }
    one_transaction_a_nonce(&deployment).await;
    process.kill().await;
}

/// Nothing is replaced, since blocks come at once: what was signed before a crash is what is sent after it.
async fn one_transaction_a_nonce(deployment: &ChainServer) {
    let transactions = deployment.transactions();
    let mut nonces: Vec<u64> = transactions.iter().map(|decoded| decoded.transaction.nonce).collect();
    nonces.sort_unstable();
    let first = nonces[0];
    let wanted: Vec<u64> = (first..first + nonces.len() as u64).collect();
    assert_eq!(nonces, wanted, "no nonce is used twice, and none left out");
    let mined = deployment.chain.transaction_count(&deployment.publisher).await;
    assert_eq!(mined, first + nonces.len() as u64, "all of them are in blocks");
}

on_both_databases!(killed_before_each_request, async |database: Database| {
    at_every_request(database, Moment::Before).await;
});

on_both_databases!(killed_after_each_request, async |database: Database| {
    at_every_request(database, Moment::After).await;
});

/// It is killed at a request of a busy time, and at random moments; its witnesses are asked all the while, too.
async fn under_load(database: Database) {
    let setup = ChainServerSetup { policy: "log", ..ChainServerSetup::default() };
    let mut deployment = ChainServer::new(database, setup).await;
    let log_key = deployment.log_key();
    let (one, _one) = WitnessServer::start("one.example/witness", &log_key).await;
    let (two, _two) = WitnessServer::start("two.example/witness", &log_key).await;
    deployment.set_witnesses(&[(&one.url, &one.key), (&two.url, &two.key)]);
    deployment.set_policy("log+witnesses:2+evm:1").await;
    let mut process = deployment.server.start().await;
    let mut issued = Vec::new();
    for round in 0..8_usize {
        for person in 0..5 {
            let email = format!("person{round}.{person}@example.com");
            issued.push((email.clone(), deployment.issue(&email).await));
        }
        let moment = if round % 4 == 0 { Moment::Before } else { Moment::After };
        let email = format!("last{round}@example.com");
        if round % 2 == 0 {
            let (alive, hash) = killed_at(&deployment, process, 1 + round * 7 % 11, moment, &email).await;
            issued.push((email, hash));
            if let Some(alive) = alive {
                alive.kill().await;
            }
        } else {
            issued.push((email.clone(), deployment.issue(&email).await));
            let pause = u64::from_be_bytes((&SystemEntropy as &dyn Entropy).bytes()) % 300;
            tokio::time::sleep(Duration::from_millis(pause)).await;
            process.kill().await;
        }
        deployment.expire_leases().await;
        process = deployment.server.start().await;
    }
    for (email, hash) in &issued {
        deployment.wait_for(email, hash, "ONCHAIN").await;
    }
    deployment.assert_settled().await;
    one_transaction_a_nonce(&deployment).await;
    process.kill().await;
}

on_both_databases!(killed_under_load, under_load);

/// Killed at any request while a transaction is signed anew: of all that were signed for its nonce one is mined.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_replacing() {
    let chain = ChainSetup { mining: Mining::ByHand, ..ChainSetup::default() };
    let setup = ChainServerSetup { chain, ..ChainServerSetup::default() };
    let (deployment, mut process) = ChainServer::start(Database::Sqlite, setup).await;
    for number in 1..=12 {
        let email = format!("person{number}@example.com");
        let hash = deployment.issue(&email).await;
        deployment.pooled().await;
        deployment.run(&["anchor", "replace"]).await.done();
        deployment.proxy.stop_at(number, if number % 2 == 0 { Moment::Before } else { Moment::After });
        deployment.proxy.stopped().await;
        process.kill().await;
        deployment.expire_leases().await;
        deployment.proxy.go_on();
        process = deployment.server.start().await;
        deployment.mine_until(&email, &hash, "ONCHAIN").await;
        deployment.assert_settled().await;
    }
    let nonces: BTreeSet<u64> =
        deployment.transactions().iter().map(|decoded| decoded.transaction.nonce).collect();
    let mined = deployment.chain.transaction_count(&deployment.publisher).await;
    assert_eq!(nonces.len() as u64, mined, "one transaction of each nonce is in a block");
    process.kill().await;
}
