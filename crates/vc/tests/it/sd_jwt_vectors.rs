//! The test cases of the SD-JWT reference implementation (openwallet-foundation-labs/sd-jwt-python), with that project's
//! fixed keys.

use jose::PublicKey;
use serde_json::{Map, Value, json};
use vc::sd_jwt::{CompactForm, KeyBindingError, SdJwt, from_json, holder_key};
use vc::{Expected, Mismatch};

fn issuer() -> PublicKey {
    PublicKey::from_jwk(&json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
        "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
    }))
    .unwrap()
}

fn process(text: &str) -> Map<String, Value> {
    SdJwt::parse(text.trim_end()).unwrap().process(&issuer()).unwrap()
}

/// A presentation gives the contents that the reference verifier finds; the issued form gives all claims of the
/// subject beside those that the issuer adds.
fn check(presentation: &str, verified_contents: &str, issuance: &str, user_claims: &str) {
    let expected: Map<String, Value> = serde_json::from_str(verified_contents).unwrap();
    assert_eq!(process(presentation), expected);

    let mut issued = process(issuance);
    for (name, value) in serde_json::from_str::<Map<String, Value>>(user_claims).unwrap() {
        assert_eq!(issued.remove(&name), Some(value), "{name}");
    }
    assert!(issued.keys().all(|name| ["iss", "iat", "exp", "cnf"].contains(&name.as_str())), "{issued:?}");
}

macro_rules! vector {
    ($name:literal, $file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/sd-jwt/", $name, "/", $file))
    };
}

macro_rules! cases {
    ($($test:ident = $name:literal),* $(,)?) => {$(
        #[test]
        fn $test() {
            check(
                vector!($name, "sd_jwt_presentation.txt"),
                vector!($name, "verified_contents.json"),
                vector!($name, "sd_jwt_issuance.txt"),
                vector!($name, "user_claims.json"),
            );
        }
    )*};
}

cases! {
    array_data_types = "array_data_types",
    array_full_sd = "array_full_sd",
    array_in_sd = "array_in_sd",
    array_nested_in_plain = "array_nested_in_plain",
    array_none_disclosed = "array_none_disclosed",
    array_of_nulls = "array_of_nulls",
    array_of_objects = "array_of_objects",
    array_of_scalars = "array_of_scalars",
    array_recursive_sd = "array_recursive_sd",
    array_recursive_sd_some_disclosed = "array_recursive_sd_some_disclosed",
    header_mod = "header_mod",
    key_binding = "key_binding",
    no_sd = "no_sd",
    object_data_types = "object_data_types",
    recursions = "recursions",
}

#[test]
fn only_presentations_with_key_binding_have_its_jwt() {
    let parse = |text: &'static str| SdJwt::parse(text.trim_end()).unwrap();
    let with = parse(vector!("key_binding", "sd_jwt_presentation.txt"));
    assert_eq!(with.key_binding_jwt().unwrap().header().typ.as_deref(), Some("kb+jwt"));
    assert!(parse(vector!("key_binding", "sd_jwt_issuance.txt")).key_binding_jwt().is_none());
}

/// What the Key Binding JWTs of the vectors are made for.
const EXPECTED: Expected<'_> = Expected {
    nonce: Some("1234567890"),
    audience: Some("https://example.com/verifier"),
    now: 1_795_325_174,
    max_age: Some(0),
    max_ahead: 0,
};

fn check_key_binding(presentation: &str) {
    let claims = process(presentation);
    let presentation = SdJwt::parse(presentation.trim_end()).unwrap();
    let holder = holder_key(&claims).unwrap();
    let binding = presentation.verify_key_binding(&holder, &EXPECTED).unwrap();
    assert_eq!(binding.iat, 1_795_325_174);
    assert_eq!(binding.claims["sd_hash"], presentation.sd_hash());
    assert_eq!(binding.transaction_data_hashes, [""; 0]);
    let other = Expected { nonce: Some("1234567891"), ..EXPECTED };
    let refused = presentation.verify_key_binding(&holder, &other);
    assert!(matches!(refused, Err(KeyBindingError::Mismatch(Mismatch::Nonce))));
}

#[test]
fn key_binding_jwts_verify() {
    check_key_binding(vector!("key_binding", "sd_jwt_presentation.txt"));
    check_key_binding(vector!("header_mod", "sd_jwt_presentation.txt"));
}

fn forms(document: &str) -> Vec<CompactForm> {
    from_json(&serde_json::from_str(document).unwrap()).unwrap()
}

#[test]
fn flattened_serialization() {
    let issuance = forms(vector!("json_serialization_flattened", "sd_jwt_issuance.json"));
    let presentation = forms(vector!("json_serialization_flattened", "sd_jwt_presentation.json"));
    assert_eq!((issuance.len(), presentation.len()), (1, 1));
    check(
        &presentation[0].compact,
        vector!("json_serialization_flattened", "verified_contents.json"),
        &issuance[0].compact,
        vector!("json_serialization_flattened", "user_claims.json"),
    );
    check_key_binding(&presentation[0].compact);
}

#[test]
fn general_serialization() {
    let second = PublicKey::from_jwk(&json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "bN-hp3IN0GZB3OlaQnHDPhY4nZsZbQyo4wY-y1NWCvA",
        "y": "vaSsH5jt9zt3aQvTvrSaFYLyjPG9Ug-2vntoNXlCbVU",
    }))
    .unwrap();
    let issuance = forms(vector!("json_serialization_general", "sd_jwt_issuance.json"));
    let presentation = forms(vector!("json_serialization_general", "sd_jwt_presentation.json"));
    for forms in [&issuance, &presentation] {
        let kids: Vec<_> = forms.iter().map(|form| form.kid.as_deref().unwrap()).collect();
        assert_eq!(kids, ["issuer-key-1", "issuer-key-2"]);
        let claims = |form: &CompactForm, key| SdJwt::parse(&form.compact).unwrap().process(key).unwrap();
        assert_eq!(claims(&forms[0], &issuer()), claims(&forms[1], &second));
        assert!(SdJwt::parse(&forms[1].compact).unwrap().process(&issuer()).is_err());
    }
    check(
        &presentation[0].compact,
        vector!("json_serialization_general", "verified_contents.json"),
        &issuance[0].compact,
        vector!("json_serialization_general", "user_claims.json"),
    );
    check_key_binding(&presentation[0].compact);
    assert!(SdJwt::parse(&presentation[1].compact).unwrap().key_binding_jwt().is_none());
}
