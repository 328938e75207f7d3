//! `did:web` and the DID document.

use proptest::prelude::*;
use serde_json::json;
use vc::did::{DidError, VerificationMethod, did_web, document};

use crate::common::{ISSUER, STRANGER};

#[test]
fn urls_become_dids() {
    for (url, did) in [
        ("https://w3c-ccg.github.io", "did:web:w3c-ccg.github.io"),
        ("https://w3c-ccg.github.io/user/alice", "did:web:w3c-ccg.github.io:user:alice"),
        ("https://example.com:3000/user/alice", "did:web:example.com%3A3000:user:alice"),
        ("https://EXAMPLE.com:443/t/Acme/", "did:web:example.com:t:Acme"),
        ("http://localhost:8080/t/1", "did:web:localhost%3A8080:t:1"),
        ("http://127.0.0.1:8080", "did:web:127.0.0.1%3A8080"),
        ("https://bücher.example/a b/ü:~%2F", "did:web:xn--bcher-kva.example:a%20b:%C3%BC%3A%7E%2F"),
    ] {
        assert_eq!(did_web(url).unwrap(), did, "{url}");
    }
}

#[test]
fn other_urls_are_refused() {
    for (url, error) in [
        ("example.com", DidError::NotUrl),
        ("https://", DidError::NotUrl),
        ("ftp://example.com", DidError::Scheme),
        ("https://[::1]/", DidError::Host),
        ("https://user@example.com", DidError::ExtraParts),
        ("https://:secret@example.com", DidError::ExtraParts),
        ("https://example.com/?", DidError::ExtraParts),
        ("https://example.com/#x", DidError::ExtraParts),
        ("https://example.com/a//b", DidError::EmptySegment),
        ("https://example.com//", DidError::EmptySegment),
        ("https://example.com/100%", DidError::Escape),
        ("https://example.com/%2/%zz", DidError::Escape),
    ] {
        assert_eq!(did_web(url).unwrap_err(), error, "{url}");
    }
    assert_eq!(did_web(&format!("https://a/{}", "a".repeat(2048))).unwrap_err(), DidError::NotUrl);
}

proptest! {
    #[test]
    fn every_did_has_the_syntax_of_did_core(path in "(/[^/?#\\\\]{1,6}){0,3}") {
        if let Ok(did) = did_web(&format!("https://example.com{path}")) {
            let id = did.strip_prefix("did:web:").unwrap();
            prop_assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:%".contains(&b)), "{}", did);
            let escapes_are_whole = id.split('%').skip(1).all(|rest| {
                rest.len() >= 2 && rest.bytes().take(2).all(|digit| digit.is_ascii_hexdigit())
            });
            prop_assert!(escapes_are_whole, "{}", did);
        }
    }
}

#[test]
fn document_lists_every_key_for_assertions() {
    let keys = [
        VerificationMethod { kid: "current", key: ISSUER.public_key() },
        VerificationMethod { kid: "previous", key: STRANGER.public_key() },
    ];
    let document = document("did:web:issuer.example", &["did:air:id:test:abc"], &keys);
    let mut jwk = ISSUER.public_key().to_jwk();
    jwk["kid"] = json!("current");
    jwk["alg"] = json!("ES256");
    assert_eq!(
        document["@context"],
        json!(["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"])
    );
    assert_eq!(document["id"], "did:web:issuer.example");
    assert_eq!(document["alsoKnownAs"], json!(["did:air:id:test:abc"]));
    assert_eq!(
        document["assertionMethod"],
        json!(["did:web:issuer.example#current", "did:web:issuer.example#previous"])
    );
    assert_eq!(
        document["verificationMethod"][0],
        json!({
            "id": "did:web:issuer.example#current",
            "type": "JsonWebKey2020",
            "controller": "did:web:issuer.example",
            "publicKeyJwk": jwk,
        })
    );
}

#[test]
fn document_without_aliases_has_no_such_member() {
    assert!(document("did:web:issuer.example", &[], &[]).get("alsoKnownAs").is_none());
}
