//! Revoking a claimed offer revokes everything that its wallet was given: in both kinds of list, and in the
//! log.

use std::collections::BTreeSet;

use model::{LeafOp, LogLeaf};
use support::{Access, Auditor, Environment, Server, eventually, on_both, query_texts};
use tlog::hash::leaf_hash;
use tlog::tlog_proof::TlogProof;
use verify::{CommitmentError, ProofExtra, verify_commitments};
use wallet::WalletKey;

use super::common::{
    begun, documents, fetched, is_revoked, jwt_vc, offer, record, refused, revoke, scan, sd_jwt, status_entry,
};

/// The leaf that a proof shows, checked by nothing but its own text, the log's key and the document.
fn check(text: &str, auditor: &Auditor, document: &str) -> Result<LogLeaf, CommitmentError> {
    let proof: TlogProof = text.parse().expect("a proof");
    let extra: ProofExtra = serde_json::from_slice(proof.extra()).expect("our form");
    let leaf = leaf_hash(extra.leaf.as_bytes());
    proof.verify(&leaf, auditor.key().name().as_str(), auditor.key()).expect("it is in the log");
    verify_commitments(&extra, Some(document))
}

/// Waits until both kinds of list say that these documents are revoked.
async fn until_revoked(server: &Server, documents: &[&String]) {
    for document in documents {
        eventually("the list says so", async || is_revoked(server, document).await).await;
    }
}

/// The proof of a leaf, once it is anchored.
async fn proof(server: &Server, acme: &Environment, hash: &str, op: &str) -> String {
    let token = acme.partner.token("ada@example.com", &server.clock);
    let path = format!("/v1/credentials/proof?coreClaimHash={hash}&op={op}");
    support::eventually_some("the proof", async || {
        let answer = server.get_as(&token, &path).await;
        (answer.status == 200).then_some(answer.text)
    })
    .await
}

/// Everything that one token gets: two keys at first, the other format, then another key.
async fn everything(server: &Server, access: &Access) -> Vec<Vec<String>> {
    let keys = [WalletKey::generate(), WalletKey::generate(), WalletKey::generate()];
    vec![
        fetched(server, access, &[&keys[0], &keys[1]]).await,
        documents(&server.ask_credential(access, jwt_vc(access), &[&keys[0]]).await),
        documents(&server.ask_credential(access, jwt_vc(access), &[&keys[1], &keys[2]]).await),
        fetched(server, access, &[&keys[2]]).await,
    ]
}

on_both!(a_revocation_shows_in_both_lists_for_all_that_was_delivered, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access) = begun(&server, &acme).await;
    let delivered = everything(&server, &access).await.concat();
    let (_, other) = begun(&server, &acme).await;
    let bystanders = everything(&server, &other).await.concat();
    let entries: BTreeSet<u32> =
        delivered.iter().chain(&bystanders).map(|document| status_entry(document).1).collect();
    assert_eq!(entries.len(), delivered.len() + bystanders.len(), "each has an entry of its own");
    for document in delivered.iter().chain(&bystanders) {
        assert!(!is_revoked(&server, document).await);
    }
    assert!(revoke(&server, &acme, &id).await);
    until_revoked(&server, &delivered.iter().collect::<Vec<_>>()).await;
    for document in &bystanders {
        assert!(!is_revoked(&server, document).await, "another offer's");
    }
    assert!(!revoke(&server, &acme, &id).await, "it was revoked already");
    assert_eq!(record(&server, &acme, &id).await["status"], "revoked");
});

on_both!(both_lists_agree_on_every_entry, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access) = begun(&server, &acme).await;
    let delivered = everything(&server, &access).await.concat();
    assert!(revoke(&server, &acme, &id).await);
    until_revoked(&server, &delivered.iter().collect::<Vec<_>>()).await;
    let wanted: BTreeSet<u32> = delivered.iter().map(|document| status_entry(document).1).collect();
    let of = |format: bool| delivered.iter().find(|document| document.contains('~') == format).expect("one");
    let token = server.token_status_list(&status_entry(of(true)).0).await.bits;
    let bitstring = server.bitstring_status_list(&status_entry(of(false)).0).await.bits;
    for bits in [token, bitstring] {
        let revoked: BTreeSet<u32> =
            (0..bits.size()).filter(|index| bits.get(*index).expect("below the size")).collect();
        assert_eq!(revoked, wanted, "these and no other");
    }
});

