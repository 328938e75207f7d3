//! Taking back what the database lost of its log, and giving a log up.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use model::{Clock, Entropy};
use store::{Lease, LogTile, Store, StoreError};
use tlog::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use tlog::entries;
use tlog::hash::{Hash, leaf_hash};
use tlog::key::KeyName;
use tlog::prove::ProofPlan;
use tlog::tile::{EntryBundle, TILE_WIDTH, Tile, TileSlot};
use tlog::writer::{TreeWriter, WriterError};

use crate::export::{CHECKPOINT, CHECKPOINT_LIMIT, Export};
use crate::log::{AnchorError, ENTRIES, Log, place};
use crate::sequencer::{LEASE, sign, writer};

/// The longest entry bundle, in bytes: 256 entries of 65,535 bytes, each behind its length in two bytes.
const BUNDLE_LIMIT: usize = TILE_WIDTH as usize * (2 + entries::MAX_ENTRY_LEN);
/// The longest tile, in bytes.
const TILE_LIMIT: usize = TILE_WIDTH as usize * 32;
/// How many bundles are fetched, checked and written together.
const BUNDLES: u64 = 32;
/// How many files are fetched at the same time.
const AT_ONCE: usize = 8;
/// Longer than fetching and writing one batch takes.
const LEASE_SECONDS: i64 = 120;
/// How often, and after what pause, the lease is asked for: a sequencer that was stopped leaves it for a few seconds.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(500);

/// A copy of the log, by the paths of tlog-tiles.
pub trait Mirror: Sync {
    /// The bytes at a path such as `checkpoint` or `tile/entries/000`, at most `limit`; `None` if there is nothing.
    fn fetch(
        &self,
        path: &str,
        limit: usize,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, MirrorError>> + Send;
}

/// Why a mirror gave nothing.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct MirrorError(Problem);

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
    #[error("{path} has more than {limit} bytes")]
    TooLong { path: String, limit: usize },
}

impl MirrorError {
    /// For this reason.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Problem::Other(reason.into()))
    }

    /// What is there is longer than it may be.
    pub fn too_long(path: &str, limit: usize) -> Self {
        Self(Problem::TooLong { path: path.to_owned(), limit })
    }

    /// Whether something is there that is longer than it may be.
    pub const fn is_too_long(&self) -> bool {
        matches!(self.0, Problem::TooLong { .. })
    }
}

/// The export as a mirror.
#[derive(Debug)]
pub struct ExportMirror<'e>(&'e Export);

impl<'e> From<&'e Export> for ExportMirror<'e> {
    fn from(export: &'e Export) -> Self {
        Self(export)
    }
}

impl Mirror for ExportMirror<'_> {
    async fn fetch(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>, MirrorError> {
        self.0.file(path, limit).await.map_err(MirrorError::new)
    }
}

/// Why nothing was recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The database, or what is damaged in it.
    #[error(transparent)]
    Anchor(#[from] AnchorError),
    /// The mirror does not answer.
    #[error("the mirror: {0}")]
    Mirror(#[from] MirrorError),
    /// The mirror lacks a file that its checkpoint covers.
    #[error("the mirror has no {0}: it is incomplete")]
    Missing(String),
    /// The mirror's checkpoint is not one that our key signed for our log.
    #[error("the mirror's checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A bundle of the mirror is malformed.
    #[error("the mirror's {path}: {problem}")]
    Bundle {
        /// Which.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// The mirror's tree does not begin with the database's.
    #[error(
        "the mirror's log does not begin with the {0} leaves of the database: both were written to after they had parted, and \
         the log has forked. Restore a backup from before that, or give the log up with `bestow log restart --origin NAME`"
    )]
    Parted(u64),
    /// The mirror's entries do not give the tree that its checkpoint signs.
    #[error("the mirror's entries do not give the root of its checkpoint of {0} leaves: it is damaged")]
    Root(u64),
    /// Another process is at it.
    #[error("another process is extending the log: stop it first")]
    Busy,
    /// The new name is none.
    #[error("`{0}` is no name of a log: no spaces or plus signs, for example example.com/log2")]
    Name(String),
    /// The new name was used before.
    #[error("a log of this deployment was named `{0}` before: choose another name")]
    Used(String),
}

impl From<StoreError> for RecoverError {
    fn from(error: StoreError) -> Self {
        Self::Anchor(error.into())
    }
}

