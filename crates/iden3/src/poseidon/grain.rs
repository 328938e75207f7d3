//! The Grain LFSR that generates Poseidon's constants (Poseidon paper, appendix E).

use ark_ff::PrimeField;

use crate::field::{self, Fr};

/// Taps of the feedback polynomial, as indices of the 80-bit register.
const TAPS: [u32; 6] = [62, 51, 38, 23, 13, 0];

/// An 80-bit linear feedback shift register with self-shrinking output.
pub(super) struct Grain {
    /// Bit `i` is the paper's `b_i`; bit 0 leaves the register first.
    register: u128,
}

impl Grain {
    /// Seeds the register with the parameters of the instance: a prime field, S-box `x^5`, the field's size in bits,
    /// then these.
    pub(super) fn new(width: usize, full_rounds: usize, partial_rounds: usize) -> Self {
        let seed = [
            (1, 2), // a prime field
            (0, 4), // the S-box is a power
            (Fr::MODULUS_BIT_SIZE as usize, 12),
            (width, 12),
            (full_rounds, 10),
            (partial_rounds, 10),
            ((1 << 30) - 1, 30),
        ];
        let mut register = 0;
        let mut position = 0;
        for (value, bits) in seed {
            for bit in (0..bits).rev() {
                register |= ((value as u128 >> bit) & 1) << position;
                position += 1;
            }
        }
        let mut grain = Self { register };
        for _ in 0..160 {
            grain.step();
        }
        grain
    }

    /// The next round constant: candidates that are not below the modulus are skipped.
    pub(super) fn next_constant(&mut self) -> Fr {
        loop {
            if let Ok(element) = field::from_be_bytes(&self.next_integer()) {
                return element;
            }
        }
    }

    /// The next coordinate of the Cauchy matrix: the reference implementation reduces candidates instead.
    pub(super) fn next_coordinate(&mut self) -> Fr {
        Fr::from_be_bytes_mod_order(&self.next_integer())
    }

    /// A big-endian integer of as many bits as the modulus has.
    fn next_integer(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for bit in (0..Fr::MODULUS_BIT_SIZE as usize).rev() {
            bytes[31 - bit / 8] |= u8::from(self.next_bit()) << (bit % 8);
        }
        bytes
    }

    /// Self-shrinking: bits come in pairs, the first decides whether the second is kept.
    fn next_bit(&mut self) -> bool {
        loop {
            let keep = self.step();
            let bit = self.step();
            if keep {
                return bit;
            }
        }
    }

    fn step(&mut self) -> bool {
        let bit = TAPS.iter().fold(0, |sum, tap| sum ^ (self.register >> tap)) & 1;
        self.register = (self.register >> 1) | (bit << 79);
        bit == 1
    }
}
