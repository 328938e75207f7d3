//! Asking a wallet to present, and its answer: every way to be known, both ways to answer.

use issuance::{VerificationSettings, VerifierCertificate};
use serde_json::{Value, json};
use support::{Database, Server, Setup, on_both};

use super::common;
use super::common::{Asked, Door, merged, outcome, state};
use super::stranger::certified;

/// A server that is known by a certificate, too.
async fn certified_server(database: Database) -> Server {
    let (chain, key) = certified("localhost");
    let certificate = VerifierCertificate { chain, key: std::sync::Arc::new(key) };
    let verification =
        VerificationSettings { certificate: Some(certificate), ..VerificationSettings::default() };
    Server::start_with(database, Setup { verification, host: "localhost", ..Setup::default() }).await
}

/// A query for both formats of the credential.
fn both(door: &Door) -> Value {
    let mut query = door.held.query(&["fullName"]);
    let more = door.held.w3c_query(&["level"])["credentials"][0].take();
    query["credentials"].as_array_mut().expect("a list").push(more);
    query
}

/// What was shown is what was asked for, in the order of the query.
fn check_shown(result: &Value, issuer: &str) {
    assert_eq!(result["status"], "verified", "{result}");
    assert_eq!((&result["verdict"], &result["error"]), (&Value::Null, &Value::Null));
    let shown = result["credentials"].as_array().expect("a list");
    let of = |id: &str| shown.iter().find(|shown| shown["id"] == id).expect("it was shown");
    assert_eq!(shown.len(), 2);
    let (sd_jwt, w3c) = (of("m"), of("j"));
    assert_eq!((&sd_jwt["format"], &w3c["format"]), (&json!("dc+sd-jwt"), &json!("jwt_vc_json")));
    assert_eq!(sd_jwt["claims"], json!([{"path": ["fullName"], "value": "Ada Lovelace"}]));
    assert_eq!(w3c["claims"], json!([{"path": ["credentialSubject", "level"], "value": 41}]));
    for shown in [sd_jwt, w3c] {
        assert_eq!(shown["state"], "valid");
        assert!(shown["issuer"].as_str().is_some_and(|found| found.contains(issuer)), "{shown}");
        for name in ["format", "key", "signature", "validity", "status", "holder_binding", "issuer"] {
            assert_eq!(outcome(shown, name), "passed", "{name}: {shown}");
        }
    }
}

/// Makes a request, answers it, and looks at what came of it.
async fn one(server: &Server, door: &Door, prefix: &str, mode: &str) {
    let id = format!("{prefix}-{}", mode.replace('.', "-"));
    let more =
        json!({"definitionId": id, "clientIdPrefix": prefix, "responseMode": mode, "dcqlQuery": both(door)});
    door.template(server, &more).await;
    let made = server.ask(&door.acme, &door.keys, &id, None).await;
    let correlation = made["correlationId"].as_str().expect("an id");
    assert_eq!(made["definitionId"], id.as_str());
    assert_eq!(state(server, correlation).await, "created");
    let asked = server.read_asked(made["authRequestURI"].as_str().expect("an address")).await;
    // What is all in its address is never fetched.
    let by_value = prefix == "redirect_uri";
    assert_eq!(state(server, correlation).await, if by_value { "created" } else { "sent" });
    assert!(asked.client_id().starts_with(&format!("{prefix}:")), "{}", asked.client_id());
    assert_eq!(asked.text("response_mode"), mode);
    let sd_jwt = door.held.present(&asked, &["fullName"], server.clock_seconds());
    let vp = door.held.vp(asked.text("nonce"), asked.client_id());
    let answer = server.respond(&asked, asked.form(&json!({"m": [sd_jwt], "j": [vp]}))).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "{}"), "{prefix} {mode}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(state(server, correlation).await, "verified");
    let rest = format!("/definition/{id}/correlation/{correlation}");
    let result = door.call(server, reqwest::Method::GET, &rest).await.json();
    check_shown(&result, &door.acme.correlation_id);
    let text = result.to_string();
    assert!(!text.contains("1990-12-10"), "what was not asked for is not kept: {text}");
}

async fn every_way(database: Database) {
    let server = certified_server(database).await;
    let door = Door::new(&server).await;
    for prefix in ["decentralized_identifier", "x509_san_dns", "x509_hash", "redirect_uri"] {
        for mode in ["direct_post", "direct_post.jwt"] {
            one(&server, &door, prefix, mode).await;
        }
    }
}

mod wallets_are_asked_in_every_way_and_answer_in_both {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        every_way(Database::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        every_way(Database::Postgres).await;
    }
}

on_both!(only_what_was_asked_for_is_kept, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let asked = door.ask(&server).await;
    let answer = server.present(&asked.read, &door.held, &["fullName", "born", "level", "active"]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let result = door.result(&server, &asked.id).await;
    let claims = &result["credentials"][0]["claims"];
    assert_eq!(*claims, json!([{"path": ["fullName"], "value": "Ada Lovelace"}]));
});

