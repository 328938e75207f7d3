//! Whatever a stranger sends is read or refused, in bounded time.

use jose::Jws;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};
use vc::did::{Purpose, key_of_document, web_url};
use vc::sd_jwt::{SdJwt, from_json, holder_key, present};
use vc::status::{CredentialList, MAX_SIZE, TokenList, peek, references};
use vc::{Expected, jwt_vc, jwt_vp, validity};

use crate::common::{ISSUER, verify_credential, verify_presentation};

const EXPECTED: Expected<'_> =
    Expected { nonce: None, audience: None, now: 1_800_000_000, max_age: None, max_ahead: 0 };

/// Names that something here reads, so that generated documents get past the first look.
const NAMES: &[&str] = &[
    "@context",
    "id",
    "type",
    "issuer",
    "credentialSubject",
    "credentialStatus",
    "verifiableCredential",
    "vc",
    "vp",
    "holder",
    "status",
    "status_list",
    "idx",
    "uri",
    "bits",
    "lst",
    "encodedList",
    "statusPurpose",
    "statusListIndex",
    "statusListCredential",
    "cnf",
    "jwk",
    "kid",
    "iat",
    "exp",
    "nbf",
    "aud",
    "sub",
    "_sd",
    "...",
    "signatures",
    "protected",
    "payload",
    "signature",
    "header",
    "disclosures",
    "kb_jwt",
    "verificationMethod",
    "assertionMethod",
    "publicKeyJwk",
    "publicKeyMultibase",
    "controller",
    "validUntil",
    "proof",
];

/// Texts that mean something to one reader or another.
const TEXTS: &[&str] = &[
    "",
    "https://www.w3.org/ns/credentials/v2",
    "VerifiableCredential",
    "VerifiablePresentation",
    "EnvelopedVerifiableCredential",
    "BitstringStatusListEntry",
    "BitstringStatusListCredential",
    "BitstringStatusList",
    "did:web:issuer.example",
    "#key-1",
    "did:web:issuer.example#key-1",
    "data:application/vc+jwt,a.b.c",
    "data:,",
    "revocation",
    "94567",
    "eNrbuRgAAhcBXQ",
    "uH4sIAAAAAAAAA",
    "e30",
    "2025-01-01T00:00:00Z",
    "zDnaerDaTF5BXEavCrfRZEk31",
    "https://issuer.example/1",
];

fn document() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        (-2_i64..10).prop_map(Value::from),
        prop::sample::select(TEXTS).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
    ];
    scalar.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(prop::sample::select(NAMES), inner, 0..7).prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_document_is_read_or_refused(document in document(), typ in prop::sample::select(&[
        "vc+jwt", "vp+jwt", "vc+sd-jwt", "vp+sd-jwt", "JWT", "statuslist+jwt", "dc+sd-jwt",
    ][..])) {
        let jwt = ISSUER.sign_compact(&json!({ "typ": typ, "kid": "#key-1" }), document.to_string().as_bytes());
        let key = ISSUER.public_key();
        for text in [jwt.clone(), format!("{jwt}~"), format!("{jwt}~{jwt}")] {
            let _ = verify_credential(&text, key);
            let _ = verify_presentation(&text, key, &EXPECTED);
            if let Ok(jws) = Jws::parse(&text) {
                let _ = (jwt_vc::verify(&jws, key), jwt_vp::verify(&jws, key, &EXPECTED));
            }
            let _ = peek(&text);
            let _ = present(&text, &mut |_| true);
            if let Ok(sd_jwt) = SdJwt::parse(&text) {
                let _ = sd_jwt.process_vc(key);
                let _ = sd_jwt.verify_key_binding(key, &EXPECTED);
            }
            if let Ok(list) = TokenList::verify(&text, key, MAX_SIZE) {
                let _ = list.status(u32::MAX);
            }
            if let Ok(list) = CredentialList::verify(&text, key, MAX_SIZE) {
                let _ = list.status("revocation", u32::MAX, 8);
            }
        }
        let _ = jwt_vp::holder_key(&Jws::parse(&jwt).unwrap());
        let _ = from_json(&document);
        for kid in [None, Some("#key-1"), Some("")] {
            let _ = key_of_document(&document, "did:web:issuer.example", kid, Purpose::AssertionMethod);
        }
        if let Value::Object(claims) = &document {
            let _ = (references(claims), validity(claims), holder_key(claims));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text: String) {
        let key = ISSUER.public_key();
        prop_assert!(verify_credential(&text, key).is_err());
        prop_assert!(verify_presentation(&text, key, &EXPECTED).is_err());
        prop_assert!(peek(&text).is_err());
        prop_assert!(present(&text, &mut |_| true).is_err());
        prop_assert!(web_url(&text, true).is_err());
    }
}
