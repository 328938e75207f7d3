//! Checking proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2).
//!
//! A proof binds a leaf or a root to another root, but not to the size of the tree: of some trees the same hashes
//! prove the same for several sizes. Take root and size together out of one verified checkpoint.

use crate::hash::{EMPTY_ROOT, Hash, node_hash};

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The tree has no leaf at this index.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexOutOfRange {
        /// The claimed index of the leaf, from 0.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The older tree is larger than the newer one.
    #[error("a tree of {old} leaves does not come before one of {new} leaves")]
    SizesReversed {
        /// Leaves of the older tree.
        old: u64,
        /// Leaves of the newer tree.
        new: u64,
    },
    /// The proof has more or fewer hashes than a proof for these sizes has.
    #[error("the proof has the wrong number of hashes ({0}) for these sizes")]
    PathLength(usize),
    /// The proof leads to another root than the given one of the (newer) tree.
    #[error("the proof does not lead to the root of the tree")]
    RootMismatch,
    /// The proof leads to another root than the given one of the older tree.
    #[error("the proof does not lead to the root of the older tree")]
    OldRootMismatch,
}

/// Checks that `leaf` (a [leaf hash](crate::hash::leaf_hash)) is at `index` (from 0) of the tree with these
/// `size` and `root`, by the sibling hashes in `path` (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// [`VerifyError`] when anything at all does not fit.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), VerifyError> {
    if index >= size {
        return Err(VerifyError::IndexOutOfRange { index, size });
    }
    let mut position = Position { node: index, last: size - 1 };
    let mut hash = *leaf;
    for sibling in path {
        if position.last == 0 {
            return Err(VerifyError::PathLength(path.len()));
        }
        hash = if position.climb() { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) };
    }
    if position.last != 0 {
        return Err(VerifyError::PathLength(path.len()));
    }
    if hash == *root { Ok(()) } else { Err(VerifyError::RootMismatch) }
}

/// Checks that the tree with `new_size` and `new_root` begins with the tree with `old_size` and `old_root`,
/// by the hashes in `path` (RFC 9162 section 2.1.4.2).
///
/// Equal sizes need equal roots and an empty path. Every tree begins with the empty one, whose root must then
/// be [`EMPTY_ROOT`] and the path empty.
///
/// # Errors
/// [`VerifyError`] when anything at all does not fit.
pub fn verify_consistency(
    old_size: u64,
    new_size: u64,
    old_root: &Hash,
    new_root: &Hash,
    path: &[Hash],
) -> Result<(), VerifyError> {
    if old_size > new_size {
        return Err(VerifyError::SizesReversed { old: old_size, new: new_size });
    }
    if old_size == 0 || old_size == new_size {
        return verify_trivial_consistency(old_size, new_size, old_root, new_root, path);
    }
    let mut position = Position { node: old_size - 1, last: new_size - 1 };
    position.skip(position.node.trailing_ones());
    // A complete older tree is itself the first node of the way up, and is left out of the path.
    let (first, rest) = if old_size.is_power_of_two() {
        (old_root, path)
    } else {
        path.split_first().ok_or(VerifyError::PathLength(0))?
    };
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if position.last == 0 {
            return Err(VerifyError::PathLength(path.len()));
        }
        if position.climb() {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
        } else {
            new = node_hash(&new, sibling);
        }
    }
    if position.last != 0 {
        return Err(VerifyError::PathLength(path.len()));
    }
    if old != *old_root {
        return Err(VerifyError::OldRootMismatch);
    }
    if new == *new_root { Ok(()) } else { Err(VerifyError::RootMismatch) }
}

/// The consistency that follows from sizes and roots alone.
fn verify_trivial_consistency(
    old_size: u64,
    new_size: u64,
    old_root: &Hash,
    new_root: &Hash,
    path: &[Hash],
) -> Result<(), VerifyError> {
    if !path.is_empty() {
        return Err(VerifyError::PathLength(path.len()));
    }
    if old_size == 0 && *old_root != EMPTY_ROOT {
        return Err(VerifyError::OldRootMismatch);
    }
    if old_size == new_size && old_root != new_root {
        return Err(VerifyError::RootMismatch);
    }
    Ok(())
}

/// A node on the way up: its index within its level, and that of the last node there (`fn` and `sn` in RFC
/// 9162).
#[derive(Debug, Clone, Copy)]
struct Position {
    node: u64,
    last: u64,
}

impl Position {
    /// Moves up to the parent; tells whether the sibling was on the left.
    fn climb(&mut self) -> bool {
        let sibling_is_left = self.node & 1 == 1 || self.node == self.last;
        if sibling_is_left {
            // The last node of a level rises unpaired until it is a right child.
            self.skip(self.node.trailing_zeros());
        }
        self.skip(1);
        sibling_is_left
    }

    /// Moves up by some levels without a sibling.
    fn skip(&mut self, levels: u32) {
        self.node = self.node.checked_shr(levels).unwrap_or(0);
        self.last = self.last.checked_shr(levels).unwrap_or(0);
    }
}
