//! Writing the log: one process at a time, batch by batch.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::Entropy;
use store::{Lease, LogHead, LogTile, LogUpdate, PendingLeaf, StoreError};
use tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use tlog::entries;
use tlog::hash::{Hash, leaf_hash};
use tlog::tile::TILE_WIDTH;
use tlog::writer::TreeWriter;
use tokio::sync::watch;

use crate::guard::{Guard, Seen, compare};
use crate::log::{AnchorError, ENTRIES, Log, by_place, place};
use crate::turns::{Turn, Turns};

/// The lease of whoever writes the log.
pub(crate) const LEASE: &str = "log";
/// The longest pause after failures in a row: short, since credentials wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// How many leaves one batch takes at most: what the next transaction can write without holding others up.
const BATCH: i64 = 2048;

/// Sequences the log while it holds the lease.
#[derive(Debug)]
pub struct Sequencer {
    log: Arc<Log>,
    turns: Turns,
    guard: Guard,
    memory: Mutex<Memory>,
}

/// What this process knows of the log beside the database.
#[derive(Debug, Default)]
struct Memory {
    /// The head that the guard let pass, or that this process has made of it.
    trusted: Option<Checkpoint>,
    /// The largest that it ever trusted: another place that remembers the log.
    largest: Option<Checkpoint>,
}

impl Sequencer {
    /// A sequencer that publishes at most once in `interval`, as long as leaves do not pile up, and only what `guard` lets
    /// pass.
    pub fn new(log: Arc<Log>, interval: Duration, guard: Guard, entropy: &dyn Entropy) -> Self {
        let turns =
            Turns::new(LEASE, interval, &log.store, &log.clock, entropy).pausing_at_most(LONGEST_PAUSE);
        Self { log, turns, guard, memory: Mutex::default() }
    }

