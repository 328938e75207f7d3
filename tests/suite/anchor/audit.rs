//! `bestow log audit`: whole logs, of a server and as files, good ones and others.

use std::fs;

use futures_util::future::join_all;
use model::{Actor, LeafOp, TenantId};
use serde_json::{Value, json};
use support::{Partner, Ran, Server, bestow, nowhere, on_both};
use tlog::cosignature::Cosigner;
use tlog::note::NoteSigner;

use super::made_log::{MadeLog, ORIGIN, Place, issued, leaf};

async fn issue(server: &Server, partner: &Partner, people: std::ops::Range<usize>) -> Vec<String> {
    let issue = async |number: usize| {
        let token = partner.token(&format!("person{number}@example.com"), &server.clock);
        let answer = server.issued(&token, &partner.request()).await;
        answer["coreClaimHash"].as_str().expect("a hash").to_owned()
    };
    join_all(people.map(issue)).await
}

async fn revoke(server: &Server, partner: &Partner, hash: &str) {
    let tenant = TenantId::from(partner.id.as_str());
    let hash = hash.parse().expect("a hash");
    server.engine.revoke(&Actor::operator(), &tenant, hash).await.expect("revokes");
}

/// Waits until nothing waits for a checkpoint.
async fn settled(server: &Server) {
    support::eventually("nothing waits", async || server.log.pending().await.expect("answers").0 == 0).await;
}

async fn audit(place: &Place, server: &Server, more: &[&str]) -> Ran {
    place.run(&[&["log", "audit", &server.url], more].concat()).await
}

on_both!(a_server_holds_and_has_grown, async |server: Server| {
    let (partner, place) = (server.partner("acme").await, Place::new());
    let key = server.log.verifier_key().to_string();
    let hashes = issue(&server, &partner, 0..300).await;
    for hash in &hashes[..3] {
        revoke(&server, &partner, hash).await;
    }
    settled(&server).await;
    let found = audit(&place, &server, &["--key", &key, "--save", "kept", "--json"]).await.json();
    assert_eq!((&found["valid"], &found["log"]), (&json!(true), &json!("test.example/log")), "{found}");
    assert_eq!((&found["issued"], &found["revoked"]), (&json!(300), &json!(3)), "{found}");
    assert_eq!(found["firstFault"], Value::Null);
    let kept = place.read("kept");
    let size = found["size"].as_u64().expect("a size");
    assert!(
        kept.starts_with(&format!(
            "test.example/log\n{size}\n{}\n\n",
            found["root"].as_str().expect("a root")
        ))
    );

    // The key of the audited server is taken, but that is said.
    let run = audit(&place, &server, &[]).await;
    assert!(
        run.done().contains("warning") && run.err.starts_with("warning: The key test.example/log+"),
        "{run:?}"
    );

    // While it grows, its partial tiles come and go.
    let again = ["--key", &key, "--checkpoint", "kept", "--save", "kept"];
    let (run, _) = tokio::join!(audit(&place, &server, &again), issue(&server, &partner, 300..600));
    run.done();
    settled(&server).await;
    let run = audit(&place, &server, &[&again[..], &["--json"]].concat()).await;
    assert_eq!(run.json()["issued"], 600);
    assert_ne!(place.read("kept"), kept);
    audit(&place, &server, &again[..4]).await.done();
});

#[tokio::test]
async fn a_mirror_holds_in_a_folder() {
    let mut entries = issued(700);
    entries.push(leaf(LeafOp::Revoke, 5));
    let log = MadeLog::new(entries);
    let place = Place::with(&log);
    let run = place.audit(&log, &[]).await;
    let lines: Vec<&str> = run.done().lines().collect();
    assert_eq!((lines[0], lines.len(), run.err.as_str()), ("valid              true", 7, ""), "{run:?}");
    let found = place.audit(&log, &["--json"]).await.json();
    let root = log.root(701).to_string();
    assert_eq!(
        found,
        json!({"valid": true, "log": ORIGIN, "root": root, "size": 701, "issued": 700, "revoked": 1, "statusListDigests": 0})
    );
    // As a server has it, below `log`.
    fs::create_dir(place.path("server")).expect("made");
    fs::rename(place.path("mirror"), place.path("server/log")).expect("moved");
    let key = log.key().to_string();
    place.run(&["log", "audit", "server", "--key", &key]).await.done();
    // A mirror may have the key, too; it is worth no more there.
    place.write("server/log/key", &format!("{key}\n"));
    let run = place.run(&["log", "audit", "server/log"]).await;
    assert!(run.done().contains("was taken from the audited server itself"), "{run:?}");
}

