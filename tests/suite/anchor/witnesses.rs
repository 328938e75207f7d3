//! Having witnesses: as many as are needed, whatever the others do.

use std::time::Duration;

use serde_json::json;
use support::{
    Auditor, ChainServer, ChainServerSetup, Database, JwksHost, Reply, WitnessServer, eventually,
    on_both_databases,
};
use tlog::key::VerifierKey;
use tlog::tlog_proof::TlogProof;

const ADA: &str = "ada@example.com";

async fn deployment(database: Database) -> ChainServer {
    let settings = [("BESTOW_WITNESSES_TIMEOUT_SECONDS", "1")];
    let setup = ChainServerSetup { policy: "log", settings: &settings, ..ChainServerSetup::default() };
    ChainServer::new(database, setup).await
}

/// How many of these witnesses have signed the checkpoint of the credential's proof.
async fn cosigned(deployment: &ChainServer, hash: &str, keys: &[&str]) -> usize {
    let path = format!("/v1/credentials/proof?coreClaimHash={hash}");
    let (status, proof) = deployment.ask(reqwest::Method::GET, &path, ADA, None).await;
    assert_eq!(status, 200, "{proof}");
    let proof: TlogProof = proof.as_str().expect("a text").parse().expect("a proof");
    let keys: Vec<VerifierKey> = keys.iter().map(|key| key.parse().expect("a key")).collect();
    keys.iter().filter(|key| proof.checkpoint().note().verify(std::slice::from_ref(*key)).is_ok()).count()
}

on_both_databases!(two_of_three_are_enough, async |database: Database| {
    let mut deployment = deployment(database).await;
    let log_key = deployment.log_key();
    let (one, one_runs) = WitnessServer::start("one.example/witness", &log_key).await;
    let (two, two_runs) = WitnessServer::start("two.example/witness", &log_key).await;
    let (three, three_runs) = WitnessServer::start("three.example/witness", &log_key).await;
    deployment.set_witnesses(&[(&one.url, &one.key), (&two.url, &two.key), (&three.url, &three.key)]);
    deployment.set_policy("log+witnesses:2").await;
    let process = deployment.server.start().await;
    one_runs.kill().await;
    let hash = deployment.issue(ADA).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    let keys = [one.key.as_str(), &two.key, &three.key];
    assert_eq!(cosigned(&deployment, &hash, &keys).await, 2);

    // With two away, it waits; with one of them back, it is done.
    two_runs.kill().await;
    let another = deployment.issue("bob@example.com").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(deployment.status("bob@example.com", &another).await, "WAIT_ONCHAIN");
    let _one_again = one.start_again().await;
    deployment.wait_for("bob@example.com", &another, "ONCHAIN").await;
    // The one that was away catches up.
    let _two_again = two.start_again().await;
    eventually("all have signed", async || cosigned(&deployment, &another, &keys).await == 3).await;
    drop(three_runs);
    process.kill().await;
});

/// A witness that is slow, or answers rubbish, or signs with another key, is not counted, and holds
/// nobody up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_fails_is_not_counted() {
    let mut deployment = deployment(Database::Sqlite).await;
    let log_key = deployment.log_key();
    let (good, _good) = WitnessServer::start("good.example/witness", &log_key).await;
    let (foreign, _foreign) = WitnessServer::start("foreign.example/witness", &log_key).await;
    let (other, _other) = WitnessServer::start("foreign.example/witness", &log_key).await;
    let replies = [
        Reply::ok("late").after(Duration::from_secs(600)),
        Reply::ok("rubbish\n"),
        Reply::ok("\u{2014} good.example/witness AAAA\n"),
        Reply::ok("x".repeat(1 << 20)),
        Reply::ok("").status(500),
        Reply::ok("").status(404),
        Reply::ok("many\n").status(409).header("content-type", "text/x.tlog.size"),
        Reply::ok("").status(307).header("location", &format!("{}/add-checkpoint", good.url)),
    ];
    let mut hosts = Vec::new();
    for reply in replies {
        hosts.push(JwksHost::start(reply).await);
    }
    let mut witnesses: Vec<(String, String)> = Vec::new();
    for (number, host) in hosts.iter().enumerate() {
        let url = host.url.trim_end_matches("/jwks.json").to_owned();
        // Keys of witnesses that have nothing to do with it.
        let (stranger, _) =
            WitnessServer::start(&format!("stranger{number}.example/witness"), &log_key).await;
        witnesses.push((url, stranger.key));
    }
    // It signs, but not with the key by which it is known.
    witnesses.push((foreign.url.clone(), other.key.clone()));
    witnesses.push((good.url.clone(), good.key.clone()));
    let borrowed: Vec<(&str, &str)> =
        witnesses.iter().map(|(url, key)| (url.as_str(), key.as_str())).collect();
    deployment.set_witnesses(&borrowed);
    deployment.set_policy("log+witnesses:2").await;
    let process = deployment.server.start().await;
    let hash = deployment.issue(ADA).await;
    eventually("all were asked", async || hosts.iter().all(|host| host.asked() > 0)).await;
    eventually("the good one has signed", async || {
        let signed = deployment.anchor(ADA, &hash).await["witnesses"]["cosignatures"].clone();
        signed == json!(["good.example/witness"])
    })
    .await;
    assert_eq!(deployment.status(ADA, &hash).await, "WAIT_ONCHAIN");
    deployment.set_policy("log+witnesses:1").await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    let keys: Vec<&str> = witnesses.iter().map(|(_, key)| key.as_str()).collect();
    assert_eq!(cosigned(&deployment, &hash, &keys).await, 1);
    process.kill().await;
}

