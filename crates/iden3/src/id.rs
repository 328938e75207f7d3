//! The 31-byte iden3 identifier (<https://docs.iden3.io/protocol/spec/#identity>).
//!
//! `type (2 bytes) || genesis (27 bytes) || checksum (2 bytes, little-endian)`, written in base58 (Bitcoin alphabet).

use std::fmt;
use std::str::FromStr;

use crate::field::{self, Fr};

/// The length of an identifier in bytes.
pub const ID_BYTES: usize = 31;

/// The length of the genesis part in bytes.
pub const GENESIS_BYTES: usize = 27;

/// No 31 bytes need more base58 digits than this.
const MAX_BASE58_DIGITS: usize = 43;

/// Why something is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not base58, or not of 31 bytes.
    #[error("an identifier is 31 bytes in base58")]
    NotBase58,
    /// The checksum is not that of the bytes before it.
    #[error(
        "the identifier's checksum is {found:04x}, its bytes add up to {expected:04x}: it is mistyped or made up"
    )]
    Checksum {
        /// The checksum in the identifier.
        found: u16,
        /// The sum of the bytes that it covers.
        expected: u16,
    },
    /// The field element has more than 31 bytes.
    #[error("the field element is too large for an identifier")]
    TooLarge,
}

/// An identifier with a correct checksum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; ID_BYTES]);

impl Id {
    /// Mints the identifier of a type (see [`DidMethod::type_bytes`](crate::DidMethod::type_bytes)) and genesis.
    ///
    /// The genesis commits to an identity's first state ([`Id::from_state`]); 27 pseudo-random bytes make an
    /// identifier for somebody who has no keys yet.
    #[must_use]
    pub fn from_genesis(type_bytes: [u8; 2], genesis: [u8; GENESIS_BYTES]) -> Self {
        let mut bytes = [0; ID_BYTES];
        bytes[..2].copy_from_slice(&type_bytes);
        bytes[2..29].copy_from_slice(&genesis);
        let sum = checksum(&bytes);
        bytes[29..].copy_from_slice(&sum.to_le_bytes());
        Self(bytes)
    }

    /// The identifier of an identity whose first state is given: the genesis is the state's 27 most significant
    /// bytes, in little-endian order.
    #[must_use]
    pub fn from_state(type_bytes: [u8; 2], state: &Fr) -> Self {
        let [_, _, _, _, _, genesis @ ..] = field::to_le_bytes(state);
        Self::from_genesis(type_bytes, genesis)
    }

    /// Reads an identifier's 31 bytes.
    ///
    /// # Errors
    /// [`IdError::Checksum`].
    pub fn from_bytes(bytes: [u8; ID_BYTES]) -> Result<Self, IdError> {
        let found = u16::from_le_bytes([bytes[29], bytes[30]]);
        let expected = checksum(&bytes);
        if found == expected { Ok(Self(bytes)) } else { Err(IdError::Checksum { found, expected }) }
    }

    /// Reads an identifier from a claim slot; the inverse of [`Id::to_field`].
    ///
    /// # Errors
    /// [`IdError::TooLarge`], [`IdError::Checksum`].
    pub fn from_field(element: &Fr) -> Result<Self, IdError> {
        let [bytes @ .., 0] = field::to_le_bytes(element) else { return Err(IdError::TooLarge) };
        Self::from_bytes(bytes)
    }

    /// The identifier as a field element: its bytes as a little-endian integer, as the claim slots hold it.
    #[must_use]
    pub fn to_field(&self) -> Fr {
        let mut bytes = [0; 32];
        bytes[..ID_BYTES].copy_from_slice(&self.0);
        field::from_le_bytes(&bytes).expect("31 bytes are below the modulus")
    }

    /// The 31 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; ID_BYTES] {
        &self.0
    }

    /// The type: DID method, then blockchain and network.
    #[must_use]
    pub fn type_bytes(&self) -> [u8; 2] {
        [self.0[0], self.0[1]]
    }
}

/// The sum of the bytes before the checksum; at most 29 * 255, so it cannot overflow.
fn checksum(bytes: &[u8; ID_BYTES]) -> u16 {
    bytes[..29].iter().map(|&byte| u16::from(byte)).sum()
}

/// Base58.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bs58::encode(&self.0).into_string())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

/// Base58.
impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() > MAX_BASE58_DIGITS {
            return Err(IdError::NotBase58);
        }
        let mut bytes = [0; ID_BYTES];
        match bs58::decode(text).onto(&mut bytes) {
            Ok(ID_BYTES) => Self::from_bytes(bytes),
            _ => Err(IdError::NotBase58),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "4P6Hf6LYB359J9g7rS9UM38BcChiuXesqb69SMyxYm";

    #[test]
    fn text_of_any_other_length_is_refused() {
        let long = format!("{ID}{ID}");
        for text in ["", "4", &ID[1..], &ID[..41], &format!("1{ID}"), &long, "0OIl"] {
            assert_eq!(text.parse::<Id>(), Err(IdError::NotBase58), "{text:?}");
        }
    }

    #[test]
    fn a_wrong_checksum_is_refused() {
        let mut bytes = *ID.parse::<Id>().unwrap().as_bytes();
        bytes[7] ^= 1;
        assert!(matches!(Id::from_bytes(bytes), Err(IdError::Checksum { .. })));
        assert_eq!(Id::from_field(&-Fr::from(1)), Err(IdError::TooLarge));
    }

    #[test]
    fn the_longest_text_fits_the_limit() {
        let id = Id::from_genesis([0xff; 2], [0xff; GENESIS_BYTES]);
        assert_eq!(id.to_string().len(), MAX_BASE58_DIGITS);
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    proptest! {
        #[test]
        fn minted_ids_round_trip(type_bytes: [u8; 2], genesis: [u8; GENESIS_BYTES]) {
            let id = Id::from_genesis(type_bytes, genesis);
            prop_assert_eq!(id.type_bytes(), type_bytes);
            prop_assert_eq!(&id.as_bytes()[2..29], &genesis);
            prop_assert_eq!(Id::from_bytes(*id.as_bytes()), Ok(id));
            prop_assert_eq!(Id::from_field(&id.to_field()), Ok(id));
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }
    }
}
