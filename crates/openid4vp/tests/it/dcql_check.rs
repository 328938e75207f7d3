//! Whether an answer satisfies a query (sections 6.4 and 8.6), rule by rule.

use std::slice::from_ref;

use openid4vp::dcql::{Mismatch, Selected};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{Shown, card, check, path, query, shown};

fn c(claims: Value) -> Shown {
    shown("c", "card", claims)
}

/// What is selected from one credential.
fn selected(query_members: Value, claims: Value) -> Result<Vec<Value>, Mismatch> {
    let mut answer = check(&query(&card(query_members)), &[c(claims)])?;
    Ok(answer.remove(0).claims.into_iter().map(|(_, value)| value).collect())
}

fn id() -> String {
    "c".to_owned()
}

#[test]
fn only_what_is_asked_for_is_selected() {
    let claims = json!([{ "path": ["name"] }, { "path": ["langs", null] }, { "path": ["address", "city"] }]);
    let all = json!({ "name": "Ada", "langs": ["en", "fr"], "address": { "city": "London", "zip": "W1" }, "age": 36 });
    let answer = check(&query(&card(json!({ "claims": claims }))), &[c(all.clone())]).unwrap();
    let langs = path(&json!(["langs", null]));
    let claims = vec![
        (path(&json!(["name"])), json!("Ada")),
        (langs.clone(), json!("en")),
        (langs, json!("fr")),
        (path(&json!(["address", "city"])), json!("London")),
    ];
    assert_eq!(answer, [Selected { id: id(), index: 0, claims }]);
    assert_eq!(selected(json!({}), all), Ok(vec![]), "no claims asked for, none selected");
}

#[test]
fn a_claim_that_is_asked_for_has_to_be_there() {
    let asked = json!({ "claims": [{ "path": ["name"] }, { "path": ["a", "b"] }] });
    for (claims, missing) in [
        (json!({ "a": { "b": 1 } }), json!(["name"])),
        (json!({ "name": "Ada" }), json!(["a", "b"])),
        (json!({ "name": "Ada", "a": "text" }), json!(["a", "b"])),
    ] {
        let expected = Mismatch::Claim { id: id(), path: path(&missing) };
        assert_eq!(selected(asked.clone(), claims), Err(expected));
    }
    assert_eq!(selected(asked, json!({ "name": null, "a": { "b": [] } })), Ok(vec![json!(null), json!([])]));
}

#[test]
fn values_match_in_type_and_value() {
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let matches = |accepted: Value, value: Value| {
        let asked = json!({ "claims": [{ "path": ["x"], "values": [accepted] }] });
        match selected(asked, json!({ "x": value })) {
            Ok(_) => true,
            Err(Mismatch::Value { .. }) => false,
            Err(other) => panic!("{other}"),
        }
    };
    assert!(matches(json!("a"), json!("a")));
    assert!(!matches(json!("a"), json!("A")));
    assert!(matches(json!(18), number("18.0")), "one number, written in two ways");
    assert!(!matches(json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64)));
    assert!(!matches(json!(1), json!("1")));
    assert!(!matches(json!("1"), json!(1)));
    assert!(!matches(json!(true), json!("true")));
    assert!(matches(json!(true), json!(true)));
    assert!(!matches(json!("2020-01-01T00:00:00Z"), json!("2020-01-01T00:00:00+00:00")), "texts are texts");
}

#[test]
fn of_several_those_that_match_are_selected() {
    let asked = json!({ "claims": [{ "path": ["nat", null], "values": ["fr", "de"] }] });
    assert_eq!(
        selected(asked.clone(), json!({ "nat": ["en", "de", "fr"] })),
        Ok(vec![json!("de"), json!("fr")])
    );
    let expected = Mismatch::Value { id: id(), path: path(&json!(["nat", null])) };
    assert_eq!(selected(asked, json!({ "nat": ["en"] })), Err(expected));
}

