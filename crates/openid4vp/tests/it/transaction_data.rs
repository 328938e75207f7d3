//! Transaction data (appendix B.3.3.1).

use jose::b64url_encode;
use openid4vp::dcql::DcqlQuery;
use openid4vp::transaction_data::{
    Carried, ItemProblem, MAX_ITEMS, TransactionData, TransactionDataError, TransactionDataMismatch,
};
use serde_json::{Value, json};

use crate::common::query;

/// `{"type":"payment","credential_ids":["c"],"amount":"5"}`, and its hash as another implementation of SHA-256 gives it.
const PAYMENT: &str = "eyJ0eXBlIjoicGF5bWVudCIsImNyZWRlbnRpYWxfaWRzIjpbImMiXSwiYW1vdW50IjoiNSJ9";
const PAYMENT_HASH: &str = "2_i6aCx6kKSwdrwJl9bMpy68JlXUeBjAfxy6n9fZoys";

/// Credentials `c` and `d` can approve; `lax` and `w3c` cannot.
fn asked() -> DcqlQuery {
    let card = json!({ "vct_values": ["card"] });
    query(&json!({ "credentials": [
        { "id": "c", "format": "dc+sd-jwt", "meta": card },
        { "id": "d", "format": "dc+sd-jwt", "meta": card },
        { "id": "lax", "format": "dc+sd-jwt", "meta": card, "require_cryptographic_holder_binding": false },
        { "id": "w3c", "format": "jwt_vc_json", "meta": { "type_values": [["Card"]] } },
    ] }))
}

fn item(kind: &str, ids: &[&str]) -> Value {
    json!({ "type": kind, "credential_ids": ids })
}

fn data(objects: &[Value]) -> TransactionData {
    TransactionData::check(objects, &asked()).unwrap()
}

fn payment() -> TransactionData {
    TransactionData::read(&[PAYMENT.to_owned()], &asked()).unwrap()
}

/// The hash of an encoded object, through a request that has only it.
fn hash(encoded: &str) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    b64url_encode(digest(&SHA256, encoded.as_bytes()).as_ref())
}

fn carried<'a>(credential: &'a str, hashes: &'a [String]) -> Carried<'a> {
    Carried { credential, hashes, alg: None }
}

#[test]
fn objects_are_encoded_once_and_read_back() {
    let objects = [
        item("payment", &["c"]),
        json!({ "type": "sign", "credential_ids": ["d", "c"], "doc": { "n": 1.50 } }),
    ];
    let checked = data(&objects);
    let encoded = checked.encoded();
    for (encoded, object) in encoded.iter().zip(&objects) {
        let decoded: Value = serde_json::from_slice(&jose::b64url_decode(encoded).unwrap()).unwrap();
        assert_eq!(&decoded, object);
    }
    assert_eq!(TransactionData::read(&encoded, &asked()).unwrap(), checked);
    assert_eq!(payment().encoded(), [PAYMENT], "another order of members stays as it is");
    assert!(data(&[]).is_empty() && !checked.is_empty());
}

#[test]
fn objects_that_cannot_be_sent() {
    let problem =
        |object: Value| match TransactionData::check(&[item("ok", &["c"]), object], &asked()).unwrap_err() {
            TransactionDataError::Item { index: 1, problem } => problem,
            other => panic!("{other}"),
        };
    assert_eq!(problem(json!("text")), ItemProblem::NotObject);
    for kind in [json!(null), json!(""), json!(1), json!("x".repeat(257))] {
        assert_eq!(problem(json!({ "type": kind, "credential_ids": ["c"] })), ItemProblem::Type);
    }
    for ids in [json!(null), json!("c"), json!([]), json!([1]), json!(["c", "c"]), json!(vec!["c"; 17])] {
        assert_eq!(problem(json!({ "type": "x", "credential_ids": ids })), ItemProblem::CredentialIds);
    }
    assert_eq!(problem(item("x", &["c", "e"])), ItemProblem::UnknownCredential("e".to_owned()));
    for id in ["lax", "w3c"] {
        assert_eq!(problem(item("x", &["c", id])), ItemProblem::CannotBind(id.to_owned()));
    }
    for alg in [json!("sha-256"), json!([]), json!(["sha-512"]), json!(["sha-256", "sha-512"]), json!(null)] {
        let object = json!({ "type": "x", "credential_ids": ["c"], "transaction_data_hashes_alg": alg });
        assert_eq!(problem(object), ItemProblem::HashAlg);
    }
    let long = json!({ "type": "x", "credential_ids": ["c"], "text": "x".repeat(13_000) });
    assert_eq!(problem(long), ItemProblem::TooLong);
    assert_eq!(problem(item("ok", &["c"])), ItemProblem::Duplicate);
    let many: Vec<Value> = (0..=MAX_ITEMS).map(|kind| item(&kind.to_string(), &["c"])).collect();
    assert_eq!(TransactionData::check(&many, &asked()), Err(TransactionDataError::TooMany));
}

