//! `POST /v1/verify` and the transparency log: the entry of what was issued here, and proofs that are sent along.

use serde_json::{Value, json};
use support::{Database, Server, Setup, eventually_some, on_both, payload, unverified};

use super::check::{Behalf, issuer_key};
use super::common::{merged, outcome, reason, says};
use super::stranger;

/// The proof of a leaf of a credential, as soon as there is one.
async fn proof(server: &Server, issued: &Behalf, op: &str) -> String {
    let path = format!("/v1/credentials/proof?coreClaimHash={}&op={op}", issued.hash);
    eventually_some("the proof", async || {
        let answer = server.get_as(&issued.token, &path).await;
        (answer.status == 200).then_some(answer.text)
    })
    .await
}

fn with(proof: &str) -> Value {
    json!({ "proof": proof })
}

/// A credential whose issuance waits for a checkpoint.
async fn waiting(database: Database) {
    let server = Server::start_with(database, Setup { sequencer: false, ..Setup::default() }).await;
    let issued = Behalf::new(&server).await;
    for document in [&issued.sd_jwt, &issued.jwt_vc] {
        let report = server.verify(document, &json!({})).await;
        says(&report, "valid", "log", "not_applicable");
        assert!(reason(&report, "log").contains("queued"), "{report}");
    }
    // Another replica anchors it.
    let _replica = server.replica(Setup::default()).await;
    issued.anchored(&server).await;
    let report = server.verify(&issued.jwt_vc, &json!({})).await;
    says(&report, "valid", "log", "passed");
    assert!(reason(&report, "log").contains("test.example/log"), "{report}");
}

mod what_waits_for_the_log_is_valid_and_said_to_wait {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        waiting(Database::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        waiting(Database::Postgres).await;
    }
}

/// Signs a payload with the issuer's real key, in the form of this document.
async fn resigned(server: &Server, issued: &Behalf, document: &str, payload: &[u8]) -> String {
    let key = issuer_key(server, &issued.partner).await;
    match document.split_once('~') {
        Some((_, disclosures)) => {
            let header = json!({"typ": "dc+sd-jwt", "kid": key.kid.as_str()});
            format!("{}~{disclosures}", key.key.sign_compact(&header, payload))
        }
        None => {
            let kid = format!("{}#{}", unverified(document)["iss"].as_str().expect("a DID"), key.kid);
            key.key.sign_compact(&json!({"typ": "JWT", "kid": kid}), payload)
        }
    }
}

on_both!(what_is_signed_with_a_stolen_key_is_not_in_the_records, async |server: Server| {
    let issued = Behalf::new(&server).await;
    issued.anchored(&server).await;
    for document in [&issued.sd_jwt, &issued.jwt_vc] {
        // The same claims again are the same payload, whatever the signature.
        let same = resigned(&server, &issued, document, &payload(document)).await;
        assert_ne!(same, *document);
        says(&server.verify(&same, &json!({})).await, "valid", "log", "passed");
        // Another moment, another list, another index: never issued.
        let claims = Value::Object(unverified(document));
        let mut changes = vec![
            json!({"iat": claims["iat"].as_i64().expect("a moment") + 1}),
            json!({"note": "forged"}),
            json!({"jti": "urn:uuid:00000000-0000-4000-8000-000000000000"}),
        ];
        if document.contains('~') {
            let mut status = claims["status"].clone();
            let index = status["status_list"]["idx"].as_u64().expect("an index");
            status["status_list"]["idx"] = json!((index + 1) % 131_072);
            changes.push(json!({ "status": status }));
        }
        for change in changes {
            if !document.contains('~') && change.get("jti").is_some() {
                continue;
            }
            let claims = merged(claims.clone(), &change).to_string();
            let forged = resigned(&server, &issued, document, claims.as_bytes()).await;
            let report = server.verify(&forged, &json!({})).await;
            assert_eq!(outcome(&report, "signature"), "passed", "{change}: {report}");
            says(&report, "invalid", "log", "failed");
            assert!(reason(&report, "log").contains("records hold no such credential"), "{report}");
        }
    }
    // Without any status entry.
    let mut claims = unverified(&issued.sd_jwt);
    claims.remove("status");
    let key = issuer_key(&server, &issued.partner).await;
    let header = json!({"typ": "dc+sd-jwt", "kid": key.kid.as_str()});
    let forged = format!("{}~", stranger::signed(&key.key, &header, &Value::Object(claims)));
    says(&server.verify(&forged, &json!({})).await, "invalid", "log", "failed");
});

on_both!(a_proof_that_is_sent_along_is_checked, async |server: Server| {
    let issued = Behalf::new(&server).await;
    let other = Behalf::of(&server, server.partner("umbrella").await, &json!({})).await;
    let (own, foreign) = (proof(&server, &issued, "issue").await, proof(&server, &other, "issue").await);
    for document in [&issued.sd_jwt, &issued.jwt_vc] {
        let report = server.verify(document, &with(&own)).await;
        says(&report, "valid", "log", "passed");
        assert!(reason(&report, "log").contains("of the log test.example/log"), "{report}");
        for bad in
            [foreign.as_str(), "", "garbage", &own[..own.len() / 2], &own.replace("index 0", "index 1")]
        {
            if bad == own {
                continue;
            }
            let report = server.verify(document, &with(bad)).await;
            says(&report, "invalid", "log", "failed");
        }
    }
    issued.revoke(&server).await;
    let revocation = proof(&server, &issued, "revoke").await;
    let report = server.verify(&issued.sd_jwt, &with(&revocation)).await;
    assert_eq!(outcome(&report, "log"), "failed", "{report}");
    assert!(reason(&report, "log").contains("revoked"), "{report}");
});

on_both!(a_proof_of_a_log_that_is_not_known_says_nothing, async |server: Server| {
    let other = server.afresh(Setup::default()).await;
    let issued = Behalf::new(&other).await;
    let foreign = proof(&other, &issued, "issue").await;
    // The name is the same, the key is another.
    let more = json!({"proof": foreign, "policy": {"trustedIssuers": ["*"]}});
    says(&server.verify(&issued.sd_jwt, &more).await, "invalid", "log", "failed");
    let renamed = foreign.replace("test.example/log", "other.example/log");
    let more = json!({"proof": renamed, "policy": {"trustedIssuers": ["*"]}});
    let report = server.verify(&issued.sd_jwt, &more).await;
    says(&report, "indeterminate", "log", "indeterminate");
    assert!(reason(&report, "log").contains("other.example/log"), "{report}");
});

/// A verifier that knows another deployment's log.
async fn knowing(database: Database) {
    let other = Server::start(database).await;
    let issued = Behalf::new(&other).await;
    let own = proof(&other, &issued, "issue").await;
    let mut verification = issuance::VerificationSettings::default();
    verification.policy.logs = vec![other.log.verifier_key().clone()];
    let server = Server::start_with(database, Setup { verification, ..Setup::default() }).await;
    // Of two keys of one name the first counts: that which the operator has named.
    let more = json!({"proof": own, "policy": {"trustedIssuers": ["*"]}});
    says(&server.verify(&issued.sd_jwt, &more).await, "valid", "log", "passed");
}

mod a_log_that_the_operator_named_counts {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        knowing(Database::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        knowing(Database::Postgres).await;
    }
}