#[tokio::test]
async fn logs_of_every_shape_hold() {
    for size in [0, 1, 255, 256, 257, 512] {
        let log = MadeLog::new(issued(size));
        let place = Place::with(&log);
        assert_eq!(place.audit(&log, &["--json"]).await.json()["size"], size);
    }
}

/// What is done to the bytes of a file.
type Spoil = Box<dyn FnOnce(&mut Vec<u8>)>;

#[tokio::test]
async fn the_first_fault_is_named() {
    let log = MadeLog::new(issued(700));
    let place = Place::with(&log);
    let flip = |at: usize| move |bytes: &mut Vec<u8>| bytes[at] ^= 1;
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 1);
    let entry = 2 + leaf(LeafOp::Issue, 0).len();
    let first = |path: &str, entry: u64| {
        let range = if path.contains("000") { "0 to 255" } else { "512 to 699" };
        format!("{path} differs from what entries {range} hash to, first at entry {entry}")
    };
    let faults: [(&str, Spoil, String); 9] = [
        ("tile/entries/000", Box::new(flip(3 * entry + 40)), first("tile/0/000", 3)),
        ("tile/0/000", Box::new(flip(7 * 32)), first("tile/0/000", 7)),
        ("tile/0/002.p/188", Box::new(flip(188 * 32 - 1)), first("tile/0/002.p/188", 699)),
        (
            "tile/1/000.p/2",
            Box::new(flip(32)),
            "tile/1/000.p/2 differs from what entries 0 to 511 hash to, first at entries 256 to 511"
                .to_owned(),
        ),
        ("tile/0/001", Box::new(cut), "tile/0/001 has 8191 bytes; 8192 are wanted".to_owned()),
        (
            "tile/entries/002.p/188",
            Box::new(cut),
            "tile/entries/002.p/188 is no entry bundle: the bundle ends inside entry 187".to_owned(),
        ),
        (
            "tile/entries/002.p/188",
            Box::new(|bytes| bytes.extend_from_slice(b"\0\x01x")),
            "tile/entries/002.p/188 has 189 entries; 188 are wanted".to_owned(),
        ),
        (
            "checkpoint",
            Box::new(|bytes| *bytes = String::from_utf8_lossy(bytes).replace("700", "699").into_bytes()),
            format!("the checkpoint: the signature of {ORIGIN} does not verify"),
        ),
        (
            "checkpoint",
            Box::new(|bytes| bytes.clear()),
            "the checkpoint: the note has no empty line".to_owned(),
        ),
    ];
    for (path, spoil, fault) in faults {
        let good = place.spoil(path, spoil);
        let run = place.audit(&log, &["--save", "kept", "--json"]).await;
        run.refuses(1, &format!("error: {fault}"));
        let found: Value = serde_json::from_str(&run.out).expect("JSON");
        assert_eq!(found["valid"], false);
        assert!(found["firstFault"].as_str().expect("a text").starts_with(&fault), "{found}");
        assert!(!place.path("kept").exists(), "nothing is kept of a log that is wrong");
        place.spoil(path, |bytes| *bytes = good);
    }
    for path in ["tile/entries/000", "tile/0/001", "tile/1/000.p/2", "tile/entries/002.p/188"] {
        let good = place.spoil(path, |_| ());
        fs::remove_file(place.path("mirror").join(path)).expect("removed");
        place.audit(&log, &[]).await.refuses(1, &format!("error: {path} is missing"));
        fs::write(place.path("mirror").join(path), good).expect("written");
    }
    place.audit(&log, &[]).await.done();
}

