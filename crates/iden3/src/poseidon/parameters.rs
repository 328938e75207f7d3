//! Parameters of one Poseidon width: generated as the paper says, then rearranged so that partial rounds are cheap.

use ark_ff::{AdditiveGroup, Field};

use super::grain::Grain;
use super::matrix::{self, Matrix};
use crate::field::Fr;

/// Full rounds on either side of the partial rounds.
const HALF_FULL_ROUNDS: usize = 4;

/// Partial rounds for the widths 2 to 17, as circomlib chose them for 128-bit security.
const PARTIAL_ROUNDS: [usize; 16] = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];

/// Poseidon as the paper defines it: in every round add the constants, apply the S-box, multiply by the matrix.
pub(super) struct Textbook<const T: usize> {
    constants: Vec<[Fr; T]>,
    mds: Matrix<T>,
}

impl<const T: usize> Textbook<T> {
    pub(super) fn generate() -> Self {
        let partial_rounds = PARTIAL_ROUNDS[T - 2];
        let mut grain = Grain::new(T, 2 * HALF_FULL_ROUNDS, partial_rounds);
        let constants = (0..2 * HALF_FULL_ROUNDS + partial_rounds)
            .map(|_| std::array::from_fn(|_| grain.next_constant()))
            .collect();
        let xs: [Fr; T] = std::array::from_fn(|_| grain.next_coordinate());
        let ys: [Fr; T] = std::array::from_fn(|_| grain.next_coordinate());
        let mds = xs.map(|x| {
            ys.map(|y| (x + y).inverse().expect("no two coordinates of the sixteen widths cancel out"))
        });
        Self { constants, mds }
    }

    /// Rearranges the partial rounds (paper, appendix B).
    ///
    /// A partial round's S-box touches only the first element, so it commutes with adding constants to the others and
    /// with any matrix of the shape `diag(1, A)`. Hence the constants of the others can be carried forward through
    /// the rounds and added at the end. Write the matrix as `M = [[m, v], [w, N]]`; since
    ///
    /// ```text
    /// [[m, v], [w, N^k]] = [[m, v N^-k], [w, 1]] * diag(1, N^k)
    /// ```
    ///
    /// the last round (k = 1) becomes a sparse one if `diag(1, N)` is applied before its S-box, that is by the round
    /// before, whose matrix thereby becomes `diag(1, N) M = [[m, v], [N w, N^2]]`; and so on backwards. What the first
    /// partial round leaves over is merged into the matrix of the full round before it.
    pub(super) fn optimise(&self) -> Parameters<T> {
        let partial_rounds = PARTIAL_ROUNDS[T - 2];
        let (first, rest) = self.constants.split_at(HALF_FULL_ROUNDS);
        let (partial, last) = rest.split_at(partial_rounds);

        let mut carried = [Fr::ZERO; T];
        let mut partial_constants = Vec::with_capacity(partial_rounds);
        for constants in partial {
            add_assign(&mut carried, constants);
            partial_constants.push(carried[0]);
            carried[0] = Fr::ZERO;
            carried = matrix::mul_column(&self.mds, &carried);
        }
        let mut last: Vec<[Fr; T]> = last.to_vec();
        add_assign(&mut last[0], &carried);

        let inner = self.inner_matrix();
        let inner_inverse =
            matrix::inverse(&inner).expect("every square part of a Cauchy matrix is invertible");
        let mut row = self.mds[0];
        let mut column: [Fr; T] = std::array::from_fn(|i| self.mds[i][0]);
        let mut power = matrix::identity();
        let mut partial: Vec<PartialRound<T>> = Vec::with_capacity(partial_rounds);
        for constant in partial_constants.into_iter().rev() {
            row = matrix::mul_row(&row, &inner_inverse);
            partial.push(PartialRound { constant, row, column });
            column = matrix::mul_column(&inner, &column);
            power = matrix::mul(&power, &inner);
        }
        partial.reverse();

        Parameters {
            first: first.to_vec(),
            transition: matrix::mul(&power, &self.mds),
            partial,
            last,
            mds: self.mds,
        }
    }

