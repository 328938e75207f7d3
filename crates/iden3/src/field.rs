//! The BN254 scalar field and its encodings.
//!
//! iden3 writes a field element little-endian in claims and identifiers, and this product writes it big-endian in the
//! public `coreClaimHash`; the byte order is therefore in the name of each function. Decoding is strict: an integer
//! that is not below the modulus is an error, never reduced.

use std::str::FromStr;

pub use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField};

/// The number of decimal digits of the field's modulus.
const MAX_DECIMAL_DIGITS: usize = 77;

/// Why bytes or text are not a field element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The integer is at least the modulus.
    #[error("the integer is not below the modulus of the BN254 scalar field")]
    NotCanonical,
    /// The text is not the one decimal spelling of an integer below the modulus.
    #[error("the text is not a decimal integer, without sign or leading zero, below the BN254 field modulus")]
    NotDecimal,
}

/// Decodes a 32-byte little-endian integer.
///
/// # Errors
/// [`FieldError::NotCanonical`] if the integer is not below the modulus.
pub fn from_le_bytes(bytes: &[u8; 32]) -> Result<Fr, FieldError> {
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *limb = u64::from_le_bytes(*chunk);
    }
    Fr::from_bigint(BigInt::new(limbs)).ok_or(FieldError::NotCanonical)
}

/// Decodes a 32-byte big-endian integer.
///
/// # Errors
/// [`FieldError::NotCanonical`] if the integer is not below the modulus.
pub fn from_be_bytes(bytes: &[u8; 32]) -> Result<Fr, FieldError> {
    let mut reversed = *bytes;
    reversed.reverse();
    from_le_bytes(&reversed)
}

/// Encodes an element as a 32-byte little-endian integer.
#[must_use]
pub fn to_le_bytes(element: &Fr) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, limb) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(element.into_bigint().0) {
        *chunk = limb.to_le_bytes();
    }
    bytes
}

/// Encodes an element as a 32-byte big-endian integer.
#[must_use]
pub fn to_be_bytes(element: &Fr) -> [u8; 32] {
    let mut bytes = to_le_bytes(element);
    bytes.reverse();
    bytes
}

/// Parses the decimal spelling that the iden3 SDKs print; `Display` of [`Fr`] is its inverse.
///
/// # Errors
/// [`FieldError::NotDecimal`] for a sign, a leading zero, anything but digits, or an integer not below the modulus.
pub fn from_decimal(text: &str) -> Result<Fr, FieldError> {
    if text.len() > MAX_DECIMAL_DIGITS {
        return Err(FieldError::NotDecimal);
    }
    // The library reduces modulo p and accepts signs; only a canonical spelling survives the round trip.
    Fr::from_str(text).ok().filter(|element| element.to_string() == text).ok_or(FieldError::NotDecimal)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MODULUS: &str = "21888242871839275222246405745257275088548364400416034343698204186575808495617";
    const MODULUS_MINUS_ONE: &str =
        "21888242871839275222246405745257275088548364400416034343698204186575808495616";

    #[test]
    fn byte_order_is_as_named() {
        let mut bytes = [0; 32];
        bytes[0] = 2;
        assert_eq!(from_le_bytes(&bytes), Ok(Fr::from(2)));
        assert_eq!(to_le_bytes(&Fr::from(2)), bytes);
        bytes.reverse();
        assert_eq!(from_be_bytes(&bytes), Ok(Fr::from(2)));
        assert_eq!(to_be_bytes(&Fr::from(2)), bytes);
    }

    #[test]
    fn the_modulus_and_above_are_refused() {
        let largest = from_decimal(MODULUS_MINUS_ONE).unwrap();
        assert_eq!(largest, -Fr::from(1));
        let mut modulus = to_le_bytes(&largest);
        modulus[0] += 1;
        assert_eq!(from_le_bytes(&modulus), Err(FieldError::NotCanonical));
        modulus.reverse();
        assert_eq!(from_be_bytes(&modulus), Err(FieldError::NotCanonical));
        assert_eq!(from_le_bytes(&[0xff; 32]), Err(FieldError::NotCanonical));
    }

    #[test]
    fn decimal_is_strict() {
        let too_long = "1".repeat(78);
        for text in ["", "-1", "+1", "01", " 1", "1 ", "0x1", "1_0", "a", MODULUS, &too_long] {
            assert_eq!(from_decimal(text), Err(FieldError::NotDecimal), "{text:?}");
        }
        assert_eq!(from_decimal("0"), Ok(Fr::from(0)));
    }

    proptest! {
        #[test]
        fn encodings_round_trip(bytes: [u8; 32]) {
            let element = Fr::from_le_bytes_mod_order(&bytes);
            prop_assert_eq!(from_le_bytes(&to_le_bytes(&element)), Ok(element));
            prop_assert_eq!(from_be_bytes(&to_be_bytes(&element)), Ok(element));
            prop_assert_eq!(from_decimal(&element.to_string()), Ok(element));
        }
    }
}
