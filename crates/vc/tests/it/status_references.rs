//! Where credentials say that their status is found.

use serde_json::{Value, json};
use vc::status::{MAX_REFERENCES, ReferenceError, StatusReference, references};

use crate::common::object;

fn found(claims: Value) -> Result<Vec<StatusReference>, ReferenceError> {
    references(&object(claims))
}

fn entry() -> Value {
    json!({
        "id": "https://issuer.example/status/3#94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94567",
        "statusListCredential": "https://issuer.example/status/3",
    })
}

fn bitstring(purpose: &str, size: u8) -> StatusReference {
    StatusReference::Bitstring {
        url: "https://issuer.example/status/3".to_owned(),
        index: 94_567,
        purpose: purpose.to_owned(),
        size,
        id: Some("https://issuer.example/status/3#94567".to_owned()),
    }
}

#[test]
fn each_format_has_its_place() {
    assert_eq!(found(json!({ "vct": "x" })).unwrap(), []);
    let token = json!({ "status": { "status_list": { "idx": 412, "uri": "https://issuer.example/1" } } });
    let reference = StatusReference::Token { uri: "https://issuer.example/1".to_owned(), idx: 412 };
    assert_eq!(found(token).unwrap(), [reference]);
    assert_eq!(found(json!({ "credentialStatus": entry() })).unwrap(), [bitstring("revocation", 1)]);
    assert_eq!(
        found(json!({ "vc": { "credentialStatus": entry() } })).unwrap(),
        [bitstring("revocation", 1)]
    );
}

#[test]
fn several_entries() {
    let mut second = entry();
    second["statusPurpose"] = json!("message");
    second["statusSize"] = json!(2);
    second["type"] = json!(["StatusList2021Entry"]);
    second["statusListIndex"] = json!(94_567);
    assert_eq!(
        found(json!({ "credentialStatus": [entry(), second] })).unwrap(),
        [bitstring("revocation", 1), bitstring("message", 2)]
    );
    let all = found(json!({
        "status": { "status_list": { "idx": 0, "uri": "u" }, "other": {} },
        "credentialStatus": entry(),
        "vc": { "credentialStatus": [entry()] },
    }));
    assert_eq!(all.unwrap().len(), 3);
}

/// A status that we cannot look up is not the same as none.
#[test]
fn other_kinds_are_named() {
    for (claims, kind) in [
        (json!({ "status": { "identifier_list": {} } }), "identifier_list"),
        (
            json!({ "credentialStatus": { "id": "x", "type": "RevocationList2020Status" } }),
            "RevocationList2020Status",
        ),
    ] {
        assert_eq!(found(claims).unwrap(), [StatusReference::Unsupported { kind: kind.to_owned() }]);
    }
}

#[test]
fn malformed_entries_are_refused() {
    let at = |claims: Value| match found(claims).unwrap_err() {
        ReferenceError::Malformed { at, .. } => at,
        other => panic!("{other:?}"),
    };
    for (status, expected) in [
        (json!("revoked"), "status"),
        (json!({}), "status"),
        (json!({ "status_list": { "idx": 1 } }), "status.status_list.uri"),
        (json!({ "status_list": { "idx": 1, "uri": "" } }), "status.status_list.uri"),
        (json!({ "status_list": { "idx": 1, "uri": "x".repeat(2049) } }), "status.status_list.uri"),
        (json!({ "status_list": { "idx": -1, "uri": "u" } }), "status.status_list.idx"),
        (json!({ "status_list": { "idx": "1", "uri": "u" } }), "status.status_list.idx"),
        (json!({ "status_list": { "idx": 4_294_967_296_u64, "uri": "u" } }), "status.status_list.idx"),
    ] {
        assert_eq!(at(json!({ "status": status })), expected, "{status}");
    }
    for (name, value) in [
        ("type", json!([])),
        ("type", json!(null)),
        ("statusPurpose", json!(1)),
        ("statusListIndex", json!("-1")),
        ("statusListIndex", json!("+1")),
        ("statusListIndex", json!("")),
        ("statusListIndex", json!("4294967296")),
        ("statusListIndex", json!(1.5)),
        ("statusListCredential", json!(null)),
        ("statusSize", json!(0)),
        ("statusSize", json!(9)),
        ("statusSize", json!("1")),
    ] {
        let mut entry = entry();
        entry[name] = value.clone();
        assert_eq!(at(json!({ "credentialStatus": entry })), format!("credentialStatus.{name}"), "{value}");
    }
    assert_eq!(at(json!({ "credentialStatus": "x" })), "credentialStatus");
}

#[test]
fn entries_are_limited() {
    let many = vec![entry(); MAX_REFERENCES];
    assert_eq!(found(json!({ "credentialStatus": many })).unwrap().len(), MAX_REFERENCES);
    let more = vec![entry(); MAX_REFERENCES + 1];
    assert_eq!(found(json!({ "credentialStatus": more })), Err(ReferenceError::TooMany(MAX_REFERENCES + 1)));
    let both = json!({ "credentialStatus": many, "vc": { "credentialStatus": many } });
    assert_eq!(found(both), Err(ReferenceError::TooMany(2 * MAX_REFERENCES)));
}
