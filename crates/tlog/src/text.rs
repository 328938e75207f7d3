//! The encodings that all the text formats share, each with exactly one accepted spelling.
//!
//! One spelling matters because signatures and proofs are compared byte for byte: whatever parses must format
//! back to the same bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Encodes bytes in the standard alphabet with padding (RFC 4648 section 4).
pub(crate) fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes what [`encode_base64`] writes; `None` for missing padding, other alphabets or non-zero trailing
/// bits.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Parses an ASCII decimal without sign and without leading zeroes (but for `0` itself).
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    if digits && canonical { text.parse().ok() } else { None }
}

/// Whether the text holds an ASCII control character (below U+0020) other than those in `allowed`.
pub(crate) fn has_control_characters(text: &str, allowed: &[u8]) -> bool {
    text.bytes().any(|byte| byte < 0x20 && !allowed.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_one_spelling() {
        assert_eq!(parse_decimal("0"), Some(0));
        assert_eq!(parse_decimal("18446744073709551615"), Some(u64::MAX));
        for bad in ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "18446744073709551616", "٣"] {
            assert_eq!(parse_decimal(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn base64_has_one_spelling() {
        assert_eq!(decode_base64("AA=="), Some(vec![0]));
        for bad in ["AA", "AB==", "A===", "_w==", "AA==\n", "A A="] {
            assert_eq!(decode_base64(bad), None, "{bad:?}");
        }
    }
}
