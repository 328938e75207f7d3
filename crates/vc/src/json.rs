//! The JSON and JWS steps that every format here shares.

use jose::{JsonError, SigningKey, strict_json};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thiserror::Error;

/// Why the payload of a JWS cannot be read.
#[derive(Debug, Error)]
pub enum PayloadError {
    /// It is not JSON, nests too deep, or has a member twice.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is not an object.
    #[error("not a JSON object")]
    NotObject,
    /// It lacks a required member, or has a member of the wrong type.
    #[error(transparent)]
    Shape(#[from] serde_json::Error),
}

/// Reads the payload of a verified JWS.
pub(crate) fn from_payload<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, PayloadError> {
    match strict_json(bytes)? {
        object @ Value::Object(_) => Ok(serde_json::from_value(object)?),
        _ => Err(PayloadError::NotObject),
    }
}

/// Serialises what this crate builds: structures with string keys and JSON values, for which serialisation has
/// no way to fail.
pub(crate) fn to_bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("string keys and JSON values always serialise")
}

/// A media type of a JOSE header in the form in which it is compared: `application/` may be left out, and letters count
/// alike in either case (RFC 7515, section 4.1.9).
pub(crate) fn media_type(header: &str) -> String {
    let lower = header.to_ascii_lowercase();
    match lower.strip_prefix("application/") {
        Some(rest) if !rest.contains('/') => rest.to_owned(),
        _ => lower,
    }
}

/// The URI of a node that is given as a URI or as an object with an `id` (VCDM 2.0, section 4.4).
pub(crate) fn id_of(node: &Value) -> Option<&str> {
    node.as_str().or_else(|| node.get("id")?.as_str())
}

/// The texts of a member that is one text or an array of them; none if anything else is in it.
pub(crate) fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(texts) => texts.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// A NumericDate (RFC 7519, section 2) as whole seconds since the Unix epoch; a fraction is cut off.
pub(crate) fn numeric_date(value: &Value) -> Option<i64> {
    /// Up to here every second has a floating-point number of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_i64().or_else(|| {
        let seconds = value.as_f64().filter(|seconds| seconds.abs() < EXACT)?;
        Some(seconds.floor() as i64)
    })
}

/// Whether `value` has at most `levels` objects and arrays inside one another.
pub(crate) fn nests_within(value: &Value, levels: usize) -> bool {
    let inner = |value| nests_within(value, levels - 1);
    match value {
        Value::Object(members) => levels > 0 && members.values().all(inner),
        Value::Array(elements) => levels > 0 && elements.iter().all(inner),
        _ => true,
    }
}

/// Signs `payload` as a compact JWS whose protected header has the given media type and key id.
pub(crate) fn sign(payload: &[u8], typ: &str, key: &SigningKey, kid: &str) -> String {
    key.sign_compact(&json!({ "typ": typ, "kid": kid }), payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_may_have_fractions() {
        for (text, date) in [
            ("1700000000", Some(1_700_000_000)),
            ("1.7e9", Some(1_700_000_000)),
            ("1700000000.9", Some(1_700_000_000)),
            ("-0.5", Some(-1)),
            ("1e400", None),
            ("1e17", None),
            ("\"1700000000\"", None),
            ("null", None),
        ] {
            assert_eq!(numeric_date(&serde_json::from_str(text).unwrap()), date, "{text}");
        }
    }

    #[test]
    fn levels_count_containers() {
        assert!(nests_within(&json!(1), 0));
        assert!(!nests_within(&json!([]), 0));
        assert!(nests_within(&json!({ "a": [1, 2], "b": null }), 2));
        assert!(!nests_within(&json!({ "a": [1, {}] }), 2));
    }
}
