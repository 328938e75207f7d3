//! A process that is killed at any moment loses nothing that it answered, and neither forks nor skips the log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::{Entropy, LeafOp};
use reqwest::Client;
use serde_json::Value;
use support::{
    Auditor, Database, DevServer, Partner, SystemEntropy, TestClock, execute_sql, http_client, query_texts,
};
use tempfile::TempDir;
use tlog::checkpoint::Checkpoint;
use tokio::sync::watch;
use tokio::task::JoinSet;

const ROUNDS: usize = 8;
const ISSUERS: usize = 6;
/// How many credentials each person gets, one replacing the other: revocations are under way all the time, too.
const CREDENTIALS_EACH: usize = 3;

/// What was answered with 200: the person and the hash.
type Answered = Arc<Mutex<Vec<(String, String)>>>;

/// Issues as fast as it can, whether or not somebody is there to answer. Only answers count.
async fn issue_until(
    stop: watch::Receiver<bool>,
    url: String,
    partner: Arc<Partner>,
    name: usize,
    answered: Answered,
) {
    let (client, clock) = (http_client(), TestClock::default());
    for number in 0.. {
        if *stop.borrow() {
            return;
        }
        let email = format!("issuer{name}.person{}@example.com", number / CREDENTIALS_EACH);
        let request = client.post(format!("{url}/v1/credentials/issue-on-behalf"));
        let request =
            request.header("x-partner-auth", partner.token(&email, &clock)).json(&partner.request());
        let Some(body) = answer(request).await else {
            tokio::time::sleep(Duration::from_millis(2)).await;
            continue;
        };
        let hash = body["coreClaimHash"].as_str().expect("a hash").to_owned();
        answered.lock().expect("no panic").push((email, hash));
    }
}

/// The body of a complete answer, which must be a 200; `None` if the server went away before it had answered.
async fn answer(request: reqwest::RequestBuilder) -> Option<Value> {
    let response = request.send().await.ok()?;
    let status = response.status();
    let text = response.text().await.ok()?;
    assert_eq!(status, 200, "{text}");
    Some(serde_json::from_str(&text).expect("JSON"))
}

