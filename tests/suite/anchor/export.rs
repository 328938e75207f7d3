//! The log's export: files that any server can serve, whatever happens while they are written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anchor::{AnchorError, ExportError, Turn};
use blobs::{BlobSettings, Blobs};
use futures_util::future::join_all;
use support::{
    Auditor, Database, FileServer, Partner, S3Server, Server, Setup, SystemEntropy, copy_database,
    execute_sql, on_both,
};
use tempfile::TempDir;
use tlog::checkpoint::SignedCheckpoint;

/// Where the log of these servers is in an export.
const LOG: &str = "test.example/log";

/// A server whose log grows, and is exported into `place`, only when the test says so.
fn by_hand(place: BlobSettings) -> Setup {
    Setup { sequencer: false, export: Some(place), ..Setup::default() }
}

fn in_folder(folder: &TempDir) -> Setup {
    by_hand(BlobSettings::Folder(folder.path().to_owned()))
}

/// Issues so many credentials and puts them into the log at once.
async fn grow(server: &Server, partner: &Partner, people: std::ops::Range<usize>) {
    let emails: Vec<String> = people.map(|number| format!("person{number}@example.com")).collect();
    join_all(emails.iter().map(async |email| {
        let token = partner.token(email, &server.clock);
        server.issued(&token, &partner.request()).await
    }))
    .await;
    expire_lease(server).await;
    let sequencer = server.sequencer();
    while sequencer.turn().await.expect("extends the log") != Some(0) {}
}

async fn export(server: &Server) {
    let export = server.export.as_ref().expect("it is exported");
    assert_eq!(export.turn().await.expect("exports"), Turn::Done);
}

/// All files of a folder, by their paths below it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below it").to_str().expect("a text").to_owned();
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

/// Every file is what the server answers at its path, byte for byte.
async fn assert_served(server: &Server, files: &BTreeMap<String, Vec<u8>>) {
    let auditor = Auditor::new(&server.url).await;
    for (path, bytes) in files {
        assert_eq!(auditor.get(path).await, (200, bytes.clone()), "{path}");
    }
}

on_both!(every_file_is_what_the_server_serves, async |server: Server| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = server.afresh(in_folder(&folder)).await;
    let log = folder.path().join(LOG);
    export(&server).await;
    let empty = files(&log);
    assert_eq!(empty.keys().collect::<Vec<_>>(), ["checkpoint", "key"], "an empty log has a checkpoint");
    assert_served(&server, &empty).await;

    let partner = server.partner("acme").await;
    let mut first = 0;
    for batch in [1, 3, 200, 51, 1, 4] {
        grow(&server, &partner, first..first + batch).await;
        first += batch;
        export(&server).await;
        assert_served(&server, &files(&log)).await;
    }
    let exported = files(&log);
    let names: Vec<&str> = exported.keys().map(String::as_str).collect();
    // Of a tile that is full no partial one is left, of one that is not those that somebody may still look for.
    let expected = [
        "checkpoint",
        "key",
        "tile/0/000",
        "tile/0/001.p/4",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/4",
    ];
    assert_eq!(names, expected);
    grow(&server, &partner, first..first + 2).await;
    export(&server).await;
    assert!(files(&log).contains_key("tile/0/001.p/4") && files(&log).contains_key("tile/0/001.p/6"));

    // Nothing new: nothing is written, and the lease is not asked for.
    execute_sql(&server.database_url, "DELETE FROM lease WHERE name = 'export'").await;
    export(&server).await;
    let leases =
        support::query_texts(&server.database_url, "SELECT name FROM lease WHERE name = 'export'").await;
    assert!(leases.is_empty());
});

on_both!(any_file_server_is_a_mirror, async |server: Server| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = server.afresh(in_folder(&folder)).await;
    let partner = server.partner("acme").await;
    let files = FileServer::start(folder.path()).await;
    let mirror = Auditor::new(&server.url).await.at(&format!("{}/test.example", files.url));
    grow(&server, &partner, 0..10).await;
    export(&server).await;
    let before = mirror.checkpoint().await;
    mirror.audit(&before).await;
    grow(&server, &partner, 10..300).await;
    export(&server).await;
    let after = mirror.checkpoint().await;
    assert_eq!((before.size(), after.size()), (10, 300));
    mirror.assert_consistent(&before, &after).await;
    assert_eq!(mirror.audit(&after).await.len(), 300);
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_gets_the_same() {
    let s3 = S3Server::start().await;
    let server = Server::start_with(Database::Sqlite, by_hand(s3.bucket("logs/one"))).await;
    let partner = server.partner("acme").await;
    for people in [0..250, 250..300] {
        grow(&server, &partner, people).await;
        export(&server).await;
    }
    let blobs = Blobs::open(&s3.bucket("logs/one")).expect("a store");
    let mut found = BTreeMap::new();
    for key in blobs.list(LOG, 100).await.expect("keys") {
        let bytes = blobs.get(&key, 1 << 20).await.expect("answers").expect("is there");
        found.insert(key.strip_prefix(&format!("{LOG}/")).expect("below the log").to_owned(), bytes);
    }
    assert!(found.contains_key("checkpoint") && found.contains_key("tile/0/000"), "{:?}", found.keys());
    assert!(!found.contains_key("tile/0/000.p/250"), "{:?}", found.keys());
    assert_served(&server, &found).await;
    let seen =
        server.export.as_ref().expect("exported").seen().await.expect("answers").expect("a checkpoint");
    assert_eq!(seen.unverified().size(), 300);
    drop(s3);
    // The bucket is gone: the export says so, and a process that does not know yet what others have seen signs nothing.
    grow_without_sequencing(&server, &partner).await;
    let refused = server.sequencer().turn().await.expect_err("nobody remembers");
    assert!(matches!(&refused, AnchorError::Silent(_)), "{refused}");
    assert!(!refused.to_string().contains("very-secret"), "{refused}");
    assert_eq!(server.log.halt().await.expect("answers"), Some(refused.to_string()));
}

async fn grow_without_sequencing(server: &Server, partner: &Partner) {
    let token = partner.token("waiting@example.com", &server.clock);
    server.issued(&token, &partner.request()).await;
}

on_both!(what_was_interrupted_comes_right, async |server: Server| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = server.afresh(in_folder(&folder)).await;
    let partner = server.partner("acme").await;
    grow(&server, &partner, 0..300).await;
    // As if each file that is written were the last one: what is there when the export begins must not matter.
    export(&server).await;
    let log = folder.path().join(LOG);
    let whole = files(&log);
    let tiles: Vec<&String> = whole.keys().filter(|name| name.starts_with("tile/")).collect();
    for interrupted in 0..=tiles.len() {
        fs::remove_dir_all(&log).expect("removed");
        for name in &tiles[..interrupted] {
            fs::create_dir_all(log.join(name).parent().expect("a folder")).expect("made");
            fs::write(log.join(name), &whole[*name]).expect("written");
        }
        // Another process: it knows nothing of what this one has written.
        let other = server.replica(in_folder(&folder)).await;
        expire_lease(&server).await;
        export(&other).await;
        assert_eq!(files(&log), whole, "{interrupted}");
    }
});

