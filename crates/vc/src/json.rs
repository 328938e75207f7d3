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
    fn levels_count_containers() {
        assert!(nests_within(&json!(1), 0));
        assert!(!nests_within(&json!([]), 0));
        assert!(nests_within(&json!({ "a": [1, 2], "b": null }), 2));
        assert!(!nests_within(&json!({ "a": [1, {}] }), 2));
    }
}