#[test]
fn values_decide_between_claim_sets() {
    let asked = json!({
        "claims": [{ "id": "adult", "path": ["over18"], "values": [true] }, { "id": "born", "path": ["born"] }],
        "claim_sets": [["adult"], ["born"]],
    });
    let both = json!({ "over18": true, "born": "2000-01-01" });
    assert_eq!(selected(asked.clone(), both), Ok(vec![json!(true)]), "the first set, and nothing else");
    let minor = json!({ "over18": false, "born": "2020-01-01" });
    assert_eq!(selected(asked.clone(), minor), Ok(vec![json!("2020-01-01")]));
    assert_eq!(selected(asked, json!({ "over18": false })), Err(Mismatch::ClaimSets(id())));
}

#[test]
fn the_format_and_the_type_are_those_of_the_query() {
    let card = query(&card(json!({})));
    let good = c(json!({}));
    assert!(check(&card, from_ref(&good)).is_ok());
    let wrong = |shown: Shown| check(&card, &[shown]).unwrap_err();
    assert_eq!(wrong(Shown { format: "jwt_vc_json", ..good.clone() }), Mismatch::Format(id()));
    assert_eq!(wrong(Shown { format: "vc+sd-jwt", ..good.clone() }), Mismatch::Format(id()));
    assert_eq!(wrong(Shown { vct: Some("other"), ..good.clone() }), Mismatch::Type(id()));
    assert_eq!(wrong(Shown { vct: Some("card#1"), ..good.clone() }), Mismatch::Type(id()));
    assert_eq!(wrong(Shown { vct: None, ..good }), Mismatch::Type(id()));
}

#[test]
fn w3c_types_match_if_one_list_is_there_in_whole() {
    // The type_values and the credentials of appendix B.1.1, but for types whose IRI a context defines.
    let values = json!([
        ["https://www.w3.org/2018/credentials#VerifiableCredential", "AlumniCredential", "BachelorDegree"],
        ["https://www.w3.org/2018/credentials#VerifiableCredential", "UniversityDegreeCredential"],
        ["IdentityCredential"],
    ]);
    let query = query(
        &json!({ "credentials": [{ "id": "c", "format": "jwt_vc_json", "meta": { "type_values": values } }] }),
    );
    let of = |types: &[&str]| {
        let types = types.iter().map(|name| (*name).to_owned()).collect();
        check(&query, &[Shown { format: "jwt_vc_json", vct: None, types, ..c(json!({})) }]).map(|_| ())
    };
    assert_eq!(of(&["VerifiableCredential", "UniversityDegreeCredential"]), Ok(()));
    assert_eq!(of(&["VerifiableCredential", "BachelorDegree", "AlumniCredential"]), Ok(()));
    assert_eq!(of(&["VerifiableCredential", "IdentityCredential"]), Ok(()));
    for types in [&["VerifiableCredential", "BachelorDegree"][..], &["UniversityDegreeCredential"], &[]] {
        assert_eq!(of(types), Err(Mismatch::Type(id())), "{types:?}");
    }
}

#[test]
fn the_key_is_proven_unless_the_query_says_otherwise() {
    let unbound = Shown { holder_bound: false, ..c(json!({})) };
    assert_eq!(check(&query(&card(json!({}))), from_ref(&unbound)), Err(Mismatch::HolderBinding(id())));
    let lax = query(&card(json!({ "require_cryptographic_holder_binding": false })));
    assert!(check(&lax, &[unbound]).is_ok());
    assert!(check(&lax, &[c(json!({}))]).is_ok());
}

