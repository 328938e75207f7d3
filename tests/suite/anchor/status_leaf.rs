//! Leaves that say how status lists were: that something was not revoked at a time can be shown, also later.

use model::{Actor, LeafOp, LogLeaf, TenantId};
use support::{Answer, Auditor, Partner, Server, on_both};
use tlog::hash::leaf_hash;
use tlog::tlog_proof::TlogProof;
use verify::{Listed, ProofExtra, listed, verify_commitments};

async fn status_proof(server: &Server, token: &str, hash: &str, at: Option<i64>) -> Answer {
    let at = at.map_or_else(String::new, |at| format!("&at={at}"));
    server.get_as(token, &format!("/v1/credentials/proof?coreClaimHash={hash}&op=status{at}")).await
}

/// Queues leaves about the lists that changed, and waits until they are in the log; how many they were.
async fn digest(server: &Server) -> usize {
    let queued = server.engine.digest_status_lists().await.expect("digests");
    for _ in 0..500 {
        if server.log.pending().await.expect("answers").0 == 0 {
            return queued;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("leaves still wait");
}

/// What a proof file shows of a document, its path and its checkpoint checked.
async fn shown(answer: &Answer, auditor: &Auditor, document: &str) -> (LogLeaf, Option<Listed>) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let proof: TlogProof = answer.text.parse().expect("a proof");
    let extra: ProofExtra = serde_json::from_slice(proof.extra()).expect("our extra data");
    let origin = auditor.checkpoint().await.origin().to_owned();
    proof.verify(&leaf_hash(extra.leaf.as_bytes()), &origin, auditor.key()).expect("in the log");
    let leaf = verify_commitments(&extra, Some(document)).expect("about this document");
    (leaf, listed(&extra, document).expect("a list"))
}

async fn issue(server: &Server, partner: &Partner, email: &str) -> (String, String) {
    let token = partner.token(email, &server.clock);
    let issued = server.issued(&token, &partner.request()).await;
    let hash = issued["coreClaimHash"].as_str().expect("a hash").to_owned();
    server.wait_for(&token, &hash, "ONCHAIN").await;
    let documents = server.credential(&token, &hash).await["documents"].clone();
    (hash, documents["dc+sd-jwt"].as_str().expect("a document").to_owned())
}

on_both!(that_it_was_not_revoked_can_be_shown_after_it_was, async |server: Server| {
    let partner = server.partner("acme").await;
    let token = partner.token("ada@example.com", &server.clock);
    let (hash, document) = issue(&server, &partner, "ada@example.com").await;
    let auditor = Auditor::new(&server.url).await;
    assert_eq!(status_proof(&server, &token, &hash, None).await.status, 409, "no leaf says anything yet");

    assert_eq!(digest(&server).await, 1, "the first leaf of the only list");
    assert_eq!(digest(&server).await, 0, "the list is as it was");
    let before = server.clock_seconds();
    let (leaf, says) = shown(&status_proof(&server, &token, &hash, None).await, &auditor, &document).await;
    assert_eq!((leaf.op, says), (LeafOp::Status, Some(Listed::NotRevoked)));
    assert_eq!(leaf.issuer, partner.issuer_did);
    let list = format!("{}/issuers/{}/status-lists/0", server.engine.public_url(), partner.slug);
    assert_eq!(leaf.list, Some(list));

    server.clock.advance(100);
    let tenant = TenantId::from(partner.id.as_str());
    server.engine.revoke(&Actor::operator(), &tenant, hash.parse().expect("a hash")).await.expect("revokes");
    assert_eq!(digest(&server).await, 1);
    let (_, says) = shown(&status_proof(&server, &token, &hash, None).await, &auditor, &document).await;
    assert_eq!(says, Some(Listed::Revoked));
    let earlier = status_proof(&server, &token, &hash, Some(before + 50)).await;
    let (leaf, says) = shown(&earlier, &auditor, &document).await;
    assert_eq!((leaf.at, says), (before, Some(Listed::NotRevoked)), "as it was then");
    assert_eq!(status_proof(&server, &token, &hash, Some(before - 50)).await.status, 404);
});

on_both!(whoever_asks_wrongly_is_told_how, async |server: Server| {
    let partner = server.partner("acme").await;
    let token = partner.token("ada@example.com", &server.clock);
    let (hash, _) = issue(&server, &partner, "ada@example.com").await;
    for query in ["op=status&at=yesterday", "op=status&at=-1", "op=issue&at=1", "at=1"] {
        let answer =
            server.get_as(&token, &format!("/v1/credentials/proof?coreClaimHash={hash}&{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.message(), "Invalid parameter: at must be seconds since 1970, with op=status");
    }
    let bravo = server.partner("bravo").await;
    let stranger = bravo.token("ada@example.com", &server.clock);
    assert_eq!(status_proof(&server, &stranger, &hash, None).await.status, 404, "another tenant's");
});

on_both!(two_replicas_say_it_once, async |server: Server| {
    let partner = server.partner("acme").await;
    issue(&server, &partner, "ada@example.com").await;
    let replica = server.replica(support::Setup { sequencer: false, ..support::Setup::default() }).await;
    let (here, there) =
        tokio::join!(server.engine.digest_status_lists(), replica.engine.digest_status_lists());
    assert_eq!(here.expect("digests") + there.expect("digests"), 1);
});
