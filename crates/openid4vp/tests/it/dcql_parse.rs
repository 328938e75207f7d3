//! Every rule that a query can break (section 6), and where the error says it is.

use openid4vp::dcql::{
    AuthorityKind, DcqlQuery, MAX_CLAIMS, MAX_CREDENTIALS, MAX_ID_LEN, MAX_SETS, MAX_TEXT_LEN, MAX_VALUES,
    Problem,
};
use openid4vp::path::PathError;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{card, query};

#[track_caller]
fn refused(document: &Value, at: &str, problem: Problem) {
    let error = DcqlQuery::parse(document).expect_err("the query breaks a rule");
    assert_eq!((error.at.as_str(), &error.problem), (at, &problem), "{document}");
    assert!(error.to_string().starts_with(&format!("`{at}`: ")), "{error}");
}

/// Two credentials, of which the second has these members in place of its own; `null` takes one away.
fn second(members: Value) -> Value {
    let mut other = json!({ "id": "d", "format": "dc+sd-jwt", "meta": { "vct_values": ["card"] } });
    for (name, value) in members.as_object().unwrap() {
        other[name] = value.clone();
        if value.is_null() {
            other.as_object_mut().unwrap().remove(name);
        }
    }
    let mut document = card(json!({}));
    document["credentials"].as_array_mut().unwrap().push(other);
    document
}

fn set(sets: Value) -> Value {
    let mut document = card(json!({}));
    document["credential_sets"] = sets;
    document
}

#[test]
fn the_query_itself() {
    refused(&json!("query"), "dcql_query", Problem::Expected("an object"));
    refused(&json!({}), "credentials", Problem::Missing);
    refused(&json!({ "credentials": {} }), "credentials", Problem::Expected("an array"));
    refused(&json!({ "credentials": [] }), "credentials", Problem::Empty);
    let many: Vec<Value> = (0..=MAX_CREDENTIALS).map(|id| json!({ "id": id.to_string() })).collect();
    refused(&json!({ "credentials": many }), "credentials", Problem::TooMany(MAX_CREDENTIALS));
    refused(&json!({ "credentials": [1] }), "credentials[0]", Problem::Expected("an object"));
}

#[test]
fn credentials() {
    refused(&second(json!({ "id": null })), "credentials[1].id", Problem::Missing);
    refused(&second(json!({ "id": 1 })), "credentials[1].id", Problem::Expected("a string"));
    for id in ["", "a b", "\u{e9}", "a.b", &"a".repeat(MAX_ID_LEN + 1)] {
        refused(&second(json!({ "id": id })), "credentials[1].id", Problem::Id);
    }
    refused(&second(json!({ "id": "c" })), "credentials[1].id", Problem::Duplicate("c".to_owned()));
    refused(&second(json!({ "format": null })), "credentials[1].format", Problem::Missing);
    refused(&second(json!({ "format": 1 })), "credentials[1].format", Problem::Expected("a string"));
    for format in ["vc+jwt", "vc+sd-jwt", "ldp_vc", "mso_mdoc", "jwt_vc", "DC+SD-JWT", ""] {
        refused(
            &second(json!({ "format": format })),
            "credentials[1].format",
            Problem::Format(format.to_owned()),
        );
    }
    let flag = Problem::Expected("true or false");
    refused(&second(json!({ "multiple": "yes" })), "credentials[1].multiple", flag.clone());
    let binding = "require_cryptographic_holder_binding";
    refused(&second(json!({ binding: 0 })), &format!("credentials[1].{binding}"), flag);
}

#[test]
fn meta() {
    let with = |meta: Value| second(json!({ "meta": meta }));
    refused(&second(json!({ "meta": null })), "credentials[1].meta", Problem::Missing);
    refused(&with(json!([])), "credentials[1].meta", Problem::Expected("an object"));
    refused(&with(json!({})), "credentials[1].meta.vct_values", Problem::Missing);
    refused(
        &with(json!({ "vct_values": "card" })),
        "credentials[1].meta.vct_values",
        Problem::Expected("an array"),
    );
    refused(&with(json!({ "vct_values": [] })), "credentials[1].meta.vct_values", Problem::Empty);
    refused(
        &with(json!({ "vct_values": [1] })),
        "credentials[1].meta.vct_values[0]",
        Problem::Expected("a string"),
    );
    for text in ["", &"x".repeat(MAX_TEXT_LEN + 1)] {
        refused(
            &with(json!({ "vct_values": ["card", text] })),
            "credentials[1].meta.vct_values[1]",
            Problem::Text,
        );
    }
    let many = json!({ "vct_values": vec!["card"; MAX_VALUES + 1] });
    refused(&with(many), "credentials[1].meta.vct_values", Problem::TooMany(MAX_VALUES));

    let w3c = |meta: Value| second(json!({ "format": "jwt_vc_json", "meta": meta }));
    refused(&w3c(json!({ "vct_values": ["card"] })), "credentials[1].meta.type_values", Problem::Missing);
    refused(&w3c(json!({ "type_values": [] })), "credentials[1].meta.type_values", Problem::Empty);
    let flat = json!({ "type_values": ["Card"] });
    refused(&w3c(flat), "credentials[1].meta.type_values[0]", Problem::Expected("an array"));
    refused(&w3c(json!({ "type_values": [[]] })), "credentials[1].meta.type_values[0]", Problem::Empty);
    let number = json!({ "type_values": [["Card"], ["Card", 2]] });
    refused(&w3c(number), "credentials[1].meta.type_values[1][1]", Problem::Expected("a string"));
}

