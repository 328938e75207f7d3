//! The transparency log's tables: pending leaves, tiles and the head.

use model::Timestamp;

use crate::db::{Rows, kinds, values};
use crate::lease::{Lease, fence};
use crate::{Store, StoreError};

/// The log's head as last published.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LogHead {
    /// How many leaves the log has.
    pub size: i64,
    /// The signed checkpoint (C2SP tlog-checkpoint), ready to serve.
    pub checkpoint: String,
}

/// A leaf that waits for a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PendingLeaf {
    /// The ledger entry's id.
    pub id: String,
    /// The leaf's bytes, as text.
    pub leaf: String,
}

/// A tile, whole or in part.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LogTile {
    /// Level; -1 for entry bundles.
    pub level: i64,
    /// Place in its level.
    pub place: i64,
    /// Its bytes so far.
    pub data: Vec<u8>,
}

/// One step of the log: from `old_size` to `head`.
#[derive(Clone, Debug)]
pub struct LogUpdate<'a> {
    /// The log's name.
    pub origin: &'a str,
    /// The size that this step was made from.
    pub old_size: i64,
    /// The head after it.
    pub head: LogHead,
    /// The ledger entries that become leaves `old_size`, `old_size + 1`, ...
    pub entries: Vec<String>,
    /// The tiles that it changes.
    pub tiles: Vec<LogTile>,
}

impl Store {
    /// The head of the log, if it has one.
    pub async fn log_head(&self, origin: &str) -> Result<Option<LogHead>, StoreError> {
        self.db
            .fetch_optional("SELECT size, checkpoint FROM log_head WHERE origin = $1", values![origin])
            .await
    }

    /// Records the head of an empty log, unless there is a head already.
    pub async fn start_log(&self, origin: &str, head: &LogHead, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO log_head (origin, size, checkpoint, updated_at) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (origin) DO NOTHING";
        self.db.execute(sql, values![origin, head.size, head.checkpoint.as_str(), now.0]).await?;
        Ok(())
    }

    /// Leaves that wait, oldest first, at most `limit`.
    pub async fn pending_leaves(&self, limit: i64) -> Result<Vec<PendingLeaf>, StoreError> {
        let sql =
            "SELECT id, leaf FROM ledger_entry WHERE leaf_index IS NULL ORDER BY queued_at, id LIMIT $1";
        self.db.fetch_all(sql, values![limit]).await
    }

    /// How many leaves wait, and since when the oldest does.
    pub async fn pending_summary(&self) -> Result<(i64, Option<Timestamp>), StoreError> {
        let sql = "SELECT COUNT(*), MIN(queued_at) FROM ledger_entry WHERE leaf_index IS NULL";
        let row: Option<(i64, Option<i64>)> = self.db.fetch_optional(sql, Vec::new()).await?;
        Ok(row.map_or((0, None), |(count, oldest)| (count, oldest.map(Timestamp))))
    }

    /// The tiles at these (level, place); those that do not exist are left out.
    pub async fn log_tiles(&self, places: &[(i64, i64)]) -> Result<Vec<LogTile>, StoreError> {
        let sql = "SELECT t.level, t.place, t.data FROM {rows} \
                   JOIN log_tile t ON t.level = v.column1 AND t.place = v.column2";
        let rows = places.iter().map(|(level, place)| values![*level, *place]).collect();
        self.db.fetch_rows(sql, Rows { kinds: kinds![Int, Int], rows }).await
    }

    /// Makes one step of the log durable, all of it or nothing. Fails with [`StoreError::Raced`] if the lease is lost, the
    /// log is no longer at `old_size`, or an entry is a leaf already: the log neither forks nor skips.
    pub async fn append_to_log(
        &self,
        lease: &Lease,
        update: LogUpdate<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;

        let head =
            "UPDATE log_head SET size = $3, checkpoint = $4, updated_at = $5 WHERE origin = $1 AND size = $2";
        let values = values![update.origin, update.old_size, update.head.size, update.head.checkpoint, now.0];
        if tx.execute(head, values).await? != 1 {
            return Err(StoreError::Raced("the log's head"));
        }

        let count = update.entries.len() as u64;
        let rows = (update.old_size..).zip(update.entries).map(|(index, id)| values![id, index]).collect();
        let entries = "UPDATE ledger_entry SET leaf_index = v.column2 FROM {rows} \
                       WHERE ledger_entry.id = v.column1 AND ledger_entry.leaf_index IS NULL";
        if tx.execute_rows(entries, Rows { kinds: kinds![Text, Int], rows }).await? != count {
            return Err(StoreError::Raced("the log's leaves"));
        }

        let rows = update.tiles.into_iter().map(|tile| values![tile.level, tile.place, tile.data]).collect();
        let tiles = "INSERT INTO log_tile (level, place, data) SELECT column1, column2, column3 FROM {rows} \
                     WHERE true ON CONFLICT (level, place) DO UPDATE SET data = excluded.data";
        tx.execute_rows(tiles, Rows { kinds: kinds![Int, Int, Bytes], rows }).await?;
        tx.commit().await
    }
}
