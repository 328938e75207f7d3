//! Encrypted requests and answers (OpenID4VCI 1.0, section 10).

use jose::jwe::{ContentEncryption, DecryptionKey, EncryptionKey, Message, decrypt};
use serde_json::{Value, json};
use support::{Access, Answer, Environment, Server, on_both};
use wallet::{WalletKey, credential_request};

use super::common::{asking, begun, claims, count, fetched, post_text, refused, sd_jwt};

/// The wallet's own key for answers.
fn own_key() -> DecryptionKey {
    DecryptionKey::from_scalar(&[7; 32]).expect("a key")
}

/// Randomness enough for a test.
fn random(bytes: &mut [u8]) {
    model::Entropy::fill(&support::SystemEntropy, bytes);
}

/// A request in a JWE for this key.
pub(super) fn encrypted(key: &Value, request: &Value, compressed: bool) -> String {
    let message = Message { enc: ContentEncryption::A256Gcm, compressed, typ: None, cty: Some("json") };
    let key = EncryptionKey::from_jwk(key).expect("a key to encrypt to");
    key.encrypt(&message, request.to_string().as_bytes(), &mut random)
}

/// The key to which requests are encrypted.
async fn issuers_key(server: &Server, acme: &Environment) -> Value {
    let path = format!("/.well-known/openid-credential-issuer/issuers/{}", acme.correlation_id);
    server.published(&path).await["credential_request_encryption"]["jwks"]["keys"][0].clone()
}

/// A good request whose answer is to be encrypted like this.
async fn request(server: &Server, access: &Access, encryption: &Value) -> Value {
    let proofs = server.proofs(&access.offer, &[&WalletKey::generate()]).await;
    let mut request = credential_request(sd_jwt(access), &proofs);
    if !encryption.is_null() {
        request["credential_response_encryption"] = encryption.clone();
    }
    request
}

async fn send(server: &Server, access: &Access, jwe: String) -> Answer {
    post_text(server, access, "credential", "application/jwt", jwe).await
}

/// The header of a JWE.
fn header(jwe: &str) -> Value {
    let header = jose::b64url_decode(jwe.split('.').next().expect("a header")).expect("base64url");
    serde_json::from_slice(&header).expect("JSON")
}

/// What an encrypted answer says.
#[track_caller]
fn opened(answer: &Answer) -> Value {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/jwt")),
        "{}",
        answer.text
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let plaintext = decrypt(&answer.text, &own_key(), 1 << 20).expect("it is for this key");
    serde_json::from_slice(&plaintext).expect("JSON")
}

on_both!(requests_and_answers_may_be_encrypted, async |server: Server| {
    let acme = server.environment("acme").await;
    let key = issuers_key(&server, &acme).await;
    let own = own_key().public_jwk();
    for (encryption, compressed) in [
        (json!({"jwk": own, "enc": "A128GCM"}), false),
        (json!({"jwk": own, "enc": "A256GCM"}), true),
        (json!({"jwk": own, "enc": "A256GCM", "zip": "DEF"}), true),
        (json!({"jwk": own, "enc": "A128GCM", "zip": "DEF", "x-odd": 1}), false),
        (json!({"alg": "ECDH-ES", "jwk": own, "enc": "A128GCM"}), false),
    ] {
        let (_, access) = begun(&server, &acme).await;
        let request = request(&server, &access, &encryption).await;
        let answer = send(&server, &access, encrypted(&key, &request, compressed)).await;
        let body = opened(&answer);
        let document = body["credentials"][0]["credential"].as_str().expect("a document");
        assert_eq!(server.verify_sd_jwt(document).await["fullName"], "Ada Lovelace");
        assert!(body["notification_id"].is_string());
        let header = header(&answer.text);
        assert_eq!((&header["alg"], &header["enc"]), (&json!("ECDH-ES"), &encryption["enc"]));
        assert_eq!(header["kid"], own["kid"], "the wallet finds its key");
        assert_eq!(header.get("zip"), encryption.get("zip"));
    }
});