#[test]
fn claims() {
    let with = |claims: Value| second(json!({ "claims": claims }));
    refused(&with(json!({})), "credentials[1].claims", Problem::Expected("an array"));
    refused(&with(json!([])), "credentials[1].claims", Problem::Empty);
    let many: Vec<Value> = (0..=MAX_CLAIMS).map(|name| json!({ "path": [name.to_string()] })).collect();
    refused(&with(json!(many)), "credentials[1].claims", Problem::TooMany(MAX_CLAIMS));
    refused(&with(json!([["a"]])), "credentials[1].claims[0]", Problem::Expected("an object"));
    refused(&with(json!([{}])), "credentials[1].claims[0].path", Problem::Missing);
    let path = |path: Value| with(json!([{ "path": ["x"] }, { "path": path }]));
    refused(&path(json!("a")), "credentials[1].claims[1].path", Problem::Path(PathError::NotArray));
    refused(&path(json!([])), "credentials[1].claims[1].path", Problem::Path(PathError::Length));
    refused(&path(json!(["a", -1])), "credentials[1].claims[1].path", Problem::Path(PathError::Element(1)));
    refused(&path(json!(["x"])), "credentials[1].claims[1].path", Problem::SameClaim(0));
    let same = with(json!([{ "path": ["y"] }, { "path": ["x", null] }, { "path": ["x", 3] }]));
    refused(&same, "credentials[1].claims[2].path", Problem::SameClaim(1));
    refused(&with(json!([{ "id": "", "path": ["a"] }])), "credentials[1].claims[0].id", Problem::Id);
    let twice = with(json!([{ "id": "a", "path": ["a"] }, { "id": "a", "path": ["b"] }]));
    refused(&twice, "credentials[1].claims[1].id", Problem::Duplicate("a".to_owned()));
}

