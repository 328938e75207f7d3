//! An older backup was restored: nothing is signed until the log is whole again, and nothing that was proven is lost.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Mutex;

use anchor::{AnchorError, ExportMirror, Mirror, MirrorError, RecoverError, Recovered, recover};
use blobs::BlobSettings;
use futures_util::future::join_all;
use support::{
    Auditor, Partner, Server, Setup, SystemEntropy, copy_database, execute_sql, on_both, query_texts,
};
use tempfile::TempDir;
use tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use tlog::entries;
use tlog::hash::leaf_hash;
use tlog::tlog_proof::TlogProof;
use verify::ProofExtra;

fn by_hand(folder: &TempDir) -> Setup {
    let export = Some(BlobSettings::Folder(folder.path().join("export")));
    Setup { sequencer: false, export, ..Setup::default() }
}

fn unguarded() -> Setup {
    Setup { sequencer: false, ..Setup::default() }
}

async fn issue(server: &Server, partner: &Partner, people: Range<usize>) -> Vec<(String, String)> {
    join_all(people.map(async |number| {
        let token = partner.token(&format!("person{number}@example.com"), &server.clock);
        let issued = server.issued(&token, &partner.request()).await;
        (token, issued["coreClaimHash"].as_str().expect("a hash").to_owned())
    }))
    .await
}

async fn sequence(server: &Server) {
    expire_leases(server).await;
    let sequencer = server.sequencer();
    while sequencer.turn().await.expect("extends the log") != Some(0) {}
}

async fn export(server: &Server) {
    expire_leases(server).await;
    server.export.as_ref().expect("it is exported").turn().await.expect("exports");
}

async fn expire_leases(server: &Server) {
    execute_sql(&server.database_url, "UPDATE lease SET expires_at = 0").await;
}

async fn size(server: &Server) -> u64 {
    let signed: SignedCheckpoint =
        server.log.checkpoint().await.expect("answers").parse().expect("a checkpoint");
    signed.unverified().size()
}

