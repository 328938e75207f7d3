//! The cases 1 to 26 of the W3C test suite for VC-JOSE-COSE: those in JOSE and SD-JWT.
//!
//! Our signing keys are on P-256 or for Ed25519, so what is to be issued is signed with such a key, also where the suite
//! names one for ES384 or ES512. Two cases do not test what they are called: 9 is signed with another key than the one that
//! it is verified with, and 25 and 26 also have wrong media types.

use jose::{Jws, JwsError, PublicKey, strict_json};
use serde_json::{Map, Value};
use vc::sd_jwt::{ProcessError, SdJwt};
use vc::vcdm2::{Member, SignError, Vcdm2Error, sign_credential, sign_presentation};
use vc::{Expected, Mismatch};

use crate::common::{ISSUER, assert_refused, object, verify_credential, verify_presentation};

macro_rules! input {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/vc-jose-cose/", $name))
    };
}

fn members(json: &str) -> Map<String, Value> {
    object(strict_json(json.as_bytes()).unwrap())
}

/// The key of a verification method.
fn key(method: &str) -> PublicKey {
    PublicKey::from_jwk(&members(method)["publicKeyJwk"]).unwrap()
}

fn p256() -> PublicKey {
    key(input!("vm-p256.json"))
}

fn p384() -> PublicKey {
    key(input!("vm-p384.json"))
}

fn p521() -> PublicKey {
    key(input!("vm-p521.json"))
}

fn ed25519() -> PublicKey {
    key(input!("vm-ed25519.json"))
}

/// Between the dates of the presentations.
const EXPECTED: Expected<'_> =
    Expected { nonce: None, audience: None, now: 1_734_311_060, max_age: None, max_ahead: 0 };

/// Cases 1 and 2, and the credentials of 17 and 18 without selective disclosure.
#[test]
fn credentials_are_issued() {
    for json in [
        input!("credential-minimal.json"),
        input!("credential-full.json"),
        input!("credential-selective.json"),
        input!("credential-nested-selective.json"),
    ] {
        let credential = members(json);
        let compact = sign_credential(&credential, &[], &ISSUER, "key-1").unwrap();
        assert_eq!(verify_credential(&compact, ISSUER.public_key()).unwrap(), credential);
        let jws = Jws::parse(&compact).unwrap();
        assert_eq!(jws.header().typ.as_deref(), Some("vc+jwt"));
        assert_eq!(jws.header().member("cty"), Some(&Value::from("vc")));
    }
}

/// Cases 3 and 4, and the presentation of 19 without selective disclosure.
#[test]
fn presentations_are_issued() {
    for (json, count) in [
        (input!("presentation-single.json"), 1),
        (input!("presentation-multiple.json"), 3),
        (input!("presentation-selective.json"), 1),
    ] {
        let presentation = members(json);
        let compact = sign_presentation(&presentation, &[], &ISSUER, "key-1").unwrap();
        let verified = verify_presentation(&compact, ISSUER.public_key(), &EXPECTED).unwrap();
        assert_eq!(verified.claims, presentation);
        assert_eq!(verified.holder.as_deref(), Some("https://example.issuer/vc-jose-cose"));
        assert_eq!(verified.credentials.len(), count);
        assert_eq!(Jws::parse_within(&compact, 1 << 20).unwrap().header().typ.as_deref(), Some("vp+jwt"));
    }
}

/// Case 5. The recommendation forbids nothing of the kind; an issuer names what it means.
#[test]
fn unknown_extensions_are_not_signed() {
    let credential = members(input!("credential-unknown-extensions.json"));
    let refused = sign_credential(&credential, &[], &ISSUER, "key-1").unwrap_err();
    assert!(
        matches!(refused, SignError::Unknown(name) if ["badExtension", "anotherBadOne"].contains(&name.as_str()))
    );
    let named = sign_credential(&credential, &["badExtension", "anotherBadOne"], &ISSUER, "key-1").unwrap();
    verify_credential(&named, ISSUER.public_key()).unwrap();
}

/// Cases 6 and 8.
#[test]
fn credentials_verify() {
    for (text, key) in [
        (input!("credential-jose-minimal.txt"), p256()),
        (input!("credential-issuer-match-signed.txt"), ed25519()),
    ] {
        let mut credential = verify_credential(text, &key).unwrap();
        for name in ["iss", "jti", "iat"] {
            credential.remove(name).unwrap();
        }
        assert_eq!(credential, members(input!("credential-minimal.json")));
    }
}

/// Case 7, with the credentials that it envelopes: one as a JWS, one as an SD-JWT, one in COSE.
#[test]
fn a_presentation_verifies() {
    let verified = verify_presentation(input!("presentation-jose-multiple.txt"), &p384(), &EXPECTED).unwrap();
    assert_eq!(verified.holder.as_deref(), Some("https://example.issuer/vc-jose-cose"));
    assert_eq!(verified.iat, Some(1_734_311_050));
    let [Member::Jwt(jwt), Member::SdJwt(sd_jwt), Member::Other { media_type }] = &verified.credentials[..]
    else {
        panic!("{:?}", verified.credentials)
    };
    verify_credential(jwt, &p256()).unwrap();
    let identity = verify_credential(sd_jwt, &p384()).unwrap();
    assert_eq!(identity["credentialSubject"]["lastName"], "Doe");
    assert_eq!(media_type, "application/vc+cose");
    // It has expired since.
    let later = Expected { now: 1_734_397_450, ..EXPECTED };
    let refused = verify_presentation(input!("presentation-jose-multiple.txt"), &p384(), &later);
    assert_refused!(refused, Vcdm2Error::Mismatch(Mismatch::TooOld { .. }));
}

