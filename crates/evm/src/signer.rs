//! The key of an account.

use std::fmt;

use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};

use crate::word::{Address, B256, keccak256};

/// The private key of an account. It is erased from memory when it is dropped; only the address can be printed.
#[derive(Clone)]
pub struct Signer {
    // Erases itself (k256).
    key: SigningKey,
    address: Address,
}

/// Why bytes are no private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// Zero, or not below the order of secp256k1. Random bytes are never so.
    #[error("these 32 bytes are no private key of secp256k1")]
    OutOfRange,
}

/// A signature over a hash, as transactions hold it.
pub(crate) struct Signed {
    /// Whether the y coordinate of the nonce's point is odd.
    pub(crate) y_parity: bool,
    pub(crate) r: [u8; 32],
    pub(crate) s: [u8; 32],
}

impl Signer {
    /// An account by its private key: a number, big-endian.
    ///
    /// # Errors
    /// [`SignerError`] for the few numbers that are none.
    pub fn from_bytes(secret: &[u8; 32]) -> Result<Self, SignerError> {
        let key = SigningKey::from_slice(secret).map_err(|_| SignerError::OutOfRange)?;
        let address = address_of(key.verifying_key());
        Ok(Self { key, address })
    }

    /// The account's address.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Signs a hash: the same bytes each time (RFC 6979), with the smaller of the two possible `s` (EIP-2).
    pub(crate) fn sign(&self, hash: &B256) -> Signed {
        let (signature, id) =
            self.key.sign_prehash_recoverable(hash.as_slice()).expect("a hash of 32 bytes can be signed");
        let (r, s) = signature.split_bytes();
        Signed { y_parity: id.is_y_odd(), r: r.into(), s: s.into() }
    }
}

impl Signed {
    /// Whose signature over this hash it is; `None` when it is nobody's, or not in the form of EIP-2.
    pub(crate) fn signer(&self, hash: &B256) -> Option<Address> {
        let signature = Signature::from_scalars(self.r, self.s).ok()?;
        if signature.normalize_s().is_some() {
            return None;
        }
        let id = RecoveryId::new(self.y_parity, false);
        let key = VerifyingKey::recover_from_prehash(hash.as_slice(), &signature, id).ok()?;
        Some(address_of(&key))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signer").field(&self.address).finish()
    }
}

/// The last 20 bytes of the hash of the public key.
fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_encoded_point(false);
    // The first byte says that the point is not compressed.
    Address::from_word(keccak256(&point.as_bytes()[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order of secp256k1.
    const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

    #[test]
    fn numbers_out_of_range_are_no_keys() {
        let mut bytes = [0; 32];
        assert_eq!(Signer::from_bytes(&bytes).expect_err("zero"), SignerError::OutOfRange);
        hex::decode_to_slice(ORDER, &mut bytes).expect("hexadecimal");
        assert_eq!(Signer::from_bytes(&bytes).expect_err("the order"), SignerError::OutOfRange);
        assert!(Signer::from_bytes(&[0xff; 32]).is_err());
        bytes[31] -= 1;
        assert!(Signer::from_bytes(&bytes).is_ok());
    }

    #[test]
    fn a_signer_shows_its_address_alone() {
        let signer = Signer::from_bytes(&[0x11; 32]).expect("a key");
        let shown = format!("{signer:?}");
        assert_eq!(shown, format!("Signer({})", signer.address()));
    }

    #[test]
    fn the_larger_s_is_refused() {
        let signer = Signer::from_bytes(&[0x11; 32]).expect("a key");
        let hash = keccak256("hash");
        let signed = signer.sign(&hash);
        assert_eq!(signed.signer(&hash), Some(signer.address()));
        let signature = Signature::from_scalars(signed.r, signed.s).expect("a signature");
        let (r, s) = (signature.r(), -signature.s());
        let other = Signed { y_parity: !signed.y_parity, r: r.to_bytes().into(), s: s.to_bytes().into() };
        assert_eq!(other.signer(&hash), None);
        assert_eq!(Signed { r: [0; 32], ..signed }.signer(&hash), None);
    }
}
