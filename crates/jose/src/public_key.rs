//! Public keys, prepared once and used for many verifications.

use std::fmt;
use std::hash::{Hash, Hasher};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Value, json};

use crate::algorithm::Algorithm;
use crate::base64url::b64url_encode;
use crate::curve::{Curve, uncompressed_point};
use crate::jwk::{ALL_KINDS, JwkError, members, read_public_key};
use crate::spki::{SpkiError, read_spki};
use crate::{ed25519, roca};

/// The sizes of an RSA modulus that we accept, in bits (RFC 7518, section 3.3 requires at least 2048).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A checked public key: EC on P-256, P-384, P-521 or secp256k1, Ed25519, or RSA with a modulus of 2048 to 8192
/// bits.
///
/// Two keys are equal if their numbers are.
#[derive(Clone)]
pub struct PublicKey {
    numbers: Numbers,
    verifier: ParsedPublicKey,
}

/// What a JWK says, each number in the only length that is allowed for it; big-endian, but for Ed25519.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Numbers {
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
    Ed25519 { x: [u8; 32] },
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

impl PublicKey {
    /// Reads the public members of a JWK (RFC 7517, section 4; RFC 7518, sections 6.2.1 and 6.3.1; RFC 8812,
    /// section 3.1; RFC 8037, section 2).
    ///
    /// Private members and unknown ones are not read; whether there are private ones, [`private_members`]
    /// tells.
    ///
    /// # Errors
    ///
    /// [`JwkError`] if the key is not one that we accept, or if its `use`, `key_ops` or `alg` excludes
    /// verifying the signatures that such a key can make.
    ///
    /// [`private_members`]: crate::private_members
    pub fn from_jwk(jwk: &Value) -> Result<Self, JwkError> {
        read_public_key(members(jwk)?, ALL_KINDS)
    }

    /// Reads a SubjectPublicKeyInfo in DER (RFC 5280, section 4.1.2.7), the form that a certificate holds: EC on
    /// P-256, P-384 or P-521 with an uncompressed point (RFC 5480, section 2), Ed25519 (RFC 8410, section 4), or RSA
    /// with 2048 to 8192 bits (RFC 3279, section 2.3.1).
    ///
    /// # Errors
    ///
    /// [`SpkiError`] if the bytes are not exactly one such document, or hold another kind of key or one that would
    /// be refused as a JWK.
    pub fn from_spki_der(document: &[u8]) -> Result<Self, SpkiError> {
        read_spki(document)
    }

    /// A key from the affine coordinates of its point, big-endian, each as long as [`Curve::coordinate_len`] says.
    pub(crate) fn from_ec_point(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, JwkError> {
        let verifier = ParsedPublicKey::new(curve.verification(), uncompressed_point(x, y))
            .map_err(|_| JwkError::PointNotOnCurve(curve.name()))?;
        Ok(Self { numbers: Numbers::Ec { curve, x: x.to_vec(), y: y.to_vec() }, verifier })
    }

    /// A key for Ed25519 from its encoding (RFC 8032, section 5.1.5).
    pub(crate) fn from_ed25519(x: [u8; 32]) -> Result<Self, JwkError> {
        if ed25519::is_weak(&x) {
            return Err(JwkError::WeakEd25519);
        }
        let verifier = ParsedPublicKey::new(&ED25519, x).map_err(|_| JwkError::WeakEd25519)?;
        Ok(Self { numbers: Numbers::Ed25519 { x }, verifier })
    }

    /// A key from its modulus and exponent, big-endian without leading zeros.
    pub(crate) fn from_rsa_components(n: Vec<u8>, e: Vec<u8>) -> Result<Self, JwkError> {
        let first = n.first().copied().unwrap_or_default();
        if first == 0 || e.first().copied().unwrap_or_default() == 0 {
            return Err(JwkError::LeadingZero);
        }
        let bits = n.len() * 8 - first.leading_zeros() as usize;
        if !RSA_BITS.contains(&bits) {
            return Err(JwkError::RsaSize(bits));
        }
        // An exponent of 1 makes every padded digest its own signature; an even one has no inverse.
        if e == [1] || e.last().is_some_and(|low| low % 2 == 0) {
            return Err(JwkError::RsaExponent);
        }
        if roca::has_fingerprint(&n) {
            return Err(JwkError::Roca);
        }
        // Only reading an encoded key makes the provider check it, so the components go through their
        // encoding.
        let verifier = RsaPublicKeyComponents { n: &n, e: &e }
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .and_then(|unchecked| ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, unchecked))
            .map_err(|_| JwkError::RsaRefused)?;
        Ok(Self { numbers: Numbers::Rsa { n, e }, verifier })
    }

    /// The JWK with its required members only: `kty`, `crv`, `x`, `y`, or without `y` for Ed25519, or `kty`,
    /// `n`, `e`.
    #[must_use]
    pub fn to_jwk(&self) -> Value {
        match &self.numbers {
            Numbers::Ec { curve, x, y } => {
                json!({ "kty": "EC", "crv": curve.name(), "x": b64url_encode(x), "y": b64url_encode(y) })
            }
            Numbers::Ed25519 { x } => json!({ "kty": "OKP", "crv": "Ed25519", "x": b64url_encode(x) }),
            Numbers::Rsa { n, e } => json!({ "kty": "RSA", "n": b64url_encode(n), "e": b64url_encode(e) }),
        }
    }

    /// The one algorithm that this key verifies.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self.numbers {
            Numbers::Ec { curve, .. } => curve.algorithm(),
            Numbers::Ed25519 { .. } => Algorithm::EdDsa,
            Numbers::Rsa { .. } => Algorithm::Rs256,
        }
    }

    /// The required members in the one form that a thumbprint is taken of: in the order of their names and
    /// without spaces (RFC 7638, section 3.3; RFC 8037, appendix A.3).
    #[must_use]
    pub fn canonical_jwk(&self) -> String {
        // Written out, since our JSON library may be told to keep another order.
        match &self.numbers {
            Numbers::Ec { curve, x, y } => {
                let (crv, x, y) = (curve.name(), b64url_encode(x), b64url_encode(y));
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Numbers::Ed25519 { x } => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, b64url_encode(x))
            }
            Numbers::Rsa { n, e } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64url_encode(e), b64url_encode(n))
            }
        }
    }

    /// The SHA-256 thumbprint of the key (RFC 7638, section 3): the digest of its canonical JWK.
    #[must_use]
    pub fn thumbprint(&self) -> [u8; 32] {
        let digest = digest(&SHA256, self.canonical_jwk().as_bytes());
        digest.as_ref().try_into().expect("SHA-256 gives 32 bytes")
    }

    /// Whether `signature` is that of `message` by this key under `alg`, in the form that [`Algorithm`] gives
    /// for it.
    ///
    /// False if the key is not for `alg`.
    #[must_use]
    pub fn verify(&self, alg: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        alg == self.algorithm() && self.verifier.verify_sig(message, signature).is_ok()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.numbers == other.numbers
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.numbers.hash(state);
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("algorithm", &self.algorithm())
            .field("thumbprint", &b64url_encode(&self.thumbprint()))
            .finish()
    }
}
