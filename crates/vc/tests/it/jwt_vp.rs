//! Presentations of data model 1.1 as JWTs: each cause to refuse one.

use jose::{Jws, SigningKey};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use vc::did::{did_jwk, did_key};
use vc::jwt_vp::{JwtVp, MAX_CREDENTIALS, Presentation, VpError, holder_key, verify};
use vc::{Expected, Mismatch};

use crate::common::{ISSUER, STRANGER, assert_refused, object};

const NOW: i64 = 1_800_000_000;
const EXPECTED: Expected<'_> = Expected {
    nonce: Some("n-1"),
    audience: Some("decentralized_identifier:did:web:verifier.example"),
    now: NOW,
    max_age: Some(300),
    max_ahead: 60,
};

fn vp<'a>(holder: &'a str, credentials: &'a [String]) -> JwtVp<'a> {
    JwtVp {
        holder,
        audience: "decentralized_identifier:did:web:verifier.example",
        nonce: "n-1",
        jti: Some("urn:uuid:1"),
        iat: NOW,
        exp: Some(NOW + 600),
        credentials,
    }
}

fn check(text: &str) -> Result<Presentation, VpError> {
    verify(&Jws::parse(text).unwrap(), STRANGER.public_key(), &EXPECTED)
}

/// A presentation whose payload differs from the right one.
fn changed(change: impl FnOnce(&mut Map<String, Value>)) -> Result<Presentation, VpError> {
    let mut claims =
        object(serde_json::from_slice(&vp("did:example:holder", &["a.b.c".to_owned()]).payload()).unwrap());
    change(&mut claims);
    check(&STRANGER.sign_compact(&json!({ "typ": "JWT" }), Value::Object(claims).to_string().as_bytes()))
}

fn with(name: &str, value: Value) -> Result<Presentation, VpError> {
    changed(|claims| drop(claims.insert(name.to_owned(), value)))
}

fn with_vp(name: &str, value: Value) -> Result<Presentation, VpError> {
    changed(|claims| claims["vp"][name] = value)
}

#[test]
fn what_was_made_verifies() {
    let credentials = ["a.b.c".to_owned(), "d.e.f".to_owned()];
    let did = did_jwk(STRANGER.public_key());
    let compact = vp(&did, &credentials).sign(&STRANGER, &format!("{did}#0"));
    let jws = Jws::parse(&compact).unwrap();
    assert_eq!(jws.header().typ.as_deref(), Some("JWT"));
    let (key, holder) = holder_key(&jws).unwrap();
    let presentation = verify(&jws, &key, &EXPECTED).unwrap();
    assert_eq!(presentation.holder.as_deref(), Some(holder.as_str()));
    assert_eq!(presentation.credentials, credentials);
    assert_eq!(presentation.iat, Some(NOW));
    assert_eq!(presentation.claims["jti"], "urn:uuid:1");
    assert_eq!(
        presentation.claims["vp"],
        json!({
            "@context": ["https://www.w3.org/2018/credentials/v1"],
            "type": ["VerifiablePresentation"],
            "holder": did,
            "verifiableCredential": credentials,
        })
    );
}

#[test]
fn every_cause_has_its_error() {
    let compact = vp("did:example:holder", &[]).sign(&ISSUER, "k");
    assert_refused!(check(&compact), VpError::Signature(_));
    let payload = vp("did:example:holder", &[]).payload();
    for typ in ["openid4vci-proof+jwt", "kb+jwt", ""] {
        assert_refused!(check(&STRANGER.sign_compact(&json!({ "typ": typ }), &payload)), VpError::Typ);
    }
    check(&STRANGER.sign_compact(&json!({}), &payload)).unwrap();
    assert_refused!(check(&STRANGER.sign_compact(&json!({}), b"[]")), VpError::Payload(_));
    for vp in [json!(null), json!("x"), json!({}), json!({ "type": ["VerifiableCredential"] })] {
        assert_refused!(with("vp", vp), VpError::NotPresentation);
    }
    assert_refused!(with("iss", json!("did:example:other")), VpError::Contradiction("iss"));
    assert_refused!(with_vp("id", json!("urn:uuid:2")), VpError::Contradiction("jti"));
    assert_refused!(with("nonce", json!("n-2")), VpError::Mismatch(Mismatch::Nonce));
    assert_refused!(with("aud", json!("did:web:verifier.example")), VpError::Mismatch(Mismatch::Audience));
    assert_refused!(with("aud", json!(["x", "y"])), VpError::Mismatch(Mismatch::Audience));
    assert_refused!(
        with("iat", json!(NOW - 31_536_000)),
        VpError::Mismatch(Mismatch::TooOld { age: 31_536_000 })
    );
    assert_refused!(
        with("iat", json!(NOW + 31_536_000)),
        VpError::Mismatch(Mismatch::InFuture { ahead: 31_536_000 })
    );
    assert_refused!(with("exp", json!(NOW)), VpError::Mismatch(Mismatch::TooOld { age: 0 }));
    for (name, value) in [("nonce", json!(1)), ("aud", json!(1)), ("iat", json!("now")), ("exp", json!("x"))]
    {
        assert_refused!(with(name, value), VpError::Claim(found) if *found == name);
    }
    for name in ["nonce", "aud", "iat"] {
        assert_refused!(changed(|claims| drop(claims.remove(name))), VpError::Claim(found) if *found == name);
    }
}

