//! Key pairs on BabyJubJub, the twisted Edwards curve over the BN254 scalar field (ERC-2494).
//!
//! `168700 x^2 + y^2 = 1 + 168696 x^2 y^2`. A public key is a multiple of the base point `B8`, which generates the
//! subgroup of prime order.

use std::fmt;

use ark_ff::{AdditiveGroup, Field, MontFp};
use zeroize::{Zeroize, Zeroizing};

use crate::blake512;
use crate::field::Fr;

const A: Fr = MontFp!("168700");
const D: Fr = MontFp!("168696");

/// The base point `B8`.
const BASE8: PublicKey = PublicKey {
    x: MontFp!("5299619240641551281634865583518297030282874472190772894086521144482721001553"),
    y: MontFp!("16950150798460657717958625567821834550301663161624707787222815936182638968203"),
};

/// A private key: 32 bytes of entropy, wiped when dropped and never printed.
pub struct PrivateKey([u8; 32]);

impl PrivateKey {
    /// Takes any 32 bytes; they must come from a cryptographic source of randomness.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Derives the public key, as the iden3 libraries do.
    ///
    /// Not constant time: it is meant to run once a key, where nobody can measure it.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        let scalar = self.scalar();
        let mut sum = Projective { x: Fr::ZERO, y: Fr::ONE, z: Fr::ONE };
        for bit in (0..256).rev() {
            sum = sum.add(&sum);
            if (scalar[bit / 8] >> (bit % 8)) & 1 == 1 {
                sum = sum.add(&Projective { x: BASE8.x, y: BASE8.y, z: Fr::ONE });
            }
        }
        sum.to_affine()
    }

    /// The secret scalar, little-endian: the first half of the key's BLAKE-512 digest, pruned as in RFC 8032 section
    /// 5.1.5 and divided by the cofactor 8.
    fn scalar(&self) -> Zeroizing<[u8; 32]> {
        let digest = Zeroizing::new(blake512::hash(&self.0));
        let mut scalar = Zeroizing::new([0; 32]);
        scalar.copy_from_slice(&digest[..32]);
        scalar[0] &= 0xf8;
        scalar[31] &= 0x7f;
        scalar[31] |= 0x40;
        for i in 0..32 {
            let above = scalar.get(i + 1).map_or(0, |byte| byte << 5);
            scalar[i] = (scalar[i] >> 3) | above;
        }
        scalar
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A public key: a point of the curve in affine coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    x: Fr,
    y: Fr,
}

impl PublicKey {
    /// The x coordinate.
    #[must_use]
    pub fn x(&self) -> Fr {
        self.x
    }

    /// The y coordinate.
    #[must_use]
    pub fn y(&self) -> Fr {
        self.y
    }
}

/// The point `(x / z, y / z)`.
struct Projective {
    x: Fr,
    y: Fr,
    z: Fr,
}

impl Projective {
    /// The unified addition of Bernstein, Birkner, Joye, Lange and Peters ("add-2008-bbjlp"); it is complete on this
    /// curve because `A` is a square and `D` is not, so it doubles as well and `z` is never zero.
    fn add(&self, other: &Self) -> Self {
        let z = self.z * other.z;
        let z_squared = z.square();
        let x = self.x * other.x;
        let y = self.y * other.y;
        let e = D * x * y;
        let f = z_squared - e;
        let g = z_squared + e;
        let cross = (self.x + self.y) * (other.x + other.y) - x - y;
        Self { x: z * f * cross, y: z * g * (y - A * x), z: f * g }
    }

    fn to_affine(&self) -> PublicKey {
        let inverse = self.z.inverse().expect("the addition law is complete: z is never zero");
        PublicKey { x: self.x * inverse, y: self.y * inverse }
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::LegendreSymbol;
    use proptest::prelude::*;

    use super::*;
    use crate::field;

    fn is_on_curve(point: &PublicKey) -> bool {
        let (x, y) = (point.x.square(), point.y.square());
        A * x + y == Fr::ONE + D * x * y
    }

    #[test]
    fn the_addition_law_is_complete() {
        assert_eq!(A.legendre(), LegendreSymbol::QuadraticResidue);
        assert_eq!(D.legendre(), LegendreSymbol::QuadraticNonResidue);
        assert!(is_on_curve(&BASE8));
    }

    /// Includes the published key of go-iden3-crypto (private key `0001..0001`).
    #[test]
    fn public_keys_of_the_iden3_libraries() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../tests/vectors/primitives.json")).unwrap();
        for vector in vectors["keys"].as_array().unwrap() {
            let mut bytes = [0; 32];
            hex::decode_to_slice(vector["seed"].as_str().unwrap(), &mut bytes).unwrap();
            let public = PrivateKey::from_bytes(bytes).public_key();
            assert_eq!(public.x(), field::from_decimal(vector["x"].as_str().unwrap()).unwrap());
            assert_eq!(public.y(), field::from_decimal(vector["y"].as_str().unwrap()).unwrap());
        }
    }

    #[test]
    fn a_private_key_does_not_print() {
        assert_eq!(format!("{:?}", PrivateKey::from_bytes([7; 32])), "PrivateKey(..)");
    }

    proptest! {
        #[test]
        fn public_keys_are_on_the_curve(bytes: [u8; 32]) {
            prop_assert!(is_on_curve(&PrivateKey::from_bytes(bytes).public_key()));
        }
    }
}