on_both!(every_delivery_is_in_the_log_and_so_is_its_revocation, async |server: Server| {
    let acme = server.environment("acme").await;
    let auditor = Auditor::new(&server.url).await;
    let (id, access) = begun(&server, &acme).await;
    let delivered = everything(&server, &access).await;
    let url = &server.database_url;
    let hashes = query_texts(url, "SELECT core_claim_hash FROM delivery ORDER BY created_at, id").await;
    assert_eq!(hashes.len(), delivered.len());
    assert_eq!(record(&server, &acme, &id).await["revocationId"], hashes[0].as_str());
    for (hash, documents) in hashes.iter().zip(&delivered) {
        let text = proof(&server, &acme, hash, "issue").await;
        for document in documents {
            let leaf = check(&text, &auditor, document).expect("it is in the log");
            assert_eq!((leaf.op, &leaf.hash, &leaf.issuer), (LeafOp::Issue, hash, &acme.partner.issuer_did));
        }
        let stranger = delivered.concat().into_iter().find(|document| !documents.contains(document));
        let refused = check(&text, &auditor, &stranger.expect("another document")).expect_err("another's");
        assert_eq!(refused, CommitmentError::Document);
    }
    let token = acme.partner.token("ada@example.com", &server.clock);
    let early =
        server.get_as(&token, &format!("/v1/credentials/proof?coreClaimHash={}&op=revoke", hashes[1])).await;
    assert_eq!(early.status, 404, "{}", early.text);

    assert!(revoke(&server, &acme, &id).await);
    for (hash, documents) in hashes.iter().zip(&delivered) {
        let text = proof(&server, &acme, hash, "revoke").await;
        let leaf = check(&text, &auditor, &documents[0]).expect("its revocation is in the log");
        assert_eq!((leaf.op, &leaf.hash), (LeafOp::Revoke, hash));
    }
    let leaves = auditor.audit(&auditor.checkpoint().await).await;
    let of = |op| {
        leaves.iter().filter(|leaf| leaf.op == op).map(|leaf| leaf.hash.clone()).collect::<BTreeSet<_>>()
    };
    assert_eq!(of(LeafOp::Issue), hashes.iter().cloned().collect());
    assert_eq!(of(LeafOp::Revoke), hashes.iter().cloned().collect());
    assert_eq!(leaves.len(), 2 * hashes.len(), "each once");
});

on_both!(a_delivery_is_found_by_its_hash, async |server: Server| {
    let acme = server.environment("acme").await;
    let umbrella = server.environment("umbrella").await;
    let (_, access) = begun(&server, &acme).await;
    let delivered = everything(&server, &access).await;
    let url = &server.database_url;
    let hashes = query_texts(url, "SELECT core_claim_hash FROM delivery ORDER BY created_at, id").await;
    let token = acme.partner.token("ada@example.com", &server.clock);
    for (hash, documents) in hashes.iter().zip(&delivered) {
        let found = server.credential(&token, hash).await;
        let found: BTreeSet<&str> = found["documents"]
            .as_object()
            .expect("an object")
            .values()
            .filter_map(|text| text.as_str())
            .collect();
        assert_eq!(found, documents.iter().map(String::as_str).collect());
    }
    let theirs = umbrella.partner.token("ada@example.com", &server.clock);
    let answer = server.get_as(&theirs, &format!("/v1/credentials/{}", hashes[1])).await;
    assert_eq!(answer.status, 404, "{}", answer.text);
});

on_both!(what_is_revoked_is_delivered_no_more, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let access = server.access(scan(&server, &acme, &id).await).await;
    let key = WalletKey::generate();
    fetched(&server, &access, &[&key]).await;
    assert!(revoke(&server, &acme, &id).await);
    for (configuration, key) in
        [(sd_jwt(&access), &key), (jwt_vc(&access), &key), (sd_jwt(&access), &WalletKey::generate())]
    {
        let answer = server.ask_credential(&access, configuration, &[key]).await;
        refused(&answer, 400, "credential_request_denied");
    }
    assert_eq!(crate::wallet::common::count(&server, "delivery").await, 1);
});
