//! The log, as an outside auditor sees it, and the proofs that partners hand to strangers.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use model::{Actor, LeafOp, TenantId};
use serde_json::Value;
use support::{Answer, Auditor, Database, Partner, Server, Setup, execute_sql, on_both};
use tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use tlog::hash::{EMPTY_ROOT, leaf_hash};
use tlog::tlog_proof::{TlogProof, TlogProofError};
use verify::{CommitmentError, ProofExtra, verify_commitments};

/// A server whose log grows only when the test says so.
fn by_hand() -> Setup {
    Setup { sequencer: false, ..Setup::default() }
}

async fn issue(server: &Server, partner: &Partner, email: &str) -> String {
    let token = partner.token(email, &server.clock);
    let issued = server.issued(&token, &partner.request()).await;
    issued["coreClaimHash"].as_str().expect("a hash").to_owned()
}

async fn issue_many(server: &Server, partner: &Partner, people: std::ops::Range<usize>) -> Vec<String> {
    let people: Vec<String> = people.map(|number| format!("person{number}@example.com")).collect();
    join_all(people.iter().map(|email| issue(server, partner, email))).await
}

async fn proof(server: &Server, token: &str, hash: &str, op: &str) -> Answer {
    server.get_as(token, &format!("/v1/credentials/proof?coreClaimHash={hash}&op={op}")).await
}

/// Waits until nothing waits for a checkpoint.
async fn settled(server: &Server) {
    for _ in 0..500 {
        if server.log.pending().await.expect("answers").0 == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("leaves still wait");
}

on_both!(an_empty_log_is_signed, async |server: Server| {
    let auditor = Auditor::new(&server.url).await;
    let checkpoint = auditor.checkpoint().await;
    assert_eq!(
        (checkpoint.size(), checkpoint.root(), checkpoint.origin()),
        (0, &EMPTY_ROOT, "test.example/log")
    );
    assert_eq!(auditor.get("tile/0/000.p/1").await.0, 404);
    let answer = server.get("/log/checkpoint").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
});

on_both!(every_leaf_is_in_the_log_once_and_names_nobody, async |server: Server| {
    let partner = server.partner("acme").await;
    let hashes = issue_many(&server, &partner, 0..300).await;
    let tenant = TenantId::from(partner.id.as_str());
    for hash in &hashes[..3] {
        server
            .engine
            .revoke(&Actor::operator(), &tenant, hash.parse().expect("a hash"))
            .await
            .expect("revokes");
    }
    settled(&server).await;
    let auditor = Auditor::new(&server.url).await;
    let checkpoint = auditor.checkpoint().await;
    assert_eq!(checkpoint.size(), 303);
    let leaves = auditor.audit(&checkpoint).await;
    let mut seen: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for leaf in &leaves {
        *seen.entry((leaf.hash.clone(), leaf.op.as_str())).or_default() += 1;
        assert_eq!((leaf.v, &leaf.issuer), (1, &partner.issuer_did));
    }
    let issued = hashes.iter().map(|hash| ((hash.clone(), "issue"), 1));
    let revoked = hashes[..3].iter().map(|hash| ((hash.clone(), "revoke"), 1));
    assert_eq!(seen, issued.chain(revoked).collect());

    // Five members and no more, of which none comes from the person or the claims.
    for entry in auditor.entries(checkpoint.size()).await {
        let text = String::from_utf8(entry).expect("a text");
        let leaf: Value = serde_json::from_str(&text).expect("JSON");
        let names: Vec<&String> = leaf.as_object().expect("an object").keys().collect();
        assert_eq!(names.len(), 5, "{text}");
        for secret in ["person", "example.com", "United", "25", "age"] {
            let rest = text.replace(leaf["hash"].as_str().expect("a hash"), "");
            let rest = rest.replace(&format!("\"at\":{}", leaf["at"]), "").replace(&partner.issuer_did, "");
            assert!(!rest.contains(secret), "{secret} in {text}");
        }
    }
});

on_both!(tiles_are_served_at_canonical_paths_up_to_the_size, async |server: Server| {
    let partner = server.partner("acme").await;
    issue_many(&server, &partner, 0..260).await;
    settled(&server).await;
    let auditor = Auditor::new(&server.url).await;
    assert_eq!(auditor.checkpoint().await.size(), 260);
    let (_, full) = auditor.get("tile/0/000").await;
    assert_eq!(full.len(), 256 * 32);
    for (path, bytes) in [("tile/0/000.p/1", &full[..32]), ("tile/0/000.p/255", &full[..255 * 32])] {
        assert_eq!(auditor.get(path).await, (200, bytes.to_vec()), "{path}: a partial tile is its beginning");
    }
    for (path, length) in [("tile/0/001.p/4", 4 * 32), ("tile/0/001.p/1", 32), ("tile/1/000.p/1", 32)] {
        let (status, bytes) = auditor.get(path).await;
        assert_eq!((status, bytes.len()), (200, length), "{path}");
    }
    for path in ["tile/entries/000", "tile/entries/000.p/7", "tile/entries/001.p/4"] {
        assert_eq!(auditor.get(path).await.0, 200, "{path}");
    }
    let answer = server.get("/log/tile/0/000").await;
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));

    let beyond =
        ["tile/0/001", "tile/0/001.p/5", "tile/0/002.p/1", "tile/1/000", "tile/1/000.p/2", "tile/2/000.p/1"];
    let entries =
        ["tile/entries/001", "tile/entries/001.p/5", "tile/entries/002.p/1", "tile/entries/x001/000"];
    let spelled = [
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/000.p/256",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/00/000",
        "tile/0/x000/000",
        "tile/0/000/",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/-01",
        "tile/0/+00",
        "tile/64/000",
        "tile/256/000",
        "tile/-1/000",
        "tile/entries/000.p/256",
        "tile/entries/0",
        "tile/Entries/000",
        "tile/data/000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/0/..%2f0/000",
        "tile/%30/000%00",
    ];
    for path in beyond.into_iter().chain(entries).chain(spelled) {
        let answer = server.get(&format!("/log/{path}")).await;
        assert_eq!((answer.status, answer.message().as_str()), (404, "No such tile."), "{path}");
    }
});

