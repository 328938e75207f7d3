//! From a `did:web` to its document.

use proptest::prelude::*;
use vc::did::{DidError, MAX_DID_SIZE, did_web, web_url};

/// The examples of the method, and more.
#[test]
fn dids_become_urls() {
    for (did, url) in [
        ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
        ("did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"),
        ("did:web:example.com%3A3000:user:alice", "https://example.com:3000/user/alice/did.json"),
        ("did:web:example.com%3a3000", "https://example.com:3000/.well-known/did.json"),
        ("did:web:xn--bcher-kva.example:a%20b:%7E", "https://xn--bcher-kva.example/a%20b/%7E/did.json"),
        ("did:web:127.0.0.1%3A8080", "https://127.0.0.1:8080/.well-known/did.json"),
        ("did:web:localhost", "https://localhost/.well-known/did.json"),
    ] {
        assert_eq!(web_url(did, false).unwrap(), url);
    }
}

#[test]
fn http_is_for_development() {
    for (did, url) in [
        ("did:web:localhost", "http://localhost/.well-known/did.json"),
        ("did:web:127.0.0.1", "http://127.0.0.1/.well-known/did.json"),
        ("did:web:localhost%3A8080:t:a", "http://localhost:8080/t/a/did.json"),
        ("did:web:example.com%3A8443", "http://example.com:8443/.well-known/did.json"),
        ("did:web:example.com", "https://example.com/.well-known/did.json"),
        ("did:web:10.0.0.1", "https://10.0.0.1/.well-known/did.json"),
    ] {
        assert_eq!(web_url(did, true).unwrap(), url);
    }
}

#[test]
fn other_dids_are_refused() {
    for (did, error) in [
        ("", DidError::NotDidWeb),
        ("did:key:z6Mk", DidError::NotDidWeb),
        ("DID:WEB:example.com", DidError::NotDidWeb),
        ("https://example.com", DidError::NotDidWeb),
        ("did:web:", DidError::DidHost),
        ("did:web::user", DidError::DidHost),
        ("did:web:user@example.com", DidError::DidHost),
        ("did:web:example.com/..", DidError::DidHost),
        ("did:web:example.com%2Fpath", DidError::DidHost),
        ("did:web:example.com%3A", DidError::DidHost),
        ("did:web:example.com%3A+80", DidError::DidHost),
        ("did:web:example.com%3A65536", DidError::DidHost),
        ("did:web:example.com%3A80%3A80", DidError::DidHost),
        ("did:web:example..com", DidError::DidHost),
        ("did:web:bücher.example", DidError::DidHost),
        ("did:web:[::1]", DidError::DidHost),
        ("did:web:example.com:", DidError::DidPath),
        ("did:web:example.com:a::b", DidError::DidPath),
        ("did:web:example.com:..", DidError::DidPath),
        ("did:web:example.com:.", DidError::DidPath),
        ("did:web:example.com:%2e%2E", DidError::DidPath),
        ("did:web:example.com:.%2e", DidError::DidPath),
        ("did:web:example.com:a/b", DidError::DidPath),
        ("did:web:example.com:a?b", DidError::DidPath),
        ("did:web:example.com:a#b", DidError::DidPath),
        ("did:web:example.com:a%2", DidError::DidPath),
        ("did:web:example.com:a%zz", DidError::DidPath),
        ("did:web:example.com:ü", DidError::DidPath),
    ] {
        assert_eq!(web_url(did, true), Err(error), "{did}");
    }
    let long = format!("did:web:{}", "a".repeat(MAX_DID_SIZE));
    assert_eq!(web_url(&long, false), Err(DidError::NotDidWeb));
}

proptest! {
    /// What our own issuers' DIDs say is where their documents are.
    #[test]
    fn our_own_dids_lead_back(
        host in "[a-z][a-z0-9-]{0,8}(\\.[a-z]{2,6}){0,2}",
        port in prop::option::of(1024..u16::MAX),
        path in prop::collection::vec("[A-Za-z0-9_~@é-]{1,6}", 0..4),
    ) {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let base = format!("https://{host}{port}/{}", path.join("/"));
        prop_assume!(url::Url::parse(&base).is_ok_and(|url| url.host_str() == Some(&host)));
        let found = web_url(&did_web(&base).unwrap(), false).unwrap();
        let file = if path.is_empty() { ".well-known/did.json" } else { "/did.json" };
        // One writes "~" and "@" as they are, the other in their encoded form.
        let plain = |url: &str| url::Url::parse(url).unwrap().to_string().replace("%7E", "~").replace("%40", "@");
        prop_assert_eq!(plain(&found), plain(&(base + file)));
    }

    /// Whatever the DID is, its URL stays what it looks like.
    #[test]
    fn urls_have_no_surprises(id in "[a-z0-9.:%A23e-]{0,24}") {
        if let Ok(found) = web_url(&format!("did:web:{id}"), false) {
            let host = found["https://".len()..].split(['/', ':']).next().unwrap();
            let segments = found.split('/').count();
            if let Ok(url) = url::Url::parse(&found) {
                prop_assert!(url.path().ends_with("/did.json"));
                prop_assert_eq!(url.path().split('/').count() + 2, segments);
                // A host that looks like an address may be written in another way.
                prop_assert!(url.domain().is_none_or(|domain| domain.eq_ignore_ascii_case(host)));
            }
        }
    }
}
