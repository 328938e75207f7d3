//! A log that is given up: another one begins, and has everything that the database knows.

use std::collections::BTreeMap;
use std::fs;

use anchor::{AnchorError, RecoverError, restart};
use blobs::BlobSettings;
use futures_util::future::join_all;
use support::{Auditor, Partner, Server, Setup, SystemEntropy, execute_sql, on_both, query_texts};
use tempfile::TempDir;

const OLD: &str = "test.example/log";
const NEW: &str = "test.example/log2";

fn by_hand(folder: &TempDir) -> Setup {
    Setup {
        sequencer: false,
        export: Some(BlobSettings::Folder(folder.path().to_owned())),
        ..Setup::default()
    }
}

async fn grow(server: &Server, partner: &Partner, people: std::ops::Range<usize>) -> Vec<(String, String)> {
    let issued = join_all(people.map(async |number| {
        let token = partner.token(&format!("person{number}@example.com"), &server.clock);
        let issued = server.issued(&token, &partner.request()).await;
        (token, issued["coreClaimHash"].as_str().expect("a hash").to_owned())
    }))
    .await;
    sequence(server).await;
    issued
}

async fn sequence(server: &Server) {
    execute_sql(&server.database_url, "UPDATE lease SET expires_at = 0").await;
    let sequencer = server.sequencer();
    while sequencer.turn().await.expect("extends the log") != Some(0) {}
}

async fn export(server: &Server) {
    execute_sql(&server.database_url, "UPDATE lease SET expires_at = 0").await;
    server.export.as_ref().expect("it is exported").turn().await.expect("exports");
}

fn exported(folder: &TempDir, origin: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = folder.path().join(origin);
    let files = ["checkpoint", "key", "tile/0/000", "tile/entries/000", "tile/entries/001.p/44"];
    files.into_iter().filter_map(|name| Some((name.to_owned(), fs::read(folder.join(name)).ok()?))).collect()
}

on_both!(everything_is_logged_again_in_its_order, async |server: Server| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = server.afresh(by_hand(&folder)).await;
    let partner = server.partner("acme").await;
    let mut issued = grow(&server, &partner, 0..40).await;
    issued.extend(grow(&server, &partner, 40..300).await);
    export(&server).await;
    let auditor = Auditor::new(&server.url).await;
    let old = auditor.audit(&auditor.checkpoint().await).await;
    let files = exported(&folder, OLD);
    assert_eq!(files.len(), 5);
    // One waits: it goes behind all that were in the log, although clocks differ.
    let token = partner.token("waiting@example.com", &server.clock);
    server.issued(&token, &partner.request()).await;
    let sql = "UPDATE ledger_entry SET queued_at = queued_at - 3600000000 WHERE leaf_index IS NULL";
    execute_sql(&server.database_url, sql).await;

    execute_sql(&server.database_url, "UPDATE lease SET expires_at = 0").await;
    let queued = restart(&server.store, OLD, NEW, &*server.clock, &SystemEntropy).await.expect("restarts");
    assert_eq!(queued, 301);
    let refused = server.log.checkpoint().await.expect_err("this process has the old log open");
    assert!(matches!(&refused, AnchorError::Gone(origin) if origin == OLD), "{refused}");
    let refused = server.sequencer().turn().await.expect_err("it cannot be extended either");
    assert!(matches!(&refused, AnchorError::Gone(_)), "{refused}");
    assert_eq!(query_texts(&server.database_url, "SELECT origin FROM log_head").await, Vec::<String>::new());

    let reborn = server.replica(by_hand(&folder)).await;
    assert_eq!(reborn.log.origin(), NEW);
    assert_eq!(reborn.status(&issued[0].0, &issued[0].1).await.json()["vcStatus"], "WAIT_ONCHAIN");
    sequence(&reborn).await;
    export(&reborn).await;
    let auditor = Auditor::new(&reborn.url).await;
    let checkpoint = auditor.checkpoint().await;
    assert_eq!((checkpoint.origin(), checkpoint.size()), (NEW, 301));
    let new = auditor.audit(&checkpoint).await;
    assert_eq!(new[..300], old[..]);
    assert_eq!(reborn.status(&issued[299].0, &issued[299].1).await.json()["vcStatus"], "ONCHAIN");
    assert_eq!(exported(&folder, OLD), files, "the old log's files stay");
    let files = exported(&folder, NEW);
    let key = String::from_utf8(files["key"].clone()).expect("a text");
    assert_eq!(key, format!("{}\n", reborn.log.verifier_key()));
    assert_ne!(reborn.log.verifier_key(), server.log.verifier_key());
});

on_both!(a_name_is_used_once, async |server: Server| {
    let server = server.afresh(Setup { sequencer: false, ..Setup::default() }).await;
    let again = async |old: &str, new: &str| {
        execute_sql(&server.database_url, "UPDATE lease SET expires_at = 0").await;
        restart(&server.store, old, new, &*server.clock, &SystemEntropy).await
    };
    for name in ["", "with space", "with+plus", "two\nlines"] {
        let refused = again(OLD, name).await.expect_err(name);
        assert!(matches!(refused, RecoverError::Name(_)), "{refused}");
    }
    assert!(matches!(again(OLD, OLD).await, Err(RecoverError::Used(_))));
    assert!(again("test.example/other", NEW).await.is_err(), "that is not its name");
    assert_eq!(again(OLD, NEW).await.expect("restarts"), 0);
    assert!(matches!(again(NEW, OLD).await, Err(RecoverError::Used(_))), "it was named so before");
    assert_eq!(again(NEW, "test.example/log3").await.expect("restarts"), 0);
    assert!(matches!(again("test.example/log3", NEW).await, Err(RecoverError::Used(_))));
});