on_both!(every_checkpoint_continues_the_one_before, async |server: Server| {
    let server = server.afresh(by_hand()).await;
    let partner = server.partner("acme").await;
    let auditor = Auditor::new(&server.url).await;
    let sequencer = server.sequencer();
    let mut seen = vec![auditor.checkpoint().await];
    let mut first = 0;
    for batch in [1, 1, 2, 3, 40, 1, 208, 1, 60] {
        issue_many(&server, &partner, first..first + batch).await;
        first += batch;
        assert_eq!(sequencer.turn().await.expect("extends the log"), Some(batch));
        seen.push(auditor.checkpoint().await);
    }
    let last = seen.last().expect("one").clone();
    for pair in seen.windows(2) {
        auditor.assert_consistent(&pair[0], &pair[1]).await;
    }
    for old in &seen {
        auditor.assert_consistent(old, &last).await;
        auditor.audit(old).await;
    }
});

/// A proof, checked by nothing but its own text and the log's key.
fn check(text: &str, auditor: &Auditor, credential: Option<&str>) -> Result<model::LogLeaf, String> {
    let proof: TlogProof = text.parse().map_err(|error: TlogProofError| error.to_string())?;
    let extra: ProofExtra = serde_json::from_slice(proof.extra()).map_err(|error| error.to_string())?;
    let leaf = leaf_hash(extra.leaf.as_bytes());
    proof.verify(&leaf, auditor.key().name().as_str(), auditor.key()).map_err(|error| error.to_string())?;
    verify_commitments(&extra, credential).map_err(|error| error.to_string())
}

