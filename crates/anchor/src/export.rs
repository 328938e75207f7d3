//! The log as files: a copy that any static file server can serve (C2SP tlog-tiles).
//!
//! The files are those of `GET /log/...`, byte for byte, below a folder that is named after the log. Tiles and entry bundles
//! come first, the checkpoint last: whoever reads a checkpoint finds its tiles. What was interrupted is done again from the
//! checkpoint that is there; writing a tile twice changes nothing.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blobs::{BlobError, Blobs, Form};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use model::{Entropy, Timestamp};
use store::StoreError;
use tlog::checkpoint::{CheckpointError, SignedCheckpoint};
use tlog::tile::{EntryBundle, TILE_WIDTH, Tile, TilePath};
use tlog::writer::TreeWriter;
use tokio::sync::watch;

use crate::guard::{Seen, compare};
use crate::log::{AnchorError, Log, by_place, cut, tile_key};
use crate::turns::{Turn, Turns};

/// The name of the log's head below its folder.
pub(crate) const CHECKPOINT: &str = "checkpoint";
/// The name of the verifier key below the log's folder. Not a part of tlog-tiles; whoever trusts the log has it already.
const KEY: &str = "key";
/// The longest checkpoint that is read, in bytes.
pub(crate) const CHECKPOINT_LIMIT: usize = 1 << 16;
const INTERVAL: Duration = Duration::from_secs(1);
/// Longer than the largest step that relies on the lease: publishing the checkpoint, with all its retries.
const LEASE_SECONDS: i64 = 30;
/// How long what was found at the place is taken for granted.
const LOOK_AGAIN_SECONDS: i64 = 60;
/// How many leaves are exported before progress is noted: 64 entry bundles.
const STEP: u64 = 64 * TILE_WIDTH as u64;
/// How many files are written at the same time.
const AT_ONCE: usize = 16;
/// Tile levels that a tree can have.
const LEVELS: u8 = 8;

const TEXT: Form = Form { content_type: "text/plain; charset=utf-8", cache_control: "no-cache" };
const TILE: Form =
    Form { content_type: "application/octet-stream", cache_control: "public, max-age=31536000, immutable" };

/// Why the log is not exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log; [`AnchorError::Behind`] if the export has more than the database.
    #[error(transparent)]
    Anchor(#[from] AnchorError),
    /// The place does not take files, or does not give them.
    #[error("{place}: {}", with_causes(problem))]
    Blobs {
        /// Where.
        place: String,
        /// Why.
        problem: BlobError,
    },
    /// The checkpoint at the place is none that this log's key has signed.
    #[error(
        "{place} has a checkpoint that the key of this log has not signed ({problem}): it is another log's, or damaged. Move it \
         away, or export elsewhere"
    )]
    Foreign {
        /// Where.
        place: String,
        /// What is wrong with it.
        problem: CheckpointError,
    },
}

impl From<StoreError> for ExportError {
    fn from(error: StoreError) -> Self {
        Self::Anchor(error.into())
    }
}

/// An error with what caused it, on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let _ = write!(text, ": {next}");
        cause = next.source();
    }
    text
}

/// The folder of the log `origin` in an export: each log has its own, so that none overwrites another one's files.
///
/// The origin in lower case, with slashes as they are; `_` and two hexadecimal digits stand for a byte that is not a letter, a
/// digit, a hyphen or a dot, or that would make a name of the log's own files out of a folder.
pub fn export_folder(origin: &str) -> String {
    let mut folder = String::new();
    for (number, segment) in origin.split('/').enumerate() {
        if number > 0 {
            folder.push('/');
        }
        let reserved = matches!(segment, CHECKPOINT | KEY | "tile" | "");
        if reserved {
            folder.push('_');
        }
        let last = segment.len().saturating_sub(1);
        for (place, byte) in segment.bytes().enumerate() {
            match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'-' => folder.push(byte.into()),
                b'.' if place > 0 && place < last => folder.push('.'),
                _ => {
                    let _ = write!(folder, "_{byte:02x}");
                }
            }
        }
    }
    folder
}

