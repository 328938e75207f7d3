//! The little linear algebra that preparing Poseidon's parameters takes.

use ark_ff::{AdditiveGroup, Field};

use crate::field::Fr;

/// A square matrix, by rows.
pub(super) type Matrix<const T: usize> = [[Fr; T]; T];

/// The identity matrix.
pub(super) fn identity<const T: usize>() -> Matrix<T> {
    std::array::from_fn(|i| std::array::from_fn(|j| if i == j { Fr::ONE } else { Fr::ZERO }))
}

/// `matrix * column`.
#[inline]
pub(super) fn mul_column<const T: usize>(matrix: &Matrix<T>, column: &[Fr; T]) -> [Fr; T] {
    std::array::from_fn(|i| Fr::sum_of_products(&matrix[i], column))
}

/// `row * matrix`.
pub(super) fn mul_row<const T: usize>(row: &[Fr; T], matrix: &Matrix<T>) -> [Fr; T] {
    std::array::from_fn(|j| (0..T).map(|i| row[i] * matrix[i][j]).sum())
}

/// `left * right`.
pub(super) fn mul<const T: usize>(left: &Matrix<T>, right: &Matrix<T>) -> Matrix<T> {
    std::array::from_fn(|i| mul_row(&left[i], right))
}

/// The inverse by Gauss-Jordan elimination, or `None` for a singular matrix.
pub(super) fn inverse<const T: usize>(matrix: &Matrix<T>) -> Option<Matrix<T>> {
    let mut left = *matrix;
    let mut right = identity();
    for column in 0..T {
        let pivot = (column..T).find(|&row| left[row][column] != Fr::ZERO)?;
        left.swap(column, pivot);
        right.swap(column, pivot);
        let scale = left[column][column].inverse()?;
        for j in 0..T {
            left[column][j] *= scale;
            right[column][j] *= scale;
        }
        for row in (0..T).filter(|&row| row != column) {
            let factor = left[row][column];
            for j in 0..T {
                let (from_left, from_right) = (left[column][j], right[column][j]);
                left[row][j] -= factor * from_left;
                right[row][j] -= factor * from_right;
            }
        }
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn inverse_undoes(entries: [u64; 9]) {
            let matrix: Matrix<3> =
                std::array::from_fn(|i| std::array::from_fn(|j| Fr::from(entries[3 * i + j])));
            if let Some(inverse) = inverse(&matrix) {
                prop_assert_eq!(mul(&matrix, &inverse), identity());
                prop_assert_eq!(mul(&inverse, &matrix), identity());
            }
        }
    }

    #[test]
    fn singular_matrices_and_zero_pivots() {
        let element = |rows: [[u64; 2]; 2]| rows.map(|row| row.map(Fr::from));
        assert_eq!(inverse(&element([[1, 2], [2, 4]])), None);
        let swap = element([[0, 1], [1, 0]]);
        assert_eq!(inverse(&swap), Some(swap));
    }
}