on_both!(a_proof_shows_offline_what_was_issued_and_revoked, async |server: Server| {
    let partner = server.partner("acme").await;
    let auditor = Auditor::new(&server.url).await;
    issue_many(&server, &partner, 0..20).await;
    let token = partner.token("ada@example.com", &server.clock);
    let hash = issue(&server, &partner, "ada@example.com").await;
    server.wait_for(&token, &hash, "ONCHAIN").await;
    let documents = server.credential(&token, &hash).await["documents"].clone();
    let answer = proof(&server, &token, &hash, "issue").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    for format in ["dc+sd-jwt", "jwt_vc_json"] {
        let leaf = check(&answer.text, &auditor, documents[format].as_str()).expect("verifies");
        assert_eq!((leaf.op, &leaf.hash, &leaf.issuer), (LeafOp::Issue, &hash, &partner.issuer_did));
    }
    // `issue` is what is proven when nothing is said.
    let default = server.get_as(&token, &format!("/v1/credentials/proof?coreClaimHash={hash}")).await;
    assert_eq!(check(&default.text, &auditor, None).expect("verifies").op, LeafOp::Issue);

    let other = issue(&server, &partner, "grace@example.com").await;
    server.wait_for(&token, &other, "ONCHAIN").await;
    let other = server.credential(&token, &other).await["documents"]["jwt_vc_json"].clone();
    let refused = check(&answer.text, &auditor, other.as_str()).expect_err("another credential");
    assert_eq!(refused, CommitmentError::Document.to_string());

    let answer = proof(&server, &token, &hash, "revoke").await;
    assert_eq!(answer.message(), "No credential found for the given hash.", "it is not revoked");
    let tenant = TenantId::from(partner.id.as_str());
    server.engine.revoke(&Actor::operator(), &tenant, hash.parse().expect("a hash")).await.expect("revokes");
    server.wait_for(&token, &hash, "REMOVE").await;
    let answer = proof(&server, &token, &hash, "revoke").await;
    let leaf = check(&answer.text, &auditor, documents["dc+sd-jwt"].as_str()).expect("verifies");
    assert_eq!((leaf.op, &leaf.hash), (LeafOp::Revoke, &hash));
    let answer = proof(&server, &token, &hash, "burn").await;
    assert_eq!(
        (answer.status, answer.message().as_str()),
        (400, "Invalid parameter: op must be \"issue\", \"revoke\" or \"status\"")
    );
});

on_both!(a_tampered_proof_is_refused, async |server: Server| {
    let partner = server.partner("acme").await;
    let auditor = Auditor::new(&server.url).await;
    let hashes = issue_many(&server, &partner, 0..5).await;
    let token = partner.token("ada@example.com", &server.clock);
    for hash in &hashes {
        server.wait_for(&token, hash, "ONCHAIN").await;
    }
    let text = proof(&server, &token, &hashes[2], "issue").await.text;
    check(&text, &auditor, None).expect("verifies as it is");
    let lines: Vec<&str> = text.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        // One character of each line that says something is another one.
        let Some(place) = line.char_indices().map(|(at, _)| at).nth(line.len() / 2) else { continue };
        let replacement = if &line[place..=place] == "A" { "B" } else { "A" };
        let spoilt = format!("{}{replacement}{}", &line[..place], &line[place + 1..]);
        let mut changed: Vec<&str> = lines.clone();
        changed[number] = &spoilt;
        let changed = format!("{}\n", changed.join("\n"));
        assert!(check(&changed, &auditor, None).is_err(), "line {number}: {spoilt}");
    }
    let other = proof(&server, &token, &hashes[3], "issue").await.text;
    let extra = |text: &str| text.lines().nth(1).expect("a line").to_owned();
    let swapped = text.replace(&extra(&text), &extra(&other));
    assert!(check(&swapped, &auditor, None).is_err(), "another credential's leaf is not at this place");
    let elsewhere = Server::start(Database::Sqlite).await;
    let stranger = Auditor::new(&elsewhere.url).await;
    assert!(check(&text, &stranger, None).is_err(), "another log of the same name has another key");
});

