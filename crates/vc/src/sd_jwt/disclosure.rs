//! One disclosure: its encoding, its digest, its parsing (RFC 9901, section 4.2).

use aws_lc_rs::digest::{SHA256, digest as hash};
use jose::{b64url_decode, b64url_encode, strict_json};
use serde_json::Value;
use thiserror::Error;

use super::{ARRAY_DIGEST_KEY, DIGESTS_KEY};
use crate::json;

/// Why the text of a disclosure is not one.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum DisclosureError {
    /// The text is not unpadded base64url.
    #[error("it is not base64url without padding")]
    Encoding,
    /// The decoded bytes are not a JSON array, or are not [strict](jose::strict_json) JSON.
    #[error("it is not a JSON array that can be read in one way only")]
    NotArray,
    /// The array has neither two nor three elements, or its salt or claim name is not a string.
    #[error("it is neither [salt, value] nor [salt, name, value] with a string as salt and as name")]
    Shape,
    /// The claim name is `_sd` or `...`, which only the mechanism itself may use.
    #[error("its claim name is reserved by RFC 9901")]
    ReservedName,
}

/// The content of a disclosure; the salt has done its work once the digest is computed.
#[derive(Debug)]
pub(super) enum Disclosure {
    /// `[salt, name, value]`, for a digest in the `_sd` array of an object.
    ObjectProperty { name: String, value: Value },
    /// `[salt, value]`, for a digest in a `{"...": digest}` element of an array.
    ArrayElement { value: Value },
}

impl Disclosure {
    /// Parses the base64url text of a disclosure.
    pub(super) fn parse(encoded: &str) -> Result<Self, DisclosureError> {
        let bytes = b64url_decode(encoded).map_err(|_| DisclosureError::Encoding)?;
        let Ok(Value::Array(elements)) = strict_json(&bytes) else {
            return Err(DisclosureError::NotArray);
        };
        match <[Value; 3]>::try_from(elements) {
            Ok([Value::String(_salt), Value::String(name), value]) => {
                if name == DIGESTS_KEY || name == ARRAY_DIGEST_KEY {
                    return Err(DisclosureError::ReservedName);
                }
                Ok(Self::ObjectProperty { name, value })
            }
            Ok(_) => Err(DisclosureError::Shape),
            Err(elements) => match <[Value; 2]>::try_from(elements) {
                Ok([Value::String(_salt), value]) => Ok(Self::ArrayElement { value }),
                _ => Err(DisclosureError::Shape),
            },
        }
    }
}

/// Encodes the disclosure of the object member `name`: base64url of `[salt, name, value]`.
pub(super) fn encode(salt: &str, name: &str, value: &Value) -> String {
    b64url_encode(&json::to_bytes(&(salt, name, value)))
}

/// The digest of a disclosure, as it stands in the payload: base64url of SHA-256 over the disclosure's base64url
/// text (RFC 9901, section 4.2.3), not over the JSON in it.
pub(super) fn digest(encoded: &[u8]) -> String {
    b64url_encode(hash(&SHA256, encoded).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9901, sections 4.2.1 and 4.2.3.
    const FAMILY_NAME: &str = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";

    #[test]
    fn digest_of_the_rfc_example() {
        assert_eq!(digest(FAMILY_NAME.as_bytes()), "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
        let parsed = Disclosure::parse(FAMILY_NAME).unwrap();
        assert!(
            matches!(parsed, Disclosure::ObjectProperty { name, value } if name == "family_name" && value == "Möbius")
        );
    }

    #[test]
    fn rejects_what_is_not_a_disclosure() {
        let parse = |json: &str| Disclosure::parse(&b64url_encode(json.as_bytes())).unwrap_err();
        assert_eq!(Disclosure::parse("WyJh!").unwrap_err(), DisclosureError::Encoding);
        assert_eq!(Disclosure::parse("WyJhIiwxXQ==").unwrap_err(), DisclosureError::Encoding);
        assert_eq!(parse(r#"{"salt":1}"#), DisclosureError::NotArray);
        assert_eq!(parse(r#"["salt", "name", 1"#), DisclosureError::NotArray);
        assert_eq!(parse(r#"["salt", "name", {"a": 1, "a": 2}]"#), DisclosureError::NotArray);
        assert_eq!(parse(r#"["salt"]"#), DisclosureError::Shape);
        assert_eq!(parse(r#"["salt", "name", 1, 2]"#), DisclosureError::Shape);
        assert_eq!(parse(r#"[1, "name", 1]"#), DisclosureError::Shape);
        assert_eq!(parse(r#"["salt", 1, 1]"#), DisclosureError::Shape);
        assert_eq!(parse(r#"["salt", "_sd", []]"#), DisclosureError::ReservedName);
        assert_eq!(parse(r#"["salt", "...", "x"]"#), DisclosureError::ReservedName);
    }
}
