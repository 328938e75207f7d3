//! Export and recovery with the real binary: killed in the middle of it, and set back to a backup.

use std::path::Path;
use std::time::Duration;

use model::Entropy;
use support::{
    Auditor, Database, DevServer, FileServer, Partner, Ran, SystemEntropy, TestClock, bestow, copy_database,
    eventually, execute_sql, http_client, on_both_databases, query_texts,
};
use tempfile::TempDir;
use tlog::checkpoint::{Checkpoint, SignedCheckpoint};

const ROUNDS: usize = 6;

/// A deployment whose log is exported into a folder that a stranger serves.
struct Deployment {
    folder: TempDir,
    database_url: String,
    server: DevServer,
    files: FileServer,
}

impl Deployment {
    async fn new(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database_url = database.create(&folder).await;
        let server = DevServer::new(folder.path(), &database_url, &[("BESTOW_LOG_INTERVAL_MS", "5")]);
        let exported = folder.path().join("data/log");
        std::fs::create_dir_all(&exported).expect("a folder");
        let files = FileServer::start(&exported).await;
        Self { folder, database_url, server, files }
    }

    /// Where in the served folder the log is: `127.0.0.1_3a8080/log`.
    fn mirror(&self) -> String {
        let host = self.server.url.trim_start_matches("http://").replace(':', "_3a");
        format!("{}/{host}", self.files.url)
    }

    fn exported(&self) -> Option<u64> {
        let host = self.server.url.trim_start_matches("http://").replace(':', "_3a");
        let file = self.folder.path().join("data/log").join(host).join("log/checkpoint");
        let signed: SignedCheckpoint = std::fs::read_to_string(file).ok()?.parse().ok()?;
        Some(signed.unverified().size())
    }

    async fn issue(&self, partner: &Partner, email: &str) -> Option<String> {
        let token = partner.token(email, &TestClock::default());
        let request = http_client().post(format!("{}/v1/credentials/issue-on-behalf", self.server.url));
        let answer = request.header("x-partner-auth", token).json(&partner.request()).send().await.ok()?;
        let body: serde_json::Value = answer.json().await.ok()?;
        Some(body["coreClaimHash"].as_str()?.to_owned())
    }

    async fn status(&self, partner: &Partner, email: &str, hash: &str) -> String {
        let token = partner.token(email, &TestClock::default());
        let url = format!("{}/v1/credentials/status?coreClaimHash={hash}", self.server.url);
        let answer = http_client().get(url).header("x-partner-auth", token).send().await.expect("an answer");
        let body: serde_json::Value = answer.json().await.expect("JSON");
        body["vcStatus"].as_str().expect("a status").to_owned()
    }

    /// Waits until everything is in the log, and the log is exported; the log's head.
    async fn settled(&self, auditor: &Auditor) -> Checkpoint {
        let waiting = "SELECT id FROM ledger_entry WHERE leaf_index IS NULL";
        eventually("the log has everything", async || {
            query_texts(&self.database_url, waiting).await.is_empty()
        })
        .await;
        let checkpoint = auditor.checkpoint().await;
        eventually("it is exported", async || self.exported() >= Some(checkpoint.size())).await;
        checkpoint
    }

    async fn expire_leases(&self) {
        execute_sql(&self.database_url, "UPDATE lease SET expires_at = 0").await;
    }

    async fn bestow(&self, arguments: &[&str]) -> Ran {
        let data = self.server.data_dir();
        let at = ["--data-dir", data.to_str().expect("a text"), "--database-url", &self.database_url];
        bestow(self.folder.path(), &[arguments, &at].concat(), &[]).await
    }
}

fn random_below(limit: u64) -> u64 {
    u64::from_be_bytes((&SystemEntropy as &dyn Entropy).bytes()) % limit
}

on_both_databases!(an_export_that_is_killed_is_always_whole, async |database: Database| {
    let deployment = Deployment::new(database).await;
    let process = deployment.server.start().await;
    let partner = deployment.server.partner();
    let auditor = Auditor::new(&deployment.server.url).await;
    let mirror = auditor.clone().at(&deployment.mirror());
    let mut process = Some(process);
    let mut seen: Vec<Checkpoint> = Vec::new();
    for round in 0..ROUNDS {
        let running = match process.take() {
            Some(process) => process,
            None => deployment.server.start().await,
        };
        for person in 0..60 {
            deployment.issue(&partner, &format!("person{round}.{person}@example.com")).await.expect("issued");
        }
        tokio::time::sleep(Duration::from_millis(random_below(1500))).await;
        running.kill().await;
        deployment.expire_leases().await;
        // Nothing runs. Whatever was exported is a whole log.
        if deployment.exported().is_some() {
            let now = mirror.checkpoint().await;
            mirror.audit(&now).await;
            for old in &seen {
                mirror.assert_consistent(old, &now).await;
            }
            seen.push(now);
        }
    }
    let process = deployment.server.start().await;
    let last = deployment.settled(&auditor).await;
    let now = mirror.checkpoint().await;
    assert!(
        now.size() >= last.size() && last.size() >= (ROUNDS * 60) as u64,
        "{} {}",
        now.size(),
        last.size()
    );
    mirror.audit(&now).await;
    for old in &seen {
        mirror.assert_consistent(old, &now).await;
    }
    process.kill().await;
});

