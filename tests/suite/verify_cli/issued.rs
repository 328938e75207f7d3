//! What a server has issued: fetched, kept, given, missing, tampered with, revoked.

use std::fs;

use model::Timestamp;
use serde_json::Value;
use support::eventually;

use super::common::{DOCUMENTS, Issued, verify};

const CACHE: [&str; 2] = ["--cache", "fetched"];
const ONLINE: [&str; 3] = ["--cache", "fetched", "--online"];

/// The first line of a report on a document.
fn first(document: &str, state: &str) -> String {
    let format = if document == "card.jwt" { "jwt_vc_json" } else { "dc+sd-jwt" };
    format!("{state}: credential ({format})")
}

/// Makes what was fetched look three days older.
fn age(issued: &Issued) {
    for file in issued.files("fetched") {
        let mut entry: Value =
            serde_json::from_str(&fs::read_to_string(&file).expect("a text")).expect("JSON");
        let fetched_at =
            Timestamp::parse_rfc3339(entry["fetchedAt"].as_str().expect("a text")).expect("a moment");
        entry["fetchedAt"] = fetched_at.plus_seconds(-3 * 86_400 - 60).rfc3339().into();
        fs::write(&file, entry.to_string()).expect("written");
    }
}

#[tokio::test]
async fn what_was_fetched_once_serves_offline() {
    let mut issued = Issued::new().await;
    for document in DOCUMENTS {
        let run = issued.verify(document, &ONLINE).await;
        run.ends(0, &first(document, "✓ valid"))
            .check("✓", "key")
            .check("✓", "status")
            .says("  location  United States\n");
    }
    assert_eq!(issued.files("fetched").len(), 5, "metadata, DID document, schema, two status lists");
    issued.stop().await;
    for document in DOCUMENTS {
        let run = issued.verify(document, &CACHE).await;
        run.ends(0, &first(document, "✓ valid")).check("✓", "status").check("–", "log");
    }

    age(&issued);
    for document in DOCUMENTS {
        let run = issued.verify(document, &CACHE).await;
        run.ends(0, &first(document, "✓ valid")).says("\nnotes\n").says("status-lists/0 is 3 days old");
        let noted = issued.verify(document, &["--cache", "fetched", "--json"]).await.report();
        assert!(noted["notes"].as_array().is_some_and(|notes| notes.len() >= 2), "{noted}");
        // Whoever asks the network wants to know how things stand.
        let run = issued.verify(document, &ONLINE).await;
        run.ends(2, &first(document, "? indeterminate"))
            .says("cannot be fetched")
            .says("without --online, the copy of");
        // The status list says itself until when it counts.
        let run = issued.verify(document, &["--cache", "fetched", "--at", "2100-01-01T00:00:00Z"]).await;
        run.ends(2, &first(document, "? indeterminate")).check("?", "status").says("has expired");
        // Of another time, a list says nothing.
        let run = issued.verify(document, &["--cache", "fetched", "--at", "2001-01-01T00:00:00Z"]).await;
        run.check("?", "status").says("is only valid from");
        assert_ne!(run.code, Some(0), "{run:?}");
    }
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let mut issued = Issued::new().await;
    for (document, place) in
        DOCUMENTS.into_iter().zip([".well-known/jwt-vc-issuer/issuers/demo-issuer", "/did.json"])
    {
        for arguments in [&[][..], &CACHE] {
            let run = issued.verify(document, arguments).await;
            run.ends(2, &first(document, "? indeterminate")).check("?", "key").check("?", "signature");
            run.says(&format!("{place} is not at hand, fetch it with --online, or give it with --with"));
        }
    }
    assert!(!issued.path().join("fetched").exists(), "offline, nothing is written");
    // Without --development, a development server is no server.
    let run = verify(issued.path(), &["card.sd-jwt", "--online", "--trust", "*"]).await;
    run.ends(2, &first("card.sd-jwt", "? indeterminate")).says("it is not an https URL");
    for document in DOCUMENTS {
        issued.verify(document, &ONLINE).await.ends(0, &first(document, "✓ valid"));
    }
    issued.stop().await;
    // One copy is lost, another is broken: each is found out.
    for file in issued.files("fetched") {
        let text = fs::read_to_string(&file).expect("a text");
        if text.contains("/status-lists/0\"") {
            fs::remove_file(&file).expect("removed");
        } else if text.contains("/bitstring-status-lists/0\"") {
            fs::write(&file, &text[..text.len() / 2]).expect("written");
        }
    }
    let run = issued.verify("card.sd-jwt", &CACHE).await;
    run.ends(2, &first("card.sd-jwt", "? indeterminate"))
        .check("?", "status")
        .says("/status-lists/0 is not at hand");
    let run = issued.verify("card.jwt", &CACHE).await;
    run.ends(2, &first("card.jwt", "? indeterminate")).check("?", "status").says("is no entry of a cache");
}