on_both!(before_it_is_anchored_there_is_nothing_to_prove, async |server: Server| {
    let server = server.afresh(by_hand()).await;
    let partner = server.partner("acme").await;
    let token = partner.token("ada@example.com", &server.clock);
    let hash = issue(&server, &partner, "ada@example.com").await;
    let answer = proof(&server, &token, &hash, "issue").await;
    assert_eq!((answer.status, answer.header("retry-after")), (409, Some("1")));
    assert_eq!(
        answer.message(),
        "Not anchored yet: GET /v1/credentials/anchor says what it waits for. Try again in a second."
    );
    assert_eq!(server.status(&token, &hash).await.json()["vcStatus"], "WAIT_ONCHAIN");
    assert_eq!(server.sequencer().turn().await.expect("extends the log"), Some(1));
    assert_eq!(proof(&server, &token, &hash, "issue").await.status, 200);

    let tenant = TenantId::from(partner.id.as_str());
    server.engine.revoke(&Actor::operator(), &tenant, hash.parse().expect("a hash")).await.expect("revokes");
    assert_eq!(proof(&server, &token, &hash, "revoke").await.status, 409);
    assert_eq!(server.status(&token, &hash).await.json()["vcStatus"], "WAIT_REMOVE");
});

/// Looks at the checkpoint again and again until the log has `size` leaves; every other checkpoint that it saw.
async fn watch(auditor: Auditor, size: u64) -> Vec<Checkpoint> {
    let mut seen = vec![auditor.checkpoint().await];
    while seen.last().is_none_or(|last| last.size() < size) {
        let now = auditor.checkpoint().await;
        let last = seen.last().expect("one");
        assert!(now.size() >= last.size(), "the log went back from {} to {}", last.size(), now.size());
        if now.size() == last.size() {
            assert_eq!(now.root(), last.root(), "two histories of {} leaves", now.size());
        } else {
            auditor.assert_consistent(last, &now).await;
            seen.push(now);
        }
        tokio::task::yield_now().await;
    }
    seen
}

/// Sequences without a pause until the log has `size` leaves; how many batches.
async fn sequence(server: &Server, size: u64) -> usize {
    let sequencer = server.sequencer();
    let mut batches = 0;
    loop {
        let turn = sequencer.turn().await.expect("extends the log, or steps back");
        if turn.is_some_and(|count| count > 0) {
            batches += 1;
            // However busy the machine is, the other one gets its turn.
            expire_lease(&server.database_url).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let checkpoint: SignedCheckpoint =
            server.log.checkpoint().await.expect("answers").parse().expect("a checkpoint");
        if checkpoint.unverified().size() >= size {
            return batches;
        }
        tokio::task::yield_now().await;
    }
}

/// Takes the lease away from whoever has it, again and again, at whatever moment this happens to be.
async fn expire_leases(url: &str) {
    loop {
        expire_lease(url).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn expire_lease(url: &str) {
    execute_sql(url, "UPDATE lease SET expires_at = 0").await;
}

async fn issue_in_small_batches(server: &Server, partner: &Partner, people: std::ops::Range<usize>) {
    for first in people.step_by(4) {
        issue_many(server, partner, first..first + 4).await;
    }
}

on_both!(two_replicas_that_sequence_at_once_never_fork_the_log, async |server: Server| {
    const LEAVES: usize = 240;
    let server = server.afresh(by_hand()).await;
    let replica = server.replica(by_hand()).await;
    let partner = server.partner("acme").await;
    let auditor = Auditor::new(&server.url).await;
    let watching = tokio::spawn(watch(auditor.clone(), LEAVES as u64));
    let also_watching = tokio::spawn(watch(auditor.clone().at(&replica.url), LEAVES as u64));
    let saboteur = server.database_url.clone();
    let saboteur = tokio::spawn(async move { expire_leases(&saboteur).await });
    let (ours, theirs, (), ()) = tokio::join!(
        sequence(&server, LEAVES as u64),
        sequence(&replica, LEAVES as u64),
        issue_in_small_batches(&server, &partner, 0..LEAVES / 2),
        issue_in_small_batches(&replica, &partner, LEAVES / 2..LEAVES),
    );
    saboteur.abort();
    assert!(ours > 0 && theirs > 0, "the lease changed hands: {ours} and {theirs} batches");
    let mut seen = watching.await.expect("never forks");
    seen.extend(also_watching.await.expect("never forks"));
    let last = auditor.checkpoint().await;
    for old in &seen {
        auditor.assert_consistent(old, &last).await;
    }
    let leaves = auditor.audit(&last).await;
    let mut hashes: Vec<&str> = leaves.iter().map(|leaf| leaf.hash.as_str()).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!((last.size(), hashes.len()), (LEAVES as u64, LEAVES), "each leaf once");
});