async fn expire_lease(server: &Server) {
    execute_sql(&server.database_url, "UPDATE lease SET expires_at = 0").await;
}

on_both!(two_processes_export_by_turns, async |server: Server| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = server.afresh(in_folder(&folder)).await;
    let replica = server.replica(in_folder(&folder)).await;
    let partner = server.partner("acme").await;
    let log = folder.path().join(LOG);
    for round in 0..6 {
        grow(&server, &partner, round * 60..(round + 1) * 60).await;
        let (ours, theirs) = if round % 2 == 0 { (&server, &replica) } else { (&replica, &server) };
        expire_lease(&server).await;
        export(ours).await;
        let exported = files(&log);
        assert_eq!(exported["checkpoint"], server.log.checkpoint().await.expect("answers").as_bytes());
        // Not its turn.
        export(theirs).await;
        assert_eq!(files(&log), exported);
        assert_served(&server, &exported).await;
    }
});

on_both!(a_newer_export_is_never_replaced, async |server: Server| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = server.afresh(in_folder(&folder)).await;
    let partner = server.partner("acme").await;
    grow(&server, &partner, 0..20).await;
    export(&server).await;
    server.store.close().await;
    let backup = copy_database(&server.database_url, &folder).await;
    let newer = server.on_copy(&server.database_url, in_folder(&folder)).await;
    grow(&newer, &partner, 20..30).await;
    expire_lease(&newer).await;
    export(&newer).await;
    let log = folder.path().join(LOG);
    let exported = files(&log);

    let older = server.on_copy(&backup, in_folder(&folder)).await;
    expire_lease(&older).await;
    let refused = older.export.as_ref().expect("exported").turn().await.expect_err("it is behind");
    let ExportError::Anchor(AnchorError::Behind(behind)) = &refused else { panic!("{refused}") };
    assert_eq!((behind.seen, behind.here, behind.parted), (30, 20, false));
    for part in [
        "the export (test.example/log)",
        "bestow log recover",
        "bestow log restart",
        "30 leaves",
        "20 leaves",
    ] {
        assert!(refused.to_string().contains(part), "{refused}");
    }
    // It signed another history, with as many leaves and with more.
    let forked = server.on_copy(&backup, Setup { sequencer: false, ..Setup::default() }).await;
    for people in [100..110, 110..115] {
        grow(&forked, &partner, people).await;
        expire_lease(&older).await;
        let refused = older.export.as_ref().expect("exported").turn().await.expect_err("it has forked");
        let ExportError::Anchor(AnchorError::Behind(behind)) = &refused else { panic!("{refused}") };
        assert!(behind.parted, "{refused}");
    }
    assert_eq!(files(&log), exported);
});

on_both!(another_logs_files_are_left_alone, async |server: Server| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = server.afresh(in_folder(&folder)).await;
    let partner = server.partner("acme").await;
    export(&server).await;
    let stranger = server.afresh(in_folder(&folder)).await;
    grow_without_sequencing(&server, &partner).await;
    let refused = stranger.export.as_ref().expect("exported").turn().await.expect_err("not its own");
    assert!(matches!(&refused, ExportError::Foreign { .. }), "{refused}");
    let refused = stranger.sequencer().turn().await.expect_err("nobody remembers it");
    assert!(matches!(&refused, AnchorError::Silent(_)), "{refused}");
    assert!(stranger.log.halt().await.expect("answers").is_some());
    let log = folder.path().join(LOG);
    let there: SignedCheckpoint =
        String::from_utf8(files(&log)["checkpoint"].clone()).expect("a text").parse().expect("a checkpoint");
    assert!(there.verify(LOG, server.log.verifier_key()).is_ok());

    fs::remove_dir_all(&log).expect("moved away");
    assert_eq!(stranger.sequencer().turn().await.expect("goes on"), Some(0));
    assert_eq!(stranger.log.halt().await.expect("answers"), None);
    let entropy: &dyn model::Entropy = &SystemEntropy;
    let garbage = entropy.bytes::<32>();
    fs::create_dir_all(&log).expect("made");
    fs::write(log.join("checkpoint"), garbage).expect("written");
    let refused = stranger.export.as_ref().expect("exported").turn().await.expect_err("no checkpoint");
    assert!(matches!(&refused, ExportError::Foreign { .. }), "{refused}");
});
