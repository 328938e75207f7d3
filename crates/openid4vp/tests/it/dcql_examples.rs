//! The examples of the specification, and the schema of the conformance suite.

use jsonschema::Validator;
use openid4vp::dcql::{DcqlQuery, Format, Mismatch, Problem};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::common::{Shown, check, object, query, shown};

macro_rules! vector {
    ($file:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../vectors/", $file))).unwrap()
    };
}

fn schema() -> Validator {
    jsonschema::draft7::new(&vector!("oidf-schemas/dcql_request.json")).unwrap()
}

fn sd_jwt_examples() -> [Value; 4] {
    [
        vector!("dcql/simple.json"),
        vector!("dcql/value_matching_simple.json"),
        vector!("dcql/claims_alternatives.json"),
        vector!("dcql/credentials_alternatives.json"),
    ]
}

#[test]
fn the_examples_are_read_and_written_as_they_are() {
    for example in sd_jwt_examples().into_iter().chain([vector!("dcql/jwt_vc.json")]) {
        assert_eq!(query(&example).to_json(), example);
    }
}

#[test]
fn the_examples_pass_the_schema_of_the_conformance_suite() {
    let schema = schema();
    for example in sd_jwt_examples() {
        assert!(schema.is_valid(&query(&example).to_json()), "{example}");
    }
    assert!(!schema.is_valid(&json!({ "credentials": [] })), "the schema refuses what is wrong");
}

#[test]
fn an_mdoc_cannot_be_asked_for() {
    let error = DcqlQuery::parse(&vector!("dcql/simple_mdoc.json")).unwrap_err();
    assert_eq!(error.at, "credentials[0].format");
    assert_eq!(error.problem, Problem::Format("mso_mdoc".to_owned()));
    assert!(error.to_string().contains("`dc+sd-jwt`"), "{error}");
}

#[test]
fn simple() {
    let query = query(&vector!("dcql/simple.json"));
    let claims = json!({
        "family_name": "Doe", "given_name": "John", "age": 80,
        "address": { "street_address": "Main Street 1", "locality": "Any Town" },
    });
    let vct = "https://credentials.example.com/identity_credential";
    let selected = check(&query, &[shown("my_credential", vct, claims)]).unwrap();
    let values: Vec<&Value> = selected[0].claims.iter().map(|(_, value)| value).collect();
    assert_eq!(values, [&json!("Doe"), &json!("John"), &json!("Main Street 1")]);
}

#[test]
fn value_matching() {
    let query = query(&vector!("dcql/value_matching_simple.json"));
    let vct = "https://credentials.example.com/identity_credential";
    let claims = |code: Value| {
        let address = json!({ "street_address": "Main Street 1" });
        json!({ "family_name": "Doe", "given_name": "John", "address": address, "postal_code": code })
    };
    assert!(check(&query, &[shown("my_credential", vct, claims(json!("90211")))]).is_ok());
    for wrong in [json!("90212"), json!(90211), json!(null), json!(["90211"])] {
        let refused = check(&query, &[shown("my_credential", vct, claims(wrong))]);
        assert!(matches!(refused, Err(Mismatch::Value { .. })), "{refused:?}");
    }
}

