//! Credentials and presentations of data model 2.0: each cause to refuse one.

use jose::{b64url_encode, strict_json};
use serde_json::{Map, Value, json};
use vc::sd_jwt::ProcessError;
use vc::vcdm2::{
    MAX_CREDENTIALS, Member, Presentation, SignError, Vcdm2Error, sign_credential, sign_presentation,
};
use vc::{Expected, Mismatch};

use crate::common::{ISSUER, assert_refused, object, verify_credential, verify_presentation};

const CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";
const EXPECTED: Expected<'_> =
    Expected { nonce: Some("n-1"), audience: Some("verifier"), now: 1000, max_age: Some(300), max_ahead: 60 };

fn credential() -> Value {
    json!({
        "@context": [CONTEXT, { "member": "https://issuer.example/member" }],
        "id": "urn:uuid:1",
        "type": ["VerifiableCredential", "MemberCredential"],
        "issuer": { "id": "did:web:issuer.example", "name": "Issuer" },
        "credentialSubject": { "id": "did:example:holder", "age": 42 },
        "validFrom": "2025-01-01T00:00:00Z",
        "validUntil": "2026-01-01T00:00:00+01:00",
        "credentialStatus": { "type": "BitstringStatusListEntry" },
        "credentialSchema": [{ "id": "https://issuer.example/schema", "type": "JsonSchema" }],
        "unknown": "left alone",
        "iss": "did:web:issuer.example",
        "sub": "did:example:holder",
        "jti": "urn:uuid:1",
    })
}

fn presentation() -> Value {
    json!({
        "@context": [CONTEXT],
        "type": "VerifiablePresentation",
        "holder": "did:example:holder",
        "verifiableCredential": [enveloped("data:application/vc+jwt,a.b.c")],
        "nonce": "n-1",
        "aud": "verifier",
        "iat": 1000,
    })
}

fn enveloped(id: &str) -> Value {
    json!({ "@context": CONTEXT, "type": "EnvelopedVerifiableCredential", "id": id })
}

fn check(payload: &Value) -> Result<Map<String, Value>, Vcdm2Error> {
    let compact = ISSUER.sign_compact(&json!({ "typ": "vc+jwt" }), payload.to_string().as_bytes());
    verify_credential(&compact, ISSUER.public_key())
}

fn present(payload: &Value) -> Result<Presentation, Vcdm2Error> {
    let compact = ISSUER.sign_compact(&json!({ "typ": "vp+jwt" }), payload.to_string().as_bytes());
    verify_presentation(&compact, ISSUER.public_key(), &EXPECTED)
}

fn with(mut document: Value, name: &str, value: Value) -> Value {
    document[name] = value;
    document
}

#[test]
fn what_the_model_allows_is_accepted() {
    check(&credential()).unwrap();
    for (name, value) in [
        ("@context", json!(CONTEXT)),
        ("type", json!("VerifiableCredential")),
        ("issuer", json!("did:web:issuer.example")),
        ("credentialSubject", json!([{ "id": "did:example:a" }, { "name": "b" }])),
        ("validUntil", json!("2025-01-01T00:00:00.000Z")),
        ("iat", json!("2025-01-01T00:00:00Z")),
    ] {
        check(&with(credential(), name, value)).unwrap();
    }
    let least = json!({
        "@context": [CONTEXT],
        "type": ["VerifiableCredential"],
        "issuer": "https://issuer.example",
        "credentialSubject": { "age": 42 },
    });
    assert_eq!(check(&least).unwrap(), object(least));
}