/// Case 9: signed with ES512, verified with a key for EdDSA.
#[test]
fn another_key_verifies_nothing() {
    let text = input!("credential-jose-unknown-extensions.txt");
    assert_refused!(verify_credential(text, &ed25519()), Vcdm2Error::Jws(JwsError::AlgorithmMismatch { .. }));
    verify_credential(text, &p521()).unwrap();
}

/// Cases 10 and 11.
#[test]
fn what_is_not_secured_is_refused() {
    let credential = verify_credential(input!("credential-minimal.json"), &ed25519());
    assert_refused!(credential, Vcdm2Error::Jws(_));
    let presentation = verify_presentation(input!("presentation-single.json"), &ed25519(), &EXPECTED);
    assert_refused!(presentation, Vcdm2Error::Jws(_));
}

/// Case 12.
#[test]
fn a_bad_signature_is_refused() {
    let refused = verify_credential(input!("credential-jose-bad-signature.txt"), &ed25519());
    assert_refused!(refused, Vcdm2Error::Jws(_));
}

/// Cases 13, 14, 24 and 25.
#[test]
fn bad_media_types_are_refused() {
    let key = ed25519();
    for text in [input!("credential-jose-bad-media-type.txt"), input!("credential-sdjwt-bad-media-type.txt")]
    {
        assert_refused!(verify_credential(text, &key), Vcdm2Error::Typ(_));
    }
    for text in
        [input!("presentation-jose-bad-media-type.txt"), input!("presentation-sdjwt-bad-media-type.txt")]
    {
        assert_refused!(verify_presentation(text, &key, &EXPECTED), Vcdm2Error::Typ(_));
    }
    // Only their names are wrong.
    Jws::parse(input!("credential-jose-bad-media-type.txt")).unwrap().verify(&key).unwrap();
    SdJwt::parse(input!("credential-sdjwt-bad-media-type.txt")).unwrap().process(&key).unwrap();
}

/// Case 15.
#[test]
fn claims_of_the_older_model_are_refused() {
    let refused = verify_credential(input!("credential-jose-vc-vp-claims.txt"), &ed25519());
    assert_refused!(refused, Vcdm2Error::Version1("vc"));
}

/// Cases 16 and 26.
#[test]
fn presentations_of_what_is_no_credential_are_refused() {
    let before = Expected { now: 1_734_223_620, ..EXPECTED };
    let refused = verify_presentation(input!("presentation-jose-bad-credential.txt"), &ed25519(), &before);
    assert_refused!(refused, Vcdm2Error::Credential { number: 1, .. });
    let refused = verify_presentation(input!("presentation-sdjwt-bad-credential.txt"), &p521(), &EXPECTED);
    assert_refused!(refused, Vcdm2Error::Typ("vp+sd-jwt"));
    // What it holds would be refused as well.
    let claims =
        SdJwt::parse(input!("presentation-sdjwt-bad-credential.txt")).unwrap().process(&p521()).unwrap();
    assert_refused!(
        sign_presentation(&claims, &[], &ISSUER, "key-1"),
        SignError::Structure(Vcdm2Error::Credential { number: 1, .. })
    );
}

/// Cases 20 and 21.
#[test]
fn selectively_disclosed_credentials_verify() {
    let identity = verify_credential(input!("credential-sdjwt-selective.txt"), &p384()).unwrap();
    assert_eq!(
        identity["credentialSubject"],
        members(input!("credential-selective.json"))["credentialSubject"]
    );
    let employment = verify_credential(input!("credential-sdjwt-nested.txt"), &p521()).unwrap();
    assert_eq!(
        employment["credentialSubject"],
        members(input!("credential-nested-selective.json"))["credentialSubject"]
    );
}

/// Case 22.
#[test]
fn a_selectively_disclosed_presentation_verifies() {
    let verified =
        verify_presentation(input!("presentation-sdjwt-selective.txt"), &p384(), &EXPECTED).unwrap();
    assert_eq!(verified.holder.as_deref(), Some("https://example.issuer/vc-jose-cose"));
    let [Member::Jwt(jwt)] = &verified.credentials[..] else { panic!("{:?}", verified.credentials) };
    verify_credential(jwt, &ed25519()).unwrap();
}

/// Case 23.
#[test]
fn a_bad_signature_of_an_sd_jwt_is_refused() {
    let refused = verify_credential(input!("credential-sdjwt-bad-signature.txt"), &p384());
    assert_refused!(refused, Vcdm2Error::SdJwt(ProcessError::Jws(_)));
}
