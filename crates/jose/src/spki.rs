//! Reading the public keys of certificates.

use crate::curve::{Curve, UNCOMPRESSED, split_point};
use crate::jwk::JwkError;
use crate::public_key::PublicKey;

/// ASN.1 tags (X.690, section 8).
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// The content of the AlgorithmIdentifier of an RSA key: `rsaEncryption` and NULL (RFC 3279, section 2.3.1).
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

/// That of a key for Ed25519, without parameters (RFC 8410, section 3).
const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";

/// Those of keys for ECDSA: `id-ecPublicKey` and the name of the curve (RFC 5480, section 2.1.1).
const EC: [(&[u8], Curve); 3] = [
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", Curve::P256),
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22", Curve::P384),
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23", Curve::P521),
];

/// The work of [`PublicKey::from_spki_der`].
///
/// DER writes each AlgorithmIdentifier that we know in one way only, so it is compared as a whole.
pub(crate) fn read_spki(document: &[u8]) -> Result<PublicKey, SpkiError> {
    let mut content = sole(document, SEQUENCE).ok_or(SpkiError::Malformed)?;
    let algorithm = element(&mut content, SEQUENCE).ok_or(SpkiError::Malformed)?;
    let bits = sole(content, BIT_STRING).ok_or(SpkiError::Malformed)?;
    let Some((0, key)) = bits.split_first() else { return Err(SpkiError::Malformed) }; // no unused bits
    if let Some((_, curve)) = EC.iter().find(|(identifier, _)| *identifier == algorithm) {
        return read_point(*curve, key);
    }
    match algorithm {
        RSA => {
            let (n, e) = rsa_numbers(key).ok_or(SpkiError::Malformed)?;
            Ok(PublicKey::from_rsa_components(n.to_vec(), e.to_vec())?)
        }
        ED25519 => Ok(PublicKey::from_ed25519(key.try_into().map_err(|_| SpkiError::Malformed)?)?),
        _ => Err(SpkiError::UnsupportedKind),
    }
}

/// A point with both coordinates (RFC 5480, section 2.2). The compressed form is optional there, and not for us.
fn read_point(curve: Curve, point: &[u8]) -> Result<PublicKey, SpkiError> {
    match point.first() {
        Some(&UNCOMPRESSED) if point.len() == 1 + 2 * curve.coordinate_len() => {
            let (x, y) = split_point(point);
            Ok(PublicKey::from_ec_point(curve, x, y)?)
        }
        _ => Err(SpkiError::Point(curve.name())),
    }
}

/// Modulus and exponent of an RSAPublicKey (RFC 8017, appendix A.1.1), without the byte for their sign.
fn rsa_numbers(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut content = sole(key, SEQUENCE)?;
    let n = element(&mut content, INTEGER)?;
    Some((positive(n)?, positive(sole(content, INTEGER)?)?))
}

/// The magnitude of an INTEGER above zero in its shortest form.
fn positive(content: &[u8]) -> Option<&[u8]> {
    match content {
        [0, rest @ ..] if rest.first().is_some_and(|&byte| byte >= 0x80) => Some(rest),
        [1..=0x7f, ..] => Some(content),
        _ => None,
    }
}

/// The content of the one element, with this tag, that `input` is.
fn sole(mut input: &[u8], tag: u8) -> Option<&[u8]> {
    let content = element(&mut input, tag)?;
    input.is_empty().then_some(content)
}

/// Takes an element with this tag off the front of `input`, and gives its content. Its length, below 64 KiB, must be
/// written in the shortest form (X.690, section 10.1).
fn element<'a>(input: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (len, rest) = match **input {
        [found, len @ ..=0x7f, ref rest @ ..] if found == tag => (usize::from(len), rest),
        [found, 0x81, len @ 0x80..=0xff, ref rest @ ..] if found == tag => (usize::from(len), rest),
        [found, 0x82, high @ 1..=0xff, low, ref rest @ ..] if found == tag => {
            (usize::from(u16::from_be_bytes([high, low])), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    *input = rest;
    Some(content)
}

/// Why a document is not a public key of a certificate that we accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpkiError {
    /// The bytes are not exactly one SubjectPublicKeyInfo in DER.
    #[error("the public key is not a SubjectPublicKeyInfo in DER")]
    Malformed,
    /// The key is for an algorithm that is not accepted, or has parameters that are not.
    #[error(
        "the public key is of a kind that is not accepted; use EC on P-256, P-384 or P-521, RSA or Ed25519"
    )]
    UnsupportedKind,
    /// The key's point is compressed, or not of the length of those on the curve with this name.
    #[error("the public key is not an uncompressed point on {0}")]
    Point(&'static str),
    /// The key is readable but refused.
    #[error("the public key is refused: {0}")]
    Refused(#[from] JwkError),
}
