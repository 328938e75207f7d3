//! The holder's signature over a presentation: each cause to refuse it (RFC 9901, section 7.3).

use jose::{SigningKey, b64url_encode};
use serde_json::{Map, Value, json};
use vc::did::{did_jwk, did_key};
use vc::sd_jwt::{
    HolderKeyError, KeyBinding, KeyBindingClaims, KeyBindingError, SdJwt, bind, holder_key,
    key_binding_payload,
};
use vc::{Expected, Mismatch};

use crate::common::{ISSUER, STRANGER, assert_refused, object};

const NOW: i64 = 1_800_000_000;
const EXPECTED: Expected<'_> = Expected {
    nonce: Some("n-1"),
    audience: Some("x509_san_dns:verifier.example"),
    now: NOW,
    max_age: Some(300),
    max_ahead: 60,
};
const CLAIMS: KeyBindingClaims<'_> = KeyBindingClaims {
    nonce: "n-1",
    audience: "x509_san_dns:verifier.example",
    iat: NOW,
    transaction_data_hashes: &[],
};

fn holder() -> SigningKey {
    SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8()).unwrap()
}

/// A credential without Key Binding JWT; what binds it does not matter here.
fn presentation() -> String {
    let disclosure = b64url_encode(br#"["salt","age",42]"#);
    let digest =
        b64url_encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, disclosure.as_bytes()).as_ref());
    let payload = json!({ "vct": "x", "_sd": [digest] });
    ISSUER.sign_compact(&json!({ "typ": "dc+sd-jwt" }), payload.to_string().as_bytes())
        + "~"
        + &disclosure
        + "~"
}

fn verify(text: &str, key: &SigningKey, expected: &Expected<'_>) -> Result<KeyBinding, KeyBindingError> {
    SdJwt::parse(text).unwrap().verify_key_binding(key.public_key(), expected)
}

/// A presentation whose Key Binding JWT differs from the right one.
fn changed(key: &SigningKey, typ: &str, change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let presentation = presentation();
    let mut claims = object(serde_json::from_slice(&key_binding_payload(&presentation, &CLAIMS)).unwrap());
    change(&mut claims);
    let payload = Value::Object(claims).to_string();
    format!("{presentation}{}", key.sign_compact(&json!({ "typ": typ }), payload.as_bytes()))
}

#[test]
fn what_was_made_verifies() {
    let holder = holder();
    let hashes = [b64url_encode(b"one"), b64url_encode(b"two")];
    for hashes in [&hashes[..], &[]] {
        let claims = KeyBindingClaims { transaction_data_hashes: hashes, ..CLAIMS };
        let bound = bind(&presentation(), &claims, &holder);
        let binding = verify(&bound, &holder, &EXPECTED).unwrap();
        assert_eq!((binding.nonce.as_str(), binding.audience.as_str()), ("n-1", CLAIMS.audience));
        assert_eq!(binding.iat, NOW);
        assert_eq!(binding.transaction_data_hashes, hashes);
        assert_eq!(binding.transaction_data_hashes_alg.as_deref(), (!hashes.is_empty()).then_some("sha-256"));
        let sd_jwt = SdJwt::parse(&bound).unwrap();
        assert!(bound.starts_with(sd_jwt.sd_hash_input()) && sd_jwt.sd_hash_input().ends_with('~'));
        assert_eq!(binding.claims["sd_hash"], sd_jwt.sd_hash());
    }
}

#[test]
fn what_was_not_asked_is_not_compared() {
    let bound = bind(&presentation(), &CLAIMS, &STRANGER);
    let expected =
        Expected { nonce: None, audience: None, max_age: None, now: NOW + 1_000_000_000, ..EXPECTED };
    verify(&bound, &STRANGER, &expected).unwrap();
}