#[test]
fn texts_that_are_no_objects_are_not_read_back() {
    for text in
        ["", "***", "W10", &b64url_encode(br#"{"type":"a","type":"b"}"#), &format!("{PAYMENT}="), "bm8"]
    {
        let refused = TransactionData::read(&[text.to_owned()], &asked()).unwrap_err();
        assert_eq!(
            refused,
            TransactionDataError::Item { index: 0, problem: ItemProblem::NotObject },
            "{text}"
        );
    }
    let refused = TransactionData::read(&["x".repeat(20_000)], &asked()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "transaction_data[0]: the object is longer than 16384 bytes in base64url"
    );
}

#[test]
fn a_hash_binds_what_was_sent() {
    let hashes = [PAYMENT_HASH.to_owned()];
    assert_eq!(payment().verify(&[carried("c", &hashes)]), Ok(vec!["c".to_owned()]));
    let named = Carried { alg: Some("sha-256"), ..carried("c", &hashes) };
    assert_eq!(payment().verify(&[named]), Ok(vec!["c".to_owned()]));
    assert_eq!(payment().verify(&[]), Err(TransactionDataMismatch::NotBound(0)));
    assert_eq!(payment().verify(&[carried("c", &[])]), Err(TransactionDataMismatch::NotBound(0)));
    assert_eq!(payment().verify(&[carried("d", &hashes)]), Err(TransactionDataMismatch::NotBound(0)));
    for wrong in [PAYMENT_HASH.to_lowercase(), format!("{PAYMENT_HASH}="), hash("other")] {
        let refused = payment().verify(&[carried("c", &[PAYMENT_HASH.to_owned(), wrong])]);
        assert_eq!(refused, Err(TransactionDataMismatch::NotAsked("c".to_owned())));
    }
    let other = Carried { alg: Some("sha-512"), ..carried("c", &hashes) };
    let expected = TransactionDataMismatch::Alg { credential: "c".to_owned(), alg: "sha-512".to_owned() };
    assert_eq!(payment().verify(&[other]), Err(expected));
}

#[test]
fn nothing_is_approved_that_was_not_asked() {
    let none = TransactionData::default();
    assert_eq!(none.verify(&[carried("c", &[])]), Ok(vec![]));
    let hashes = [PAYMENT_HASH.to_owned()];
    assert_eq!(none.verify(&[carried("c", &hashes)]), Err(TransactionDataMismatch::NotAsked("c".to_owned())));
}

#[test]
fn each_object_is_bound_by_one_of_its_credentials() {
    let data = data(&[item("a", &["c"]), item("b", &["d", "c"]), item("e", &["d"])]);
    let [a, b, e] = <[String; 3]>::try_from(data.encoded()).unwrap().map(|encoded| hash(&encoded));
    let (first, second) = ([a.clone()], [e.clone(), b.clone()]);
    let bound = data.verify(&[carried("c", &first), carried("d", &second)]);
    assert_eq!(bound, Ok(vec!["c".to_owned(), "d".to_owned(), "d".to_owned()]));
    // All in one: what the credential is not named for does not count.
    let all = [a.clone(), b, e.clone()];
    assert_eq!(data.verify(&[carried("c", &all)]), Err(TransactionDataMismatch::NotBound(2)));
    assert_eq!(data.verify(&[carried("d", &all)]), Err(TransactionDataMismatch::NotBound(0)));
    assert!(data.verify(&[carried("d", &all), carried("c", &all)]).is_ok());
    assert_eq!(
        data.verify(&[carried("c", &[a]), carried("d", &[e])]),
        Err(TransactionDataMismatch::NotBound(1))
    );
}

#[test]
fn the_algorithm_is_named_if_the_request_names_it() {
    let object = json!({ "type": "a", "credential_ids": ["c"], "transaction_data_hashes_alg": ["sha-256"] });
    let data = data(&[object]);
    let hashes = [hash(&data.encoded()[0])];
    assert_eq!(data.verify(&[carried("c", &hashes)]), Err(TransactionDataMismatch::NoAlg("c".to_owned())));
    assert!(data.verify(&[Carried { alg: Some("sha-256"), ..carried("c", &hashes) }]).is_ok());
}