on_both!(an_encrypted_request_may_be_answered_in_the_clear, async |server: Server| {
    let acme = server.environment("acme").await;
    let key = issuers_key(&server, &acme).await;
    let (_, access) = begun(&server, &acme).await;
    let request = request(&server, &access, &Value::Null).await;
    let answer = send(&server, &access, encrypted(&key, &request, false)).await;
    assert_eq!(crate::wallet::common::documents(&answer).len(), 1);
});

on_both!(an_encrypted_answer_takes_an_encrypted_request, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let encryption = json!({"jwk": own_key().public_jwk(), "enc": "A256GCM"});
    let body = request(&server, &access, &encryption).await;
    let answer = server.post_as(&access, "credential", &body).await;
    refused(&answer, 400, "invalid_encryption_parameters");
    assert_eq!(count(&server, "delivery").await, 0);
});

on_both!(encryption_that_is_not_supported_is_refused_in_the_clear, async |server: Server| {
    let acme = server.environment("acme").await;
    let key = issuers_key(&server, &acme).await;
    let (_, access) = begun(&server, &acme).await;
    let own = own_key().public_jwk();
    let with = |name: &str, value: Value| {
        let mut jwk = own.clone();
        jwk[name] = value;
        jwk
    };
    let rsa = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "RSA-OAEP-256"});
    for encryption in [
        json!({}),
        json!("x"),
        json!({"jwk": own}),
        json!({"enc": "A256GCM"}),
        json!({"jwk": own, "enc": "A128CBC-HS256"}),
        json!({"jwk": own, "enc": "none"}),
        json!({"jwk": own, "enc": 1}),
        json!({"jwk": own, "enc": "A256GCM", "zip": "GZIP"}),
        json!({"jwk": own, "enc": "A256GCM", "zip": 1}),
        json!({"jwk": own, "enc": "A256GCM", "alg": "RSA-OAEP"}),
        json!({"jwk": with("alg", json!("ECDH-ES+A256KW")), "enc": "A256GCM"}),
        json!({"alg": "ECDH-ES", "jwk": with("alg", json!("ECDH-ES+A256KW")), "enc": "A256GCM"}),
        json!({"jwk": with("crv", json!("P-384")), "enc": "A256GCM"}),
        json!({"jwk": with("use", json!("sig")), "enc": "A256GCM"}),
        json!({"jwk": with("d", json!("AAAA")), "enc": "A256GCM"}),
        json!({"jwk": with("x", json!("AAAA")), "enc": "A256GCM"}),
        json!({"jwk": with("x", own["y"].clone()), "enc": "A256GCM"}),
        json!({"jwk": rsa, "enc": "A256GCM"}),
        json!({"jwk": WalletKey::generate_eddsa().jwk(), "enc": "A256GCM"}),
    ] {
        let request = request(&server, &access, &encryption).await;
        let answer = send(&server, &access, encrypted(&key, &request, false)).await;
        assert_eq!(answer.status, 400, "{encryption}: {}", answer.text);
        refused(&answer, 400, "invalid_encryption_parameters");
    }
    assert_eq!(count(&server, "delivery").await, 0);
});

