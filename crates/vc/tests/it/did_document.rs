//! Keys in strangers' DID documents.

use jose::{PublicKey, SigningKey};
use serde_json::{Value, json};
use vc::did::{
    DocumentError, MAX_DOCUMENT_SIZE, MAX_METHODS, Purpose, VerificationMethod, did_key, document,
    key_of_document, parse_document,
};

use crate::common::{ISSUER, STRANGER};

const DID: &str = "did:web:issuer.example";

fn multibase(key: &PublicKey) -> String {
    did_key(key).unwrap().strip_prefix("did:key:").unwrap().to_owned()
}

/// Two keys: one by reference and as a JWK, one embedded and as a Multikey.
fn two_keys() -> Value {
    let mut jwk = ISSUER.public_key().to_jwk();
    jwk["kid"] = json!("thumbprint");
    json!({
        "id": DID,
        "verificationMethod": [
            { "id": format!("{DID}#key-1"), "type": "JsonWebKey", "controller": DID, "publicKeyJwk": jwk },
        ],
        "assertionMethod": [
            format!("{DID}#key-1"),
            {
                "id": "#key-2",
                "type": "Multikey",
                "controller": DID,
                "publicKeyMultibase": multibase(STRANGER.public_key()),
            },
        ],
        "authentication": ["#key-1"],
    })
}

fn keys(document: &Value, kid: Option<&str>, purpose: Purpose) -> Result<Vec<PublicKey>, DocumentError> {
    key_of_document(document, DID, kid, purpose)
}

fn assertion(document: &Value, kid: Option<&str>) -> Result<Vec<PublicKey>, DocumentError> {
    keys(document, kid, Purpose::AssertionMethod)
}

#[test]
fn keys_are_found_by_any_name() {
    let document = two_keys();
    for kid in ["did:web:issuer.example#key-1", "#key-1", "key-1", "thumbprint"] {
        assert_eq!(assertion(&document, Some(kid)).unwrap(), [ISSUER.public_key().clone()], "{kid}");
    }
    for kid in ["did:web:issuer.example#key-2", "#key-2", "key-2"] {
        assert_eq!(assertion(&document, Some(kid)).unwrap(), [STRANGER.public_key().clone()], "{kid}");
    }
    let both = [ISSUER.public_key().clone(), STRANGER.public_key().clone()];
    assert_eq!(assertion(&document, None).unwrap(), both);
}

#[test]
fn the_purpose_counts() {
    let document = two_keys();
    assert_eq!(keys(&document, None, Purpose::Authentication).unwrap(), [ISSUER.public_key().clone()]);
    let refused = keys(&document, Some("#key-2"), Purpose::Authentication).unwrap_err();
    assert!(matches!(refused, DocumentError::NotFound(Purpose::Authentication)));
    assert!(refused.to_string().contains("authentication"));
    let mut unlisted = document;
    unlisted["assertionMethod"] = json!([]);
    assert!(matches!(assertion(&unlisted, None), Err(DocumentError::NotFound(_))));
    assert!(matches!(assertion(&json!({ "id": DID }), None), Err(DocumentError::NotFound(_))));
}

#[test]
fn our_own_documents_are_read() {
    let methods = [VerificationMethod { kid: "key-1", key: ISSUER.public_key() }];
    let document = document(DID, &["https://issuer.example"], &methods);
    let read = parse_document(document.to_string().as_bytes()).unwrap();
    assert_eq!(
        assertion(&read, Some("did:web:issuer.example#key-1")).unwrap(),
        [ISSUER.public_key().clone()]
    );
}

/// Any controller has documents of this form (Controlled Identifiers 1.0), not only a DID.
#[test]
fn controllers_may_be_urls() {
    let document = json!({
        "id": "https://issuer.example/keys",
        "verificationMethod": [{
            "id": "https://issuer.example/keys#key-1",
            "controller": "https://issuer.example/keys",
            "publicKeyJwk": ISSUER.public_key().to_jwk(),
        }],
        "assertionMethod": ["https://issuer.example/keys#key-1"],
    });
    for kid in [None, Some("https://issuer.example/keys#key-1"), Some("#key-1")] {
        let found = key_of_document(&document, "https://issuer.example/keys", kid, Purpose::AssertionMethod);
        assert_eq!(found.unwrap(), [ISSUER.public_key().clone()]);
    }
}

