//! Recognising keys for Ed25519 that prove nothing.

/// The prime of the field, `2^255 - 19`, little-endian.
const PRIME: [u8; 32] = {
    let mut prime = [0xff; 32];
    prime[0] = 0xed;
    prime[31] = 0x7f;
    prime
};

/// The `y` of the points whose order divides 8, little-endian, but for 0 and 1 and -1: two of order 8.
const ORDER_EIGHT: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Whether a public key is not written as RFC 8032 (section 5.1.3) demands, or is a point of small order: such
/// a key has no private half, and signatures of any message are made for it without one.
///
/// That the number belongs to a point at all is left to the verification, which fails otherwise.
pub(crate) fn is_weak(key: &[u8; 32]) -> bool {
    let mut y = *key;
    y[31] &= 0x7f; // the highest bit is the sign of `x`
    let is_reduced = y.iter().rev().lt(PRIME.iter().rev());
    let is_small = y[1..] == [0; 31] && y[0] <= 1;
    let is_minus_one = y[0] == PRIME[0] - 1 && y[1..] == PRIME[1..];
    !is_reduced || is_small || is_minus_one || ORDER_EIGHT.contains(&y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn little_endian(low: u8, middle: u8, high: u8) -> [u8; 32] {
        let mut number = [middle; 32];
        (number[0], number[31]) = (low, high);
        number
    }

    #[test]
    fn points_of_small_order_are_weak_with_either_sign() {
        let mut weak = vec![little_endian(0, 0, 0), little_endian(1, 0, 0), little_endian(0xec, 0xff, 0x7f)];
        weak.extend(ORDER_EIGHT);
        for mut key in weak {
            assert!(is_weak(&key), "{key:02x?}");
            key[31] |= 0x80;
            assert!(is_weak(&key), "{key:02x?}");
        }
    }

    #[test]
    fn numbers_that_are_not_reduced_are_weak() {
        for low in 0xed..=0xff {
            assert!(is_weak(&little_endian(low, 0xff, 0x7f)), "{low}");
            assert!(is_weak(&little_endian(low, 0xff, 0xff)), "{low}");
        }
    }

    #[test]
    fn their_neighbours_are_not() {
        for key in [little_endian(2, 0, 0), little_endian(0xeb, 0xff, 0x7f), little_endian(0xed, 0xff, 0x7e)]
        {
            assert!(!is_weak(&key), "{key:02x?}");
        }
    }
}
