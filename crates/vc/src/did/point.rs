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
}

impl Curve {
    /// The value of `crv` in a JWK.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::Secp256k1 => "secp256k1",
        }
    }

    /// The prime, which is 3 modulo 4 for both; `a` and `b`. In hexadecimal.
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
        };
        numbers.map(|digits| BigUint::parse_bytes(digits, 16).expect("these are hexadecimal digits"))
    }
}

/// The compressed form of a point.
pub(super) fn compress(x: [u8; 32], y: [u8; 32]) -> [u8; 33] {
    let mut point = [0; 33];
    point[0] = 2 + (y[31] & 1);
    point[1..].copy_from_slice(&x);
    point
}

/// The coordinates of a compressed point; none if `x` is that of no point or the form is another.
pub(super) fn decompress(curve: Curve, point: &[u8]) -> Option<([u8; 32], [u8; 32])> {
    let (tag, x) = point.split_first()?;
    let x_bytes: [u8; 32] = x.try_into().ok()?;
    let is_odd = match tag {
        2 => false,
        3 => true,
        _ => return None,
    };
    let [prime, a, b] = curve.numbers();
    let x = BigUint::from_bytes_be(&x_bytes);
    if x >= prime {
        return None;
    }
    let square = (&x * &x * &x + a * &x + b) % &prime;
    // A root modulo a prime that is 3 modulo 4, if there is one.
    let root = square.modpow(&((&prime + 1_u8) >> 2), &prime);
    if &root * &root % &prime != square {
        return None;
    }
    // Neither curve has a point with y = 0, so the other root has the other parity.
    let y = if root.bit(0) == is_odd { root } else { prime - root };
    let digits = y.to_bytes_be();
    let mut y_bytes = [0; 32];
    y_bytes[32 - digits.len()..].copy_from_slice(&digits);
    Some((x_bytes, y_bytes))
}
