//! Tiles: the tree in pieces of 256 hashes that never change once full (tlog-tiles, "Merkle Tree").

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::hash::{HASH_LEN, Hash};
use crate::text::parse_decimal;

/// Levels of the tree that one tile spans.
pub const TILE_HEIGHT: u32 = 8;

/// Hashes in a full tile, and entries in a full entry bundle.
pub const TILE_WIDTH: u16 = 1 << TILE_HEIGHT;

/// The most leaves that a tree may have here: what a signed 64-bit column, and most other implementations,
/// can count.
pub const MAX_TREE_SIZE: u64 = i64::MAX as u64;

/// Tile levels that a tree of up to 2^64 - 1 leaves can have.
pub(crate) const LEVELS: u8 = (u64::BITS / TILE_HEIGHT) as u8;

/// The highest level that a path may name (tlog-tiles, "Merkle Tree").
const MAX_LEVEL: u8 = 63;

/// No canonical path of a 64-bit index is longer; what is longer is refused unread.
const MAX_PATH_LEN: usize = 64;

/// Where a tile is and how many hashes it holds. Text form: `tile/<L>/<N>[.p/<W>]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

/// Where a tile is, whatever its width: under this key a database keeps the one current version of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileSlot {
    /// The level: 0 holds leaf hashes, each level above holds one hash for each full tile below.
    pub level: u8,
    /// The position within the level, from 0 on the left.
    pub index: u64,
}

/// Where an entry bundle is and how many entries it holds. Text form: `tile/entries/<N>[.p/<W>]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryBundle {
    index: u64,
    width: u16,
}

/// A path below the prefix of a tiled log, other than `checkpoint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TilePath {
    /// Hashes of the Merkle tree.
    Tile(Tile),
    /// The entries themselves.
    Entries(EntryBundle),
}

/// Why a tile coordinate, path or content is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// The path does not have the form, or not the one canonical spelling, that tlog-tiles prescribes.
    #[error(
        "not a canonical tile path: tile/<level>/<index>[.p/<width>] or tile/entries/<index>[.p/<width>]"
    )]
    Path,
    /// The level is above 63.
    #[error("tile level {0} is above {MAX_LEVEL}")]
    Level(u8),
    /// The width is not in `1..=256`.
    #[error("tile width {0} is not between 1 and {TILE_WIDTH}")]
    Width(u16),
    /// The tile was asked for and not given.
    #[error("{0} is missing")]
    Missing(Tile),
    /// The bytes given for the tile are fewer than its width needs, more than a full tile, or not whole
    /// hashes.
    #[error("{tile} cannot have {len} bytes")]
    Length {
        /// The tile that was asked for.
        tile: Tile,
        /// How many bytes were given.
        len: usize,
    },
}

impl Tile {
    /// A tile at `index` of `level` (0 to 63) with `width` hashes (1 to 256).
    ///
    /// # Errors
    /// [`TileError::Level`] or [`TileError::Width`] when out of range.
    pub fn new(level: u8, index: u64, width: u16) -> Result<Self, TileError> {
        if level > MAX_LEVEL {
            return Err(TileError::Level(level));
        }
        check_width(width)?;
        Ok(Self { level, index, width })
    }