#[test]
fn every_cause_has_its_error() {
    let holder = holder();
    let check = |text: &str| verify(text, &holder, &EXPECTED);
    let with = |name: &str, value: Value| {
        check(&changed(&holder, "kb+jwt", |claims| drop(claims.insert(name.to_owned(), value))))
    };
    assert_refused!(check(&presentation()), KeyBindingError::Missing);
    assert_refused!(check(&changed(&holder, "JWT", |_| {})), KeyBindingError::Typ);
    assert_refused!(check(&changed(&STRANGER, "kb+jwt", |_| {})), KeyBindingError::Signature(_));
    assert_refused!(with("sd_hash", json!("x")), KeyBindingError::SdHash);
    assert_refused!(with("nonce", json!("n-2")), KeyBindingError::Mismatch(Mismatch::Nonce));
    assert_refused!(with("aud", json!("verifier.example")), KeyBindingError::Mismatch(Mismatch::Audience));
    assert_refused!(
        with("iat", json!(NOW - 31_536_000)),
        KeyBindingError::Mismatch(Mismatch::TooOld { age: 31_536_000 })
    );
    assert_refused!(
        with("iat", json!(NOW + 31_536_000)),
        KeyBindingError::Mismatch(Mismatch::InFuture { ahead: 31_536_000 })
    );
    assert_refused!(with("exp", json!(NOW)), KeyBindingError::Mismatch(Mismatch::TooOld { age: 0 }));
    assert_refused!(
        with("nbf", json!(NOW + 61)),
        KeyBindingError::Mismatch(Mismatch::InFuture { ahead: 61 })
    );
    for (name, value) in [
        ("sd_hash", json!(1)),
        ("nonce", json!(null)),
        ("aud", json!(["x509_san_dns:verifier.example"])),
        ("iat", json!("now")),
        ("exp", json!("later")),
        ("transaction_data_hashes", json!("x")),
        ("transaction_data_hashes", json!([])),
        ("transaction_data_hashes", json!([1])),
        ("transaction_data_hashes", vec!["x"; 65].into()),
        ("transaction_data_hashes_alg", json!(["sha-256"])),
    ] {
        let outcome = with(name, value);
        let Err(KeyBindingError::Malformed(text)) = outcome else { panic!("{name}: {outcome:?}") };
        assert!(text.contains(name), "{text}");
    }
    for name in ["sd_hash", "nonce", "aud", "iat"] {
        assert_refused!(
            check(&changed(&holder, "kb+jwt", |claims| drop(claims.remove(name)))),
            KeyBindingError::Malformed(_)
        );
    }
    let array = presentation() + &holder.sign_compact(&json!({ "typ": "kb+jwt" }), b"[]");
    assert_refused!(check(&array), KeyBindingError::Malformed(_));
}

#[test]
fn the_limits_of_time_are_included() {
    for (iat, accepted) in [(NOW - 300, true), (NOW - 301, false), (NOW + 60, true), (NOW + 61, false)] {
        let bound = bind(&presentation(), &KeyBindingClaims { iat, ..CLAIMS }, &STRANGER);
        assert_eq!(verify(&bound, &STRANGER, &EXPECTED).is_ok(), accepted, "{iat}");
    }
    for iat in [i64::MIN, i64::MAX] {
        let bound = bind(&presentation(), &KeyBindingClaims { iat, ..CLAIMS }, &STRANGER);
        assert!(verify(&bound, &STRANGER, &EXPECTED).is_err());
    }
}

/// The signature covers what is disclosed: nothing can be taken away, added or moved to another credential.
#[test]
fn disclosures_are_bound() {
    let bound = bind(&presentation(), &CLAIMS, &STRANGER);
    let parts: Vec<&str> = bound.split('~').collect();
    let without = [parts[0], parts[2]].join("~");
    let twice = [parts[0], parts[1], parts[1], parts[2]].join("~");
    let elsewhere = presentation() + parts[2];
    for text in [without, twice, elsewhere] {
        assert_refused!(verify(&text, &STRANGER, &EXPECTED), KeyBindingError::SdHash);
    }
}

#[test]
fn holders_keys_are_found() {
    let key = STRANGER.public_key();
    let did = did_key(key).unwrap();
    let id = did.strip_prefix("did:key:").unwrap();
    for cnf in [
        json!({ "jwk": key.to_jwk() }),
        json!({ "jwk": key.to_jwk(), "kid": "anything" }),
        json!({ "kid": format!("{}#0", did_jwk(key)) }),
        json!({ "kid": format!("{did}#{id}") }),
        json!({ "kid": did }),
    ] {
        assert_eq!(&holder_key(&object(json!({ "cnf": cnf }))).unwrap(), key);
    }
}

#[test]
fn other_holders_keys_are_refused() {
    let refusal = |claims: Value| holder_key(&object(claims)).unwrap_err();
    assert!(matches!(refusal(json!({ "sub": "x" })), HolderKeyError::Unbound));
    for cnf in
        [json!({}), json!(1), json!({ "kid": "key-1" }), json!({ "kid": 1 }), json!({ "x5t#S256": "x" })]
    {
        assert!(matches!(refusal(json!({ "cnf": cnf })), HolderKeyError::Unsupported));
    }
    let mut leaky = STRANGER.public_key().to_jwk();
    leaky["d"] = json!("secret");
    assert!(matches!(refusal(json!({ "cnf": { "jwk": leaky } })), HolderKeyError::PrivateMembers(_)));
    let symmetric = json!({ "kty": "oct", "k2": "x" });
    assert!(matches!(refusal(json!({ "cnf": { "jwk": symmetric } })), HolderKeyError::Jwk(_)));
    assert!(matches!(refusal(json!({ "cnf": { "kid": "did:web:x.example#1" } })), HolderKeyError::Did(_)));
}
