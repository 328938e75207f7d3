//! Numbers and bytes as JSON-RPC writes them (execution-apis, "Base types"): quantities without leading zeros, data of
//! whole bytes.

/// `0x` and 1 to `digits` hexadecimal digits, no needless zero before them.
fn digits_of_quantity(text: &str, digits: usize) -> Option<&str> {
    let number = text.strip_prefix("0x")?;
    let canonical = (1..=digits).contains(&number.len())
        && (number == "0" || !number.starts_with('0'))
        && number.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    canonical.then_some(number)
}

/// A quantity of at most 64 bits.
pub(crate) fn parse_u64(text: &str) -> Option<u64> {
    u64::from_str_radix(digits_of_quantity(text, 16)?, 16).ok()
}

/// A quantity of at most 128 bits.
pub(crate) fn parse_u128(text: &str) -> Option<u128> {
    u128::from_str_radix(digits_of_quantity(text, 32)?, 16).ok()
}

/// A quantity of at most 256 bits; of more than 128, the largest number that has no more.
pub(crate) fn parse_saturating(text: &str) -> Option<u128> {
    let digits = digits_of_quantity(text, 64)?;
    Some(u128::from_str_radix(digits, 16).unwrap_or(u128::MAX))
}

/// Bytes of any number.
pub(crate) fn parse_data(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok()
}

/// Exactly `N` bytes.
pub(crate) fn parse_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
    Some(bytes)
}

/// A number as a quantity.
pub(crate) fn quantity(number: u64) -> String {
    format!("{number:#x}")
}

/// Bytes as data.
pub(crate) fn data(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_canonical() {
        for (text, number) in [("0x0", 0), ("0x1", 1), ("0x7a69", 31337), ("0xffffffffffffffff", u64::MAX)] {
            assert_eq!(parse_u64(text), Some(number), "{text}");
            assert_eq!(parse_u128(text), Some(number.into()), "{text}");
            assert_eq!(parse_saturating(text), Some(number.into()), "{text}");
            assert_eq!(quantity(number), text);
        }
        assert_eq!(parse_u64("0x10000000000000000"), None);
        assert_eq!(parse_u128("0xffffffffffffffffffffffffffffffff"), Some(u128::MAX));
        assert_eq!(parse_u128("0x100000000000000000000000000000000"), None);
        assert_eq!(parse_saturating("0x100000000000000000000000000000000"), Some(u128::MAX));
        assert_eq!(parse_saturating(&format!("0x{}", "f".repeat(64))), Some(u128::MAX));
        assert_eq!(parse_saturating(&format!("0x1{}", "0".repeat(64))), None);
        for text in [
            "", "0", "0x", "1", "0x00", "0x01", "0xA", "0X1", "0x+1", "0x-1", "0x1 ", " 0x1", "0x1g", "0x1_0",
        ] {
            assert_eq!(parse_u64(text), None, "{text:?}");
            assert_eq!(parse_u128(text), None, "{text:?}");
            assert_eq!(parse_saturating(text), None, "{text:?}");
        }
    }

    #[test]
    fn data_has_whole_bytes() {
        assert_eq!(parse_data("0x"), Some(vec![]));
        assert_eq!(parse_data("0x00fF"), Some(vec![0, 255]));
        assert_eq!(parse_bytes("0x00ff"), Some([0, 255]));
        assert_eq!(data(&[0, 255]), "0x00ff");
        for text in ["", "00", "0x0", "0x000", "0xzz", "0X00"] {
            assert_eq!(parse_data(text), None, "{text:?}");
        }
        assert_eq!(parse_bytes::<2>("0x00"), None);
        assert_eq!(parse_bytes::<2>("0x000000"), None);
    }
}