#[test]
fn the_structure_is_checked() {
    for (name, value) in [
        ("@context", json!([])),
        ("@context", json!(["https://www.w3.org/2018/credentials/v1", CONTEXT])),
        ("@context", json!([CONTEXT, 1])),
        ("@context", json!("https://www.w3.org/2018/credentials/v1")),
        ("type", json!(["MemberCredential"])),
        ("type", json!(["VerifiableCredential", 1])),
        ("id", json!(1)),
        ("id", json!("not a url")),
        ("issuer", json!(null)),
        ("issuer", json!("issuer")),
        ("issuer", json!({ "name": "Issuer" })),
        ("credentialSubject", json!({})),
        ("credentialSubject", json!([])),
        ("credentialSubject", json!([{ "a": 1 }, {}])),
        ("credentialSubject", json!("did:example:holder")),
        ("validFrom", json!("2025-01-01")),
        ("validFrom", json!(1)),
        ("validUntil", json!("2024-12-31T23:59:59Z")),
        ("credentialStatus", json!({ "id": "x" })),
        ("credentialStatus", json!("revoked")),
        ("credentialSchema", json!([1])),
    ] {
        let refused = check(&with(credential(), name, value.clone()));
        assert_refused!(refused, Vcdm2Error::Member { at, .. } if *at == name);
    }
    for name in ["@context", "type", "issuer", "credentialSubject"] {
        let mut document = credential();
        document.as_object_mut().unwrap().remove(name);
        assert_refused!(check(&document), Vcdm2Error::Member { at, .. } if *at == name);
    }
    assert_refused!(check(&json!([])), Vcdm2Error::Payload(_));
}

#[test]
fn claims_agree_with_the_credential() {
    for name in ["iss", "sub", "jti"] {
        let refused = check(&with(credential(), name, json!("did:example:other")));
        assert_refused!(refused, Vcdm2Error::Contradiction(found) if *found == name);
    }
    for name in ["vc", "vp"] {
        let refused = check(&with(credential(), name, json!({})));
        assert_refused!(refused, Vcdm2Error::Version1(found) if *found == name);
    }
}

#[test]
fn media_types_are_checked() {
    let sign = |header: Value| ISSUER.sign_compact(&header, credential().to_string().as_bytes());
    let check = |header: Value| verify_credential(&sign(header), ISSUER.public_key());
    for header in [
        json!({ "typ": "vc+jwt", "cty": "vc" }),
        json!({ "typ": "application/vc+jwt", "cty": "application/vc" }),
        json!({ "typ": "VC+JWT" }),
    ] {
        check(header).unwrap();
    }
    for header in
        [json!({}), json!({ "typ": "JWT" }), json!({ "typ": "vp+jwt" }), json!({ "typ": "vc+sd-jwt" })]
    {
        assert_refused!(check(header), Vcdm2Error::Typ("vc+jwt"));
    }
    for cty in [json!("vp"), json!("bad"), json!(1)] {
        assert_refused!(check(json!({ "typ": "vc+jwt", "cty": cty })), Vcdm2Error::Cty("vc"));
    }
    let as_sd_jwt = sign(json!({ "typ": "vc+jwt" })) + "~";
    assert_refused!(verify_credential(&as_sd_jwt, ISSUER.public_key()), Vcdm2Error::Typ("vc+sd-jwt"));
    let as_sd_jwt = sign(json!({ "typ": "vc+sd-jwt" })) + "~";
    verify_credential(&as_sd_jwt, ISSUER.public_key()).unwrap();
}