    /// `diag(1, N)` where `N` is the MDS matrix without its first row and column.
    fn inner_matrix(&self) -> Matrix<T> {
        let mut inner = self.mds;
        inner[0] = [Fr::ZERO; T];
        inner.iter_mut().for_each(|row| row[0] = Fr::ZERO);
        inner[0][0] = Fr::ONE;
        inner
    }
}

/// Poseidon rearranged for speed; the same function as [`Textbook`].
pub(super) struct Parameters<const T: usize> {
    /// Constants of the full rounds before the partial ones.
    first: Vec<[Fr; T]>,
    /// The matrix of the last of those rounds, in place of `mds`.
    transition: Matrix<T>,
    partial: Vec<PartialRound<T>>,
    /// Constants of the full rounds after the partial ones.
    last: Vec<[Fr; T]>,
    mds: Matrix<T>,
}

/// A partial round: one constant and a matrix that is the identity but for its first row and column.
struct PartialRound<const T: usize> {
    constant: Fr,
    /// The first row.
    row: [Fr; T],
    /// The first column; it begins with the same element as the row.
    column: [Fr; T],
}

impl<const T: usize> Parameters<T> {
    pub(super) fn generate() -> Self {
        Textbook::generate().optimise()
    }

    pub(super) fn permute(&self, state: &mut [Fr; T]) {
        for (round, constants) in self.first.iter().enumerate() {
            let last = round + 1 == self.first.len();
            full_round(state, constants, if last { &self.transition } else { &self.mds });
        }
        for round in &self.partial {
            let first = fifth_power(state[0] + round.constant);
            state[0] = first;
            let combined = Fr::sum_of_products(&round.row, state);
            for (element, factor) in state.iter_mut().zip(&round.column).skip(1) {
                *element += *factor * first;
            }
            state[0] = combined;
        }
        for constants in &self.last {
            full_round(state, constants, &self.mds);
        }
    }
}

#[inline]
fn full_round<const T: usize>(state: &mut [Fr; T], constants: &[Fr; T], matrix: &Matrix<T>) {
    for (element, constant) in state.iter_mut().zip(constants) {
        *element = fifth_power(*element + constant);
    }
    *state = matrix::mul_column(matrix, state);
}

fn add_assign<const T: usize>(state: &mut [Fr; T], constants: &[Fr; T]) {
    state.iter_mut().zip(constants).for_each(|(element, constant)| *element += constant);
}

/// The S-box.
#[inline]
fn fifth_power(element: Fr) -> Fr {
    element.square().square() * element
}

#[cfg(test)]
mod tests {
    use ark_ff::PrimeField;
    use proptest::prelude::*;

    use super::*;

    impl<const T: usize> Textbook<T> {
        fn permute(&self, state: &mut [Fr; T]) {
            let partial = HALF_FULL_ROUNDS..self.constants.len() - HALF_FULL_ROUNDS;
            for (round, constants) in self.constants.iter().enumerate() {
                add_assign(state, constants);
                let substituted = if partial.contains(&round) { 1 } else { T };
                state[..substituted].iter_mut().for_each(|element| *element = element.pow([5]));
                *state = std::array::from_fn(|i| (0..T).map(|j| self.mds[i][j] * state[j]).sum());
            }
        }
    }

    fn assert_same_permutation<const T: usize>(states: &[[[u8; 32]; 17]]) {
        let textbook = Textbook::<T>::generate();
        let optimised = textbook.optimise();
        for bytes in states {
            let mut expected: [Fr; T] = std::array::from_fn(|i| Fr::from_le_bytes_mod_order(&bytes[i]));
            let mut actual = expected;
            textbook.permute(&mut expected);
            optimised.permute(&mut actual);
            assert_eq!(actual, expected, "width {T}");
        }
    }

    proptest! {
        // Generating the parameters dominates, so each case tries several states.
        #![proptest_config(ProptestConfig::with_cases(4))]
        #[test]
        fn optimised_is_the_textbook_permutation(states: [[[u8; 32]; 17]; 4]) {
            assert_same_permutation::<2>(&states);
            assert_same_permutation::<3>(&states);
            assert_same_permutation::<5>(&states);
            assert_same_permutation::<9>(&states);
            assert_same_permutation::<17>(&states);
        }
    }
}
