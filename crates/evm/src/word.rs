//! The two kinds of bytes that stand everywhere: hashes and addresses.

use std::fmt;
use std::str::FromStr;

use sha3::{Digest as _, Keccak256};

use crate::address;
use crate::hexadecimal::{data, parse_bytes};

/// 32 bytes: a hash, or a word of a contract. Text form: `0x` and 64 hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct B256(pub [u8; 32]);

/// An account or a contract. It is shown with the checksum of EIP-55; [`address::parse`] reads it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub [u8; 20]);

/// Why a text is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 0x and 64 hexadecimal digits")]
pub struct HashError;

/// Keccak-256, which is what Ethereum calls a hash: not SHA-3, whose padding is another.
pub fn keccak256(bytes: impl AsRef<[u8]>) -> B256 {
    B256(Keccak256::digest(bytes).into())
}

impl B256 {
    /// All zeros.
    pub const ZERO: Self = Self([0; 32]);

    /// 32 times the same byte.
    pub const fn repeat_byte(byte: u8) -> Self {
        Self([byte; 32])
    }

    /// The bytes.
    pub const fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl Address {
    /// All zeros.
    pub const ZERO: Self = Self([0; 20]);

    /// 20 times the same byte.
    pub const fn repeat_byte(byte: u8) -> Self {
        Self([byte; 20])
    }

    /// The bytes.
    pub const fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// As contracts write it: 12 zeros before it.
    pub fn into_word(self) -> B256 {
        let mut word = [0; 32];
        word[12..].copy_from_slice(&self.0);
        B256(word)
    }

    /// The last 20 bytes of a word, whatever stands before them.
    pub fn from_word(word: B256) -> Self {
        let mut bytes = [0; 20];
        bytes.copy_from_slice(&word.0[12..]);
        Self(bytes)
    }
}

impl From<[u8; 32]> for B256 {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<[u8; 20]> for Address {
    fn from(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for B256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data(&self.0))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&address::text(self))
    }
}

impl fmt::Debug for B256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Without the checksum; with `#`, after `0x`.
impl fmt::LowerHex for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            f.write_str("0x")?;
        }
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for B256 {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        parse_bytes(text).map(Self).ok_or(HashError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_keccak() {
        let empty = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
        assert_eq!(keccak256("").to_string(), empty);
        assert_eq!(empty.parse(), Ok(keccak256("")));
        for text in ["", &empty[2..], &empty[..65], &format!("{empty}0")] {
            assert_eq!(text.parse::<B256>(), Err(HashError), "{text}");
        }
    }

    #[test]
    fn an_address_is_the_end_of_a_word() {
        let address = Address::repeat_byte(7);
        assert_eq!(address.into_word().0[..13], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
        assert_eq!(Address::from_word(address.into_word()), address);
        assert_eq!(Address::from_word(B256::repeat_byte(9)), Address::repeat_byte(9));
        let text = "de709f2102306220921060314715629080e2fb77";
        let address = address::parse(&format!("0x{text}")).expect("an address");
        assert_eq!((format!("{address:x}"), format!("{address:#x}")), (text.to_owned(), format!("0x{text}")));
    }
}
