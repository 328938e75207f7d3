//! Partner authentication: which Partner JWTs are accepted, and what is said of each that is not.

mod attacks;
mod claims;
mod header;
mod order;
mod tenants;

use jose::b64url_encode;
use serde_json::Value;
use support::{Partner, Server, on_both};

/// A hash that no credential has.
const NOBODYS: &str = "239704895d0c4693d33ee7ab9e37c6eb295f178d80074a32d4ace53b1a779c44";

/// A token that is refused, and what is said about it.
struct Refused {
    what: &'static str,
    token: String,
    message: String,
}

fn refused(what: &'static str, token: String, message: impl Into<String>) -> Refused {
    Refused { what, token, message: message.into() }
}

/// Every endpoint that wants a Partner JWT refuses each token with just this message.
async fn assert_refused(server: &Server, partner: &Partner, rows: &[Refused]) {
    let paths = [
        format!("/v1/credentials/status?coreClaimHash={NOBODYS}"),
        format!("/v1/credentials/proof?coreClaimHash={NOBODYS}"),
        format!("/v1/credentials/anchor?coreClaimHash={NOBODYS}"),
        format!("/v1/credentials/{NOBODYS}"),
    ];
    for Refused { what, token, message } in rows {
        let mut answers = vec![server.issue(token, &partner.request()).await];
        for path in &paths {
            answers.push(server.get_as(token, path).await);
        }
        for answer in answers {
            assert_eq!(answer.status, 401, "{what}: {}", answer.text);
            assert_eq!(answer.message(), *message, "{what}");
        }
    }
    assert_eq!(server.store.credential_count().await.expect("a count"), 0);
}

/// Whether a token is accepted. It asks for a hash that no credential has.
async fn is_accepted(server: &Server, token: &str) -> bool {
    let answer = server.status(token, NOBODYS).await;
    match answer.status {
        404 => true,
        401 => false,
        _ => panic!("neither accepted nor refused: {}", answer.text),
    }
}

/// A token of these parts, whatever they say.
fn forge(header: &Value, payload: &[u8], signature: &[u8]) -> String {
    let header = b64url_encode(header.to_string().as_bytes());
    format!("{header}.{}.{}", b64url_encode(payload), b64url_encode(signature))
}

on_both!(a_token_may_be_used_until_it_expires_with_the_leeway, async |server: Server| {
    let acme = server.partner("acme").await;
    let claims = acme.claims("ada@example.com", &server.clock);
    let token = claims.sign(&acme.key.key);
    let first = server.issued(&token, &acme.request()).await;
    let second = server.issued(&token, &acme.request()).await;
    assert_eq!(first["userUuid"], second["userUuid"]);
    server.clock.advance(300 + 20);
    assert!(is_accepted(&server, &token).await, "within the leeway of 30 s");
    server.clock.advance(15);
    let answer = server.status(&token, NOBODYS).await;
    assert_eq!(answer.status, 401, "a remembered token expires, too");
    let exp = claims.payload["exp"].as_i64().expect("a number");
    let at = model::Timestamp::from_seconds(exp).rfc3339();
    let message = answer.message();
    assert!(message.starts_with(&format!("Token expired at {at} (it is now ")), "{message}");
});

on_both!(rs256_and_es256_are_accepted, async |server: Server| {
    for (name, key) in
        [("elliptic", support::PartnerKey::es256("one")), ("rivest", support::PartnerKey::rs256("one"))]
    {
        let keys = model::PartnerKeys::Pinned(key.jwks());
        let partner = server.partner_with(name, key, keys).await;
        let token = partner.token("ada@example.com", &server.clock);
        server.issued(&token, &partner.request()).await;
        assert!(is_accepted(&server, &token).await);
    }
});

on_both!(polling_needs_no_email_and_issuing_does, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.claims("", &server.clock).without("email").sign(&acme.key.key);
    assert!(is_accepted(&server, &token).await);
    let answer = server.issue(&token, &acme.request()).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.message(),
        "Missing claim in the Partner JWT: email, the address of the person to issue to."
    );
});
