//! Keys, randomness and JSON values for the tests.

use std::sync::LazyLock;

use jose::{PublicKey, SigningKey};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use vc::Expected;
use vc::vcdm2::{self, Presentation, Secured, Vcdm2Error};

/// The issuer's key of this test run.
pub(crate) static ISSUER: LazyLock<SigningKey> = LazyLock::new(generate);

/// A key that is not the issuer's.
pub(crate) static STRANGER: LazyLock<SigningKey> = LazyLock::new(generate);

fn generate() -> SigningKey {
    SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8()).unwrap()
}

/// A random source that never repeats and always gives the same.
pub(crate) fn counting() -> impl FnMut(&mut [u8]) {
    let mut calls = 0u32;
    move |bytes| {
        calls += 1;
        bytes.fill(0);
        bytes[..4].copy_from_slice(&calls.to_be_bytes());
    }
}

/// The members of a `json!({...})`.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other} is not an object"),
    }
}

/// Takes a credential of data model 2.0 apart and verifies it.
pub(crate) fn verify_credential(text: &str, key: &PublicKey) -> Result<Map<String, Value>, Vcdm2Error> {
    vcdm2::verify_credential(&Secured::parse(text)?, key)
}

/// Takes a presentation of data model 2.0 apart and verifies it.
pub(crate) fn verify_presentation(
    text: &str,
    key: &PublicKey,
    expected: &Expected<'_>,
) -> Result<Presentation, Vcdm2Error> {
    vcdm2::verify_presentation(&Secured::parse(text)?, key, expected)
}

/// Claims of a subject: any names that may be disclosed, any JSON values.
pub(crate) fn claims() -> impl Strategy<Value = Map<String, Value>> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Numbers keep their text: these are not the shortest forms of their values.
        prop_oneof![Just("1.50"), Just("1e2"), Just("-0.0"), Just("123456789012345678901234567890")]
            .prop_map(|text| serde_json::from_str(text).unwrap()),
        ".{0,12}".prop_map(Value::from),
    ];
    let value = scalar.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[a-z]{1,6}", inner, 0..4).prop_map(|members| json!(members)),
        ]
    });
    let name =
        "\\PC{1,8}".prop_filter("reserved name", |name| !vc::sd_jwt::is_reserved(name) && name != "id");
    btree_map(name, value, 0..6).prop_map(|members| members.into_iter().collect())
}

/// That an outcome is this error, and if it is not, what it is instead.
macro_rules! assert_refused {
    ($outcome:expr, $error:pat $(if $guard:expr)?) => {
        let outcome = $outcome;
        assert!(matches!(&outcome, Err($error) $(if $guard)?), "{outcome:?}");
    };
}

pub(crate) use assert_refused;
