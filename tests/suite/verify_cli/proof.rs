//! The proof that an issuance is in a log, and the report as JSON.

use std::fs;

use serde_json::{Value, json};
use support::Ran;
use tlog::cosignature::Cosigner;
use tlog::note::NoteSigner;
use tlog::tlog_proof::TlogProof;

use super::common::{DOCUMENTS, Issued};

const VALID: &str = "✓ valid: credential (dc+sd-jwt)";
const INVALID: &str = "✗ invalid: credential (dc+sd-jwt)";

/// A server's credential with its proof and what the command needs offline, and the key of the server's log.
async fn with_proof() -> (Issued, String) {
    let issued = Issued::new().await;
    let key = issued.get("/log/key").await.expect("a key").trim().to_owned();
    issued.write("proof", &issued.proof(&issued.hash).await);
    issued.verify("card.sd-jwt", &["--cache", "fetched", "--online"]).await.ends(0, VALID).check("–", "log");
    (issued, key)
}

/// Verifies offline with a proof, a log's key and more.
async fn offline(issued: &Issued, proof: &str, key: &str, more: &[&str]) -> Ran {
    let arguments = ["--cache", "fetched", "--proof", proof, "--key", key];
    issued.verify("card.sd-jwt", &[&arguments, more].concat()).await
}

#[tokio::test]
async fn a_proof_holds_for_its_credential_alone() {
    let (mut issued, key) = with_proof().await;
    let another = issued.issue().await;
    issued.write("another", &issued.proof(&another).await);
    issued.stop().await;
    let run = offline(&issued, "proof", &key, &[]).await;
    run.ends(0, VALID).check("✓", "log").says("Its issuance is entry ");
    let run = offline(&issued, "another", &key, &[]).await;
    run.ends(1, INVALID).check("✗", "log").says("The proof does not hold");
    offline(&issued, "card.jwt", &key, &[]).await.ends(1, INVALID).check("✗", "log");
    let other =
        NoteSigner::new("other.example/log".parse().expect("a name"), &[9; 32]).verifier_key().to_string();
    let run = offline(&issued, "proof", &other, &[]).await;
    run.ends(2, "? indeterminate: credential (dc+sd-jwt)").check("?", "log");
    offline(&issued, "proof", &other, &["--key", &key]).await.ends(0, VALID).check("✓", "log");
    offline(&issued, "none", &key, &[]).await.refuses_to_work("cannot read none");
}

#[tokio::test]
async fn the_log_that_the_issuer_names_is_asked_and_its_proof_kept() {
    let (mut issued, key) = with_proof().await;
    let asking = ["--cache", "fetched", "--key", &key];
    for document in DOCUMENTS {
        let run = issued.verify(document, &[&asking[..], &["--online"]].concat()).await;
        run.check("✓", "log").says("Its issuance is entry ");
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    issued.stop().await;
    for document in DOCUMENTS {
        let run = issued.verify(document, &asking).await;
        run.check("✓", "log");
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    for file in issued.files("fetched") {
        if fs::read_to_string(&file).expect("a text").contains("/log/proof#") {
            fs::remove_file(&file).expect("removed");
        }
    }
    for document in DOCUMENTS {
        let run = issued.verify(document, &asking).await;
        run.check("?", "log").says("fetch it with --online, or give it with --proof");
        assert_eq!(run.code, Some(2), "{run:?}");
    }
}

#[tokio::test]
async fn witnesses_count_if_they_are_wanted() {
    let (mut issued, key) = with_proof().await;
    issued.stop().await;
    let text = issued.read("proof");
    let proof: TlogProof = text.parse().expect("a proof");
    let cosigner = |name: &str, seed| Cosigner::new(name.parse().expect("a name"), &[seed; 32]);
    let (witness, stranger) = (cosigner("witness.example", 7), cosigner("stranger.example", 8));
    let signature = witness.cosign(proof.checkpoint().unverified(), 1_700_000_000).expect("a time");
    issued.write("cosigned", &format!("{text}{signature}"));
    let [witness, stranger] = [witness, stranger].map(|cosigner| cosigner.verifier_key().to_string());

    let run = offline(&issued, "cosigned", &key, &["--witness", &witness, "--cosignatures", "1"]).await;
    run.ends(0, VALID).says("whose checkpoint 1 witness has signed too");
    for (proof, witness) in [("proof", &witness), ("cosigned", &stranger)] {
        let run = offline(&issued, proof, &key, &["--witness", witness, "--cosignatures", "1"]).await;
        run.ends(1, INVALID).says("has 0 cosignatures of witnesses");
    }
    let twice = ["--witness", &witness, "--witness", &witness, "--cosignatures", "2"];
    offline(&issued, "cosigned", &key, &twice).await.refuses_to_work("can never be had of 1 witnesses");
    offline(&issued, "proof", &key, &["--witness", &key]).await.refuses_to_work("it is the key of a log");
    offline(&issued, "proof", &witness, &[]).await.refuses_to_work("it is the key of a witness");
}

#[tokio::test]
async fn the_report_can_be_had_as_json() {
    let (mut issued, key) = with_proof().await;
    issued.stop().await;
    let run = offline(&issued, "proof", &key, &["--json"]).await;
    let report = run.report();
    assert_eq!((run.code, &report["valid"], &report["state"]), (Some(0), &json!(true), &json!("valid")));
    assert_eq!((&report["kind"], &report["format"]), (&json!("credential"), &json!("dc+sd-jwt")));
    assert_eq!(report["issuer"], issued.issuer("card.sd-jwt"));
    assert_eq!(report["claims"], json!({"age": 25, "location": "United States", "isMember": true}));
    let checks = report["checks"].as_array().expect("checks");
    let names: Vec<&Value> = checks.iter().map(|check| &check["check"]).collect();
    let expected =
        ["format", "key", "signature", "validity", "schema", "status", "holder_binding", "log", "issuer"];
    assert_eq!(names, expected);
    assert!(
        checks.iter().all(|check| check["reason"].is_string() && check["result"] != "failed"),
        "{report}"
    );
    assert_eq!(checks[7]["result"], "passed");
}