#[tokio::test]
async fn a_partial_tile_may_have_become_full() {
    let (old, new) = (MadeLog::new(issued(600)), MadeLog::new(issued(800)));
    let place = Place::with(&new);
    // The head is of before; what was partial then is had from what is full now.
    place.spoil("checkpoint", |bytes| *bytes = old.checkpoint(600).to_string().into_bytes());
    place.spoil("tile/1/000.p/3", |_| ());
    fs::copy(place.path("mirror/tile/1/000.p/3"), place.path("mirror/tile/1/000.p/2")).expect("copied");
    place.spoil("tile/1/000.p/2", |bytes| bytes.truncate(64));
    assert_eq!(place.audit(&old, &["--json"]).await.json()["size"], 600);
}

#[tokio::test]
async fn a_log_grows_from_what_was_kept() {
    let (log, place) = (MadeLog::new(issued(700)), Place::with(&MadeLog::new(issued(700))));
    for size in [0, 1, 256, 300, 700] {
        place.write("kept", &log.checkpoint(size).to_string());
        place.audit(&log, &["--checkpoint", "kept"]).await.done();
    }
    // It has shrunk.
    let longer = MadeLog::new(issued(701));
    place.write("kept", &longer.checkpoint(701).to_string());
    let fault = "error: the checkpoint in kept is of 701 entries; the log has 700: it has shrunk";
    place.audit(&log, &["--checkpoint", "kept"]).await.refuses(1, fault);
    // It has another history.
    let mut entries = issued(700);
    entries.swap(200, 201);
    let forked = MadeLog::new(entries);
    place.write("kept", &forked.checkpoint(300).to_string());
    let fault = format!(
        "error: the checkpoint in kept has the root {} for the first 300 entries; they hash to {}",
        forked.root(300),
        log.root(300)
    );
    place.audit(&log, &["--checkpoint", "kept", "--save", "kept"]).await.refuses(1, &fault);
    assert_eq!(place.read("kept"), forked.checkpoint(300).to_string(), "it is still there");
    // Bundles and tiles of the other history, below the head of this one.
    forked.publish(&place.path("mirror"));
    place.spoil("checkpoint", |bytes| *bytes = log.checkpoint(700).to_string().into_bytes());
    let fault = format!("error: the checkpoint has the root {} for the first 700 entries", log.root(700));
    place.audit(&log, &[]).await.refuses(1, &fault);
}

#[tokio::test]
async fn what_cannot_be_told_is_neither_right_nor_wrong() {
    let log = MadeLog::new(issued(3));
    let place = Place::with(&log);
    let key = log.key().to_string();
    place.write("kept", "nothing");
    place
        .audit(&log, &["--checkpoint", "kept"])
        .await
        .refuses(2, "the checkpoint in kept: the note has no empty line");
    place.audit(&log, &["--checkpoint", "none"]).await.refuses(2, "cannot read none");
    let stranger = NoteSigner::new("other.example/log".parse().expect("a name"), &[9; 32]).verifier_key();
    let impostor = NoteSigner::new(ORIGIN.parse().expect("a name"), &[9; 32]).verifier_key();
    place.write("kept", &log.checkpoint(2).to_string());
    let other = ["log", "audit", "mirror", "--key", &stranger.to_string(), "--checkpoint", "kept"];
    place.run(&other).await.refuses(2, "the checkpoint in kept: the checkpoint is of the log");
    // A head that the key has not signed is wrong, whoever signed it.
    place.run(&other[..5]).await.refuses(1, "the checkpoint is of the log \"made.example/log\", not of");
    let other = ["log", "audit", "mirror", "--key", &impostor.to_string()];
    place.run(&other).await.refuses(1, "the note is not signed by any of the trusted keys");
    place.run(&["log", "audit", "mirror"]).await.refuses(2, "give the log's verifier key with --key");
    place.run(&["log", "audit", ".", "--key", &key]).await.refuses(2, "has no `checkpoint`");
    place
        .run(&["log", "audit", &nowhere(), "--key", &key])
        .await
        .refuses(2, "error: reading http://127.0.0.1:");
    place.run(&["log", "audit", "mirror", "--key", "x"]).await.refuses(2, "a verifier key has the form");
    place.audit(&log, &["--max-entries", "2"]).await.refuses(2, "more than --max-entries allows (2)");
    let run = place.audit(&log, &["--max-entries", "2", "--json"]).await;
    let found: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!((&found["valid"], &found["firstFault"]), (&json!(false), &Value::Null), "{found}");
    assert!(found["error"].is_string(), "{found}");
}

