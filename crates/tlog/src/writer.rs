//! Appending leaves to a tree whose tiles are kept elsewhere (tlog-tiles, "Merkle Tree" and "Partial Tiles").
//!
//! A batch needs only the partial tiles on the right edge of the tree, at most one for each level. Its work
//! is one or two hashes for each leaf, plus a bounded number for each level to find the new root.

use crate::hash::{EMPTY_ROOT, Hash, tree_hash};
use crate::tile::{LEVELS, MAX_TREE_SIZE, TILE_HEIGHT, TILE_WIDTH, Tile, TileError};

/// Appends a batch of leaves to a tree.
#[derive(Debug, Clone)]
pub struct TreeWriter {
    /// Leaves before the batch; tells which levels the batch has touched.
    start: u64,
    size: u64,
    /// For each level the hashes of its partial tile, fewer than 256.
    edge: [Vec<Hash>; LEVELS as usize],
    /// Tiles that the batch has filled.
    filled: Vec<StoredTile>,
}

/// A tile to be stored, in place of any narrower version of the same [slot](Tile::slot).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTile {
    /// Where it is and how wide.
    pub tile: Tile,
    /// All its hashes one after the other: 32 bytes each, at most 8,192 bytes.
    pub bytes: Vec<u8>,
}

/// A tree after a batch: store the tiles, then publish the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeHead {
    /// How many leaves the tree has.
    pub size: u64,
    /// The Merkle tree hash over all of them.
    pub root: Hash,
    /// Every tile that the batch filled or widened, each once.
    pub tiles: Vec<StoredTile>,
}

/// Why a tree cannot be resumed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriterError {
    /// The size is above [`MAX_TREE_SIZE`].
    #[error("a tree of {0} leaves is larger than the {MAX_TREE_SIZE} allowed")]
    TooLarge(u64),
    /// A tile of the right edge is missing or malformed.
    #[error("the right edge of the tree is damaged: {0}")]
    Edge(#[from] TileError),
}

impl TreeWriter {
    /// The partial tiles that [`TreeWriter::resume`] asks for on a tree of `size` leaves: none or one for
    /// each level, lowest level first.
    pub fn right_edge(size: u64) -> Vec<Tile> {
        (0..LEVELS).filter_map(|level| edge_tile(level, size)).collect()
    }

    /// A writer on a tree without leaves.
    pub fn empty() -> Self {
        Self { start: 0, size: 0, edge: Default::default(), filled: Vec::new() }
    }

    /// A writer on a tree of `size` leaves, given the tiles that [`TreeWriter::right_edge`] lists.
    ///
    /// `fetch` may give a wider version of a tile, as a batch that was stored but never published leaves
    /// behind. Compare [`TreeWriter::root`] with the last published root before appending: the tiles are not
    /// otherwise checked.
    ///
    /// # Errors
    /// When the tree is too large, or a tile is missing or has too few bytes.
    pub fn resume<B: AsRef<[u8]>>(
        size: u64,
        mut fetch: impl FnMut(&Tile) -> Option<B>,
    ) -> Result<Self, WriterError> {
        if size > MAX_TREE_SIZE {
            return Err(WriterError::TooLarge(size));
        }
        let mut writer = Self { start: size, size, ..Self::empty() };
        for tile in Self::right_edge(size) {
            writer.edge[usize::from(tile.level())] =
                tile.fetch_hashes(0..usize::from(tile.width()), &mut fetch)?;
        }
        Ok(writer)
    }

    /// How many leaves the tree has, with those appended so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends the hash of one leaf; the leaf gets the index that [`TreeWriter::size`] had before.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for (level, edge) in (0..).zip(&mut self.edge) {
            edge.push(hash);
            if edge.len() < usize::from(TILE_WIDTH) {
                break;
            }
            // Only a full tile counts in the level above: whatever is stored there never changes.
            hash = tree_hash(edge);
            let tile = Tile::full(level, self.size >> (TILE_HEIGHT * (u32::from(level) + 1)));
            self.filled.push(StoredTile { tile, bytes: concatenate(edge) });
            edge.clear();
        }
        self.size += 1;
    }

    /// The root of the tree, with the leaves appended so far.
    pub fn root(&self) -> Hash {
        let mut incomplete: Option<Hash> = None;
        for edge in &self.edge {
            let row: Vec<Hash> = edge.iter().copied().chain(incomplete).collect();
            incomplete = (!row.is_empty()).then(|| tree_hash(&row));
        }
        incomplete.unwrap_or(EMPTY_ROOT)
    }

    /// The tiles that were filled since this was asked last, in the order in which they were filled.
    pub(crate) fn take_filled(&mut self) -> Vec<StoredTile> {
        std::mem::take(&mut self.filled)
    }

    /// Ends the batch: the new head, and all that has to be stored for it.
    pub fn finish(self) -> TreeHead {
        let root = self.root();
        let mut tiles = self.filled;
        for (level, edge) in (0..).zip(&self.edge) {
            let shift = TILE_HEIGHT * u32::from(level);
            if self.start >> shift != self.size >> shift {
                let partial = edge_tile(level, self.size);
                tiles.extend(partial.map(|tile| StoredTile { tile, bytes: concatenate(edge) }));
            }
        }
        TreeHead { size: self.size, root, tiles }
    }
}

/// The partial tile at the right end of a level, if there is one.
fn edge_tile(level: u8, size: u64) -> Option<Tile> {
    let full_tiles = size.checked_shr(TILE_HEIGHT * (u32::from(level) + 1)).unwrap_or(0);
    Tile::in_tree(level, full_tiles, size)
}

fn concatenate(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(Hash::as_bytes).copied().collect()
}
