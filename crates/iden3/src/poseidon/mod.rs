//! The Poseidon hash over the BN254 scalar field, with circomlib's parameters.
//!
//! `x^5` S-box, 8 full rounds, state `(0, inputs...)`, output the first element after one permutation
//! (<https://eprint.iacr.org/2019/458>; the instance of circomlib and the iden3 libraries). Constants come from the
//! paper's Grain LFSR and are prepared once a process and width, at first use.

mod grain;
mod matrix;
mod parameters;

use std::sync::OnceLock;

use ark_ff::AdditiveGroup;

use self::parameters::Parameters;
use crate::field::Fr;

/// The most elements that one call can hash.
pub const MAX_INPUTS: usize = 16;

/// The number of elements cannot be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Poseidon hashes 1 to {MAX_INPUTS} field elements, not {0}")]
pub struct InputCountError(pub usize);

/// Hashes 1 to [`MAX_INPUTS`] elements.
///
/// # Errors
/// [`InputCountError`] for no element or too many.
pub fn hash(inputs: &[Fr]) -> Result<Fr, InputCountError> {
    if (1..=MAX_INPUTS).contains(&inputs.len()) {
        Ok(hash_unchecked(inputs))
    } else {
        Err(InputCountError(inputs.len()))
    }
}

/// Hashes a number of elements that is known, and checked, at compile time.
#[must_use]
pub fn hash_n<const N: usize>(inputs: &[Fr; N]) -> Fr {
    const { assert!(N >= 1 && N <= MAX_INPUTS, "Poseidon hashes 1 to 16 field elements") };
    hash_unchecked(inputs)
}

#[inline]
fn hash_unchecked(inputs: &[Fr]) -> Fr {
    /// Selects the permutation of the right width, each with parameters of its own.
    macro_rules! permute_by_input_count {
        ($($inputs:literal)+) => {
            match inputs.len() {
                $($inputs => {
                    static PARAMETERS: OnceLock<Parameters<{ $inputs + 1 }>> = OnceLock::new();
                    let mut state = [Fr::ZERO; $inputs + 1];
                    state[1..].copy_from_slice(inputs);
                    PARAMETERS.get_or_init(Parameters::generate).permute(&mut state);
                    state[0]
                })+
                _ => unreachable!("both callers check the number of inputs"),
            }
        };
    }
    permute_by_input_count!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}