on_both!(both_encryptions_are_read, async |server: Server| {
    let door = Door::asking(&server, &json!({"responseMode": "direct_post.jwt"})).await;
    for enc in jose::jwe::ContentEncryption::ALL {
        let Asked { id, read, .. } = door.ask(&server).await;
        let shown = door.held.present(&read, &["fullName"], server.clock_seconds());
        let jwe = read.encrypted(&json!({"m": [shown]}), enc);
        let answer = server.respond(&read, support::form_body(&[("response", &jwe)])).await;
        assert_eq!((answer.status, state(&server, &id).await.as_str()), (200, "verified"), "{}", answer.text);
    }
});

on_both!(each_request_has_its_own_secrets, async |server: Server| {
    let door = Door::asking(&server, &json!({"responseMode": "direct_post.jwt"})).await;
    let (one, other) = (door.ask(&server).await, door.ask(&server).await);
    for name in ["nonce", "state", "response_uri"] {
        assert_ne!(one.read.text(name), other.read.text(name), "{name}");
        assert!(one.read.text(name).len() >= 32, "{name}");
    }
    let key = |asked: &Asked| asked.read.claims["client_metadata"]["jwks"]["keys"][0]["x"].clone();
    assert_ne!(key(&one), key(&other), "the key");
    assert_ne!(one.read.text("nonce"), one.read.text("state"));
});

on_both!(a_credential_that_another_tenant_issued_counts_if_it_is_named, async |server: Server| {
    let door = Door::new(&server).await;
    let umbrella = server.environment("umbrella").await;
    let foreign = server.held(&umbrella).await;
    let query = foreign.query(&["fullName"]);
    let host = server.engine.public_url();
    let issuer = format!("{host}/issuers/{}", umbrella.correlation_id);
    let cases = [
        ("own", json!({}), 400),
        ("other", json!({"trustedIssuers": ["https://issuer.example"]}), 400),
        ("named", json!({"trustedIssuers": ["https://issuer.example", issuer]}), 200),
        ("any", json!({"trustedIssuers": ["*"]}), 200),
    ];
    for (id, more, status) in cases {
        let more = merged(json!({"definitionId": id, "dcqlQuery": query}), &more);
        door.template(&server, &more).await;
        let made = server.ask(&door.acme, &door.keys, id, None).await;
        let asked = server.read_asked(made["authRequestURI"].as_str().expect("an address")).await;
        let answer = server.present(&asked, &foreign, &["fullName"]).await;
        assert_eq!(answer.status, status, "{id}: {}", answer.text);
        if status == 400 {
            let text = common::refused(&answer, 400);
            assert!(text.contains("is unknown here"), "{id}: {text}");
        }
    }
});

on_both!(a_query_of_alternatives_takes_either, async |server: Server| {
    let door = Door::new(&server).await;
    let mut query = both(&door);
    query["credential_sets"] = json!([{"options": [["m"], ["j"]]}]);
    door.template(&server, &json!({"dcqlQuery": query})).await;
    for id in ["m", "j"] {
        let Asked { id: correlation, read, .. } = door.ask(&server).await;
        let shown = match id {
            "m" => door.held.present(&read, &["fullName"], server.clock_seconds()),
            _ => door.held.vp(read.text("nonce"), read.client_id()),
        };
        let answer = server.respond(&read, read.form(&json!({ id: [shown] }))).await;
        assert_eq!(answer.status, 200, "{id}: {}", answer.text);
        let result = door.result(&server, &correlation).await;
        assert_eq!(result["credentials"][0]["id"], id);
        assert_eq!(result["credentials"].as_array().map(Vec::len), Some(1));
    }
    // Neither is no answer.
    let asked = door.ask(&server).await;
    let answer = server.respond(&asked.read, asked.read.form(&json!({}))).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
});

on_both!(without_holder_binding_a_bare_credential_is_taken, async |server: Server| {
    let door = Door::new(&server).await;
    let mut query = both(&door);
    for credential in query["credentials"].as_array_mut().expect("a list") {
        credential["require_cryptographic_holder_binding"] = json!(false);
    }
    door.template(&server, &json!({"dcqlQuery": query})).await;
    let asked = door.ask(&server).await;
    let bare = json!({"m": [door.held.disclosing(&["fullName"])], "j": [door.held.jwt_vc]});
    let answer = server.respond(&asked.read, asked.read.form(&bare)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let result = door.result(&server, &asked.id).await;
    assert_eq!(outcome(&result["credentials"][0], "holder_binding"), "not_applicable");
    // One with a proof is as good, and the proof is checked.
    let asked = door.ask(&server).await;
    let vp = door.held.vp(asked.read.text("nonce"), asked.read.client_id());
    let shown = door.held.present(&asked.read, &["fullName"], server.clock_seconds());
    let answer = server.respond(&asked.read, asked.read.form(&json!({"m": [shown], "j": [vp]}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let asked = door.ask(&server).await;
    let stale = door.held.vp("another", asked.read.client_id());
    let shown = door.held.present(&asked.read, &["fullName"], server.clock_seconds());
    let answer = server.respond(&asked.read, asked.read.form(&json!({"m": [shown], "j": [stale]}))).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
});
