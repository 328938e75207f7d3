//! The test cases of the SD-JWT reference implementation (openwallet-foundation-labs/sd-jwt-python), in their
//! compact serialisation, with that project's fixed issuer key.

use jose::PublicKey;
use serde_json::{Map, Value, json};
use vc::sd_jwt::{ProcessError, SdJwt};

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
    key_binding = "key_binding",
    no_sd = "no_sd",
    object_data_types = "object_data_types",
    recursions = "recursions",
}

/// This case has a number as `kid`, where RFC 7515 (section 4.1.4) demands a string: it is refused on purpose.
#[test]
fn header_mod_is_refused_for_its_kid() {
    let error = SdJwt::parse(vector!("header_mod", "sd_jwt_presentation.txt").trim_end()).err();
    assert!(matches!(error, Some(ProcessError::Jws(jose::JwsError::HeaderMemberNotAString("kid")))));
}

#[test]
fn only_presentations_with_key_binding_have_its_jwt() {
    let parse = |text: &'static str| SdJwt::parse(text.trim_end()).unwrap();
    let with = parse(vector!("key_binding", "sd_jwt_presentation.txt"));
    assert_eq!(with.key_binding_jwt().unwrap().header().typ.as_deref(), Some("kb+jwt"));
    assert!(parse(vector!("key_binding", "sd_jwt_issuance.txt")).key_binding_jwt().is_none());
}