/// Looks at the checkpoint all the time; every one that differs from the one before.
async fn observe_until(stop: watch::Receiver<bool>, auditor: Auditor) -> Vec<Checkpoint> {
    let mut seen: Vec<Checkpoint> = Vec::new();
    while !*stop.borrow() {
        if let Some(now) = auditor.try_checkpoint().await
            && seen.last() != Some(&now)
        {
            seen.push(now);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    seen
}

fn random_below(limit: u64) -> u64 {
    u64::from_be_bytes((&SystemEntropy as &dyn Entropy).bytes()) % limit
}

/// Waits until so many more requests were answered.
async fn wait_for_answers(answered: &Answered, more: usize) {
    let count = || answered.lock().expect("no panic").len();
    let wanted = count() + more;
    for _ in 0..6000 {
        if count() >= wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no {more} requests were answered within 30 s");
}

/// Kills the server again and again while it is under load, and starts it again each time: now at a random moment, which may
/// be in the middle of starting, now in the middle of answering.
async fn kill_in_a_loop(server: &DevServer, database_url: &str, answered: &Answered) {
    for round in 0..ROUNDS {
        let process = server.spawn();
        if round % 3 == 0 {
            tokio::time::sleep(Duration::from_millis(random_below(500))).await;
        } else {
            wait_for_answers(answered, 10 + random_below(60) as usize).await;
            tokio::time::sleep(Duration::from_millis(random_below(20))).await;
        }
        process.kill().await;
        expire_lease(database_url).await;
    }
}

/// As if the ten seconds had passed after which a dead process's lease ends: the log grows in every round.
async fn expire_lease(database_url: &str) {
    execute_sql(database_url, "UPDATE lease SET expires_at = 0").await;
}

async fn status(client: &Client, url: &str, token: &str, hash: &str) -> String {
    let request = client.get(format!("{url}/v1/credentials/status?coreClaimHash={hash}"));
    let body = answer(request.header("x-partner-auth", token)).await.expect("an answer");
    body["vcStatus"].as_str().expect("a status").to_owned()
}

/// Waits until every credential that was answered is anchored, and so is every revocation; what became of each.
async fn settled(url: &str, partner: &Partner, answered: &[(String, String)]) -> Vec<String> {
    let (client, clock) = (http_client(), TestClock::default());
    let mut found = Vec::new();
    for (email, hash) in answered {
        let token = partner.token(email, &clock);
        let mut last = String::new();
        for _ in 0..3000 {
            last = status(&client, url, &token, hash).await;
            if last == "ONCHAIN" || last == "REMOVE" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(last == "ONCHAIN" || last == "REMOVE", "{hash} is {last} after 30 s");
        found.push(last);
    }
    found
}

async fn count(database_url: &str, what: &str) -> usize {
    let found = query_texts(database_url, &format!("SELECT COUNT(*) || '' FROM {what}")).await;
    found[0].parse().expect("a number")
}

/// Audits the log from outside: nothing is in it twice, nothing that was answered is missing, and every checkpoint that
/// anybody ever saw is part of it.
async fn audit(auditor: &Auditor, database_url: &str, answered: &[(String, String)], seen: &[Checkpoint]) {
    let last = auditor.checkpoint().await;
    for old in seen {
        auditor.assert_consistent(old, &last).await;
    }
    for pair in seen.windows(2) {
        assert!(pair[0].size() <= pair[1].size(), "the log went back to {}", pair[1].size());
    }
    let leaves = auditor.audit(&last).await;
    let distinct: BTreeSet<(&str, &str)> =
        leaves.iter().map(|leaf| (leaf.op.as_str(), leaf.hash.as_str())).collect();
    assert_eq!(distinct.len(), leaves.len(), "no leaf is in the log twice");
    let entries = count(database_url, "ledger_entry").await;
    assert_eq!(leaves.len(), entries, "every ledger entry is a leaf");
    for (_, hash) in answered {
        assert!(distinct.contains(&(LeafOp::Issue.as_str(), hash.as_str())), "{hash} is in the log");
    }
    let lists = count(database_url, "status_digest").await;
    let issued = count(database_url, "credential").await;
    let revoked = count(database_url, "credential WHERE revoked_at IS NOT NULL").await;
    assert_eq!(issued + revoked + lists, entries, "one leaf for each thing that happened");
    assert_eq!(
        issued - revoked,
        count(database_url, "holder").await,
        "each person holds one live credential"
    );
}

/// Whoever was answered several times holds the last credential, unless one was issued after it that nobody heard of.
fn assert_latest_is_live(answered: &[(String, String)], statuses: &[String]) {
    let mut by_person: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for ((email, _), status) in answered.iter().zip(statuses) {
        by_person.entry(email).or_default().push(status);
    }
    for (email, statuses) in by_person {
        let (last, before) = statuses.split_last().expect("one at least");
        assert!(before.iter().all(|status| *status == "REMOVE"), "{email}: {statuses:?}");
        assert!(["ONCHAIN", "REMOVE"].contains(last), "{email}: {statuses:?}");
    }
}

async fn survives(database: Database) {
    let folder: TempDir = tempfile::tempdir().expect("a temporary folder");
    let database_url = database.create(&folder).await;
    let server = DevServer::new(folder.path(), &database_url, &[("BESTOW_LOG_INTERVAL_MS", "5")]);
    let first = server.start().await;
    let partner = Arc::new(server.partner());
    let auditor = Auditor::new(&server.url).await;

    let (stop, stopped) = watch::channel(false);
    let answered = Answered::default();
    let mut issuers = JoinSet::new();
    for name in 0..ISSUERS {
        let (url, partner, answered) = (server.url.clone(), Arc::clone(&partner), Arc::clone(&answered));
        issuers.spawn(issue_until(stopped.clone(), url, partner, name, answered));
    }
    let observer = tokio::spawn(observe_until(stopped, auditor.clone()));
    wait_for_answers(&answered, 50).await;
    first.kill().await;
    expire_lease(&database_url).await;
    kill_in_a_loop(&server, &database_url, &answered).await;

    let process = server.start().await;
    wait_for_answers(&answered, 50).await;
    stop.send(true).expect("they listen");
    while let Some(ended) = issuers.join_next().await {
        ended.expect("every answer was a 200");
    }
    let seen = observer.await.expect("every checkpoint was signed by the log");
    let answered = answered.lock().expect("no panic").clone();
    let statuses = settled(&server.url, &partner, &answered).await;
    assert_latest_is_live(&answered, &statuses);
    audit(&auditor, &database_url, &answered, &seen).await;
    assert!(answered.len() > ROUNDS * ISSUERS, "there was load: {}", answered.len());
    assert!(seen.len() > ROUNDS, "the log grew under it: {} checkpoints", seen.len());
    assert_eq!(server.partner().id, partner.id, "the tenant is the same");
    process.kill().await;
}

mod a_killed_process_loses_nothing_and_never_forks_the_log {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        survives(Database::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        survives(Database::Postgres).await;
    }
}
