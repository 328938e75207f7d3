//! Choosing what to disclose.

use proptest::prelude::*;
use serde_json::{Map, Value};
use vc::sd_jwt::{PathStep, ProcessError, SdJwt, SdJwtVc, TokenStatus, present};

use crate::common::{ISSUER, claims, counting};

macro_rules! vector {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/vectors/sd-jwt/",
            $name,
            "/sd_jwt_issuance.txt"
        ))
        .trim_end()
    };
}

/// A path as people write it.
fn shown(path: &[PathStep]) -> String {
    let steps: Vec<String> = path
        .iter()
        .map(|step| match step {
            PathStep::Name(name) => name.clone(),
            PathStep::Index(index) => index.to_string(),
        })
        .collect();
    steps.join(".")
}

fn paths(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    present(text, &mut |path| {
        paths.push(shown(path));
        false
    })
    .unwrap();
    paths
}

fn count(text: &str) -> usize {
    text.matches('~').count() - 1
}

/// Everything that can be disclosed, as the specification of this case marks it.
#[test]
fn every_disclosure_has_its_path() {
    let text = vector!("array_recursive_sd");
    let mut found = paths(text);
    found.sort();
    assert_eq!(
        found,
        [
            "array_with_recursive_sd.1",
            "array_with_recursive_sd.1.baz",
            "array_with_recursive_sd.2.0",
            "array_with_recursive_sd.2.1",
            "test2.0",
            "test2.1",
        ]
    );
    assert_eq!(count(text), found.len());
}

#[test]
fn all_or_nothing() {
    for text in [vector!("recursions"), vector!("array_recursive_sd"), vector!("object_data_types")] {
        assert_eq!(present(text, &mut |_| true).unwrap(), text);
        let (jwt, _) = text.split_once('~').unwrap();
        assert_eq!(present(text, &mut |_| false).unwrap(), format!("{jwt}~"));
    }
}

/// What lies inside cannot be found without what lies around it; what lies beside it stays withheld.
#[test]
fn claims_around_a_kept_one_are_kept() {
    let text = vector!("array_recursive_sd");
    let kept = present(text, &mut |path| shown(path) == "array_with_recursive_sd.1.baz").unwrap();
    let mut around = Vec::new();
    present(&kept, &mut |path| {
        around.push(shown(path));
        true
    })
    .unwrap();
    assert_eq!(around, ["array_with_recursive_sd.1", "array_with_recursive_sd.1.baz"]);
}

/// The reference implementation's own presentations come out, and their Key Binding JWTs go.
#[test]
fn the_vectors_presentation_is_made() {
    let chosen = present(vector!("key_binding"), &mut |path| {
        ["given_name", "family_name", "address"].contains(&shown(path).as_str())
    })
    .unwrap();
    let theirs = include_str!("../vectors/sd-jwt/key_binding/sd_jwt_presentation.txt").trim_end();
    let theirs = present(theirs, &mut |_| true).unwrap();
    let sorted = |text: &str| {
        let mut parts: Vec<String> = text.split('~').map(str::to_owned).collect();
        parts.sort();
        parts
    };
    assert!(chosen.ends_with('~') && theirs.ends_with('~'));
    assert_eq!(sorted(&chosen), sorted(&theirs));
}

#[test]
fn what_nobody_refers_to_is_dropped() {
    let text = vector!("no_sd").to_owned() + "WyJzIiwgIngiLCAxXQ~";
    assert_eq!(present(&text, &mut |_| true).unwrap(), vector!("no_sd"));
}

#[test]
fn what_is_no_sd_jwt_is_refused() {
    assert!(matches!(present("a.b.c", &mut |_| true), Err(ProcessError::NotSdJwt)));
    let text = vector!("no_sd").to_owned() + "WyJhI~";
    assert!(matches!(present(&text, &mut |_| true), Err(ProcessError::Disclosure { position: 1, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A verifier sees the chosen claims, unchanged, and no others.
    #[test]
    fn the_chosen_claims_are_seen(claims in claims(), choice: u64) {
        let extra = Map::new();
        let vc = SdJwtVc {
            iss: "https://issuer.example",
            vct: "https://issuer.example/member",
            sub: None,
            jti: None,
            iat: 1,
            nbf: None,
            exp: None,
            cnf: None,
            status: TokenStatus { idx: 1, uri: "https://issuer.example/status/1" },
            extra: &extra,
            claims: &claims,
        };
        let issued = vc.build(2, &mut counting()).unwrap().sign(&ISSUER, "key-1");
        let chosen: Map<String, Value> = claims
            .iter()
            .enumerate()
            .filter(|(index, _)| choice >> (index % 64) & 1 == 1)
            .map(|(_, (name, value))| (name.clone(), value.clone()))
            .collect();
        let presentation = present(&issued, &mut |path| {
            matches!(path, [PathStep::Name(name)] if chosen.contains_key(name))
        })
        .unwrap();
        let mut seen = SdJwt::parse(&presentation).unwrap().process_vc(ISSUER.public_key()).unwrap();
        for name in ["iss", "vct", "iat", "status"] {
            seen.remove(name);
        }
        prop_assert_eq!(Value::Object(seen), Value::Object(chosen));
        prop_assert_eq!(present(&presentation, &mut |_| true).unwrap(), presentation);
    }
}

/// Elements have the numbers that the issuer gave them, also when others are withheld.
#[test]
fn elements_keep_their_numbers() {
    let text = vector!("array_nested_in_plain");
    let all = ["nested_array.0.0", "nested_array.0.1", "nested_array.1.0", "nested_array.1.1"];
    assert_eq!(paths(text), all);
    let second = present(text, &mut |path| path.last() == Some(&PathStep::Index(1))).unwrap();
    assert_eq!(paths(&second), ["nested_array.0.1", "nested_array.1.1"]);
    assert_eq!(paths(vector!("array_in_sd")), ["sd_array"]);
}