on_both!(a_request_that_cannot_be_decrypted_is_refused, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let (key, theirs) = (issuers_key(&server, &acme).await, issuers_key(&server, &umbrella).await);
    assert_ne!(key, theirs, "each issuer has its own");
    let (_, access) = begun(&server, &acme).await;
    let body = request(&server, &access, &Value::Null).await;
    let good = encrypted(&key, &body, false);
    let (head, rest) = good.split_once('.').expect("a header");
    let other = jose::b64url_encode(header(&good).to_string().replace("A256GCM", "A128GCM").as_bytes());
    let mut cut = good.clone();
    cut.truncate(good.len() - 2);
    let (front, _) = good.rsplit_once('.').expect("a tag");
    for jwe in [
        String::new(),
        "x".to_owned(),
        encrypted(&theirs, &body, false),
        format!("{other}.{rest}"),
        format!("{head}.AAAA{rest}"),
        format!("{front}.{}", jose::b64url_encode(&[0; 16])),
        cut,
        WalletKey::generate().sign(&json!({"typ": "JWT"}), &body),
        body.to_string(),
        // A small message that would be a large one (a bomb).
        encrypted(&key, &json!({"x": "A".repeat(10_000_000)}), true),
    ] {
        let answer = send(&server, &access, jwe).await;
        refused(&answer, 400, "invalid_encryption_parameters");
    }
    for text in [json!([]), json!("x"), json!(1)] {
        let answer = send(&server, &access, encrypted(&key, &text, false)).await;
        refused(&answer, 400, "invalid_credential_request");
    }
    let answer = send(&server, &access, good).await;
    assert_eq!(crate::wallet::common::documents(&answer).len(), 1);
});

on_both!(refusals_are_never_encrypted, async |server: Server| {
    let acme = server.environment("acme").await;
    let key = issuers_key(&server, &acme).await;
    let (id, access) = begun(&server, &acme).await;
    let encryption = json!({"jwk": own_key().public_jwk(), "enc": "A256GCM"});
    let mut spoiled = request(&server, &access, &encryption).await;
    spoiled["credential_configuration_id"] = json!("x");
    let answer = send(&server, &access, encrypted(&key, &spoiled, false)).await;
    refused(&answer, 400, "unknown_credential_configuration");
    let mut spoiled = request(&server, &access, &encryption).await;
    spoiled["proofs"] = json!({"jwt": ["x"]});
    refused(&send(&server, &access, encrypted(&key, &spoiled, false)).await, 400, "invalid_proof");
    let body = request(&server, &access, &encryption).await;
    assert_eq!(crate::wallet::common::delete(&server, &acme, &id).await, 204);
    let answer = send(&server, &access, encrypted(&key, &body, false)).await;
    refused(&answer, 400, "credential_request_denied");
});

on_both!(a_retry_may_be_encrypted_to_another_key, async |server: Server| {
    let acme = server.environment("acme").await;
    let key = issuers_key(&server, &acme).await;
    let (_, access) = begun(&server, &acme).await;
    let holder = WalletKey::generate();
    let document = fetched(&server, &access, &[&holder]).await.remove(0);
    let mut body = credential_request(sd_jwt(&access), &server.proofs(&access.offer, &[&holder]).await);
    body["credential_response_encryption"] = json!({"jwk": own_key().public_jwk(), "enc": "A256GCM"});
    let body = opened(&send(&server, &access, encrypted(&key, &body, true)).await);
    assert_eq!(body["credentials"][0]["credential"], document.as_str());
    assert_eq!(claims(&document)["cnf"]["jwk"], holder.jwk());
});

on_both!(what_is_signed_later_may_be_encrypted_too, async |server: Server| {
    let acme = asking(&server, "acme", |policy| policy.deferred = true).await;
    let key = issuers_key(&server, &acme).await;
    let (_, access) = begun(&server, &acme).await;
    let encryption = json!({"jwk": own_key().public_jwk(), "enc": "A128GCM"});
    let body = request(&server, &access, &Value::Null).await;
    let first = server.post_as(&access, "credential", &body).await;
    assert_eq!(first.status, 202, "{}", first.text);
    let poll = json!({
        "transaction_id": first.json()["transaction_id"],
        "credential_response_encryption": encryption,
    });
    let clear = server.post_as(&access, "deferred-credential", &poll).await;
    refused(&clear, 400, "invalid_encryption_parameters");
    let answer = support::eventually_some("it is signed", async || {
        let jwe = encrypted(&key, &poll, false);
        let answer = post_text(&server, &access, "deferred-credential", "application/jwt", jwe).await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    assert!(opened(&answer)["credentials"][0]["credential"].is_string());
});
