//! Base64url as JOSE uses it (RFC 7515, section 2 and appendix C).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Encodes bytes with the URL-safe alphabet and without padding.
#[must_use]
pub fn b64url_encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends the encoding of `bytes` to `text`.
pub(crate) fn append_b64url(text: &mut String, bytes: &[u8]) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Decodes the one canonical encoding of some bytes.
///
/// # Errors
///
/// [`Base64UrlError`] for a character outside the URL-safe alphabet (so for whitespace and `=` too), an
/// impossible length, or unused bits that are not zero.
pub fn b64url_decode(text: &str) -> Result<Vec<u8>, Base64UrlError> {
    Ok(URL_SAFE_NO_PAD.decode(text)?)
}

/// Text that is not the canonical, unpadded base64url of anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not canonical base64url without padding: {0}")]
pub struct Base64UrlError(#[from] base64::DecodeError);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_canonical_form_decodes() {
        assert_eq!(b64url_decode(""), Ok(vec![]));
        // RFC 7515, appendix C.
        assert_eq!(b64url_decode("A-z_4ME"), Ok(vec![3, 236, 255, 224, 193]));
        for bad in ["A", "AA=", "AA==", "A A", "AA\n", " AA", "A+z/4ME", "AB", "AAB", "A-z_4MF", "ä"] {
            assert!(b64url_decode(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_round_trip(bytes: Vec<u8>) {
            prop_assert_eq!(b64url_decode(&b64url_encode(&bytes)), Ok(bytes));
        }

        #[test]
        fn whatever_decodes_is_canonical(text in "[A-Za-z0-9_=+ -]{0,12}") {
            if let Ok(bytes) = b64url_decode(&text) {
                prop_assert_eq!(b64url_encode(&bytes), text);
            }
        }
    }
}