/// Puts a copy of a database in the place of the database that the deployment uses.
async fn restore(deployment: &mut Deployment, backup: &str) {
    if let (Some(from), Some(to)) =
        (backup.strip_prefix("sqlite:"), deployment.database_url.strip_prefix("sqlite:"))
    {
        for end in ["-wal", "-shm"] {
            let file = format!("{to}{end}");
            if Path::new(&file).exists() {
                std::fs::remove_file(file).expect("removed");
            }
        }
        std::fs::copy(from, to).expect("copied");
    } else {
        backup.clone_into(&mut deployment.database_url);
        deployment.server.set_database_url(backup);
    }
    deployment.expire_leases().await;
}

on_both_databases!(a_restored_backup_is_noticed_and_brought_up_to_date, async |database: Database| {
    let mut deployment = Deployment::new(database).await;
    let process = deployment.server.start().await;
    let partner = deployment.server.partner();
    let auditor = Auditor::new(&deployment.server.url).await;
    for person in 0..10 {
        deployment.issue(&partner, &format!("person{person}@example.com")).await.expect("issued");
    }
    let old = deployment.settled(&auditor).await;
    process.kill().await;
    let backup = copy_database(&deployment.database_url, &deployment.folder).await;

    deployment.expire_leases().await;
    let process = deployment.server.start().await;
    for person in 10..30 {
        deployment.issue(&partner, &format!("person{person}@example.com")).await.expect("issued");
    }
    let seen = deployment.settled(&auditor).await;
    process.kill().await;

    restore(&mut deployment, &backup).await;
    let process = deployment.server.start().await;
    let hash = deployment.issue(&partner, "new@example.com").await.expect("it issues");
    eventually("it says so", async || {
        let halt = "SELECT value FROM deployment WHERE name = 'log.halted'";
        !query_texts(&deployment.database_url, halt).await.is_empty()
    })
    .await;
    assert_eq!(deployment.status(&partner, "new@example.com", &hash).await, "WAIT_ONCHAIN");
    assert_eq!(auditor.checkpoint().await, old, "nothing was signed");
    let doctor = deployment.bestow(&["doctor"]).await;
    assert_eq!(doctor.code, Some(1), "{doctor:?}");
    let line =
        doctor.out.lines().find(|line| line.starts_with("FAIL  log")).expect("a line on the log").to_owned();
    for part in ["older backup", "bestow log recover --from", "bestow log restart --origin", "data/log"] {
        assert!(line.contains(part), "{line}");
    }
    assert!(process.log().contains("nothing is signed"), "{}", process.log());

    deployment
        .bestow(&["log", "recover", "--from", "/nowhere"])
        .await
        .refuses(1, "/nowhere has no `checkpoint`");
    let url = deployment.files.url.clone();
    let recovered = deployment.bestow(&["log", "recover", "--from", &url, "--json"]).await.json();
    assert_eq!(recovered["size"], seen.size(), "{recovered}");
    assert_eq!(recovered["recoveredLeaves"], seen.size() - old.size(), "{recovered}");
    let again = deployment.bestow(&["log", "recover", "--json"]).await.json();
    assert_eq!(again["recoveredLeaves"], 0, "{again}");

    // The process that was there all the time goes on.
    eventually("it goes on", async || {
        deployment.status(&partner, "new@example.com", &hash).await == "ONCHAIN"
    })
    .await;
    let now = deployment.settled(&auditor).await;
    for checkpoint in [&old, &seen] {
        auditor.assert_consistent(checkpoint, &now).await;
    }
    auditor.audit(&now).await;
    auditor.clone().at(&deployment.mirror()).assert_consistent(&seen, &now).await;
    let doctor = deployment.bestow(&["doctor"]).await;
    assert!(doctor.out.contains("ok    log "), "{doctor:?}");
    assert!(doctor.out.contains("ok    export"), "{doctor:?}");
    process.kill().await;
});

on_both_databases!(a_log_is_given_up_only_when_that_is_meant, async |database: Database| {
    let deployment = Deployment::new(database).await;
    let process = deployment.server.start().await;
    let partner = deployment.server.partner();
    let auditor = Auditor::new(&deployment.server.url).await;
    let hash = deployment.issue(&partner, "ada@example.com").await.expect("issued");
    let old = deployment.settled(&auditor).await;
    process.kill().await;
    deployment.expire_leases().await;
    let name = "log.example/again";
    deployment.bestow(&["log", "restart", "--origin", name]).await.refuses(1, "say it again with --yes");
    let done = deployment.bestow(&["log", "restart", "--origin", name, "--yes", "--json"]).await.json();
    assert_eq!((done["origin"].as_str(), done["formerOrigin"].as_str()), (Some(name), Some(old.origin())));
    assert_eq!(done["queued"], old.size(), "{done}");

    let process = deployment.server.start().await;
    let auditor = Auditor::new(&deployment.server.url).await;
    assert_eq!(auditor.key().to_string(), done["key"].as_str().expect("a key"));
    eventually("it is logged again", async || {
        deployment.status(&partner, "ada@example.com", &hash).await == "ONCHAIN"
    })
    .await;
    let now = auditor.checkpoint().await;
    assert_eq!(now.origin(), name);
    auditor.audit(&now).await;
    assert_eq!(deployment.exported(), Some(old.size()), "the old log's export stays");
    process.kill().await;
});
