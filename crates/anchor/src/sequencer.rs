//! Writing the log: one process at a time, batch by batch.

use std::sync::Arc;
use std::time::Duration;

use model::Entropy;
use store::{Lease, LogHead, LogTile, LogUpdate, PendingLeaf, StoreError};
use tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use tlog::entries;
use tlog::hash::leaf_hash;
use tlog::tile::TILE_WIDTH;
use tlog::writer::{TreeHead, TreeWriter};
use tokio::sync::watch;

use crate::log::{AnchorError, ENTRIES, Log, by_place, place};

const LEASE: &str = "log";
/// How long a replica that dies silently holds up the log at most.
const LEASE_SECONDS: i64 = 4;
/// How many leaves one batch takes at most: what the next transaction can write without holding others up.
const BATCH: i64 = 2048;

/// Sequences the log while it holds the lease.
#[derive(Debug)]
pub struct Sequencer {
    log: Arc<Log>,
    /// Names this process among the replicas.
    owner: String,
    interval: Duration,
}

impl Sequencer {
    /// A sequencer that publishes at most once in `interval`, as long as leaves do not pile up.
    pub fn new(log: Arc<Log>, interval: Duration, entropy: &dyn Entropy) -> Self {
        Self { log, owner: hex::encode(entropy.bytes::<16>()), interval }
    }

    /// Works until `stop` turns true, then gives the lease back.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let pause = match self.turn().await {
                // More waits than one batch takes.
                Ok(Some(sequenced)) if sequenced as i64 == BATCH => Duration::ZERO,
                Ok(_) => self.interval,
                Err(error) => {
                    metrics::counter!("bestow_log_errors_total").increment(1);
                    tracing::error!(%error, "the log could not be extended; trying again");
                    self.interval.max(Duration::from_secs(1))
                }
            };
            // An error of the channel means that everybody who could say stop is gone: stop.
            let stopped = tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await;
            if stopped.is_ok_and(|seen| seen.is_err()) {
                break;
            }
        }
        if let Err(error) = self.give_up().await {
            tracing::warn!(%error, "the log's lease could not be given back; it expires by itself");
        }
    }

    /// Sequences one batch if this process may: how many leaves, or `None` if another process is the sequencer.
    pub async fn turn(&self) -> Result<Option<usize>, AnchorError> {
        // Read first: an idle deployment writes nothing. Leaves that another process takes in between are found out when
        // they are appended.
        let leaves = self.log.store.pending_leaves(BATCH).await?;
        if leaves.is_empty() {
            return Ok(Some(0));
        }
        let Some(lease) = self.lease().await? else { return Ok(None) };
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

    async fn lease(&self) -> Result<Option<Lease>, AnchorError> {
        let now = self.log.clock.now();
        let until = now.plus_seconds(LEASE_SECONDS);
        Ok(self.log.store.take_lease(LEASE, &self.owner, now, until).await?)
    }

    async fn give_up(&self) -> Result<(), AnchorError> {
        if let Some(lease) = self.lease().await? {
            self.log.store.release_lease(&lease).await?;
        }
        Ok(())
    }

    async fn append(&self, lease: &Lease, leaves: Vec<PendingLeaf>) -> Result<(), AnchorError> {
        let log = &self.log;
        let head = log.head().await?;
        let old_size = head.unverified().size();
        let mut writer = self.writer(&head).await?;
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
            head: self.sign(&tree)?,
            entries: leaves.into_iter().map(|leaf| leaf.id).collect(),
            tiles,
        };
        log.store.append_to_log(lease, update, log.clock.now()).await?;
        metrics::gauge!("bestow_log_size").set(tree.size as f64);
        metrics::counter!("bestow_log_checkpoints_total").increment(1);
        Ok(())
    }

    /// A writer that stands where the published checkpoint stands.
    async fn writer(&self, head: &SignedCheckpoint) -> Result<TreeWriter, AnchorError> {
        let checkpoint = head.unverified();
        let places: Vec<_> = TreeWriter::right_edge(checkpoint.size()).iter().map(place).collect();
        let tiles = by_place(self.log.store.log_tiles(&places).await?);
        let writer = TreeWriter::resume(checkpoint.size(), |tile| tiles.get(&place(tile)))?;
        if writer.root() != *checkpoint.root() {
            return Err(AnchorError::Root(checkpoint.size()));
        }
        Ok(writer)
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

    fn sign(&self, tree: &TreeHead) -> Result<LogHead, AnchorError> {
        let checkpoint = Checkpoint::new(self.log.origin.as_str(), tree.size, tree.root)?;
        let checkpoint = SignedCheckpoint::sign(checkpoint, &self.log.signer).note().to_string();
        Ok(LogHead { size: tree.size as i64, checkpoint })
    }
}