#[test]
fn one_credential_unless_the_query_says_multiple() {
    let answer = [c(json!({ "n": 1 })), c(json!({ "n": 2 }))];
    let asked = json!({ "claims": [{ "path": ["n"] }] });
    assert_eq!(check(&query(&card(asked.clone())), &answer), Err(Mismatch::Count { id: id(), count: 2 }));
    let mut multiple = card(asked);
    multiple["credentials"][0]["multiple"] = json!(true);
    let selected = check(&query(&multiple), &answer).unwrap();
    let of =
        |index: usize, n: i32| Selected { id: id(), index, claims: vec![(path(&json!(["n"])), json!(n))] };
    assert_eq!(selected, [of(0, 1), of(1, 2)]);
    let with_a_bad_one = [c(json!({ "n": 1 })), c(json!({}))];
    assert!(matches!(check(&query(&multiple), &with_a_bad_one), Err(Mismatch::Claim { .. })));
    for asked in [card(json!({})), multiple] {
        let none = query(&asked).check(&[(id(), Vec::new())].into());
        assert_eq!(none, Err(Mismatch::Count { id: id(), count: 0 }));
    }
}

#[test]
fn every_credential_is_required_without_credential_sets() {
    let mut document = card(json!({}));
    let mut other = document["credentials"][0].clone();
    other["id"] = json!("d");
    document["credentials"].as_array_mut().unwrap().push(other);
    let both = query(&document);
    let d = Shown { id: "d", ..c(json!({})) };
    assert_eq!(check(&both, &[c(json!({}))]), Err(Mismatch::MissingCredential("d".to_owned())));
    assert_eq!(check(&both, &[]), Err(Mismatch::MissingCredential(id())));
    assert!(check(&both, &[d.clone(), c(json!({}))]).is_ok());
    let foreign = Shown { id: "e", ..d.clone() };
    assert_eq!(check(&both, &[d, c(json!({})), foreign]), Err(Mismatch::UnknownCredential("e".to_owned())));
}

#[test]
fn an_optional_credential_may_be_left_out_but_not_be_wrong() {
    let mut document = card(json!({}));
    document["credentials"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "d", "format": "dc+sd-jwt", "meta": { "vct_values": ["extra"] } }));
    document["credential_sets"] = json!([{ "options": [["c"]] }, { "options": [["d"]], "required": false }]);
    let query = query(&document);
    assert!(check(&query, &[c(json!({}))]).is_ok());
    assert!(check(&query, &[c(json!({})), shown("d", "extra", json!({}))]).is_ok());
    let wrong = check(&query, &[c(json!({})), shown("d", "card", json!({}))]);
    assert_eq!(wrong, Err(Mismatch::Type("d".to_owned())));
}

#[test]
fn errors_tell_no_values() {
    let asked = json!({ "claims": [{ "path": ["pin"], "values": ["1234"] }] });
    let text = selected(asked, json!({ "pin": "9876" })).unwrap_err().to_string();
    assert_eq!(text, r#"["pin"] of credential `c` has none of the values that the query accepts"#);
}

proptest! {
    /// Credential sets against a truth table: ids are bits of a mask.
    #[test]
    fn credential_sets_are_met_as_logic_says(
        sets in prop::collection::vec((prop::collection::vec(1..16u8, 1..4), any::<bool>()), 1..4),
        answer in 0..16u8,
    ) {
        const IDS: [&str; 4] = ["p", "q", "r", "s"];
        let ids = |mask: u8| IDS.into_iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, id)| id).collect::<Vec<_>>();
        let credentials: Vec<Value> =
            IDS.iter().map(|id| json!({ "id": id, "format": "dc+sd-jwt", "meta": { "vct_values": ["card"] } })).collect();
        let written: Vec<Value> = sets.iter().map(|(options, required)| {
            json!({ "options": options.iter().map(|&mask| ids(mask)).collect::<Vec<_>>(), "required": required })
        }).collect();
        let query = query(&json!({ "credentials": credentials, "credential_sets": written }));
        let shown: Vec<Shown> = ids(answer).into_iter().map(|id| shown(id, "card", json!({}))).collect();
        let unmet = sets.iter().position(|(options, required)| *required && options.iter().all(|mask| answer & mask != *mask));
        match check(&query, &shown) {
            Ok(selected) => {
                prop_assert_eq!(unmet, None);
                prop_assert_eq!(selected.len(), answer.count_ones() as usize);
            }
            Err(error) => prop_assert_eq!(Some(error), unmet.map(Mismatch::CredentialSet)),
        }
    }
}
