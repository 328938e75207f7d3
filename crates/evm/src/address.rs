//! Addresses as text (EIP-55): `0x` and 40 hexadecimal digits, the case of whose letters is a checksum.

use crate::word::{Address, keccak256};

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `0x` and 40 hexadecimal digits.
    #[error("an address is 0x and 40 hexadecimal digits")]
    Form,
    /// Letters of both cases, but not those that the checksum asks for.
    #[error("the address has a typing error: its upper and lower case letters do not fit it (EIP-55)")]
    Checksum,
}

/// Reads an address. Letters of one case only carry no checksum, and are taken; of both cases they have to be right.
///
/// # Errors
/// [`AddressError`] when it is none, or the checksum is wrong.
pub fn parse(text: &str) -> Result<Address, AddressError> {
    let digits = text.strip_prefix("0x").ok_or(AddressError::Form)?;
    let mut bytes = [0; 20];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| AddressError::Form)?;
    let address = Address::from(bytes);
    let has = |of: fn(&char) -> bool| digits.chars().any(|letter| of(&letter));
    let mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
    if mixed && self::text(&address) != text { Err(AddressError::Checksum) } else { Ok(address) }
}

/// An address as text, with its checksum.
pub fn text(address: &Address) -> String {
    let digits = hex::encode(address.0);
    // A letter is a capital where the digit in the same place of the hash of the small ones is 8 or more.
    let hash = hex::encode(keccak256(&digits).0);
    let checked = digits.chars().zip(hash.chars());
    let letters = checked.map(|(digit, hash)| if hash >= '8' { digit.to_ascii_uppercase() } else { digit });
    "0x".chars().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test cases of EIP-55: all capitals, all lower case, and four of both.
    const EIP_55: [&str; 8] = [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn the_cases_of_eip_55_are_read_and_written() {
        for checksummed in EIP_55 {
            let address = parse(checksummed).expect("an address");
            assert_eq!(text(&address), checksummed);
            assert_eq!(parse(&checksummed.to_lowercase()), Ok(address));
            assert_eq!(parse(&format!("0x{}", checksummed[2..].to_uppercase())), Ok(address));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "0x",
            "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedd",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg",
            " 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA\u{e9}",
        ] {
            assert_eq!(parse(text), Err(AddressError::Form), "{text:?}");
        }
        assert_eq!(parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed"), Err(AddressError::Checksum));
        assert_eq!(parse("0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAEd"), Err(AddressError::Checksum));
    }
}
