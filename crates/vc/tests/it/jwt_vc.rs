//! W3C credentials as JWTs.

use jose::{Jws, JwsError, PublicKey};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use vc::PayloadError;
use vc::jwt_vc::{self, BitstringStatus, IssueError, JwtVc, MAX_CLAIM_DEPTH, VerifyError};

use crate::common::{ISSUER, STRANGER, claims, object};

fn verify(text: &str, key: &PublicKey) -> Result<Map<String, Value>, VerifyError> {
    jwt_vc::verify(&Jws::parse(text)?, key)
}

fn credential(claims: &Map<String, Value>) -> JwtVc<'_> {
    JwtVc {
        iss: "did:web:issuer.example",
        sub: Some("did:example:holder"),
        jti: "urn:uuid:0f0e0d0c-0b0a-4908-8706-050403020100",
        iat: 1_750_000_001,
        nbf: 1_750_000_000,
        exp: Some(1_900_000_000),
        issuance_date: "2025-06-15T15:06:40Z",
        expiration_date: Some("2030-03-17T17:46:40Z"),
        contexts: &["https://issuer.example/context"],
        types: &["MemberCredential"],
        claims,
        status: BitstringStatus { list: "https://issuer.example/status/1", index: 94_567 },
        schema: "https://issuer.example/schema/member",
    }
}

#[test]
fn payload_is_that_of_the_data_model() {
    let claims = object(json!({ "id": "did:example:holder", "age": 42 }));
    let unsigned = credential(&claims).build().unwrap();
    let expected = json!({
        "iss": "did:web:issuer.example",
        "sub": "did:example:holder",
        "jti": "urn:uuid:0f0e0d0c-0b0a-4908-8706-050403020100",
        "iat": 1_750_000_001,
        "nbf": 1_750_000_000,
        "exp": 1_900_000_000,
        "vc": {
            "@context": [
                "https://www.w3.org/2018/credentials/v1",
                "https://www.w3.org/ns/credentials/status/v1",
                "https://issuer.example/context",
            ],
            "id": "urn:uuid:0f0e0d0c-0b0a-4908-8706-050403020100",
            "type": ["VerifiableCredential", "MemberCredential"],
            "issuer": "did:web:issuer.example",
            "issuanceDate": "2025-06-15T15:06:40Z",
            "expirationDate": "2030-03-17T17:46:40Z",
            "credentialSubject": { "id": "did:example:holder", "age": 42 },
            "credentialStatus": {
                "id": "https://issuer.example/status/1#94567",
                "type": "BitstringStatusListEntry",
                "statusPurpose": "revocation",
                "statusListIndex": "94567",
                "statusListCredential": "https://issuer.example/status/1",
            },
            "credentialSchema": { "id": "https://issuer.example/schema/member", "type": "JsonSchema" },
        },
    });
    assert_eq!(serde_json::from_slice::<Value>(&unsigned.payload).unwrap(), expected);

    let compact = unsigned.sign(&ISSUER, "did:web:issuer.example#key-1");
    let jws = Jws::parse(&compact).unwrap();
    assert_eq!(jws.payload(), unsigned.payload);
    assert_eq!(jws.header().typ.as_deref(), Some("JWT"));
    assert_eq!(jws.header().kid.as_deref(), Some("did:web:issuer.example#key-1"));
}

#[test]
fn absent_fields_are_left_out() {
    let claims = Map::new();
    let vc = JwtVc { sub: None, exp: None, expiration_date: None, ..credential(&claims) };
    let payload: Value = serde_json::from_slice(&vc.build().unwrap().payload).unwrap();
    assert!(payload.get("sub").is_none() && payload.get("exp").is_none());
    assert!(payload["vc"].get("expirationDate").is_none());
    assert_eq!(payload["vc"]["credentialSubject"], json!({}));
}

#[test]
fn subject_has_one_identifier() {
    for id in [json!("did:example:other"), json!(1), json!(null)] {
        let claims = object(json!({ "id": id }));
        assert_eq!(credential(&claims).build().unwrap_err(), IssueError::SubjectId);
    }
    let claims = object(json!({ "id": "did:example:holder" }));
    assert_eq!(JwtVc { sub: None, ..credential(&claims) }.build().unwrap_err(), IssueError::SubjectId);
}

#[test]
fn nesting_is_limited_to_what_is_read() {
    let nested = |levels| object(json!({ "deep": (0..levels).fold(json!(1), |inner, _| json!([inner])) }));
    let compact = credential(&nested(MAX_CLAIM_DEPTH)).build().unwrap().sign(&ISSUER, "key-1");
    verify(&compact, ISSUER.public_key()).unwrap();
    assert_eq!(credential(&nested(MAX_CLAIM_DEPTH + 1)).build().unwrap_err(), IssueError::TooDeep);
}

#[test]
fn what_is_not_such_a_credential_is_refused() {
    let check = |payload: Value| {
        verify(&ISSUER.sign_compact(&json!({}), payload.to_string().as_bytes()), ISSUER.public_key())
    };
    assert!(matches!(check(json!("text")), Err(VerifyError::Payload(PayloadError::NotObject))));
    for payload in [json!({}), json!({ "vc": 1 }), json!({ "vc": { "type": ["Other"] } })] {
        assert!(matches!(check(payload), Err(VerifyError::NotCredential)));
    }
    let with = |vc: Value| {
        let mut vc = object(vc);
        vc.insert("type".to_owned(), json!(["VerifiableCredential"]));
        json!({ "iss": "did:example:a", "sub": "did:example:b", "jti": "urn:c", "vc": vc })
    };
    assert!(check(with(json!({}))).is_ok());
    assert!(check(with(json!({ "issuer": { "id": "did:example:a" } }))).is_ok());
    for (vc, claim) in [
        (json!({ "issuer": "did:example:x" }), "iss"),
        (json!({ "issuer": { "id": "did:example:x" } }), "iss"),
        (json!({ "credentialSubject": { "id": "did:example:x" } }), "sub"),
        (json!({ "id": "urn:x" }), "jti"),
    ] {
        assert!(matches!(check(with(vc)), Err(VerifyError::Contradiction(name)) if name == claim));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn claims_survive_and_changes_are_refused(claims in claims(), at: prop::sample::Index, to in "[A-Za-z0-9_.-]") {
        let compact = credential(&claims).build().unwrap().sign(&ISSUER, "key-1");
        let verified = verify(&compact, ISSUER.public_key()).unwrap();
        let mut subject = object(verified["vc"]["credentialSubject"].clone());
        prop_assert_eq!(subject.remove("id"), Some(json!("did:example:holder")));
        prop_assert_eq!(subject, claims);

        prop_assert!(matches!(
            verify(&compact, STRANGER.public_key()),
            Err(VerifyError::Jws(JwsError::Signature))
        ));
        let at = at.index(compact.len());
        prop_assume!(compact[at..=at] != to);
        let mut changed = compact;
        changed.replace_range(at..=at, &to);
        prop_assert!(verify(&changed, ISSUER.public_key()).is_err());
    }
}