#[test]
fn claims_alternatives() {
    let query = query(&vector!("dcql/claims_alternatives.json"));
    let vct = "https://credentials.example.com/identity_credential";
    let names = |claims: Value| {
        let selected = check(&query, &[shown("pid", vct, claims)])?;
        Ok::<_, Mismatch>(selected[0].claims.iter().map(|(path, _)| path.to_string()).collect::<Vec<_>>())
    };
    let both =
        json!({ "last_name": "D", "postal_code": "1", "locality": "L", "region": "R", "date_of_birth": "B" });
    assert_eq!(
        names(both.clone()).unwrap(),
        [r#"["last_name"]"#, r#"["locality"]"#, r#"["region"]"#, r#"["date_of_birth"]"#]
    );
    let mut second = both;
    object_of(&mut second).remove("region");
    assert_eq!(
        names(second.clone()).unwrap(),
        [r#"["last_name"]"#, r#"["postal_code"]"#, r#"["date_of_birth"]"#]
    );
    object_of(&mut second).remove("postal_code");
    assert_eq!(names(second).unwrap_err(), Mismatch::ClaimSets("pid".to_owned()));
}

fn object_of(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().unwrap()
}

#[test]
fn credentials_alternatives() {
    let query = query(&vector!("dcql/credentials_alternatives.json"));
    let person = json!({ "given_name": "J", "family_name": "D", "address": { "street_address": "S" } });
    let pid = shown("pid", "https://credentials.example.com/identity_credential", person.clone());
    let other = shown("other_pid", "https://othercredentials.example/pid", person.clone());
    let first =
        shown("pid_reduced_cred_1", "https://credentials.example.com/reduced_identity_credential", person);
    let place = json!({ "postal_code": "1", "locality": "L", "region": "R" });
    let second = shown("pid_reduced_cred_2", "https://cred.example/residence_credential", place);
    let nice =
        shown("nice_to_have", "https://company.example/company_rewards", json!({ "rewards_number": 7 }));

    let ids = |answer: &[&Shown]| {
        let answer: Vec<Shown> = answer.iter().map(|shown| (*shown).clone()).collect();
        check(&query, &answer).map(|selected| selected.into_iter().map(|one| one.id).collect::<Vec<_>>())
    };
    assert_eq!(ids(&[&pid]).unwrap(), ["pid"]);
    assert_eq!(ids(&[&nice, &other]).unwrap(), ["other_pid", "nice_to_have"]);
    assert_eq!(ids(&[&second, &first]).unwrap(), ["pid_reduced_cred_1", "pid_reduced_cred_2"]);
    assert_eq!(ids(&[&first]).unwrap_err(), Mismatch::CredentialSet(0));
    assert_eq!(ids(&[&nice]).unwrap_err(), Mismatch::CredentialSet(0));
    assert_eq!(ids(&[]).unwrap_err(), Mismatch::CredentialSet(0));
}

#[test]
fn jwt_vc() {
    let query = query(&vector!("dcql/jwt_vc.json"));
    assert_eq!(query.formats(), [Format::JwtVcJson]);
    let credential = object(json!({
        "@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiableCredential", "IDCredential"],
        "credentialSubject": { "given_name": "Max", "family_name": "Mustermann", "birthdate": "1998-01-11" },
    }));
    let types = vec!["VerifiableCredential".to_owned(), "IDCredential".to_owned()];
    let (format, vct, holder_bound) = ("jwt_vc_json", None, true);
    let answer = [Shown { id: "example_jwt_vc", format, vct, types, claims: credential, holder_bound }];
    let selected = check(&query, &answer).unwrap();
    let values: Vec<&Value> = selected[0].claims.iter().map(|(_, value)| value).collect();
    assert_eq!(values, [&json!("Mustermann"), &json!("Max")]);
}

fn claim() -> impl Strategy<Value = Value> {
    let element =
        prop_oneof!["\\PC{1,4}".prop_map(Value::from), (0..9u32).prop_map(Value::from), Just(Value::Null)];
    let value = prop_oneof![
        "\\PC{1,4}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
    ];
    (vec(element, 1..4), option::of(vec(value, 1..3))).prop_map(|(path, values)| match values {
        Some(values) => json!({ "path": path, "values": values }),
        None => json!({ "path": path }),
    })
}

fn credential() -> impl Strategy<Value = Value> {
    let flags = (option::of(any::<bool>()), option::of(any::<bool>()));
    (vec("\\PC{1,9}", 1..3), flags, option::of(vec(claim(), 1..4))).prop_map(
        |(types, (multiple, bound), claims)| {
            let mut credential =
                json!({ "format": "dc+sd-jwt", "meta": { "vct_values": types }, "unknown": 1 });
            let optional = [
                ("multiple", json!(multiple)),
                ("require_cryptographic_holder_binding", json!(bound)),
                ("claims", json!(claims)),
            ];
            for (name, value) in optional.into_iter().filter(|(_, value)| !value.is_null()) {
                credential[name] = value;
            }
            credential
        },
    )
}

proptest! {
    /// Whatever we accept and send is well-formed by the conformance suite, and is read back as the same query.
    #[test]
    fn what_is_accepted_is_written_well(credentials in vec(credential(), 1..4), is_set: bool) {
        let mut document = json!({ "credentials": credentials });
        let credentials = document["credentials"].as_array_mut().unwrap();
        let ids: Vec<String> = (0..credentials.len()).map(|index| format!("id-{index}")).collect();
        credentials.iter_mut().zip(&ids).for_each(|(credential, id)| credential["id"] = json!(id));
        if is_set {
            document["credential_sets"] = json!([{ "options": [ids] }]);
        }
        if let Ok(query) = DcqlQuery::parse(&document) {
            let written = query.to_json();
            prop_assert!(schema().is_valid(&written), "{}", written);
            prop_assert_eq!(DcqlQuery::parse(&written).unwrap(), query);
        }
    }
}