#[test]
fn values() {
    let with = |values: Value| second(json!({ "claims": [{ "path": ["a"], "values": values }] }));
    let at = "credentials[1].claims[0].values";
    refused(&with(json!("a")), at, Problem::Expected("an array"));
    refused(&with(json!([])), at, Problem::Empty);
    refused(&with(json!(vec![1; MAX_VALUES + 1])), at, Problem::TooMany(MAX_VALUES));
    let exponent: Value = serde_json::from_str("1e3").unwrap();
    let long: Value = serde_json::from_str(&"9".repeat(100)).unwrap();
    for odd in [json!(1.5), json!(null), json!([1]), json!({}), exponent, long] {
        refused(&with(json!(["a", odd])), &format!("{at}[1]"), Problem::Value);
    }
    refused(&with(json!([""])), &format!("{at}[0]"), Problem::Text);
    let good: Value = serde_json::from_str(r#"["a", -1, 12345678901234567890123, false]"#).unwrap();
    assert_eq!(json!(query(&with(good.clone())).credential("d").unwrap().claims[0].values), good);
}

#[test]
fn claim_sets() {
    let at = "credentials[1].claim_sets";
    refused(&second(json!({ "claim_sets": [["a"]] })), at, Problem::WithoutClaims);
    let with = |sets: Value| second(json!({ "claims": [{ "id": "a", "path": ["a"] }], "claim_sets": sets }));
    refused(&with(json!([])), at, Problem::Empty);
    refused(&with(json!(vec![["a"]; MAX_SETS + 1])), at, Problem::TooMany(MAX_SETS));
    refused(&with(json!(["a"])), &format!("{at}[0]"), Problem::Expected("an array"));
    refused(&with(json!([[]])), &format!("{at}[0]"), Problem::Empty);
    refused(&with(json!([["a"], ["b"]])), &format!("{at}[1][0]"), Problem::UnknownId("b".to_owned()));
    refused(&with(json!([["a", "a"]])), &format!("{at}[0][1]"), Problem::Duplicate("a".to_owned()));
    refused(&with(json!([[1]])), &format!("{at}[0][0]"), Problem::Expected("a string"));
    let unnamed =
        json!({ "claims": [{ "id": "a", "path": ["a"] }, { "path": ["b"] }], "claim_sets": [["a"]] });
    refused(&second(unnamed), "credentials[1].claims[1].id", Problem::IdForClaimSets);
}

#[test]
fn trusted_authorities() {
    let with = |list: Value| second(json!({ "trusted_authorities": list }));
    let at = "credentials[1].trusted_authorities";
    refused(&with(json!([])), at, Problem::Empty);
    refused(&with(json!([1])), &format!("{at}[0]"), Problem::Expected("an object"));
    refused(&with(json!([{ "values": ["x"] }])), &format!("{at}[0].type"), Problem::Missing);
    let other = json!([{ "type": "x", "values": ["x"] }]);
    refused(&with(other), &format!("{at}[0].type"), Problem::Authority("x".to_owned()));
    refused(
        &with(json!([{ "type": 1, "values": ["x"] }])),
        &format!("{at}[0].type"),
        Problem::Expected("a string"),
    );
    refused(&with(json!([{ "type": "aki" }])), &format!("{at}[0].values"), Problem::Missing);
    refused(&with(json!([{ "type": "aki", "values": [] }])), &format!("{at}[0].values"), Problem::Empty);
    let padded = json!([{ "type": "aki", "values": ["s9tI="] }]);
    refused(&with(padded), &format!("{at}[0].values[0]"), Problem::KeyIdentifier);
    // The examples of section 6.1.1.
    let all = json!([
        { "type": "aki", "values": ["s9tIpPmhxdiuNkHMEWNpYim8S8Y"] },
        { "type": "etsi_tl", "values": ["https://lotl.example.com"] },
        { "type": "openid_federation", "values": ["https://trustanchor.example.com"] },
    ]);
    let read = query(&with(all.clone()));
    assert_eq!(read.to_json()["credentials"][1]["trusted_authorities"], all);
    assert_eq!(read.credentials()[1].trusted_authorities[2].kind, AuthorityKind::OpenidFederation);
}

#[test]
fn credential_sets() {
    refused(&set(json!({})), "credential_sets", Problem::Expected("an array"));
    refused(&set(json!([])), "credential_sets", Problem::Empty);
    refused(&set(json!([[["c"]]])), "credential_sets[0]", Problem::Expected("an object"));
    refused(&set(json!([{}])), "credential_sets[0].options", Problem::Missing);
    refused(&set(json!([{ "options": [] }])), "credential_sets[0].options", Problem::Empty);
    refused(&set(json!([{ "options": [[]] }])), "credential_sets[0].options[0]", Problem::Empty);
    let flat = set(json!([{ "options": ["c"] }]));
    refused(&flat, "credential_sets[0].options[0]", Problem::Expected("an array"));
    let unknown = set(json!([{ "options": [["c"], ["c", "x"]] }]));
    refused(&unknown, "credential_sets[0].options[1][1]", Problem::UnknownId("x".to_owned()));
    let twice = set(json!([{ "options": [["c", "c"]] }]));
    refused(&twice, "credential_sets[0].options[0][1]", Problem::Duplicate("c".to_owned()));
    let flag = set(json!([{ "options": [["c"]], "required": "no" }]));
    refused(&flag, "credential_sets[0].required", Problem::Expected("true or false"));
    let many = set(json!([{ "options": vec![["c"]; MAX_SETS + 1] }]));
    refused(&many, "credential_sets[0].options", Problem::TooMany(MAX_SETS));
}

#[test]
fn defaults_are_those_of_the_specification_and_unknown_members_are_ignored() {
    let mut document = set(json!([{ "options": [["c"]], "purpose": "x" }]));
    document["future"] = json!({});
    document["credentials"][0]["purpose"] = json!(1);
    let read = query(&document);
    let credential = read.credential("c").unwrap();
    assert!(!credential.multiple && credential.require_cryptographic_holder_binding);
    assert!(read.credential_sets()[0].required);
    assert_eq!(read.credential("x"), None);
    assert_eq!(read.to_json(), set(json!([{ "options": [["c"]] }])));
}

#[test]
fn foreign_text_in_an_error_is_short_and_on_one_line() {
    let error = DcqlQuery::parse(&second(json!({ "format": "x\n".repeat(500) }))).unwrap_err().to_string();
    assert!(error.len() < 300 && !error.contains('\n'), "{error}");
}

proptest! {
    #[test]
    fn any_document_is_read_or_refused(text in r#"[\[\]{}",:a-d0-9]{0,60}"#) {
        if let Ok(document) = serde_json::from_str::<Value>(&text) {
            let _ = DcqlQuery::parse(&document);
            let _ = DcqlQuery::parse(&json!({ "credentials": document }));
            let _ = DcqlQuery::parse(&card(json!({ "claims": document, "claim_sets": document })));
        }
    }
}
