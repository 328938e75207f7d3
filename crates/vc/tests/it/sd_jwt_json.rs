//! What is not an SD-JWT in JSON serialisation (RFC 9901, section 8).

use jose::b64url_encode;
use serde_json::{Value, json};
use vc::sd_jwt::{MAX_DISCLOSURES, MAX_SIGNATURES, MAX_SIZE, SdJwt, SerializationError, from_json};

use crate::common::ISSUER;

fn flattened() -> Value {
    let jwt = ISSUER.sign_compact(&json!({ "typ": "dc+sd-jwt" }), br#"{"vct":"x"}"#);
    let parts: Vec<&str> = jwt.split('.').collect();
    json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] })
}

fn general() -> Value {
    let one = flattened();
    let signature = json!({ "protected": one["protected"], "signature": one["signature"] });
    json!({ "payload": one["payload"], "signatures": [signature, signature] })
}

fn refusal(document: &Value) -> SerializationError {
    from_json(document).unwrap_err()
}

fn assert_member(document: &Value, member: &str) {
    let refused = refusal(document);
    assert!(
        matches!(&refused, SerializationError::Member { at, .. } if at == member),
        "{member}: {refused:?}"
    );
    assert!(refused.to_string().contains(member));
}

#[test]
fn without_an_unprotected_header_there_are_no_disclosures() {
    for (document, count) in [(flattened(), 1), (general(), 2)] {
        let forms = from_json(&document).unwrap();
        assert_eq!(forms.len(), count);
        for form in forms {
            assert!(form.compact.ends_with('~') && form.kid.is_none());
            SdJwt::parse(&form.compact).unwrap().process_vc(ISSUER.public_key()).unwrap();
        }
    }
}

#[test]
fn members_are_checked() {
    for document in [json!([]), json!("x"), json!(null)] {
        assert_eq!(refusal(&document), SerializationError::NotObject);
    }
    for name in ["protected", "payload", "signature"] {
        // A dot or a tilde would make two parts of one.
        for value in [json!(null), json!(1), json!("a.b"), json!("a~b"), json!("a=")] {
            let mut document = flattened();
            document[name] = value;
            assert_member(&document, name);
        }
    }
    for (name, value) in [
        ("header.disclosures", json!({ "disclosures": "x" })),
        ("header.disclosures", json!({ "disclosures": [1] })),
        ("header.disclosures", json!({ "disclosures": ["a~b"] })),
        ("header.kb_jwt", json!({ "kb_jwt": 1 })),
        ("header.kb_jwt", json!({ "kb_jwt": "a~b.c.d" })),
        ("header.kb_jwt", json!({ "kb_jwt": "" })),
        ("header.kid", json!({ "kid": 1 })),
        ("header", json!([])),
    ] {
        let mut document = flattened();
        document["header"] = value.clone();
        assert_member(&document, name);
        let mut document = general();
        document["signatures"][0]["header"] = value;
        assert_member(&document, &format!("signatures[0].{name}"));
    }
    let mut document = flattened();
    document["protected"] = json!(b64url_encode(b"[]"));
    assert_member(&document, "protected");
    let mut document = general();
    document["signatures"] = json!({});
    assert_member(&document, "signatures");
    document["signatures"] = json!([1]);
    assert_member(&document, "signatures[0]");
}

#[test]
fn one_serialization_at_a_time() {
    let mut document = general();
    document["signature"] = flattened()["signature"].clone();
    assert_eq!(refusal(&document), SerializationError::Ambiguous);
}

#[test]
fn headers_do_not_overlap() {
    for name in ["typ", "alg", "crit", "b64", "zip"] {
        let mut document = flattened();
        document["header"] = json!({ name: "x" });
        assert_eq!(refusal(&document), SerializationError::Unprotected(name.to_owned()));
    }
}

#[test]
fn later_signatures_carry_nothing() {
    for header in [json!({ "disclosures": [] }), json!({ "kb_jwt": "a.b.c" })] {
        let mut document = general();
        document["signatures"][1]["header"] = header;
        assert_eq!(refusal(&document), SerializationError::NotFirst);
    }
}

#[test]
fn counts_and_sizes_are_limited() {
    for count in [0, MAX_SIGNATURES + 1] {
        let mut document = general();
        document["signatures"] = vec![document["signatures"][0].clone(); count].into();
        assert_eq!(refusal(&document), SerializationError::Signatures(count));
    }
    let mut document = flattened();
    document["header"] = json!({ "disclosures": vec!["x"; MAX_DISCLOSURES + 1] });
    assert_eq!(refusal(&document), SerializationError::TooManyDisclosures);
    document["header"] = json!({ "disclosures": ["x".repeat(MAX_SIZE)] });
    assert_eq!(refusal(&document), SerializationError::TooLarge);
}
