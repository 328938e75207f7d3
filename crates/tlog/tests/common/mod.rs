//! A log small enough to be done naively: everything the crate does with tiles, done with slices of leaf
//! hashes.

use std::collections::HashMap;

use tlog::hash::{EMPTY_ROOT, Hash, leaf_hash, node_hash};
use tlog::tile::TileSlot;
use tlog::writer::{TreeHead, TreeWriter};

/// The leaves of the reference vectors: leaf `i` is the text `entry <i>`.
pub(crate) fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|index| leaf_hash(format!("entry {index}").as_bytes())).collect()
}

/// MTH of RFC 6962 section 2.1.
pub(crate) fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = split(leaves);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// PATH of RFC 6962 section 2.1.1.
pub(crate) fn naive_inclusion(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = split(leaves);
    let (mut path, sibling) = if index < left.len() {
        (naive_inclusion(index, left), right)
    } else {
        (naive_inclusion(index - left.len(), right), left)
    };
    path.push(naive_root(sibling));
    path
}

/// PROOF of RFC 6962 section 2.1.2, for `0 < old`.
pub(crate) fn naive_consistency(old: usize, leaves: &[Hash]) -> Vec<Hash> {
    naive_subproof(old, leaves, true)
}

fn naive_subproof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let (left, right) = split(leaves);
    let (mut path, sibling) = if old <= left.len() {
        (naive_subproof(old, left, whole), right)
    } else {
        (naive_subproof(old - left.len(), right, false), left)
    };
    path.push(naive_root(sibling));
    path
}

fn split(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
    leaves.split_at(leaves.len().next_power_of_two() / 2)
}

/// A database of tiles, each kept under its slot in its widest version.
#[derive(Default)]
pub(crate) struct Tiles(HashMap<TileSlot, Vec<u8>>);

impl Tiles {
    /// The tiles of a tree of these leaves, appended in one batch.
    pub(crate) fn of(leaves: &[Hash]) -> Self {
        let mut tiles = Self::default();
        tiles.append(0, leaves);
        tiles
    }

    /// Appends a batch to the tree of `size` leaves and stores what changed.
    pub(crate) fn append(&mut self, size: u64, leaves: &[Hash]) -> TreeHead {
        let mut writer =
            TreeWriter::resume(size, |tile| self.0.get(&tile.slot())).expect("the edge is stored");
        for leaf in leaves {
            writer.append(*leaf);
        }
        let head = writer.finish();
        for stored in &head.tiles {
            assert_eq!(stored.bytes.len(), stored.tile.byte_len());
            self.0.insert(stored.tile.slot(), stored.bytes.clone());
        }
        head
    }

    pub(crate) fn get(&self, slot: TileSlot) -> Option<&[u8]> {
        self.0.get(&slot).map(Vec::as_slice)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
