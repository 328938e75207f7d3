//! Every reason for which RFC 9901, section 7.1, and SD-JWT VC demand to refuse an SD-JWT.

use aws_lc_rs::digest::{SHA256, digest};
use jose::{JwsError, SigningKey, b64url_encode};
use serde_json::{Map, Value, json};
use vc::PayloadError;
use vc::sd_jwt::{DisclosureError, MAX_DEPTH, MAX_DISCLOSURES, MAX_SIZE, ProcessError, SdJwt};

use crate::common::{ISSUER, STRANGER};

/// A disclosure of any content, with its digest.
fn disclosure(content: &Value) -> (String, String) {
    let encoded = b64url_encode(content.to_string().as_bytes());
    let digest = b64url_encode(digest(&SHA256, encoded.as_bytes()).as_ref());
    (encoded, digest)
}

fn combine(payload: &Value, disclosures: &[&str]) -> String {
    let jwt = ISSUER.sign_compact(&json!({ "typ": "dc+sd-jwt" }), payload.to_string().as_bytes());
    disclosures.iter().fold(jwt + "~", |combined, disclosure| combined + disclosure + "~")
}

fn process(payload: &Value, disclosures: &[&str]) -> Result<Map<String, Value>, ProcessError> {
    SdJwt::parse(&combine(payload, disclosures))?.process(ISSUER.public_key())
}

fn process_vc(payload: &Value, disclosures: &[&str]) -> Result<Map<String, Value>, ProcessError> {
    SdJwt::parse(&combine(payload, disclosures))?.process_vc(ISSUER.public_key())
}

macro_rules! assert_refused {
    ($outcome:expr, $error:pat) => {
        let outcome = $outcome;
        assert!(matches!(outcome, Err($error)), "{outcome:?}");
    };
}

#[test]
fn disclosures_go_where_their_digests_are() {
    let (street, street_digest) = disclosure(&json!(["s1", "street", "Main St"]));
    let (address, address_digest) =
        disclosure(&json!(["s2", "address", { "_sd": [street_digest], "city": "X" }]));
    let (german, german_digest) = disclosure(&json!(["s3", "DE"]));
    let payload = json!({
        "_sd": [address_digest, "decoy"],
        "nationalities": ["CH", { "...": german_digest }, { "...": "decoy-2" }],
        "empty": { "_sd": [] },
        "_sd_alg": "sha-256",
    });
    assert_eq!(
        Value::Object(process(&payload, &[&german, &address, &street]).unwrap()),
        json!({ "address": { "city": "X", "street": "Main St" }, "nationalities": ["CH", "DE"], "empty": {} })
    );
    assert_eq!(
        Value::Object(process(&payload, &[&address]).unwrap()),
        json!({ "address": { "city": "X" }, "nationalities": ["CH"], "empty": {} })
    );
    // The street cannot be reached without the address that holds its digest.
    assert_refused!(process(&payload, &[&street]), ProcessError::Unreferenced(1));
}