/// A holder who could leave the status out would never be revoked.
#[test]
fn what_verifiers_act_on_is_always_shown() {
    let disclosure = b64url_encode(br#"["salt","credentialStatus",{"type":"BitstringStatusListEntry"}]"#);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, disclosure.as_bytes());
    let mut payload = credential();
    payload.as_object_mut().unwrap().remove("credentialStatus");
    payload["_sd"] = json!([b64url_encode(digest.as_ref())]);
    let jwt = ISSUER.sign_compact(&json!({ "typ": "vc+sd-jwt" }), payload.to_string().as_bytes());
    let refused = verify_credential(&format!("{jwt}~{disclosure}~"), ISSUER.public_key());
    assert_refused!(refused, Vcdm2Error::SdJwt(ProcessError::NotDisclosable("credentialStatus")));
}

#[test]
fn presentations_are_for_this_verifier() {
    let accepted = present(&presentation()).unwrap();
    assert_eq!((accepted.holder.as_deref(), accepted.iat), (Some("did:example:holder"), Some(1000)));
    assert_eq!(accepted.credentials, [Member::Jwt("a.b.c".to_owned())]);
    let with = |name, value| present(&with(presentation(), name, value));
    assert_refused!(with("nonce", json!("n-2")), Vcdm2Error::Mismatch(Mismatch::Nonce));
    assert_refused!(with("aud", json!("other")), Vcdm2Error::Mismatch(Mismatch::Audience));
    assert_refused!(with("iat", json!(699)), Vcdm2Error::Mismatch(Mismatch::TooOld { age: 301 }));
    assert_refused!(with("iat", json!(1061)), Vcdm2Error::Mismatch(Mismatch::InFuture { ahead: 61 }));
    assert_refused!(with("exp", json!(1000)), Vcdm2Error::Mismatch(Mismatch::TooOld { .. }));
    for name in ["nonce", "aud", "iat"] {
        assert_refused!(with(name, json!(null)), Vcdm2Error::Member { at, .. } if *at == name);
    }
}

#[test]
fn presentations_have_a_structure() {
    let with = |name, value| present(&with(presentation(), name, value));
    for (name, value) in
        [("type", json!("VerifiableCredential")), ("@context", json!(null)), ("holder", json!(1))]
    {
        assert_refused!(with(name, value), Vcdm2Error::Member { at, .. } if *at == name);
    }
    assert_refused!(with("iss", json!("did:example:other")), Vcdm2Error::Contradiction("iss"));
    assert_refused!(with("vp", json!({})), Vcdm2Error::Version1("vp"));
    let many = vec![enveloped("data:application/vc+jwt,a.b.c"); MAX_CREDENTIALS + 1];
    assert_refused!(with("verifiableCredential", json!(many)), Vcdm2Error::TooManyCredentials(65));
}

#[test]
fn credentials_are_listed() {
    let members = |credentials: Value| {
        present(&with(presentation(), "verifiableCredential", credentials)).map(|found| found.credentials)
    };
    let proven = with(credential(), "proof", json!({ "type": "DataIntegrityProof" }));
    let listed = members(json!([
        enveloped("data:application/vc+jwt,a.b.c"),
        enveloped("data:application/vc+sd-jwt,a.b.c~d~"),
        enveloped("data:application/dc+sd-jwt,a.b.c~"),
        enveloped("data:application/vc+cose;base64,AAAA"),
        proven,
    ]));
    let other = Member::Other { media_type: "application/vc+cose".to_owned() };
    assert_eq!(
        listed.unwrap(),
        [
            Member::Jwt("a.b.c".to_owned()),
            Member::SdJwt("a.b.c~d~".to_owned()),
            Member::SdJwt("a.b.c~".to_owned()),
            other,
            Member::Embedded(with(credential(), "proof", json!({ "type": "DataIntegrityProof" }))),
        ]
    );
    let single = members(enveloped("data:application/vc+jwt,a.b.c")).unwrap();
    assert_eq!(single, [Member::Jwt("a.b.c".to_owned())]);
    let without_context =
        json!({ "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,a.b.c" });
    for bad in [
        json!("a.b.c"),
        json!({}),
        credential(),
        without_context,
        enveloped("a.b.c"),
        enveloped("data:,a.b.c"),
        enveloped("data:application/vc+jwt"),
        enveloped("data:application/vc+jwt;base64,YS5iLmM"),
    ] {
        let outcome = members(json!([enveloped("data:application/vc+jwt,a.b.c"), bad]));
        assert_refused!(outcome, Vcdm2Error::Credential { number: 2, .. });
    }
}

#[test]
fn only_what_verifies_is_signed() {
    let mut good = object(credential());
    good.remove("unknown");
    let signed = sign_credential(&good, &[], &ISSUER, "key-1").unwrap();
    assert_eq!(verify_credential(&signed, ISSUER.public_key()).unwrap(), good);
    let signed = sign_presentation(&object(presentation()), &[], &ISSUER, "key-1").unwrap();
    verify_presentation(&signed, ISSUER.public_key(), &EXPECTED).unwrap();

    let refusal = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed.insert(name.to_owned(), value);
        sign_credential(&changed, &["deep"], &ISSUER, "key-1").unwrap_err()
    };
    assert!(matches!(refusal("unknown", json!(1)), SignError::Unknown(name) if name == "unknown"));
    assert!(matches!(refusal("vc", json!({})), SignError::Structure(Vcdm2Error::Version1("vc"))));
    assert!(matches!(refusal("issuer", json!(1)), SignError::Structure(Vcdm2Error::Member { .. })));
    let deep = "[".repeat(jose::MAX_JSON_DEPTH) + &"]".repeat(jose::MAX_JSON_DEPTH);
    assert!(matches!(refusal("deep", strict_json(deep.as_bytes()).unwrap()), SignError::TooDeep));
}