#[test]
fn what_wallets_vary_is_accepted() {
    with("aud", json!(["x", EXPECTED.audience])).unwrap();
    with_vp("type", json!("VerifiablePresentation")).unwrap();
    assert_eq!(with_vp("verifiableCredential", json!("a.b.c")).unwrap().credentials, ["a.b.c"]);
    let without_iat = changed(|claims| {
        claims.remove("iat");
        claims.insert("nbf".to_owned(), json!(NOW - 10));
    });
    assert_eq!(without_iat.unwrap().iat, Some(NOW - 10));
    let anonymous = changed(|claims| {
        claims.remove("iss");
        claims["vp"].as_object_mut().unwrap().remove("holder");
        claims["vp"].as_object_mut().unwrap().remove("verifiableCredential");
    });
    let anonymous = anonymous.unwrap();
    assert_eq!((anonymous.holder, anonymous.credentials.len()), (None, 0));
    let in_vp = changed(|claims| drop(claims.remove("iss"))).unwrap();
    assert_eq!(in_vp.holder.as_deref(), Some("did:example:holder"));
}

#[test]
fn credentials_are_texts_and_not_too_many() {
    assert_refused!(with_vp("verifiableCredential", json!({})), VpError::CredentialForm(1));
    assert_refused!(with_vp("verifiableCredential", json!(["a.b.c", {}])), VpError::CredentialForm(2));
    let many = vec!["a.b.c"; MAX_CREDENTIALS + 1];
    assert_refused!(with_vp("verifiableCredential", json!(many)), VpError::TooManyCredentials(65));
}

#[test]
fn holders_keys_are_found() {
    let did = did_key(STRANGER.public_key()).unwrap();
    let id = did.strip_prefix("did:key:").unwrap();
    let of = |iss: Option<&str>, kid: Option<&str>| {
        let text = STRANGER.sign_compact(
            &kid.map_or(json!({}), |kid| json!({ "kid": kid })),
            iss.map_or(json!({}), |iss| json!({ "iss": iss })).to_string().as_bytes(),
        );
        holder_key(&Jws::parse(&text).unwrap())
    };
    let url = format!("{did}#{id}");
    for (iss, kid) in [
        (Some(did.as_str()), Some(url.as_str())),
        (Some(&did), Some(&format!("#{id}"))),
        (Some(&did), Some("key-1")),
        (Some(&did), None),
        (None, Some(&did)),
    ] {
        assert_eq!(of(iss, kid).unwrap(), (STRANGER.public_key().clone(), did.clone()), "{iss:?} {kid:?}");
    }
    let other = did_jwk(ISSUER.public_key());
    assert_refused!(of(Some(&other), Some(&url)), VpError::Contradiction("iss"));
    for (iss, kid) in
        [(None, None), (Some("https://x.example"), None), (Some("did:web:x.example"), Some("#1"))]
    {
        assert_refused!(of(iss, kid), VpError::HolderKey(_));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn changes_are_refused(at: prop::sample::Index, to in "[A-Za-z0-9_.-]") {
        let key = SigningKey::from_pkcs8_der(&SigningKey::generate_eddsa_pkcs8()).unwrap();
        let mut compact = vp("did:example:holder", &["a.b.c".to_owned()]).sign(&key, "k");
        let at = at.index(compact.len());
        prop_assume!(compact[at..=at] != to);
        compact.replace_range(at..=at, &to);
        prop_assert!(Jws::parse(&compact).map_or(true, |jws| verify(&jws, key.public_key(), &EXPECTED).is_err()));
    }
}