#[test]
fn signature_must_be_the_issuers() {
    let combined = combine(&json!({}), &[]);
    let sd_jwt = SdJwt::parse(&combined).unwrap();
    assert_refused!(sd_jwt.process(STRANGER.public_key()), ProcessError::Jws(JwsError::Signature));
    let rsa = SigningKey::from_pkcs8_der(&SigningKey::generate_rs256_pkcs8()).unwrap();
    assert_refused!(sd_jwt.process(rsa.public_key()), ProcessError::Jws(JwsError::AlgorithmMismatch { .. }));
    let none = format!("{}.{}.~", b64url_encode(br#"{"alg":"none"}"#), b64url_encode(b"{}"));
    assert!(matches!(SdJwt::parse(&none), Err(ProcessError::Jws(JwsError::NotSigned))));
}

#[test]
fn text_must_be_a_combined_format() {
    let jwt = combine(&json!({}), &[]);
    let parse = |text: &str| SdJwt::parse(text).map(|_| ());
    assert_refused!(parse(""), ProcessError::NotSdJwt);
    assert_refused!(parse(jwt.trim_end_matches('~')), ProcessError::NotSdJwt);
    assert_refused!(parse("a.b~"), ProcessError::Jws(_));
    assert_refused!(parse(&format!("{jwt}not-a-jwt")), ProcessError::KeyBindingJws(JwsError::NotCompact));
    assert_refused!(parse(&"~".repeat(MAX_SIZE + 1)), ProcessError::TooLarge);
    let many = jwt + &"x~".repeat(MAX_DISCLOSURES + 1);
    assert_refused!(parse(&many), ProcessError::TooManyDisclosures);
    assert_refused!(
        process(&json!({}), &[""]),
        ProcessError::Disclosure { position: 1, reason: DisclosureError::NotArray }
    );
}

#[test]
fn payload_must_be_an_object_of_strict_json() {
    assert_refused!(process(&json!([1]), &[]), ProcessError::Payload(PayloadError::NotObject));
    let twice = ISSUER.sign_compact(&json!({}), br#"{"a":1,"a":2}"#) + "~";
    let outcome = SdJwt::parse(&twice).unwrap().process(ISSUER.public_key());
    assert_refused!(outcome, ProcessError::Payload(PayloadError::Json(_)));
}

#[test]
fn digest_algorithm_must_be_known() {
    for alg in [json!("sha-512"), json!("SHA-256"), json!(256), json!(null)] {
        assert_refused!(process(&json!({ "_sd_alg": alg }), &[]), ProcessError::DigestAlgorithm);
    }
    let (disclosed, digest) = disclosure(&json!(["s", "a", 1]));
    assert_eq!(
        process(&json!({ "_sd": [digest] }), &[&disclosed]).unwrap()["a"],
        1,
        "sha-256 is the default"
    );
}

#[test]
fn each_disclosure_is_referenced_once() {
    let (disclosed, digest) = disclosure(&json!(["s", "a", 1]));
    assert_refused!(process(&json!({}), &[&disclosed]), ProcessError::Unreferenced(1));
    assert_refused!(
        process(&json!({ "_sd": [digest] }), &[&disclosed, &disclosed]),
        ProcessError::DuplicateDisclosure { position: 2 }
    );
}

#[test]
fn each_digest_occurs_once() {
    let (disclosed, digest) = disclosure(&json!(["s", "a", 1]));
    let (element, element_digest) = disclosure(&json!(["s", 1]));
    let (outer, outer_digest) = disclosure(&json!(["s", "outer", { "_sd": [digest] }]));
    for (payload, disclosures) in [
        (json!({ "_sd": [digest, digest] }), vec![&disclosed]),
        (json!({ "_sd": [digest], "b": { "_sd": [digest] } }), vec![&disclosed]),
        (json!({ "list": [{ "...": element_digest }, { "...": element_digest }] }), vec![&element]),
        (json!({ "_sd": [digest, outer_digest] }), vec![&disclosed, &outer]),
        (json!({ "_sd": ["decoy", "decoy"] }), vec![]),
    ] {
        let disclosures: Vec<&str> = disclosures.into_iter().map(String::as_str).collect();
        assert_refused!(process(&payload, &disclosures), ProcessError::DuplicateDigest(_));
    }
}

#[test]
fn disclosures_are_of_the_kind_of_their_place() {
    let (element, element_digest) = disclosure(&json!(["s", 1]));
    let (property, property_digest) = disclosure(&json!(["s", "a", 1]));
    assert_refused!(process(&json!({ "_sd": [element_digest] }), &[&element]), ProcessError::WrongKind(_));
    assert_refused!(
        process(&json!({ "list": [{ "...": property_digest }] }), &[&property]),
        ProcessError::WrongKind(_)
    );
}

#[test]
fn a_disclosed_claim_replaces_nothing() {
    let (disclosed, digest) = disclosure(&json!(["s1", "a", 1]));
    let (other, other_digest) = disclosure(&json!(["s2", "a", 2]));
    assert_refused!(
        process(&json!({ "_sd": [digest], "a": 0 }), &[&disclosed]),
        ProcessError::ClaimExists(_)
    );
    assert_refused!(
        process(&json!({ "_sd": [digest, other_digest] }), &[&disclosed, &other]),
        ProcessError::ClaimExists(_)
    );
}

#[test]
fn names_of_the_mechanism_are_not_claims() {
    for name in ["_sd", "..."] {
        let (disclosed, digest) = disclosure(&json!(["s", name, []]));
        assert_refused!(
            process(&json!({ "_sd": [digest] }), &[&disclosed]),
            ProcessError::Disclosure { position: 1, reason: DisclosureError::ReservedName }
        );
    }
    for payload in [
        json!({ "_sd": "digest" }),
        json!({ "_sd": [1] }),
        json!({ "a": { "_sd": {} } }),
        json!({ "...": "digest" }),
        json!({ "list": [{ "...": "digest", "more": 1 }] }),
        json!({ "list": [{ "...": 1 }] }),
    ] {
        assert_refused!(process(&payload, &[]), ProcessError::MalformedDigests);
    }
}

#[test]
fn nesting_is_limited_after_disclosure() {
    // Each disclosure holds the digest of the next: no single JSON text is deep, the claims are.
    let chain = |length: usize| {
        let mut disclosures = Vec::new();
        let mut inner = json!({});
        for level in 0..length {
            let (disclosed, digest) = disclosure(&json!([level.to_string(), "a", inner]));
            disclosures.push(disclosed);
            inner = json!({ "_sd": [digest] });
        }
        let disclosures: Vec<&str> = disclosures.iter().map(String::as_str).collect();
        process(&inner, &disclosures)
    };
    assert!(chain(MAX_DEPTH - 1).is_ok());
    assert_refused!(chain(MAX_DEPTH), ProcessError::TooDeep);
}

#[test]
fn a_credential_has_its_type_in_clear() {
    let jwt = ISSUER.sign_compact(&json!({ "typ": "example+sd-jwt" }), br#"{"vct":"x"}"#) + "~";
    assert_refused!(SdJwt::parse(&jwt).unwrap().process_vc(ISSUER.public_key()), ProcessError::NotSdJwtVc);
    assert_refused!(process_vc(&json!({}), &[]), ProcessError::NoType);
    assert_refused!(process_vc(&json!({ "vct": 1 }), &[]), ProcessError::NoType);
    assert!(process_vc(&json!({ "vct": "x" }), &[]).is_ok());
}

#[test]
fn a_credential_discloses_no_claim_that_verifiers_rely_on() {
    for name in ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"] {
        let (disclosed, digest) = disclosure(&json!(["s", name, "x"]));
        let mut payload = json!({ "vct": "x", "_sd": [digest] });
        if name == "vct" {
            payload = json!({ "_sd": [digest] });
        }
        assert!(process(&payload, &[&disclosed]).is_ok(), "RFC 9901 alone allows it");
        assert_refused!(process_vc(&payload, &[&disclosed]), ProcessError::NotDisclosable(_));
    }
    let (disclosed, digest) = disclosure(&json!(["s", "sub", "did:example:holder"]));
    assert!(process_vc(&json!({ "vct": "x", "_sd": [digest] }), &[&disclosed]).is_ok());
}