#[tokio::test]
async fn witnesses_count_if_they_are_named() {
    let log = MadeLog::new(issued(3));
    let place = Place::with(&log);
    let cosigner = |name: &str, seed| Cosigner::new(name.parse().expect("a name"), &[seed; 32]);
    let (one, two) = (cosigner("one.example", 1), cosigner("two.example", 2));
    let signed = log.checkpoint(3);
    let signature = one.cosign(signed.unverified(), 1_700_000_000).expect("a time");
    let signed = signed.with_signature(signature).expect("room for it").to_string();
    place.spoil("checkpoint", |bytes| *bytes = signed.clone().into_bytes());
    let [first, second] = [&one, &two].map(|cosigner| cosigner.verifier_key().to_string());
    let found = place.audit(&log, &["--witness", &first, "--json"]).await.json();
    assert_eq!(found["witnesses"], json!(["one.example"]));
    let both = ["--witness", &first, "--witness", &second];
    let fault = "has 1 cosignatures of the witnesses that were named; 2 are wanted";
    place.audit(&log, &both).await.refuses(1, fault);
    place.audit(&log, &[&both[..], &["--witnesses", "1"]].concat()).await.done();
    place
        .audit(&log, &[&both[..], &["--witnesses", "3"]].concat())
        .await
        .refuses(2, "can never be had of 2 witnesses");
    place.audit(&log, &["--witness", &log.key().to_string()]).await.refuses(2, "it is the key of a log");
    // A cosignature of another head.
    let spoilt = one.cosign(log.checkpoint(2).unverified(), 1_700_000_000).expect("a time");
    let spoilt = log.checkpoint(3).with_signature(spoilt).expect("room for it").to_string();
    place.spoil("checkpoint", |bytes| *bytes = spoilt.into_bytes());
    place
        .audit(&log, &["--witness", &first])
        .await
        .refuses(1, "the signature of one.example does not verify");
}

#[tokio::test]
async fn leaves_must_make_sense() {
    let twice = [issued(300), vec![leaf(LeafOp::Issue, 4)]].concat();
    let too_early = [vec![leaf(LeafOp::Revoke, 0)], issued(2)].concat();
    let others = vec!["anything".to_owned(), String::new()];
    for (entries, fault) in [
        (twice, "error: entry 300 issues 0000000000000004"),
        (too_early, "error: entry 0 revokes 0000000000000000"),
        (others, "error: entry 0 is no leaf of a Bestow log: "),
    ] {
        let log = MadeLog::new(entries);
        let place = Place::with(&log);
        place.audit(&log, &[]).await.refuses(1, fault);
        // Bundles, tiles and root are good: to whom any entry is welcome, the log holds.
        let found = place.audit(&log, &["--any-entries", "--json"]).await.json();
        assert_eq!((&found["size"], &found["issued"]), (&json!(log.size()), &Value::Null));
    }
}

#[tokio::test]
async fn a_long_log_says_how_far_it_is() {
    let log = MadeLog::new(issued(51_200));
    let place = Place::with(&log);
    let run = place.audit(&log, &[]).await;
    run.done();
    assert!(run.err.contains("25600 of 51200 entries hold"), "{run:?}");
    assert!(run.err.lines().count() < 25, "{run:?}");
}

#[tokio::test]
async fn the_command_line_explains_itself() {
    let run = bestow(std::path::Path::new("."), &["log", "audit", "--help"], &[]).await;
    assert!(run.done().contains("Exit codes:") && run.out.contains("--any-entries"), "{run:?}");
}
