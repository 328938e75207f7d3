//! Making proofs out of tiles (RFC 9162 sections 2.1.3.1 and 2.1.4.1).
//!
//! Tiles usually come from a database or from the network, asynchronously. So a proof is made in two steps: a
//! [`ProofPlan`] first says [which tiles it needs](ProofPlan::tiles), all of which can be loaded at once, and
//! then [computes the hashes](ProofPlan::resolve) from them.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::hash::{EMPTY_ROOT, Hash, node_hash, tree_hash};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, Tile, TileError};

/// What has to be hashed for one proof in a tree of a given size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofPlan {
    /// Leaves of the tree; the tiles are as wide as this needs.
    size: u64,
    /// For each hash of the proof, in its order, the leaves below that hash. Each is a subtree that RFC 9162
    /// section 2.1.1 forms: it starts at a multiple of the power of two not below its length.
    ranges: Vec<Range<u64>>,
}

/// Why there is no such proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The tree has no leaf at this index.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexOutOfRange {
        /// The leaf asked for, from 0.
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
    /// A tile is missing or malformed.
    #[error(transparent)]
    Tile(#[from] TileError),
}

impl ProofPlan {
    /// Plans the proof that the leaf at `index` (from 0) is in the tree of `size` leaves.
    ///
    /// It resolves to the sibling hashes from the leaf up to the child of the root (RFC 9162 section
    /// 2.1.3.1).
    ///
    /// # Errors
    /// [`ProofError::IndexOutOfRange`] unless `index < size`.
    pub fn inclusion(index: u64, size: u64) -> Result<Self, ProofError> {
        if index >= size {
            return Err(ProofError::IndexOutOfRange { index, size });
        }
        let mut ranges = Vec::new();
        let mut subtree = 0..size;
        while subtree.end - subtree.start > 1 {
            let (left, right) = split(&subtree);
            let (own, sibling) = if index < right.start { (left, right) } else { (right, left) };
            ranges.push(sibling);
            subtree = own;
        }
        ranges.reverse();
        Ok(Self { size, ranges })
    }

    /// Plans the proof that the tree of `new` leaves begins with the tree of `old` leaves.
    ///
    /// It resolves to the hashes of RFC 9162 section 2.1.4.1; to none when the sizes are equal or `old` is 0,
    /// which needs no proof.
    ///
    /// # Errors
    /// [`ProofError::SizesReversed`] unless `old <= new`.
    pub fn consistency(old: u64, new: u64) -> Result<Self, ProofError> {
        if old > new {
            return Err(ProofError::SizesReversed { old, new });
        }
        let mut ranges = Vec::new();
        let mut subtree = 0..new;
        while old != 0 && old != subtree.end {
            let (left, right) = split(&subtree);
            let (own, sibling) = if old <= right.start { (left, right) } else { (right, left) };
            ranges.push(sibling);
            subtree = own;
        }
        // A subtree that begins at leaf 0 is the whole older tree, whose root the verifier knows.
        if subtree.start != 0 {
            ranges.push(subtree);
        }
        ranges.reverse();
        Ok(Self { size: new, ranges })
    }

    /// Plans the root of the tree of `size` leaves; it resolves to that one hash.
    pub fn root(size: u64) -> Self {
        Self { size, ranges: std::iter::once(0..size).collect() }
    }

    /// The tiles that [`ProofPlan::resolve`] asks for, each once: lowest level first, then left to right.
    pub fn tiles(&self) -> Vec<Tile> {
        let subtrees = self.ranges.iter().cloned().flat_map(complete_subtrees);
        let tiles: BTreeSet<Tile> = subtrees.map(|subtree| subtree.location(self.size).0).collect();
        tiles.into_iter().collect()
    }

    /// Computes the hashes of the proof, given the bytes of the tiles that [`ProofPlan::tiles`] lists.
    ///
    /// `fetch` may give a wider version of a tile, as the log has grown since, and may be asked more than
    /// once for the same one.
    ///
    /// # Errors
    /// [`ProofError::Tile`] when a tile is missing or has too few bytes.
    pub fn resolve<B: AsRef<[u8]>>(
        &self,
        mut fetch: impl FnMut(&Tile) -> Option<B>,
    ) -> Result<Vec<Hash>, ProofError> {
        self.ranges.iter().map(|range| self.range_hash(range, &mut fetch)).collect()
    }

    fn range_hash<B: AsRef<[u8]>>(
        &self,
        range: &Range<u64>,
        fetch: &mut impl FnMut(&Tile) -> Option<B>,
    ) -> Result<Hash, ProofError> {
        let mut hashes = Vec::new();
        for subtree in complete_subtrees(range.clone()) {
            let (tile, within) = subtree.location(self.size);
            hashes.push(tree_hash(&tile.fetch_hashes(within, fetch)?));
        }
        Ok(hashes.into_iter().rev().reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT))
    }
}

/// A complete subtree: 2^height leaves from a multiple of 2^height on.
#[derive(Debug, Clone, Copy)]
struct CompleteSubtree {
    start: u64,
    height: u32,
}

impl CompleteSubtree {
    /// The tile that holds its hash, or the hashes that make it up, and which of the hashes in that tile.
    fn location(self, size: u64) -> (Tile, Range<usize>) {
        let level = self.height / TILE_HEIGHT;
        let first = self.start >> (level * TILE_HEIGHT);
        let tile = Tile::in_tree(level as u8, first / u64::from(TILE_WIDTH), size)
            .expect("a complete subtree of a tree has its hashes in a tile of that tree");
        let offset = (first % u64::from(TILE_WIDTH)) as usize;
        (tile, offset..offset + (1 << (self.height % TILE_HEIGHT)))
    }
}

/// Cuts a subtree of RFC 9162 section 2.1.1 into complete ones, from left to right and so from large to
/// small.
fn complete_subtrees(mut range: Range<u64>) -> impl Iterator<Item = CompleteSubtree> {
    std::iter::from_fn(move || {
        let height = (range.end - range.start).checked_ilog2()?;
        let subtree = CompleteSubtree { start: range.start, height };
        range.start += 1 << height;
        Some(subtree)
    })
}

/// Splits a subtree of at least two leaves as RFC 9162 section 2.1.1 does: on the left the largest power of
/// two below its length.
fn split(subtree: &Range<u64>) -> (Range<u64>, Range<u64>) {
    let middle = subtree.start + (1 << (subtree.end - subtree.start - 1).ilog2());
    (subtree.start..middle, middle..subtree.end)
}