/// What is known to be at the place.
#[derive(Clone, Debug)]
struct Known {
    /// The lease under which it was found out: another process may have changed it since.
    epoch: i64,
    /// The checkpoint's text; absent if there is none.
    checkpoint: Option<String>,
    size: u64,
    /// Full tiles up to this leaf are there, also if the checkpoint does not cover them yet.
    full_to: u64,
    at: Timestamp,
}

/// Exports the log while it holds the lease.
#[derive(Debug)]
pub struct Export {
    log: Arc<Log>,
    blobs: Blobs,
    folder: String,
    place: String,
    turns: Turns,
    known: Mutex<Option<Known>>,
}

impl Export {
    /// An export of `log` into a folder of `blobs` ([`export_folder`]); `place` names it to people.
    pub fn new(log: Arc<Log>, blobs: Blobs, place: &str, entropy: &dyn Entropy) -> Self {
        let folder = export_folder(&log.origin);
        let turns = Turns::new("export", INTERVAL, &log.store, &log.clock, entropy)
            .leasing_for(LEASE_SECONDS)
            .interruptible();
        let place = format!("{place} ({folder})");
        Self { log, blobs, folder, place, turns, known: Mutex::default() }
    }

    /// Where it is, for people.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Exports what is new, again and again, until `stop` turns true.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        self.turns.run(stop, || self.turn()).await;
    }

    /// The exported checkpoint, its signature checked; `None` if nothing was exported yet.
    ///
    /// # Errors
    /// When the place does not answer, or has something else.
    pub async fn seen(&self) -> Result<Option<SignedCheckpoint>, ExportError> {
        Ok(self.look().await?.map(|(_, signed)| signed))
    }

    /// The bytes of an exported file, if it is there and has no more than `limit` bytes.
    pub(crate) async fn file(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>, ExportError> {
        self.blobs.get(&self.key(path), limit).await.map_err(|problem| self.blob_error(problem))
    }

    /// Exports what is new, if this process may.
    ///
    /// # Errors
    /// When the place or the database does not answer, or when the place has more than the database: then nothing is
    /// written.
    pub async fn turn(&self) -> Result<Turn, ExportError> {
        let outcome = self.advance().await;
        if outcome.is_err() {
            // Whatever it was, find out anew what is there, but do not write again what has been written.
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = &mut *known {
                known.at = Timestamp(0);
            }
        }
        outcome
    }

    async fn advance(&self) -> Result<Turn, ExportError> {
        let now = self.log.clock.now();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let fresh = known.filter(|known| known.at.plus_seconds(LOOK_AGAIN_SECONDS) > now);
        let current = self.log.checkpoint().await?;
        if fresh.as_ref().is_some_and(|known| known.checkpoint.as_ref() == Some(&current)) {
            return Ok(Turn::Done);
        }
        let Some(lease) = self.turns.lease().await? else { return Ok(Turn::Done) };
        let known = match fresh {
            Some(known) if known.epoch == lease.epoch() => known,
            _ => self.find_out(lease.epoch(), now).await?,
        };
        // Read after the look: what was exported was in the database before.
        let text = self.log.checkpoint().await?;
        let head: SignedCheckpoint = text.parse().map_err(AnchorError::from)?;
        let size = head.unverified().size();
        if let Some(exported) = &known.checkpoint {
            let exported: SignedCheckpoint = exported.parse().map_err(AnchorError::from)?;
            let exported = exported.unverified();
            let seen =
                Seen { place: self.place.clone(), size: exported.size(), root: Some(*exported.root()) };
            compare(&self.log, head.unverified(), &seen).await?;
        }
        if known.checkpoint.as_ref() != Some(&text) && !self.publish(known, text, size, now).await? {
            tracing::info!("another process exports the log");
        }
        Ok(Turn::Done)
    }

    /// Looks at what is there, and remembers it.
    async fn find_out(&self, epoch: i64, now: Timestamp) -> Result<Known, ExportError> {
        let found = self.look().await?;
        let size = found.as_ref().map_or(0, |(_, signed)| signed.unverified().size());
        let mut slot = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Full tiles stay what they are, whoever writes them; unless somebody has put an older export back.
        let before = slot.as_ref().filter(|before| size >= before.size);
        let full_to = before.map_or(size, |before| before.full_to.max(size));
        let known = Known { epoch, checkpoint: found.map(|(text, _)| text), size, full_to, at: now };
        *slot = Some(known.clone());
        Ok(known)
    }

    async fn look(&self) -> Result<Option<(String, SignedCheckpoint)>, ExportError> {
        let Some(bytes) = self.file(CHECKPOINT, CHECKPOINT_LIMIT).await? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let read = || -> Result<SignedCheckpoint, CheckpointError> {
            let signed: SignedCheckpoint = text.parse()?;
            signed.verify(&self.log.origin, &self.log.key)?;
            Ok(signed)
        };
        match read() {
            Ok(signed) => Ok(Some((text, signed))),
            Err(problem) => Err(ExportError::Foreign { place: self.place.clone(), problem }),
        }
    }

    /// Brings the files from what is known to be there to the checkpoint `text` of `size` leaves; false if another process
    /// took over.
    async fn publish(
        &self,
        mut known: Known,
        text: String,
        size: u64,
        now: Timestamp,
    ) -> Result<bool, ExportError> {
        if known.checkpoint.is_none() {
            let key = format!("{}\n", self.log.key);
            self.put(KEY, key.into_bytes(), TEXT).await?;
        }
        while known.full_to < size {
            let to = size.min(known.full_to + STEP);
            self.write(&filled(known.full_to, to)).await?;
            known.full_to = to;
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
            if !self.still_ours(&known).await? {
                return Ok(false);
            }
        }
        let there = if known.checkpoint.is_some() { partial(known.size) } else { Vec::new() };
        let new: Vec<TilePath> = partial(size).into_iter().filter(|tile| !there.contains(tile)).collect();
        self.write(&new).await?;
        // Renewed, the lease outlasts this step: no other process's newer checkpoint is replaced.
        if !self.still_ours(&known).await? {
            return Ok(false);
        }
        self.put(CHECKPOINT, text.clone().into_bytes(), TEXT).await?;
        metrics::gauge!("bestow_log_exported_size").set(size as f64);
        let known = Known { checkpoint: Some(text), size, at: now, ..known };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        if let Err(error) = self.remove_filled(&there, size).await {
            tracing::warn!(%error, "partial tiles that are no longer needed stay in the export");
        }
        Ok(true)
    }

    async fn still_ours(&self, known: &Known) -> Result<bool, ExportError> {
        Ok(self.turns.lease().await?.is_some_and(|lease| lease.epoch() == known.epoch))
    }

    /// Writes these tiles and bundles.
    async fn write(&self, paths: &[TilePath]) -> Result<(), ExportError> {
        let keys: Vec<_> = paths.iter().map(tile_key).collect();
        let stored = self.log.store.log_tiles(&keys).await?;
        let stored: HashMap<(i64, i64), Vec<u8>> = by_place(stored);
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let stored = stored.get(&tile_key(path));
            let bytes = stored.map(|stored| cut(path, stored)).transpose()?.flatten();
            files.push((path.to_string(), bytes.ok_or_else(|| AnchorError::Missing(path.to_string()))?));
        }
        stream::iter(files)
            .map(|(path, bytes)| async move { self.put(&path, bytes, TILE).await })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Removes partial tiles that were there and are full at `size`: whoever looks for one finds the full one (tlog-tiles,
    /// "Partial Tiles").
    async fn remove_filled(&self, there: &[TilePath], size: u64) -> Result<(), ExportError> {
        for path in there {
            let full = match path {
                TilePath::Tile(tile) => Tile::in_tree(tile.level(), tile.index(), size).map(TilePath::Tile),
                TilePath::Entries(bundle) => {
                    EntryBundle::in_tree(bundle.index(), size).map(TilePath::Entries)
                }
            };
            let Some(full) = full.filter(|full| width(full) == TILE_WIDTH) else { continue };
            let folder = self.key(&format!("{full}.p"));
            let limit = usize::from(TILE_WIDTH);
            let keys = self.blobs.list(&folder, limit).await.map_err(|problem| self.blob_error(problem))?;
            for key in keys {
                self.blobs.delete(&key).await.map_err(|problem| self.blob_error(problem))?;
            }
        }
        Ok(())
    }

    async fn put(&self, path: &str, bytes: Vec<u8>, form: Form) -> Result<(), ExportError> {
        let key = self.key(path);
        self.blobs.publish(&key, bytes, form).await.map_err(|problem| self.blob_error(problem))
    }

    fn key(&self, path: &str) -> String {
        format!("{}/{path}", self.folder)
    }

    fn blob_error(&self, problem: BlobError) -> ExportError {
        ExportError::Blobs { place: self.place.clone(), problem }
    }
}

fn width(path: &TilePath) -> u16 {
    match path {
        TilePath::Tile(tile) => tile.width(),
        TilePath::Entries(bundle) => bundle.width(),
    }
}

/// The tiles and bundles that are full in a tree of `to` leaves and not in one of `from` leaves.
fn filled(from: u64, to: u64) -> Vec<TilePath> {
    let full = |level: u8, size: u64| size >> (8 * (u32::from(level) + 1)).min(63);
    let mut paths: Vec<TilePath> = (full(0, from)..full(0, to))
        .filter_map(|index| EntryBundle::in_tree(index, to).map(TilePath::Entries))
        .collect();
    for level in 0..LEVELS {
        let tiles = full(level, from)..full(level, to);
        paths.extend(tiles.filter_map(|index| Tile::in_tree(level, index, to)).map(TilePath::Tile));
    }
    paths
}

/// The tiles and the bundle that are partial in a tree of `size` leaves.
fn partial(size: u64) -> Vec<TilePath> {
    let bundle = EntryBundle::in_tree(size / u64::from(TILE_WIDTH), size).map(TilePath::Entries);
    bundle.into_iter().chain(TreeWriter::right_edge(size).into_iter().map(TilePath::Tile)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn folders_are_plain_and_tell_logs_apart() {
        for (origin, folder) in [
            ("example.com/log", "example.com/log"),
            ("127.0.0.1:8080/log", "127.0.0.1_3a8080/log"),
            ("Example.com", "_45xample.com"),
            ("a_b", "a_5fb"),
            (".a./..", "_2ea_2e/_2e_2e"),
            ("a//b", "a/_/b"),
            ("a/checkpoint", "a/_checkpoint"),
            ("tile/key", "_tile/_key"),
            ("\u{e4}", "_c3_a4"),
        ] {
            assert_eq!(export_folder(origin), folder);
        }
    }

    #[test]
    fn every_tile_is_written_once_it_is_full() {
        let all = |path: &TilePath| path.to_string();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let sizes = [0, 1, 255, 256, 257, 65_535, 65_536, 70_000, 131_072];
        for pair in sizes.windows(2) {
            for path in filled(pair[0], pair[1]) {
                assert!(width(&path) == TILE_WIDTH && seen.insert(all(&path)), "{path}");
            }
        }
        let at_once: BTreeSet<String> = filled(0, 131_072).iter().map(all).collect();
        assert_eq!(seen, at_once);
        assert_eq!(at_once.len(), 512 + 512 + 2);
        let partial: Vec<String> = partial(70_000).iter().map(all).collect();
        assert_eq!(
            partial,
            ["tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
        );
    }
}