#[test]
fn every_kind_of_multikey() {
    for pkcs8 in [
        SigningKey::generate_es256_pkcs8(),
        SigningKey::generate_es256k_pkcs8(),
        SigningKey::generate_eddsa_pkcs8(),
    ] {
        let key = SigningKey::from_pkcs8_der(&pkcs8).unwrap().public_key().clone();
        let mut document = two_keys();
        document["assertionMethod"][1]["publicKeyMultibase"] = json!(multibase(&key));
        assert_eq!(assertion(&document, Some("#key-2")).unwrap(), [key]);
    }
}

#[test]
fn other_peoples_keys_are_not_taken() {
    let mut document = two_keys();
    document["id"] = json!("did:web:other.example");
    assert!(matches!(assertion(&document, None), Err(DocumentError::Id)));
    assert!(matches!(assertion(&json!([]), None), Err(DocumentError::Id)));

    let document = two_keys();
    for kid in [
        "did:web:other.example#key-1",
        "did:web:issuer.example2#key-1",
        "did:web:issuer.example",
        "",
        "#",
        "key-3",
    ] {
        assert!(matches!(assertion(&document, Some(kid)), Err(DocumentError::NotFound(_))), "{kid}");
    }
    for (name, value) in
        [("controller", json!("did:web:other.example")), ("revoked", json!("2020-01-01T00:00:00Z"))]
    {
        let mut document = two_keys();
        document["verificationMethod"][0][name] = value.clone();
        document["assertionMethod"][1][name] = value;
        assert!(matches!(assertion(&document, Some("#key-1")), Err(DocumentError::NotControlled)), "{name}");
        assert!(matches!(assertion(&document, None), Err(DocumentError::NotControlled)), "{name}");
    }
    // A reference into another document is not followed.
    let mut document = two_keys();
    document["assertionMethod"] = json!(["did:web:other.example#key-1", 1, null]);
    assert!(matches!(assertion(&document, Some("#key-1")), Err(DocumentError::NotFound(_))));
}

#[test]
fn keys_that_cannot_be_used() {
    let with = |method: Value| {
        let mut document = two_keys();
        for (name, value) in method.as_object().unwrap() {
            document["verificationMethod"][0][name] = value.clone();
        }
        document
    };
    let no_key = with(json!({ "publicKeyJwk": null, "publicKeyBase58": "x" }));
    assert!(matches!(assertion(&no_key, Some("#key-1")), Err(DocumentError::Jwk(_))));
    let symmetric = with(json!({ "publicKeyJwk": { "kty": "oct", "k": "AAAA" } }));
    assert!(matches!(assertion(&symmetric, Some("#key-1")), Err(DocumentError::Jwk(_))));
    // Without a name, the others are still there.
    assert_eq!(assertion(&symmetric, None).unwrap(), [STRANGER.public_key().clone()]);

    let mut document = two_keys();
    document["assertionMethod"][1]["publicKeyMultibase"] = json!("z123");
    assert!(matches!(assertion(&document, Some("#key-2")), Err(DocumentError::Multibase(_))));
    document["assertionMethod"][1].as_object_mut().unwrap().remove("publicKeyMultibase");
    assert!(matches!(assertion(&document, Some("#key-2")), Err(DocumentError::NoKey)));
}

#[test]
fn counts_and_sizes_are_limited() {
    let long = format!("{{\"id\":\"{}\"}}", "x".repeat(MAX_DOCUMENT_SIZE));
    assert!(matches!(parse_document(long.as_bytes()), Err(DocumentError::TooLarge(_))));
    assert!(matches!(parse_document(br#"{"id":"a","id":"b"}"#), Err(DocumentError::Json(_))));
    for name in ["verificationMethod", "assertionMethod"] {
        for value in [json!({}), json!("x"), vec!["#x"; MAX_METHODS + 1].into()] {
            let mut document = two_keys();
            document[name] = value;
            assert!(
                matches!(assertion(&document, None), Err(DocumentError::Methods(found)) if found == name)
            );
        }
    }
    // References to one name that many methods share do not multiply.
    let mut document = two_keys();
    document["verificationMethod"] = vec![document["verificationMethod"][0].clone(); MAX_METHODS].into();
    document["assertionMethod"] = vec!["#key-1"; MAX_METHODS].into();
    assert_eq!(assertion(&document, None).unwrap().len(), MAX_METHODS);
}
