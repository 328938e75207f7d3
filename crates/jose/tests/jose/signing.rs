//! Our own keys: reading them, signing with them, and that nothing changed verifies.

use crate::support::{EC, ED25519, RSA, SECP256K1, check};
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};
use jose::{Algorithm, Jws, PublicKey, SigningKey, SigningKeyError};
use proptest::prelude::*;
use serde_json::json;

#[test]
fn generated_keys_are_read_back() {
    for (document, algorithm, signature_len) in [
        (SigningKey::generate_es256_pkcs8(), Algorithm::Es256, 64),
        (SigningKey::generate_rs256_pkcs8(), Algorithm::Rs256, 256),
        (SigningKey::generate_es256k_pkcs8(), Algorithm::Es256k, 64),
        (SigningKey::generate_eddsa_pkcs8(), Algorithm::EdDsa, 64),
    ] {
        let text = pem::encode(&pem::Pem::new("PRIVATE KEY", document.clone()));
        let (der, pem) =
            (SigningKey::from_pkcs8_der(&document).unwrap(), SigningKey::from_pkcs8_pem(&text).unwrap());
        assert_eq!(der.algorithm(), algorithm);
        assert_eq!(der.public_key(), pem.public_key());
        let signature = der.sign(b"message");
        assert_eq!(signature.len(), signature_len);
        assert!(pem.public_key().verify(algorithm, b"message", &signature));
        assert_ne!(SigningKey::generate_es256_pkcs8(), document);
    }
}

#[test]
fn unusable_documents_are_refused() {
    let pem = |label: &str| pem::encode(&pem::Pem::new(label, SigningKey::generate_es256_pkcs8()));
    for label in ["EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PUBLIC KEY"] {
        let refused = SigningKey::from_pkcs8_pem(&pem(label));
        assert!(matches!(refused, Err(SigningKeyError::PemLabel(named)) if named == label));
    }
    assert!(matches!(SigningKey::from_pkcs8_pem("key"), Err(SigningKeyError::Pem(_))));
    assert!(matches!(SigningKey::from_pkcs8_pem(&" ".repeat(20_000)), Err(SigningKeyError::TooLong)));

    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap().to_pkcs8v1().unwrap();
    let cut = &SigningKey::generate_es256_pkcs8()[..60];
    for document in [p384.as_ref(), cut, b"", b"\x30\x00"] {
        assert!(matches!(SigningKey::from_pkcs8_der(document), Err(SigningKeyError::NotPkcs8)));
    }
}

#[test]
fn debug_output_shows_no_secret() {
    for key in [&*EC, &*RSA, &*SECP256K1, &*ED25519] {
        let shown = format!("{key:?}");
        assert!(shown.starts_with("SigningKey { public: PublicKey { algorithm: "), "{shown}");
        assert!(shown.len() < 160, "{shown}");
    }
}

#[test]
fn the_header_is_the_callers_but_for_alg() {
    let token =
        RSA.sign_compact(&json!({ "alg": "none", "typ": "JWT", "kid": "k", "x": { "y": [1.50] } }), b"{}");
    let jws = Jws::parse(&token).unwrap();
    let header = jws.header();
    assert_eq!((header.alg.as_str(), header.algorithm()), ("RS256", Some(Algorithm::Rs256)));
    assert_eq!((header.typ.as_deref(), header.kid.as_deref()), (Some("JWT"), Some("k")));
    assert_eq!(header.member("x"), Some(&json!({ "y": [1.50] })));
    assert_eq!(header.member("z"), None);
}

#[test]
#[should_panic(expected = "a JOSE header is an object")]
fn a_header_that_is_no_object_is_a_mistake_of_the_caller() {
    let _ = EC.sign_compact(&json!([]), b"");
}

#[test]
fn keys_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<SigningKey>();
    shared::<PublicKey>();
    shared::<jose::JwkSet>();
}

proptest! {
    #[test]
    fn what_is_signed_verifies(payload: Vec<u8>, kid: String) {
        let token = EC.sign_compact(&json!({ "kid": kid }), &payload);
        let jws = Jws::parse(&token).unwrap();
        prop_assert_eq!(jws.header().kid.as_deref(), Some(kid.as_str()));
        prop_assert_eq!(check(&token, &EC).unwrap(), payload);
    }

    #[test]
    fn a_changed_token_does_not_verify(at: prop::sample::Index, with in "[A-Za-z0-9_.=-]", which in 0..4_usize) {
        let key = [&*EC, &*RSA, &*SECP256K1, &*ED25519][which];
        let token = key.sign_compact(&json!({ "kid": "k" }), br#"{"scope":"issue"}"#);
        let mut changed = token.clone();
        let at = at.index(token.len());
        changed.replace_range(at..=at, &with);
        prop_assume!(changed != token);
        prop_assert!(check(&changed, key).is_err());
    }

    #[test]
    fn a_shortened_token_does_not_verify(at: prop::sample::Index) {
        let token = EC.sign_compact(&json!({}), b"{}");
        prop_assert!(check(&token[..at.index(token.len())], &EC).is_err());
    }

    #[test]
    fn any_text_is_parsed_or_refused(text: String, parts in "([A-Za-z0-9_-]{0,8}[.]){2}[A-Za-z0-9_-]{0,8}") {
        prop_assert!(Jws::parse(&text).is_err());
        prop_assert!(check(&parts, &EC).is_err());
    }
}
