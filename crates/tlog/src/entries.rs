//! Entry bundles: up to 256 log entries, each behind its length (tlog-tiles, "Log entries").

use crate::tile::TILE_WIDTH;

/// The longest entry, in bytes: its length is written in 16 bits.
pub const MAX_ENTRY_LEN: usize = u16::MAX as usize;

/// Why entries cannot be bundled, or bytes are not a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryBundleError {
    /// A bundle was to be made of no entries: empty bundles do not exist.
    #[error("an entry bundle has at least one entry")]
    Empty,
    /// There are more entries than a bundle holds.
    #[error("an entry bundle has at most {TILE_WIDTH} entries")]
    TooMany,
    /// The entry at `index` is too long.
    #[error("entry {index} has {len} bytes, more than {MAX_ENTRY_LEN}")]
    TooLong {
        /// Position in the bundle, from 0.
        index: usize,
        /// Length of the entry in bytes.
        len: usize,
    },
    /// The bytes end inside the entry at this position (from 0) of the bundle.
    #[error("the bundle ends inside entry {0}")]
    Truncated(usize),
}

/// Encodes a bundle: for each entry its length in bytes (16 bits, big-endian), then the entry.
///
/// # Errors
/// When there are no entries or more than 256, or one is longer than [`MAX_ENTRY_LEN`].
pub fn encode<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, EntryBundleError> {
    check_count(entries.len())?;
    let mut bundle = Vec::with_capacity(entries.iter().map(|entry| 2 + entry.as_ref().len()).sum());
    for (index, entry) in entries.iter().enumerate() {
        let entry = entry.as_ref();
        let len =
            u16::try_from(entry.len()).map_err(|_| EntryBundleError::TooLong { index, len: entry.len() })?;
        bundle.extend_from_slice(&len.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// Decodes a bundle into its entries, which borrow from it.
///
/// # Errors
/// When there are no entries or more than 256, or the bytes end within one.
pub fn decode(bundle: &[u8]) -> Result<Vec<&[u8]>, EntryBundleError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        check_count(entries.len() + 1)?;
        let (entry, tail) = split_entry(rest).ok_or(EntryBundleError::Truncated(entries.len()))?;
        entries.push(entry);
        rest = tail;
    }
    check_count(entries.len())?;
    Ok(entries)
}

fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
}

fn check_count(count: usize) -> Result<(), EntryBundleError> {
    match count {
        0 => Err(EntryBundleError::Empty),
        1..=256 => Ok(()),
        _ => Err(EntryBundleError::TooMany),
    }
}