impl From<WriterError> for RecoverError {
    fn from(error: WriterError) -> Self {
        Self::Anchor(error.into())
    }
}

/// What was recovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// How many leaves the database had.
    pub from: u64,
    /// How many it has now.
    pub size: u64,
    /// How many ledger entries that waited are among the recovered leaves, and have their places again.
    pub placed: u64,
    /// How many of the recovered leaves are of credentials that the database does not know: their rows are lost.
    pub lost: u64,
}

/// Brings the log of the database to where the mirror's is. Everything is checked before anything is written: that our key
/// signed the mirror's checkpoint, and that the mirror's entries, behind the database's own leaves, give its root. Done
/// twice, or after it was interrupted, it comes right.
///
/// # Errors
/// When the mirror is not a copy of this log, or another process extends the log.
pub async fn recover<M: Mirror>(
    log: &Log,
    mirror: &M,
    entropy: &dyn Entropy,
) -> Result<Recovered, RecoverError> {
    let owner = hex::encode(entropy.bytes::<16>());
    let lease = wait_for_lease(&log.store, &*log.clock, &owner).await?;
    let outcome = recover_under(log, mirror, &lease, &owner).await;
    log.store.release_lease(&lease).await?;
    outcome
}

/// Gives the log `old` up: the deployment's log is named `new` from now on, is empty, and every leaf that the database has
/// waits to be logged in it, in its old order. How many do.
///
/// # Errors
/// When the name is none, or was used before; when another process extends the log.
pub async fn restart(
    store: &Store,
    old: &str,
    new: &str,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<i64, RecoverError> {
    if new.parse::<KeyName>().is_err() {
        return Err(RecoverError::Name(new.to_owned()));
    }
    if new == old {
        return Err(RecoverError::Used(new.to_owned()));
    }
    let lease = wait_for_lease(store, clock, &hex::encode(entropy.bytes::<16>())).await?;
    // How much was lost nobody knows.
    store.leave_out_status_positions(positions_of(0)).await?;
    let queued = store.restart_log(&lease, old, new).await;
    store.release_lease(&lease).await?;
    match queued {
        Err(StoreError::Exists(_)) => Err(RecoverError::Used(new.to_owned())),
        other => Ok(other?),
    }
}

async fn wait_for_lease(store: &Store, clock: &dyn Clock, owner: &str) -> Result<Lease, RecoverError> {
    for _ in 0..TRIES {
        if let Some(lease) = lease(store, clock, owner).await? {
            return Ok(lease);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(RecoverError::Busy)
}

async fn lease(store: &Store, clock: &dyn Clock, owner: &str) -> Result<Option<Lease>, StoreError> {
    let now = clock.now();
    store.take_lease(LEASE, owner, now, now.plus_seconds(LEASE_SECONDS)).await
}

async fn recover_under<M: Mirror>(
    log: &Log,
    mirror: &M,
    lease: &Lease,
    owner: &str,
) -> Result<Recovered, RecoverError> {
    let head = log.head().await?.unverified().clone();
    let goal = goal(log, mirror).await?;
    let from = head.size();
    if goal.size() <= from {
        let root = if goal.size() == from { *head.root() } else { log.root_at(goal.size()).await? };
        if root != *goal.root() {
            return Err(RecoverError::Parted(goal.size()));
        }
        return Ok(Recovered { from, size: from, placed: 0, lost: 0 });
    }
    let mut checked = Vec::new();
    let mut replay = Replay::new(log, mirror, &head, goal.size()).await?;
    while !replay.is_done() {
        checked.push(replay.advance().await?.root);
    }
    if checked.last() != Some(goal.root()) {
        let begins = mirror_root(mirror, from, goal.size()).await? == *head.root();
        return Err(if begins { RecoverError::Root(goal.size()) } else { RecoverError::Parted(from) });
    }
    // Once more, now to write it down: a log may be larger than the memory.
    let mut waiting = waiting(&log.store).await?;
    let mut placed = Vec::new();
    let mut replay = Replay::new(log, mirror, &head, goal.size()).await?;
    for root in checked {
        let batch = replay.advance().await?;
        if batch.root != root {
            return Err(RecoverError::Root(goal.size()));
        }
        for (index, leaf) in (batch.first..).zip(&batch.leaves) {
            let found = std::str::from_utf8(leaf).ok().and_then(|leaf| waiting.get_mut(leaf)?.pop());
            placed.extend(found.map(|id| (id, index as i64)));
        }
        log.store.write_recovered_tiles(lease, batch.tiles).await?;
        self::lease(&log.store, &*log.clock, owner).await?.ok_or(RecoverError::Busy)?;
    }
    let size = goal.size();
    let count = placed.len() as u64;
    let lost = size - from - count;
    if lost > 0 {
        log.store.leave_out_status_positions(positions_of(lost)).await?;
    }
    let head = sign(log, size, *goal.root())?;
    log.store.finish_recovery(lease, &log.origin, from as i64, head, placed, log.clock.now()).await?;
    log.set_halt(None).await?;
    Ok(Recovered { from, size, placed: count, lost })
}

/// How many positions of a status list so many lost leaves may have taken, and a whole list more for what was taken and not used: one
/// leaf may stand for as many copies as a wallet asks for at once.
const fn positions_of(lost: u64) -> i64 {
    (lost as i64) * 16 + (1 << 17)
}

/// The mirror's checkpoint, which our key must have signed.
async fn goal<M: Mirror>(log: &Log, mirror: &M) -> Result<Checkpoint, RecoverError> {
    let bytes = mirror.fetch(CHECKPOINT, CHECKPOINT_LIMIT).await?;
    let bytes = bytes.ok_or_else(|| RecoverError::Missing(CHECKPOINT.to_owned()))?;
    let signed: SignedCheckpoint = String::from_utf8_lossy(&bytes).parse()?;
    Ok(signed.verify(&log.origin, &log.key)?.clone())
}

/// The ids of the ledger entries that wait, by their leaves.
async fn waiting(store: &Store) -> Result<HashMap<String, Vec<String>>, StoreError> {
    let mut waiting: HashMap<String, Vec<String>> = HashMap::new();
    // The newest first, so that the oldest of the same text is the first to be taken.
    for entry in store.pending_leaves(i64::MAX).await?.into_iter().rev() {
        waiting.entry(entry.leaf).or_default().push(entry.id);
    }
    Ok(waiting)
}

/// The root that the mirror's tiles have at `size`, which its checkpoint of `covered` leaves covers.
async fn mirror_root<M: Mirror>(mirror: &M, size: u64, covered: u64) -> Result<Hash, RecoverError> {
    let plan = ProofPlan::root(size);
    let mut tiles: HashMap<TileSlot, Vec<u8>> = HashMap::new();
    for tile in plan.tiles() {
        let there = Tile::in_tree(tile.level(), tile.index(), covered).unwrap_or(tile);
        let full = Tile::new(tile.level(), tile.index(), TILE_WIDTH).ok().map(|full| full.to_string());
        let bytes = fetch(mirror, &there.to_string(), full.as_deref(), TILE_LIMIT).await?;
        tiles.insert(tile.slot(), bytes);
    }
    let hashes = plan.resolve(|tile| tiles.get(&tile.slot())).map_err(AnchorError::from)?;
    hashes.first().copied().ok_or(RecoverError::Root(size))
}

/// What is at a path; or, where the mirror has removed a partial tile, the full one that holds it.
async fn fetch<M: Mirror>(
    mirror: &M,
    path: &str,
    full: Option<&str>,
    limit: usize,
) -> Result<Vec<u8>, RecoverError> {
    if let Some(bytes) = mirror.fetch(path, limit).await? {
        return Ok(bytes);
    }
    if let Some(full) = full.filter(|full| *full != path)
        && let Some(bytes) = mirror.fetch(full, limit).await?
    {
        return Ok(bytes);
    }
    Err(RecoverError::Missing(path.to_owned()))
}

/// Leaves of the mirror, and what has to be stored for them.
struct Batch {
    /// The place of the first leaf.
    first: u64,
    leaves: Vec<Vec<u8>>,
    /// Bundles and tiles that they fill or widen.
    tiles: Vec<LogTile>,
    /// The root of the tree that ends with them.
    root: Hash,
}

/// Appends the mirror's leaves to the tree of the database, batch by batch.
struct Replay<'m, M> {
    mirror: &'m M,
    writer: TreeWriter,
    /// The partial tiles at the right edge of the tree so far.
    edge: HashMap<TileSlot, Vec<u8>>,
    /// The entries of the database's last bundle, which the mirror's must begin with.
    begun: Vec<Vec<u8>>,
    size: u64,
    goal: u64,
}

impl<'m, M: Mirror> Replay<'m, M> {
    /// From the database's head to `goal` leaves.
    async fn new(log: &Log, mirror: &'m M, head: &Checkpoint, goal: u64) -> Result<Self, RecoverError> {
        let size = head.size();
        let edge = TreeWriter::right_edge(size);
        let places: Vec<_> = edge.iter().map(place).collect();
        let stored = crate::log::by_place(log.store.log_tiles(&places).await?);
        let edge = edge.iter().filter_map(|tile| Some((tile.slot(), stored.get(&place(tile))?.clone())));
        let edge = edge.collect();
        let width = u64::from(TILE_WIDTH);
        let last = log.store.log_tiles(&[(ENTRIES, (size / width) as i64)]).await?.pop();
        let last = last.map(|bundle| bundle.data).unwrap_or_default();
        let begun = if size.is_multiple_of(width) {
            Vec::new()
        } else {
            let entries = entries::decode(&last).map_err(AnchorError::from)?;
            entries.into_iter().take((size % width) as usize).map(<[u8]>::to_vec).collect()
        };
        Ok(Self { mirror, writer: writer(log, head).await?, edge, begun, size, goal })
    }

    const fn is_done(&self) -> bool {
        self.size == self.goal
    }

    async fn advance(&mut self) -> Result<Batch, RecoverError> {
        let width = u64::from(TILE_WIDTH);
        let first_bundle = self.size / width;
        let end = self.goal.min((first_bundle + BUNDLES) * width);
        let bundles: Vec<EntryBundle> = (first_bundle..end.div_ceil(width))
            .filter_map(|index| EntryBundle::in_tree(index, end))
            .collect();
        let (mirror, goal) = (self.mirror, self.goal);
        let fetched: Vec<Vec<Vec<u8>>> = stream::iter(bundles.iter().copied())
            .map(|bundle| bundle_of(mirror, bundle, goal))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let mut tiles = Vec::new();
        for (bundle, entries) in bundles.iter().zip(&fetched) {
            let data = entries::encode(entries).map_err(AnchorError::from)?;
            tiles.push(LogTile { level: ENTRIES, place: bundle.index() as i64, data });
        }
        let begun = std::mem::take(&mut self.begun);
        let mut leaves: Vec<Vec<u8>> = fetched.into_iter().flatten().collect();
        let new = leaves.split_off(begun.len().min(leaves.len()));
        if leaves != begun {
            return Err(RecoverError::Parted(self.size));
        }
        for leaf in &new {
            self.writer.append(leaf_hash(leaf));
        }
        let batch = Batch { first: self.size, leaves: new, tiles, root: self.writer.root() };
        self.store(batch, end)
    }

    /// Adds the tiles of the tree to a batch, and goes on behind it.
    fn store(&mut self, mut batch: Batch, end: u64) -> Result<Batch, RecoverError> {
        let tree = std::mem::replace(&mut self.writer, TreeWriter::empty()).finish();
        for stored in tree.tiles {
            self.edge.insert(stored.tile.slot(), stored.bytes.clone());
            let (level, place) = place(&stored.tile);
            batch.tiles.push(LogTile { level, place, data: stored.bytes });
        }
        let edge: Vec<TileSlot> = TreeWriter::right_edge(end).iter().map(Tile::slot).collect();
        self.edge.retain(|slot, _| edge.contains(slot));
        self.writer = TreeWriter::resume(end, |tile| self.edge.get(&tile.slot()))?;
        self.size = end;
        Ok(batch)
    }
}

/// The entries of a bundle, out of a mirror whose checkpoint covers `covered` leaves.
async fn bundle_of<M: Mirror>(
    mirror: &M,
    bundle: EntryBundle,
    covered: u64,
) -> Result<Vec<Vec<u8>>, RecoverError> {
    let there = EntryBundle::in_tree(bundle.index(), covered).unwrap_or(bundle).to_string();
    let full = EntryBundle::new(bundle.index(), TILE_WIDTH).ok().map(|full| full.to_string());
    let bytes = fetch(mirror, &there, full.as_deref(), BUNDLE_LIMIT).await?;
    let problem = |problem: String| RecoverError::Bundle { path: there.clone(), problem };
    let entries = entries::decode(&bytes).map_err(|error| problem(error.to_string()))?;
    let wanted = usize::from(bundle.width());
    match entries.get(..wanted) {
        Some(entries) => Ok(entries.iter().map(|entry| entry.to_vec()).collect()),
        None => Err(problem(format!("it has {} entries, not {wanted}", entries.len()))),
    }
}
