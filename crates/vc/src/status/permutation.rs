//! A keyed permutation of the indexes of a status list.

use aws_lc_rs::hmac;
use thiserror::Error;

/// Rounds of the Feistel network, as many as FF1 of NIST SP 800-38G has: small domains need more than the usual four.
const ROUNDS: u8 = 10;

/// Why an index cannot be permuted.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum PermutationError {
    /// The domain is not 2^2 to 2^32.
    #[error("a permutation has a domain of 2 to 32 bits, not {0}")]
    Width(u32),
    /// The index is outside the domain.
    #[error("index {index} is outside a domain of {bits} bits")]
    Index {
        /// The index that was asked for.
        index: u32,
        /// Width of the domain in bits.
        bits: u32,
    },
}

/// A bijection of `0..2^bits` that looks random to whoever does not have the key.
///
/// A counter that runs through it reserves every index of a list once, in constant time and without a record of the
/// free ones; the index in a credential then says nothing about when it was issued or which others were issued with
/// it, as the status list specifications ask. Give each list its own key.
///
/// The construction is an alternating Feistel network, like FF1 of NIST SP 800-38G: its halves may differ in width.
/// The round function is HMAC-SHA-256.
#[derive(Clone, Debug)]
pub struct Permutation {
    key: hmac::Key,
    bits: u32,
}

impl Permutation {
    /// The permutation of `0..2^bits` that `key` selects.
    ///
    /// # Errors
    /// [`PermutationError::Width`] unless `bits` is from 2 to 32.
    pub fn new(key: &[u8; 32], bits: u32) -> Result<Self, PermutationError> {
        if !(2..=32).contains(&bits) {
            return Err(PermutationError::Width(bits));
        }
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), bits })
    }

    /// Where `index` goes.
    ///
    /// # Errors
    /// [`PermutationError::Index`] when `index` is not below `2^bits`.
    pub fn apply(&self, index: u32) -> Result<u32, PermutationError> {
        if u64::from(index) >> self.bits != 0 {
            return Err(PermutationError::Index { index, bits: self.bits });
        }
        let low_width = self.bits / 2;
        let low_mask = (1 << low_width) - 1;
        let high_mask = (1 << (self.bits - low_width)) - 1;
        let (mut high, mut low) = (index >> low_width, index & low_mask);
        for round in 0..ROUNDS {
            // Each step changes one half by a function of the other, so each can be undone.
            if round % 2 == 0 {
                high ^= self.round(round, low) & high_mask;
            } else {
                low ^= self.round(round, high) & low_mask;
            }
        }
        Ok(high << low_width | low)
    }

    /// The round function. The width is part of its input: lists of different sizes permute independently.
    fn round(&self, round: u8, half: u32) -> u32 {
        let [a, b, c, d] = half.to_be_bytes();
        let tag = hmac::sign(&self.key, &[self.bits as u8, round, a, b, c, d]);
        tag.as_ref().iter().take(4).fold(0, |word, byte| word << 8 | u32::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn image(permutation: &Permutation, bits: u32) -> Vec<u32> {
        (0..1 << bits).map(|index| permutation.apply(index).unwrap()).collect()
    }

    fn assert_bijective(permutation: &Permutation, bits: u32) {
        let mut image = image(permutation, bits);
        image.sort_unstable();
        assert!(image.into_iter().eq(0..1 << bits), "{bits} bits");
    }

    #[test]
    fn is_a_bijection_of_the_smallest_bitstring_status_list() {
        assert_bijective(&Permutation::new(&[7; 32], 17).unwrap(), 17);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn is_a_bijection(key: [u8; 32], bits in 2u32..=11) {
            assert_bijective(&Permutation::new(&key, bits).unwrap(), bits);
        }

        #[test]
        fn stays_in_the_domain(key: [u8; 32], bits in 2u32..=32, index: u32) {
            let permutation = Permutation::new(&key, bits).unwrap();
            let index = index >> (32 - bits);
            prop_assert!(u64::from(permutation.apply(index).unwrap()) < 1 << bits);
        }
    }

    #[test]
    fn depends_on_key_and_width() {
        let of = |key: u8, bits| image(&Permutation::new(&[key; 32], bits).unwrap(), 10);
        assert_ne!(of(1, 10), of(2, 10));
        assert_ne!(of(1, 10), of(1, 11));
    }

    /// A linked pair would show as neighbours that stay neighbours.
    #[test]
    fn neighbours_are_separated() {
        let image = image(&Permutation::new(&[3; 32], 17).unwrap(), 17);
        let adjacent = image.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) == 1).count();
        // Two are expected of a random permutation; sixteen are as good as impossible.
        assert!(adjacent < 16, "{adjacent} adjacent pairs");
    }

    /// The indexes of issued credentials depend on it: it must never change.
    #[test]
    fn is_stable() {
        let permutation = Permutation::new(&[0x42; 32], 17).unwrap();
        assert_eq!(
            [0, 1, 2, 131_071].map(|index| permutation.apply(index).unwrap()),
            [7212, 113_848, 6170, 65_602]
        );
    }

    #[test]
    fn rejects_what_is_outside() {
        assert_eq!(Permutation::new(&[0; 32], 1).unwrap_err(), PermutationError::Width(1));
        assert_eq!(Permutation::new(&[0; 32], 33).unwrap_err(), PermutationError::Width(33));
        let permutation = Permutation::new(&[0; 32], 17).unwrap();
        assert_eq!(
            permutation.apply(1 << 17).unwrap_err(),
            PermutationError::Index { index: 1 << 17, bits: 17 }
        );
    }
}