async fn proof(server: &Server, token: &str, hash: &str) -> TlogProof {
    let answer = server.get_as(token, &format!("/v1/credentials/proof?coreClaimHash={hash}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text.parse().expect("a proof")
}

/// A proof holds by itself; the checkpoint that it rests on.
fn hold(proof: &TlogProof, server: &Server) -> Checkpoint {
    let extra: ProofExtra = serde_json::from_slice(proof.extra()).expect("extra data");
    let leaf = leaf_hash(extra.leaf.as_bytes());
    proof.verify(&leaf, server.log.origin(), server.log.verifier_key()).expect("verifies").clone()
}

/// How many positions of its only issuer's status lists are taken.
async fn positions(server: &Server) -> i64 {
    let taken = query_texts(&server.database_url, "SELECT status_next || '' FROM issuer").await;
    taken[0].parse().expect("a number")
}

/// A deployment, and what became of its database.
struct Story {
    folder: TempDir,
    partner: Partner,
    /// What runs on the newest database; it is exported.
    newest: Server,
    /// What runs on the restored backup: 5 leaves, and 3 that wait.
    restored: Server,
    /// The three that waited in the backup and are in the log of the newest.
    waited: Vec<(String, String)>,
    /// Proofs of credentials before and after the backup.
    proofs: Vec<TlogProof>,
    /// It holds the folder in which the database is.
    _first: Server,
}

/// Five leaves; a backup while three wait; then 300 more.
async fn story(server: &Server) -> Story {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = server.afresh(by_hand(&folder)).await;
    let partner = first.partner("acme").await;
    let mut known = issue(&first, &partner, 0..5).await;
    sequence(&first).await;
    let waited = issue(&first, &partner, 5..8).await;
    first.store.close().await;
    let backup = copy_database(&first.database_url, &folder).await;
    let newest = first.on_copy(&first.database_url, by_hand(&folder)).await;
    expire_leases(&newest).await;
    sequence(&newest).await;
    known.extend(issue(&newest, &partner, 8..308).await);
    sequence(&newest).await;
    export(&newest).await;
    let mut proofs = Vec::new();
    for index in [0, 4, 100, 300] {
        proofs.push(proof(&newest, &known[index].0, &known[index].1).await);
    }
    let restored = newest.on_copy(&backup, by_hand(&folder)).await;
    expire_leases(&restored).await;
    Story { folder, partner, newest, restored, waited, proofs, _first: first }
}

on_both!(an_older_database_signs_nothing_until_it_is_recovered, async |server: Server| {
    let story = story(&server).await;
    let (restored, partner) = (&story.restored, &story.partner);
    let auditor = Auditor::new(&story.newest.url).await;
    let seen = auditor.checkpoint().await;
    assert_eq!(seen.size(), 308);

    // It issues, and what it issues waits.
    let sequencer = restored.sequencer();
    let new = issue(restored, partner, 1000..1002).await;
    for _ in 0..2 {
        let refused = sequencer.turn().await.expect_err("it is behind");
        let AnchorError::Behind(behind) = &refused else { panic!("{refused}") };
        assert_eq!((behind.seen, behind.here, behind.parted), (308, 5, false));
        assert_eq!(restored.log.halt().await.expect("answers"), Some(refused.to_string()));
    }
    assert_eq!(size(restored).await, 5);
    assert_eq!(restored.status(&new[0].0, &new[0].1).await.json()["vcStatus"], "WAIT_ONCHAIN");

    let before = positions(restored).await;
    let mirror = ExportMirror::from(&**restored.export.as_ref().expect("exported"));
    let recovered = recover(&restored.log, &mirror, &SystemEntropy).await.expect("recovers");
    assert_eq!(recovered, Recovered { from: 5, size: 308, placed: 3, lost: 300 });
    assert!(positions(restored).await - before >= 300, "what was lost has its entries in status lists still");
    assert_eq!(restored.log.halt().await.expect("answers"), None);
    let checkpoint = restored.log.checkpoint().await.expect("answers");
    assert_eq!(checkpoint, story.newest.log.checkpoint().await.expect("answers"), "byte for byte");
    let again = recover(&restored.log, &mirror, &SystemEntropy).await.expect("nothing is missing");
    assert_eq!(again, Recovered { from: 308, size: 308, placed: 0, lost: 0 });

    // The same sequencer goes on, without a restart.
    assert_eq!(sequencer.turn().await.expect("goes on"), Some(2));
    for (token, hash) in story.waited.iter().chain(&new) {
        assert_eq!(restored.status(token, hash).await.json()["vcStatus"], "ONCHAIN");
        hold(&proof(restored, token, hash).await, restored);
    }
    let auditor = auditor.at(&restored.url);
    let now = auditor.checkpoint().await;
    assert_eq!(now.size(), 310);
    auditor.assert_consistent(&seen, &now).await;
    assert_eq!(auditor.audit(&now).await.len(), 310);
    for proof in &story.proofs {
        auditor.assert_consistent(&hold(proof, restored), &now).await;
    }
    export(restored).await;
    let again = recover(&restored.log, &mirror, &SystemEntropy).await.expect("nothing is missing");
    assert_eq!((again.from, again.size), (310, 310));
});

on_both!(a_process_remembers_what_it_signed, async |server: Server| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = server.afresh(unguarded()).await;
    let partner = server.partner("acme").await;
    issue(&server, &partner, 0..3).await;
    let sequencer = server.sequencer();
    assert_eq!(sequencer.turn().await.expect("extends the log"), Some(3));
    // The database goes back under a running process, as when a standby that lags takes over.
    let tables = ["log_head", "log_tile"];
    for table in tables {
        execute_sql(&server.database_url, &format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}"))
            .await;
    }
    issue(&server, &partner, 3..5).await;
    assert_eq!(sequencer.turn().await.expect("extends the log"), Some(2));
    for table in tables {
        execute_sql(&server.database_url, &format!("DELETE FROM {table}")).await;
        execute_sql(&server.database_url, &format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
    }
    issue(&server, &partner, 5..6).await;
    let refused = sequencer.turn().await.expect_err("it remembers five");
    let AnchorError::Behind(behind) = &refused else { panic!("{refused}") };
    assert_eq!((behind.seen, behind.here), (5, 3));
    assert_eq!(size(&server).await, 3);
    drop(folder);
});

/// A mirror in memory, which can be spoilt.
struct Copy {
    files: HashMap<String, Vec<u8>>,
    /// How many more fetches it answers.
    answers: Mutex<usize>,
}

impl Copy {
    async fn of(server: &Server) -> Self {
        let auditor = Auditor::new(&server.url).await;
        let mut files = HashMap::new();
        for path in [
            "checkpoint",
            "tile/0/000",
            "tile/0/001.p/52",
            "tile/1/000.p/1",
            "tile/entries/000",
            "tile/entries/001.p/52",
        ] {
            let (status, bytes) = auditor.get(path).await;
            assert_eq!(status, 200, "{path}");
            files.insert(path.to_owned(), bytes);
        }
        Self { files, answers: Mutex::new(usize::MAX) }
    }

    fn spoilt(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut files = self.files.clone();
        change(files.get_mut(path).expect("there is such a file"));
        Self { files, answers: Mutex::new(usize::MAX) }
    }

    fn without(&self, path: &str) -> Self {
        let mut files = self.files.clone();
        files.remove(path).expect("there is such a file");
        Self { files, answers: Mutex::new(usize::MAX) }
    }
}

impl Mirror for Copy {
    async fn fetch(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>, MirrorError> {
        let mut answers = self.answers.lock().expect("no panic");
        *answers = answers.checked_sub(1).ok_or_else(|| MirrorError::new("it went away"))?;
        match self.files.get(path) {
            Some(bytes) if bytes.len() > limit => Err(MirrorError::too_long(path, limit)),
            found => Ok(found.cloned()),
        }
    }
}

async fn tiles(server: &Server) -> Vec<String> {
    let sql = "SELECT level || '/' || place || '/' || LENGTH(data) FROM log_tile ORDER BY level, place";
    support::query_texts(&server.database_url, sql).await
}

on_both!(a_mirror_that_is_no_copy_of_the_log_changes_nothing, async |server: Server| {
    let story = story(&server).await;
    let restored = &story.restored;
    let whole = Copy::of(&story.newest).await;
    let (checkpoint, before) = (restored.log.checkpoint().await.expect("answers"), tiles(restored).await);
    let stranger = server.afresh(unguarded()).await;
    let partner = stranger.partner("acme").await;
    issue(&stranger, &partner, 0..9).await;
    sequence(&stranger).await;
    let foreign = stranger.log.checkpoint().await.expect("answers").into_bytes();
    let swap = |bytes: &mut Vec<u8>| {
        let mut entries: Vec<Vec<u8>> =
            entries::decode(bytes).expect("a bundle").into_iter().map(<[u8]>::to_vec).collect();
        let last = entries.len() - 1;
        entries.swap(last, last - 1);
        *bytes = entries::encode(&entries).expect("a bundle");
    };
    for (spoilt, expected) in [
        (whole.without("checkpoint"), "no checkpoint"),
        (whole.spoilt("checkpoint", |bytes| *bytes = foreign), "the mirror's checkpoint"),
        (whole.spoilt("checkpoint", |bytes| bytes[30] ^= 1), "the mirror's checkpoint"),
        (whole.spoilt("checkpoint", |bytes| bytes.resize(1 << 20, b'a')), "more than"),
        (whole.without("tile/entries/000"), "no tile/entries/000"),
        (whole.without("tile/entries/001.p/52"), "no tile/entries/001.p/52"),
        (whole.spoilt("tile/entries/000", swap), "do not give the root"),
        (whole.spoilt("tile/entries/001.p/52", swap), "do not give the root"),
        (
            whole.spoilt("tile/entries/001.p/52", |bytes| bytes.truncate(bytes.len() - 1)),
            "tile/entries/001.p/52",
        ),
        (whole.spoilt("tile/entries/000", |bytes| bytes[10] ^= 1), "does not begin with the 5 leaves"),
        (whole.spoilt("tile/entries/000", |bytes| bytes.resize(20 << 20, 0)), "more than"),
    ] {
        let refused = recover(&restored.log, &spoilt, &SystemEntropy).await.expect_err(expected);
        assert!(refused.to_string().contains(expected), "{expected}: {refused}");
        assert_eq!(restored.log.checkpoint().await.expect("answers"), checkpoint, "{expected}");
        assert_eq!(tiles(restored).await, before, "{expected}");
    }
    // Partial tiles that are full by now may be gone: the full ones have what they had.
    let mut full = whole.without("tile/entries/001.p/52");
    full.files.insert("tile/entries/001".to_owned(), whole.files["tile/entries/001.p/52"].clone());
    let recovered = recover(&restored.log, &full, &SystemEntropy).await.expect("recovers");
    assert_eq!(recovered.size, 308);
});

on_both!(a_recovery_may_be_interrupted_anywhere, async |server: Server| {
    let story = story(&server).await;
    let restored = &story.restored;
    let mut mirror = Copy::of(&story.newest).await;
    let auditor = Auditor::new(&restored.url).await;
    for answers in 0..5 {
        mirror.answers = Mutex::new(answers);
        let refused = recover(&restored.log, &mirror, &SystemEntropy).await.expect_err("it went away");
        assert!(matches!(refused, RecoverError::Mirror(_)), "{refused}");
        let checkpoint = auditor.checkpoint().await;
        assert_eq!(checkpoint.size(), 5, "{answers}");
        auditor.audit(&checkpoint).await;
    }
    // Its tiles were written, its head was not.
    let bundle = auditor.get("tile/entries/000").await;
    mirror.answers = Mutex::new(usize::MAX);
    let recovered = recover(&restored.log, &mirror, &SystemEntropy).await.expect("recovers");
    assert_eq!((recovered.from, recovered.size, recovered.placed), (5, 308, 3));
    let checkpoint = auditor.checkpoint().await;
    assert_eq!(auditor.audit(&checkpoint).await.len(), 308);
    assert!([200, 404].contains(&bundle.0));
});

on_both!(two_histories_are_told_apart_from_one, async |server: Server| {
    let story = story(&server).await;
    let (restored, partner) = (&story.restored, &story.partner);
    // As a version without a guard would do it: the restored database gives the places away again.
    let forked = restored.on_copy(&restored.database_url, unguarded()).await;
    issue(&forked, partner, 2000..2004).await;
    sequence(&forked).await;
    assert_eq!(size(&forked).await, 12);
    let mirror = Copy::of(&story.newest).await;
    let refused = recover(&restored.log, &mirror, &SystemEntropy).await.expect_err("it has forked");
    assert!(matches!(refused, RecoverError::Parted(12)), "{refused}");
    let refused = restored.sequencer().turn().await.expect_err("it has forked");
    assert!(matches!(&refused, AnchorError::Behind(behind) if behind.seen == 308), "{refused}");
    // And the other way round, when the fork has grown longer than what is remembered.
    issue(&forked, partner, 3000..3310).await;
    sequence(&forked).await;
    assert!(size(&forked).await > 308);
    let refused = recover(&restored.log, &mirror, &SystemEntropy).await.expect_err("it has forked");
    assert!(matches!(refused, RecoverError::Parted(308)), "{refused}");
    let refused = restored.sequencer().turn().await.expect_err("it has forked");
    assert!(matches!(&refused, AnchorError::Behind(behind) if behind.parted), "{refused}");
    assert!(story.folder.path().exists());
});

on_both!(nobody_recovers_while_the_log_is_extended, async |server: Server| {
    let story = story(&server).await;
    let restored = &story.restored;
    let far = i64::MAX;
    let sql = format!("UPDATE lease SET owner = 'somebody', expires_at = {far} WHERE name = 'log'");
    execute_sql(&restored.database_url, &sql).await;
    let mirror = Copy::of(&story.newest).await;
    let refused = recover(&restored.log, &mirror, &SystemEntropy).await.expect_err("somebody is at it");
    assert!(matches!(refused, RecoverError::Busy), "{refused}");
    assert_eq!(size(restored).await, 5);
});
