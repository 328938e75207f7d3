//! Replaying a log from outside: the entries are hashed anew, and every tile and root must be what they give.
//!
//! [`steps`] lists what a log of a size consists of, in the order in which an [`Audit`] wants it. What has been seen is
//! forgotten: an audit keeps the right edge of the tree and what is still expected, however long the log.
//!
//! ```
//! use tlog::audit::{Audit, steps};
//! use tlog::hash::leaf_hash;
//! use tlog::tile::TilePath;
//!
//! let (one, two) = (leaf_hash(b"one"), leaf_hash(b"two"));
//! let published = |path: &TilePath| match path {
//!     TilePath::Entries(_) => b"\0\x03one\0\x03two".to_vec(),
//!     TilePath::Tile(_) => [*one.as_bytes(), *two.as_bytes()].concat(),
//! };
//! let mut audit = Audit::new(2);
//! audit.expect_root_at(2, tlog::hash::node_hash(&one, &two), "the checkpoint")?;
//! for path in steps(2) {
//!     match path {
//!         TilePath::Entries(bundle) => drop(audit.bundle(&bundle, &published(&path))?),
//!         TilePath::Tile(tile) => audit.tile(&tile, &published(&path))?,
//!     }
//! }
//! audit.finish()?;
//! # Ok::<(), tlog::audit::Fault>(())
//! ```

use std::collections::{BTreeMap, VecDeque};

use crate::entries::{self, EntryBundleError};
use crate::hash::{HASH_LEN, Hash, leaf_hash};
use crate::tile::{EntryBundle, LEVELS, TILE_HEIGHT, TILE_WIDTH, Tile, TilePath};
use crate::writer::{StoredTile, TreeWriter};

/// A log that is being replayed.
#[derive(Debug)]
pub struct Audit {
    size: u64,
    writer: TreeWriter,
    /// Tiles that the entries seen so far have given, and that are to be compared next.
    due: VecDeque<StoredTile>,
    /// Roots that somebody vouches for, by size; those that were compared are removed.
    expected: BTreeMap<u64, Vec<Expected>>,
}

#[derive(Debug)]
struct Expected {
    root: Hash,
    by: String,
}

/// The first thing that is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An entry bundle cannot be read.
    #[error("{bundle} is no entry bundle: {why}")]
    Bundle {
        /// The bundle.
        bundle: EntryBundle,
        /// What is wrong with it.
        why: EntryBundleError,
    },
    /// An entry bundle has more or fewer entries than its place in the log needs.
    #[error("{bundle} has {found} entries; {} are wanted", .bundle.width())]
    Count {
        /// The bundle.
        bundle: EntryBundle,
        /// How many entries it has.
        found: usize,
    },
    /// A tile has more or fewer bytes than its place in the log needs.
    #[error("{tile} has {found} bytes; {} are wanted", .tile.byte_len())]
    Length {
        /// The tile.
        tile: Tile,
        /// How many bytes it has.
        found: usize,
    },
    /// A tile has another hash than the entries give.
    #[error("{tile} differs from what entries {} hash to, first at {}", entries_below(.tile), leaves(.first, .last))]
    Tile {
        /// The tile.
        tile: Tile,
        /// The first entry below the first hash that differs.
        first: u64,
        /// The last entry below it.
        last: u64,
    },
    /// The entries have another root than somebody vouches for.
    #[error("{by} has the root {claimed} for the first {size} entries; they hash to {computed}")]
    Root {
        /// Who vouches for the root.
        by: String,
        /// How many entries it covers.
        size: u64,
        /// The root that is vouched for.
        claimed: Hash,
        /// The root that the entries have.
        computed: Hash,
    },
    /// Somebody vouches for a longer log.
    #[error("{by} is of {claimed} entries; the log has {size}: it has shrunk")]
    Shrunk {
        /// Who vouches for it.
        by: String,
        /// How long the log was.
        claimed: u64,
        /// How long it is.
        size: u64,
    },
    /// The audit was given something else than [`steps`] lists, or not all of it: a mistake of the auditor.
    #[error("the audit was given {given}, but wants {}", .wanted.as_deref().unwrap_or("nothing more"))]
    OutOfOrder {
        /// What it was given.
        given: String,
        /// What it wanted; `None` if it wanted nothing more.
        wanted: Option<String>,
    },
}

/// The entries below a tile, as people read them.
fn entries_below(tile: &Tile) -> String {
    // A full tile of the highest level has more entries below it than 64 bits count.
    let below = |hashes: u128| hashes << (TILE_HEIGHT * u32::from(tile.level()));
    let first = u128::from(tile.index()) * u128::from(TILE_WIDTH);
    format!("{} to {}", below(first), below(first + u128::from(tile.width())) - 1)
}

fn leaves(first: &u64, last: &u64) -> String {
    if first == last { format!("entry {first}") } else { format!("entries {first} to {last}") }
}

/// Every entry bundle and tile of a log with `size` entries: each bundle, and behind it the tiles that it fills; behind the last,
/// the tiles at the right edge, lowest level first.
pub fn steps(size: u64) -> impl Iterator<Item = TilePath> {
    let bundles =
        (0..size.div_ceil(u64::from(TILE_WIDTH))).filter_map(move |n| EntryBundle::in_tree(n, size));
    let edge = TreeWriter::right_edge(size).into_iter().map(TilePath::Tile);
    bundles.flat_map(|bundle| std::iter::once(TilePath::Entries(bundle)).chain(filled_by(bundle))).chain(edge)
}