#[tokio::test]
async fn what_is_given_is_not_fetched() {
    let mut issued = Issued::new().await;
    for (name, path) in [
        ("metadata", "/.well-known/jwt-vc-issuer/issuers/demo-issuer"),
        ("did", "/issuers/demo-issuer/did.json"),
        ("list", "/issuers/demo-issuer/status-lists/0"),
        ("bits", "/issuers/demo-issuer/bitstring-status-lists/0"),
    ] {
        issued.write(name, &issued.get(path).await.expect("published"));
    }
    let payload: Value = serde_json::from_slice(&support::payload(&issued.read("card.jwt"))).expect("JSON");
    let schema = payload["vc"]["credentialSchema"]["id"].as_str().expect("a schema");
    let (_, path) = schema.split_once("/schemas/").expect("a schema of this server");
    issued.write("schema", &issued.get(&format!("/schemas/{path}")).await.expect("published"));
    issued.stop().await;
    let run = issued.verify("card.sd-jwt", &["--with", "metadata", "--with", "list"]).await;
    run.ends(0, &first("card.sd-jwt", "✓ valid"))
        .check("✓", "status")
        .says("was taken from the file metadata.\n");
    let run = issued.verify("card.jwt", &["--with", "did", "--with", "bits", "--with", "schema"]).await;
    run.ends(0, &first("card.jwt", "✓ valid")).check("✓", "schema").says("was taken from the file did.\n");
    let run = issued.verify("card.jwt", &["--with", "did"]).await;
    run.ends(2, &first("card.jwt", "? indeterminate")).check("✓", "signature").check("?", "status");

    // Metadata of the type may hold a schema, and these claims do not fit this one.
    let payload: Value =
        serde_json::from_slice(&support::payload(&issued.read("card.sd-jwt"))).expect("JSON");
    let schema = serde_json::json!({"properties": {"age": {"type": "string"}}});
    issued.write("type", &serde_json::json!({"vct": payload["vct"], "schema": schema}).to_string());
    let run = issued.verify("card.sd-jwt", &["--with", "metadata", "--with", "list", "--with", "type"]).await;
    run.ends(1, &first("card.sd-jwt", "✗ invalid")).check("✗", "schema");

    let run = issued.verify("card.jwt", &["--with", "did", "--with", "did"]).await;
    run.refuses_to_work("did is about the same");
    let run = issued.verify("card.jwt", &["--with", "card.jwt", "--with", "none"]).await;
    run.refuses_to_work("cannot read none");
}

#[tokio::test]
async fn a_changed_credential_and_an_unknown_issuer_are_not_valid() {
    let issued = Issued::new().await;
    for document in DOCUMENTS {
        let text = issued.read(document);
        let (head, rest) = text.split_once('.').expect("a header");
        let (claims, rest) = rest.split_once('.').expect("a payload");
        let claims: Value =
            serde_json::from_slice(&jose::b64url_decode(claims).expect("base64url")).expect("JSON");
        let mut changed = claims.clone();
        changed["iat"] = (claims["iat"].as_i64().expect("seconds") - 1).into();
        let changed = jose::b64url_encode(changed.to_string().as_bytes());
        issued.write("changed", &format!("{head}.{changed}.{rest}"));
        let run = issued.verify("changed", &ONLINE).await;
        run.ends(1, &first(document, "✗ invalid")).check("✗", "signature").check("–", "status");
        assert!(!run.out.contains("United States"), "what is not signed is not shown: {run:?}");

        let trust = |issuer: &str| {
            let arguments = [document, "--development", "--trust", issuer, "--cache", "fetched", "--online"];
            arguments.map(str::to_owned)
        };
        for (issuer, code, state) in [
            (issued.issuer(document), 0, "✓ valid"),
            ("https://other.example".to_owned(), 1, "✗ unknown issuer"),
        ] {
            let arguments = trust(&issuer);
            let run = verify(issued.path(), &arguments.each_ref().map(String::as_str)).await;
            run.ends(code, &first(document, state));
        }
        let run = verify(issued.path(), &[document, "--development", "--cache", "fetched"]).await;
        run.ends(1, &first(document, "✗ unknown issuer"))
            .check("✗", "issuer")
            .says("name it with --trust.\n");
    }
}

#[tokio::test]
async fn a_revocation_shows_online_and_then_offline() {
    let mut issued = Issued::new().await;
    for document in DOCUMENTS {
        issued.verify(document, &ONLINE).await.ends(0, &first(document, "✓ valid"));
    }
    issued.revoke().await;
    for document in DOCUMENTS {
        // What the command, the server and its list allow to be used again passes first.
        eventually("revoked", async || issued.verify(document, &ONLINE).await.code == Some(1)).await;
        issued.verify(document, &ONLINE).await.ends(1, &first(document, "✗ revoked")).check("✗", "status");
    }
    issued.stop().await;
    for document in DOCUMENTS {
        issued.verify(document, &CACHE).await.ends(1, &first(document, "✗ revoked"));
        let run = issued.verify(document, &["--cache", "fetched", "--json"]).await;
        assert_eq!((run.code, &run.report()["state"]), (Some(1), &"revoked".into()));
    }
}