/// A witness that has seen a longer log is a reason to sign nothing: this may be an older database. The operator is told which
/// one, and decides.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_of_a_longer_log_stops_this_one() {
    let mut deployment = deployment(Database::Sqlite).await;
    let longer = Reply::ok("999999\n").status(409).header("content-type", "text/x.tlog.size");
    let host = JwksHost::start(longer).await;
    let (stranger, _) = WitnessServer::start("stranger.example/witness", &deployment.log_key()).await;
    let url = host.url.trim_end_matches("/jwks.json").to_owned();
    let process = deployment.server.start().await;
    let first = deployment.issue(ADA).await;
    deployment.wait_for(ADA, &first, "ONCHAIN").await;
    process.kill().await;
    deployment.expire_leases().await;
    deployment.set_witnesses(&[(&url, &stranger.key)]);
    let process = deployment.server.start().await;
    let second = deployment.issue("bob@example.com").await;
    eventually("it is said", async || {
        let log = process.log();
        log.contains("stranger.example/witness")
            && log.contains("999999")
            && log.contains("bestow log recover")
    })
    .await;
    assert_eq!(deployment.status("bob@example.com", &second).await, "WAIT_ONCHAIN");
    process.kill().await;
    deployment.expire_leases().await;
    deployment.set_witnesses(&[]);
    let process = deployment.server.start().await;
    deployment.wait_for("bob@example.com", &second, "ONCHAIN").await;
    process.kill().await;
}

/// Two deployments vouch for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_deployments_witness_each_other() {
    let mut pair = [deployment(Database::Sqlite).await, deployment(Database::Sqlite).await];
    let keys = [pair[0].log_key(), pair[1].log_key()];
    let mut witnesses = Vec::new();
    for (here, there) in [(0, 1), (1, 0)] {
        pair[here].set("BESTOW_WITNESS_LOGS", &keys[there]);
        let process = pair[here].server.start().await;
        let url = format!("{}/witness", pair[here].server.url);
        let key = reqwest_text(&format!("{url}/key")).await;
        witnesses.push((url, key));
        process.kill().await;
        pair[here].expire_leases().await;
    }
    for (here, there) in [(0, 1), (1, 0)] {
        pair[here].set_witnesses(&[(&witnesses[there].0, &witnesses[there].1)]);
        pair[here].set_policy("log+witnesses:1").await;
    }
    let (one, two) = (pair[0].server.start().await, pair[1].server.start().await);
    for (here, there) in [(0, 1), (1, 0)] {
        let hash = pair[here].issue(ADA).await;
        pair[here].wait_for(ADA, &hash, "ONCHAIN").await;
        assert_eq!(cosigned(&pair[here], &hash, &[&witnesses[there].1]).await, 1);
    }
    let auditor = Auditor::new(&pair[0].server.url).await;
    assert!(auditor.checkpoint().await.size() >= 1);
    one.kill().await;
    two.kill().await;
}

async fn reqwest_text(url: &str) -> String {
    let answer = support::http_client().get(url).send().await.expect("an answer");
    answer.text().await.expect("a text").trim_end().to_owned()
}
