//! Where an audited log is read from.

use std::time::Duration;

use anchor::Mirror as _;
use anyhow::{Context, anyhow};
use futures_util::stream::{self, Stream, StreamExt};
use tlog::entries::MAX_ENTRY_LEN;
use tlog::note::MAX_NOTE_LEN;
use tlog::tile::{EntryBundle, TILE_WIDTH, Tile, TilePath};

use super::super::mirror::Mirror;
use crate::verdict::Doubt;

/// How many files are read at once.
const AT_ONCE: usize = 8;
/// The longest entry bundle, in bytes.
const BUNDLE_LIMIT: usize = TILE_WIDTH as usize * (2 + MAX_ENTRY_LEN);
/// The longest tile, in bytes.
const TILE_LIMIT: usize = TILE_WIDTH as usize * 32;
/// What is waited before the next attempt, after each that failed.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)];

/// A log that is served by anybody, or lies in a folder.
#[derive(Debug)]
pub(super) struct Source {
    mirror: Mirror,
    place: String,
}

impl Source {
    /// The log at a URL or in a folder: there, or in one of these folders below it.
    pub(super) async fn find(place: &str, folders: &[String]) -> anyhow::Result<Self> {
        let here = Mirror::at(place)?;
        let mut mirrors = Vec::new();
        for folder in folders {
            mirrors.push(here.below(folder)?);
        }
        mirrors.insert(0, here);
        for mirror in mirrors {
            let found = mirror.fetch("checkpoint", MAX_NOTE_LEN).await;
            if found.with_context(|| format!("reading {place}"))?.is_some() {
                return Ok(Self { mirror, place: place.to_owned() });
            }
        }
        Err(anyhow!(
            "{place} has no `checkpoint`: name the URL of a Bestow server, or the URL or the folder in which the checkpoint of a \
             log is"
        ))
    }

    /// What is at a path below the log's prefix; `None` if there is nothing.
    pub(super) async fn get(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>, Doubt> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let error = match self.mirror.fetch(path, limit).await {
                Ok(found) => return Ok(found),
                Err(error) if error.is_too_long() => {
                    return Err(Doubt::wrong(format!(
                        "{path} is longer than the {limit} bytes that it can have"
                    )));
                }
                Err(error) => error,
            };
            // A log is thousands of files: one answer that went astray must not be the end.
            let Some(pause) = pauses.next() else {
                return Err(anyhow::Error::new(error).context(format!("{path} of {}", self.place)).into());
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// The text at a path, which must be there.
    pub(super) async fn text(&self, path: &str, limit: usize) -> Result<String, Doubt> {
        let bytes = self.get(path, limit).await?;
        let bytes = bytes.ok_or_else(|| Doubt::unknown(format!("{} has no `{path}`", self.place)))?;
        String::from_utf8(bytes).map_err(|_| Doubt::wrong(format!("{path} is no text")))
    }

    /// The bytes of a bundle or tile; `None` if it is not there. What has become full since is had from the full one, of which
    /// it is the beginning (tlog-tiles, "Partial Tiles").
    pub(super) async fn piece(&self, path: &TilePath) -> Result<Option<Vec<u8>>, Doubt> {
        let limit = match path {
            TilePath::Entries(_) => BUNDLE_LIMIT,
            TilePath::Tile(_) => TILE_LIMIT,
        };
        if let Some(found) = self.get(&path.to_string(), limit).await? {
            return Ok(Some(found));
        }
        let Some(full) = full(path) else { return Ok(None) };
        let found = self.get(&full.to_string(), limit).await?;
        Ok(found.map(|mut bytes| {
            bytes.truncate(beginning(path, &bytes));
            bytes
        }))
    }

    /// The pieces at these paths, in their order.
    pub(super) fn pieces<'s>(
        &'s self,
        paths: impl Iterator<Item = TilePath> + 's,
    ) -> impl Stream<Item = (TilePath, Result<Option<Vec<u8>>, Doubt>)> + 's {
        stream::iter(paths.map(async |path| (path, self.piece(&path).await))).buffered(AT_ONCE)
    }
}

/// Whether a bundle or tile is not full; full ones never change, and so never vanish from an honest log.
pub(super) fn is_partial(path: &TilePath) -> bool {
    full(path).is_some()
}

/// The full form of a partial bundle or tile.
fn full(path: &TilePath) -> Option<TilePath> {
    match path {
        TilePath::Entries(bundle) if bundle.width() < TILE_WIDTH => {
            EntryBundle::new(bundle.index(), TILE_WIDTH).ok().map(TilePath::Entries)
        }
        TilePath::Tile(tile) if tile.width() < TILE_WIDTH => {
            Tile::new(tile.level(), tile.index(), TILE_WIDTH).ok().map(TilePath::Tile)
        }
        _ => None,
    }
}

/// How many bytes of a full bundle or tile are the partial one. What is malformed is left as it is: the audit will say so.
fn beginning(path: &TilePath, bytes: &[u8]) -> usize {
    match path {
        TilePath::Tile(tile) => tile.byte_len().min(bytes.len()),
        TilePath::Entries(bundle) => {
            let entries = tlog::entries::decode(bytes).unwrap_or_default();
            let width = usize::from(bundle.width());
            if entries.len() < width {
                return bytes.len();
            }
            entries[..width].iter().map(|entry| 2 + entry.len()).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TilePath {
        text.parse().expect("a path")
    }

    #[test]
    fn a_partial_piece_is_the_beginning_of_the_full_one() {
        let bundle = tlog::entries::encode(&["one", "two", "three"]).unwrap();
        for (text, bytes, length) in [
            ("tile/entries/000.p/2", &bundle[..], 10),
            ("tile/entries/000.p/3", &bundle, 17),
            ("tile/entries/000.p/4", &bundle, 17),
            ("tile/0/000.p/2", &[0; 96], 64),
            ("tile/0/000.p/4", &[0; 96], 96),
        ] {
            assert_eq!(beginning(&path(text), bytes), length, "{text}");
        }
    }

    #[test]
    fn a_piece_has_one_full_form() {
        let full = |text: &str| full(&path(text)).map(|path| path.to_string());
        assert_eq!(full("tile/entries/x001/002.p/7").as_deref(), Some("tile/entries/x001/002"));
        assert_eq!(full("tile/3/000.p/1").as_deref(), Some("tile/3/000"));
        assert_eq!((full("tile/entries/002"), full("tile/0/002")), (None, None));
        assert!(is_partial(&path("tile/0/002.p/1")) && !is_partial(&path("tile/0/002")));
    }
}