/// The tiles that are full with a bundle, lowest level first.
fn filled_by(bundle: EntryBundle) -> impl Iterator<Item = TilePath> {
    let mut end = if bundle.width() == TILE_WIDTH { bundle.index() + 1 } else { 0 };
    (0..LEVELS).map_while(move |level| {
        // `end` counts full tiles of the level; the last of them is new if it was not there before this bundle.
        let tile = (end > 0).then(|| TilePath::Tile(Tile::full(level, end - 1)));
        end = if end.is_multiple_of(u64::from(TILE_WIDTH)) { end >> TILE_HEIGHT } else { 0 };
        tile
    })
}

impl Audit {
    /// The audit of a log with `size` entries.
    pub fn new(size: u64) -> Self {
        Self { size, writer: TreeWriter::empty(), due: VecDeque::new(), expected: BTreeMap::new() }
    }

    /// Says that the first `size` entries must have this root, as `by` vouches. To be said before any entry is given.
    ///
    /// # Errors
    /// [`Fault::Shrunk`] if the log has fewer entries; [`Fault::Root`] if a root of no entries is not the empty one;
    /// [`Fault::OutOfOrder`] if so many entries were given already.
    pub fn expect_root_at(&mut self, size: u64, root: Hash, by: &str) -> Result<(), Fault> {
        if size > self.size {
            return Err(Fault::Shrunk { by: by.to_owned(), claimed: size, size: self.size });
        }
        if size < self.writer.size() {
            return Err(Fault::OutOfOrder {
                given: format!("a root of {size} entries"),
                wanted: self.wanted(),
            });
        }
        self.expected.entry(size).or_default().push(Expected { root, by: by.to_owned() });
        self.compare_roots()
    }

    /// Takes the next entry bundle; gives its entries.
    ///
    /// # Errors
    /// [`Fault`]: the bundle is none, has another number of entries, or its entries lead to another root than is expected.
    pub fn bundle<'b>(&mut self, bundle: &EntryBundle, bytes: &'b [u8]) -> Result<Vec<&'b [u8]>, Fault> {
        self.in_order(TilePath::Entries(*bundle))?;
        let entries = entries::decode(bytes).map_err(|why| Fault::Bundle { bundle: *bundle, why })?;
        if entries.len() != usize::from(bundle.width()) {
            return Err(Fault::Count { bundle: *bundle, found: entries.len() });
        }
        for entry in &entries {
            self.writer.append(leaf_hash(entry));
            self.compare_roots()?;
        }
        self.due.extend(self.writer.take_filled());
        if self.writer.size() == self.size {
            // What the writer would store is what is full, which it has given already, and the edge.
            self.due.extend(self.writer.clone().finish().tiles);
        }
        Ok(entries)
    }

    /// Takes the next tile.
    ///
    /// # Errors
    /// [`Fault::Length`] or [`Fault::Tile`].
    pub fn tile(&mut self, tile: &Tile, bytes: &[u8]) -> Result<(), Fault> {
        self.in_order(TilePath::Tile(*tile))?;
        if bytes.len() != tile.byte_len() {
            return Err(Fault::Length { tile: *tile, found: bytes.len() });
        }
        let Some(due) = self.due.pop_front() else { return Ok(()) };
        let mut pairs = bytes.chunks(HASH_LEN).zip(due.bytes.chunks(HASH_LEN));
        let Some(place) = pairs.position(|(found, wanted)| found != wanted) else { return Ok(()) };
        let below = TILE_HEIGHT * u32::from(tile.level());
        let first = (tile.index() * u64::from(TILE_WIDTH) + place as u64) << below;
        Err(Fault::Tile { tile: *tile, first, last: first + (1 << below) - 1 })
    }

    /// Ends the audit: everything was given, and nothing was wrong.
    ///
    /// # Errors
    /// [`Fault::OutOfOrder`] if something is missing.
    pub fn finish(self) -> Result<(), Fault> {
        match self.wanted() {
            None => Ok(()),
            wanted => Err(Fault::OutOfOrder { given: "an end".to_owned(), wanted }),
        }
    }

    fn compare_roots(&mut self) -> Result<(), Fault> {
        let size = self.writer.size();
        // Computing a root costs hundreds of hashes: only where one is expected.
        let Some(expected) = self.expected.remove(&size) else { return Ok(()) };
        let computed = self.writer.root();
        match expected.into_iter().find(|expected| expected.root != computed) {
            None => Ok(()),
            Some(Expected { root, by }) => Err(Fault::Root { by, size, claimed: root, computed }),
        }
    }

    fn next(&self) -> Option<TilePath> {
        let bundle = || EntryBundle::in_tree(self.writer.size() / u64::from(TILE_WIDTH), self.size);
        match self.due.front() {
            Some(due) => Some(TilePath::Tile(due.tile)),
            None if self.writer.size() < self.size => bundle().map(TilePath::Entries),
            None => None,
        }
    }

    fn wanted(&self) -> Option<String> {
        self.next().map(|path| path.to_string())
    }

    fn in_order(&self, given: TilePath) -> Result<(), Fault> {
        if self.next() == Some(given) {
            return Ok(());
        }
        Err(Fault::OutOfOrder { given: given.to_string(), wanted: self.wanted() })
    }
}
