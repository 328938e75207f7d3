//! Points in compressed form (SEC 1, sections 2.3.3 and 2.3.4).
//!
//! The cryptographic library reads them, but does not give the second coordinate away. It is computed here from
//! public numbers only, so it does not matter how long that takes; that the result is on the curve is checked by
//! who makes a key of it.

use num_bigint::BigUint;

/// A curve `y^2 = x^3 + ax + b` over a prime field.
#[derive(Clone, Copy)]
pub(super) enum Curve {
    /// NIST SP 800-186, section 3.2.1.3.
    P256,
    /// SEC 2, section 2.4.1.
    Secp256k1,
    /// NIST SP 800-186, section 3.2.1.4.
    P384,
    /// NIST SP 800-186, section 3.2.1.5.
    P521,
}

impl Curve {
    /// The value of `crv` in a JWK.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::Secp256k1 => "secp256k1",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Bytes of a coordinate.
    fn size(self) -> usize {
        match self {
            Self::P256 | Self::Secp256k1 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The prime, which is 3 modulo 4 for all of them; `a` and `b`. In hexadecimal.
    fn numbers(self) -> [BigUint; 3] {
        let numbers: [&[u8]; 3] = match self {
            Self::P256 => [
                b"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
                b"ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
                b"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
            ],
            Self::Secp256k1 => {
                [b"fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f", b"0", b"7"]
            }
            Self::P384 => [
                b"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
                b"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000fffffffc",
                b"b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
            ],
            Self::P521 => [
                b"1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                b"1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc",
                b"51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
            ],
        };
        numbers.map(|digits| BigUint::parse_bytes(digits, 16).expect("these are hexadecimal digits"))
    }
}

/// The compressed form of a point; its coordinates are big-endian and of one length.
pub(super) fn compress(x: &[u8], y: &[u8]) -> Vec<u8> {
    let parity = y.last().map_or(0, |low| low & 1);
    [&[2 + parity], x].concat()
}

/// The coordinates of a compressed point; none if `x` is that of no point or the form is another.
pub(super) fn decompress(curve: Curve, point: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (tag, x_bytes) = point.split_first()?;
    if x_bytes.len() != curve.size() {
        return None;
    }
    let is_odd = match tag {
        2 => false,
        3 => true,
        _ => return None,
    };
    let [prime, a, b] = curve.numbers();
    let x = BigUint::from_bytes_be(x_bytes);
    if x >= prime {
        return None;
    }
    let square = (&x * &x * &x + a * &x + b) % &prime;
    // A root modulo a prime that is 3 modulo 4, if there is one.
    let root = square.modpow(&((&prime + 1_u8) >> 2), &prime);
    if &root * &root % &prime != square {
        return None;
    }
    // None of the curves has a point with y = 0, so the other root has the other parity.
    let y = if root.bit(0) == is_odd { root } else { prime - root };
    let digits = y.to_bytes_be();
    let mut y_bytes = vec![0; x_bytes.len()];
    y_bytes[x_bytes.len() - digits.len()..].copy_from_slice(&digits);
    Some((x_bytes.to_vec(), y_bytes))
}
