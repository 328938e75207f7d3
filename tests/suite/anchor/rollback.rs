//! The database is restored from an older backup, while the chain has seen a longer log: nothing is signed until the log is whole
//! again.

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use support::{Auditor, ChainServer, ChainServerSetup, Database, eventually, on_both_databases};
use tlog::checkpoint::SignedCheckpoint;

const ADA: &str = "ada@example.com";

/// A copy of a database that nobody uses at the moment; its URL.
async fn copy(deployment: &ChainServer, name: &str) -> String {
    let url = &deployment.database_url;
    if let Some(file) = url.strip_prefix("sqlite:") {
        let target = deployment.folder().join(format!("{name}.db"));
        for end in ["", "-wal", "-shm"] {
            let source = format!("{file}{end}");
            if Path::new(&source).exists() {
                std::fs::copy(source, format!("{}{end}", target.display())).expect("copied");
            }
        }
        return format!("sqlite:{}", target.display());
    }
    let (server, database) = url.rsplit_once('/').expect("a database's name");
    let name = format!("{database}_{name}");
    let mut connection = PgConnection::connect(server).await.expect("PostgreSQL answers");
    // The connections of a process that was killed end a little after it.
    let statement = format!("CREATE DATABASE {name} TEMPLATE {database}");
    let mut copied = sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut connection).await;
    for _ in 0..200 {
        if copied.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        copied = sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut connection).await;
    }
    copied.expect("a copy");
    format!("{server}/{name}")
}

/// The size of the newest checkpoint in a folder of the export, wherever in it that is.
fn exported(folder: &Path) -> Option<u64> {
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).ok()? {
            let path = entry.ok()?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name == "checkpoint") {
                let checkpoint: SignedCheckpoint = std::fs::read_to_string(path).ok()?.parse().ok()?;
                return Some(checkpoint.unverified().size());
            }
        }
    }
    None
}

on_both_databases!(an_older_database_signs_nothing, async |database: Database| {
    let mut deployment = ChainServer::new(database, ChainServerSetup::default()).await;
    let export = deployment.folder().join("export");
    deployment.set("BESTOW_LOG_EXPORT_FOLDER", export.to_str().expect("a text"));
    let process = deployment.server.start().await;
    let hash = deployment.issue(ADA).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    process.kill().await;
    let backup = copy(&deployment, "backup").await;

    deployment.expire_leases().await;
    let process = deployment.server.start().await;
    for person in ["bob", "cyd"] {
        let email = format!("{person}@example.com");
        let hash = deployment.issue(&email).await;
        deployment.wait_for(&email, &hash, "ONCHAIN").await;
    }
    deployment.assert_settled().await;
    let auditor = Auditor::new(&deployment.server.url).await;
    let seen = auditor.checkpoint().await;
    eventually("it is exported", async || exported(&export) == Some(seen.size())).await;
    process.kill().await;

    // The older one, and the chain as the only witness of what was.
    deployment.database_url = backup;
    deployment.server.set_database_url(&deployment.database_url.clone());
    let empty = deployment.folder().join("another-export");
    deployment.set("BESTOW_LOG_EXPORT_FOLDER", empty.to_str().expect("a text"));
    deployment.expire_leases().await;
    let sent = deployment.proxy.sent().len();
    let process = deployment.server.start().await;
    let new = deployment.issue("dan@example.com").await;
    eventually("it is said how to go on", async || process.log().contains("bestow log recover")).await;
    assert_eq!(deployment.status("dan@example.com", &new).await, "WAIT_ONCHAIN");
    let before = auditor.checkpoint().await;
    assert!(before.size() < seen.size(), "nothing is signed: {}", before.size());
    assert_eq!(deployment.proxy.sent().len(), sent, "nothing is sent");
    let queue = deployment.run(&["anchor", "status"]).await;
    assert!(queue.done().contains("bestow log recover"), "{queue:?}");

    // Without a restart, it goes on when the log is whole again.
    deployment.run(&["log", "recover", "--from", export.to_str().expect("a text")]).await.done();
    deployment.wait_for("dan@example.com", &new, "ONCHAIN").await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    deployment.assert_settled().await;
    auditor.assert_consistent(&seen, &auditor.checkpoint().await).await;
    process.kill().await;
});