    /// The tile at `index` of `level` in a tree of `size` leaves, as wide as it is there; `None` when it is
    /// empty there.
    pub fn in_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        // A level from LEVELS on would stand for complete subtrees of at least 2^64 leaves.
        let hashes = size.checked_shr(u32::from(level) * TILE_HEIGHT)?;
        let width = width_at(index, hashes)?;
        Some(Self { level, index, width })
    }

    /// The full tile at `index` of `level`, which must be below [`LEVELS`].
    pub(crate) fn full(level: u8, index: u64) -> Self {
        Self { level, index, width: TILE_WIDTH }
    }

    /// The level: 0 holds leaf hashes.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The position within the level, from 0 on the left.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes it holds, 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// How many bytes it has: 32 for each hash.
    pub fn byte_len(&self) -> usize {
        usize::from(self.width) * HASH_LEN
    }

    /// The place of this tile, whatever its width.
    pub fn slot(&self) -> TileSlot {
        TileSlot { level: self.level, index: self.index }
    }

    /// The hashes of this tile out of stored bytes, which may be those of a wider version of the same tile.
    fn hashes<'b>(&self, bytes: &'b [u8]) -> Result<&'b [[u8; HASH_LEN]], TileError> {
        let (hashes, rest) = bytes.as_chunks();
        let width = usize::from(self.width);
        if hashes.len() < width || hashes.len() > usize::from(TILE_WIDTH) || !rest.is_empty() {
            return Err(TileError::Length { tile: *self, len: bytes.len() });
        }
        Ok(&hashes[..width])
    }

    /// Asks `fetch` for the bytes of this tile and copies out the hashes in `range`, which must be within its
    /// width.
    pub(crate) fn fetch_hashes<B: AsRef<[u8]>>(
        &self,
        range: Range<usize>,
        fetch: &mut impl FnMut(&Self) -> Option<B>,
    ) -> Result<Vec<Hash>, TileError> {
        let bytes = fetch(self).ok_or(TileError::Missing(*self))?;
        let hashes = self.hashes(bytes.as_ref())?;
        Ok(hashes[range].iter().map(|bytes| Hash::from(*bytes)).collect())
    }
}

impl EntryBundle {
    /// The bundle at `index` (from 0 on the left) with `width` entries (1 to 256).
    ///
    /// # Errors
    /// [`TileError::Width`] when out of range.
    pub fn new(index: u64, width: u16) -> Result<Self, TileError> {
        check_width(width)?;
        Ok(Self { index, width })
    }

    /// The bundle at `index` of a log with `size` entries, as wide as it is there; `None` when it is empty
    /// there.
    pub fn in_tree(index: u64, size: u64) -> Option<Self> {
        let width = width_at(index, size)?;
        Some(Self { index, width })
    }

    /// The position among the bundles, from 0 on the left.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many entries it holds, 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }
}

fn check_width(width: u16) -> Result<(), TileError> {
    if (1..=TILE_WIDTH).contains(&width) { Ok(()) } else { Err(TileError::Width(width)) }
}

/// How many of `count` items fall into the tile at `index`.
fn width_at(index: u64, count: u64) -> Option<u16> {
    let first = index.checked_mul(u64::from(TILE_WIDTH))?;
    let width = count.checked_sub(first)?.min(u64::from(TILE_WIDTH)) as u16;
    (width > 0).then_some(width)
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_position(f, self.index, self.width)
    }
}

impl fmt::Display for EntryBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_position(f, self.index, self.width)
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tile(tile) => tile.fmt(f),
            Self::Entries(bundle) => bundle.fmt(f),
        }
    }
}

/// Writes the index in groups of three digits, all but the last marked with `x`, and the width of a partial
/// tile.
fn write_position(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let mut divisor = 1;
    while index / divisor >= 1000 {
        divisor *= 1000;
    }
    while divisor > 1 {
        write!(f, "x{:03}/", index / divisor % 1000)?;
        divisor /= 1000;
    }
    write!(f, "{:03}", index % 1000)?;
    if width < TILE_WIDTH { write!(f, ".p/{width}") } else { Ok(()) }
}

impl FromStr for TilePath {
    type Err = TileError;

    fn from_str(path: &str) -> Result<Self, TileError> {
        if path.len() > MAX_PATH_LEN {
            return Err(TileError::Path);
        }
        let (kind, position) =
            path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or(TileError::Path)?;
        let (index, width) = parse_position(position).ok_or(TileError::Path)?;
        let parsed = if kind == "entries" {
            Self::Entries(EntryBundle::new(index, width)?)
        } else {
            let level =
                parse_decimal(kind).and_then(|level| u8::try_from(level).ok()).ok_or(TileError::Path)?;
            Self::Tile(Tile::new(level, index, width)?)
        };
        // Needless leading groups (`x000/001`) and an explicit full width (`.p/256`) have another canonical
        // form.
        if parsed.to_string() == path { Ok(parsed) } else { Err(TileError::Path) }
    }
}

fn parse_position(position: &str) -> Option<(u64, u16)> {
    let (groups, width) = match position.split_once(".p/") {
        Some((groups, width)) => (groups, u16::try_from(parse_decimal(width)?).ok()?),
        None => (position, TILE_WIDTH),
    };
    let mut index = 0_u64;
    for group in groups.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Some((index, width))
}