    /// Works until `stop` turns true, then gives the lease back.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        self.turns.run(stop, || self.counted_turn()).await;
    }

    async fn counted_turn(&self) -> Result<Turn, AnchorError> {
        match self.turn().await {
            // More waits than one batch takes.
            Ok(Some(sequenced)) if sequenced as i64 == BATCH => Ok(Turn::More),
            Ok(_) => Ok(Turn::Done),
            Err(error) => {
                metrics::counter!("bestow_log_errors_total").increment(1);
                Err(error)
            }
        }
    }

    /// Sequences one batch if this process may: how many leaves, or `None` if another process is the sequencer.
    ///
    /// # Errors
    /// [`AnchorError::Behind`] and [`AnchorError::Silent`] while nothing may be signed; the next turn looks again. Others for
    /// the database and what is damaged in it.
    pub async fn turn(&self) -> Result<Option<usize>, AnchorError> {
        // Before there are leaves: that a database is an older one is to be known before it issues.
        if self.memory().trusted.is_none() {
            self.check().await?;
        }
        // Read first: an idle deployment writes nothing. Leaves that another process takes in between are found out when
        // they are appended.
        let leaves = self.log.store.pending_leaves(BATCH).await?;
        if leaves.is_empty() {
            return Ok(Some(0));
        }
        let Some(lease) = self.turns.lease().await? else { return Ok(None) };
        let count = leaves.len();
        match self.append(&lease, leaves).await {
            // Another process took over in between; what this one prepared was never published.
            Err(AnchorError::Store(StoreError::Raced(what))) => {
                tracing::info!(what, "another process is extending the log");
                Ok(None)
            }
            Err(error) => Err(error),
            Ok(()) => Ok(Some(count)),
        }
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trust(&self, head: Checkpoint) {
        let mut memory = self.memory();
        if memory.largest.as_ref().is_none_or(|largest| largest.size() <= head.size()) {
            memory.largest = Some(head.clone());
        }
        memory.trusted = Some(head);
    }

    /// The largest head that this process ever trusted.
    fn remembered(&self) -> Option<Seen> {
        self.memory().largest.as_ref().map(|largest| Seen {
            place: "a process that runs since before".to_owned(),
            size: largest.size(),
            root: Some(*largest.root()),
        })
    }

    /// Asks the guard, and lets everybody know what it says; the published head if it may be extended.
    async fn check(&self) -> Result<Checkpoint, AnchorError> {
        let outcome = self.guard.check(&self.log, self.remembered()).await;
        let halt = match &outcome {
            Ok(_) => Some(None),
            Err(error @ (AnchorError::Behind(_) | AnchorError::Silent(_))) => Some(Some(error.to_string())),
            Err(_) => None,
        };
        if let Some(reason) = halt {
            metrics::gauge!("bestow_log_halted").set(if reason.is_some() { 1.0 } else { 0.0 });
            self.log.set_halt(reason.as_deref()).await?;
        }
        match outcome {
            Ok(head) => {
                self.trust(head.clone());
                Ok(head)
            }
            Err(error) => {
                self.memory().trusted = None;
                Err(error)
            }
        }
    }

    /// Whether a head goes on from what this process has trusted: then whoever made it has asked the guard, and taking turns with
    /// other processes costs no questions to places that may be slow.
    async fn follows(&self, head: &Checkpoint) -> Result<bool, AnchorError> {
        let Some(largest) = self.remembered() else { return Ok(false) };
        match compare(&self.log, head, &largest).await {
            Ok(()) => {
                self.trust(head.clone());
                Ok(true)
            }
            Err(AnchorError::Behind(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn append(&self, lease: &Lease, leaves: Vec<PendingLeaf>) -> Result<(), AnchorError> {
        let log = &self.log;
        let mut head = log.head().await?.unverified().clone();
        // Another process has extended the log, or the database is another one than a moment ago.
        if self.memory().trusted.as_ref() != Some(&head) && !self.follows(&head).await? {
            head = self.check().await?;
        }
        let old_size = head.size();
        let mut writer = writer(log, &head).await?;
        for leaf in &leaves {
            writer.append(leaf_hash(leaf.leaf.as_bytes()));
        }
        let tree = writer.finish();
        let mut tiles = self.bundles(old_size, &leaves).await?;
        tiles.extend(tree.tiles.iter().map(|stored| {
            let (level, place) = place(&stored.tile);
            LogTile { level, place, data: stored.bytes.clone() }
        }));
        let update = LogUpdate {
            origin: &log.origin,
            old_size: old_size as i64,
            head: sign(log, tree.size, tree.root)?,
            entries: leaves.into_iter().map(|leaf| leaf.id).collect(),
            tiles,
        };
        log.store.append_to_log(lease, update, log.clock.now()).await?;
        self.trust(Checkpoint::new(log.origin.as_str(), tree.size, tree.root)?);
        metrics::gauge!("bestow_log_size").set(tree.size as f64);
        metrics::counter!("bestow_log_checkpoints_total").increment(1);
        Ok(())
    }

    /// The entry bundles that these leaves fill, beginning with the one that is filled in part.
    async fn bundles(&self, old_size: u64, leaves: &[PendingLeaf]) -> Result<Vec<LogTile>, AnchorError> {
        let width = u64::from(TILE_WIDTH);
        let first = (old_size / width) as i64;
        let partial = self.log.store.log_tiles(&[(ENTRIES, first)]).await?.pop();
        let mut entries = match &partial {
            Some(tile) => entries::decode(&tile.data)?,
            None => Vec::new(),
        };
        entries.truncate((old_size % width) as usize);
        entries.extend(leaves.iter().map(|leaf| leaf.leaf.as_bytes()));
        let bundles = entries.chunks(usize::from(TILE_WIDTH));
        (first..)
            .zip(bundles)
            .map(|(place, bundle)| Ok(LogTile { level: ENTRIES, place, data: entries::encode(bundle)? }))
            .collect()
    }
}

/// A writer that stands where the published checkpoint stands.
pub(crate) async fn writer(log: &Log, head: &Checkpoint) -> Result<TreeWriter, AnchorError> {
    let places: Vec<_> = TreeWriter::right_edge(head.size()).iter().map(place).collect();
    let tiles = by_place(log.store.log_tiles(&places).await?);
    let writer = TreeWriter::resume(head.size(), |tile| tiles.get(&place(tile)))?;
    if writer.root() != *head.root() {
        return Err(AnchorError::Root(head.size()));
    }
    Ok(writer)
}

/// The head of a tree of ours, signed.
pub(crate) fn sign(log: &Log, size: u64, root: Hash) -> Result<LogHead, AnchorError> {
    let checkpoint = Checkpoint::new(log.origin.as_str(), size, root)?;
    let checkpoint = SignedCheckpoint::sign(checkpoint, &log.signer).note().to_string();
    Ok(LogHead { size: size as i64, checkpoint })
}
