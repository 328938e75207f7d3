//! The short Weierstrass curves.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256K1_SHA256_FIXED, EcdsaVerificationAlgorithm};

use crate::algorithm::Algorithm;

/// A curve of keys for ECDSA. The field and the order of both take 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Curve {
    /// RFC 7518, section 6.2.1.1.
    P256,
    /// RFC 8812, section 3.1.
    Secp256k1,
}

impl Curve {
    /// The value of `crv`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::Secp256k1 => "secp256k1",
        }
    }

    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::Secp256k1 => Algorithm::Es256k,
        }
    }

    pub(crate) const fn verification(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED,
            Self::Secp256k1 => &ECDSA_P256K1_SHA256_FIXED,
        }
    }
}

/// A point from its coordinates (SEC 1, section 2.3.3).
pub(crate) fn uncompressed_point(x: &[u8; 32], y: &[u8; 32]) -> [u8; 65] {
    let mut point = [0x04; 65];
    point[1..33].copy_from_slice(x);
    point[33..].copy_from_slice(y);
    point
}

/// The coordinates of an uncompressed point that the provider wrote.
pub(crate) fn split_point(point: &[u8]) -> ([u8; 32], [u8; 32]) {
    const UNCOMPRESSED: &str = "the provider writes a point on such a curve as 65 bytes";
    let (x, y) = point[1..].split_first_chunk().expect(UNCOMPRESSED);
    (*x, y.try_into().expect(UNCOMPRESSED))
}
