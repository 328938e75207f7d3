//! The transparency log's tables: pending leaves, tiles and the head.

use model::Timestamp;

use crate::db::{Rows, Tx, kinds, values};
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
        advance(&mut tx, update.origin, update.old_size, update.head, now).await?;
        place_entries(&mut tx, update.entries.into_iter().zip(update.old_size..).collect()).await?;
        write_tiles(&mut tx, update.tiles).await?;
        tx.commit().await
    }

    /// Writes tiles that the head does not cover yet, as they are recovered piece by piece. Until
    /// [`Store::finish_recovery`] covers them they mean nothing. Fails with [`StoreError::Raced`] if the lease is lost.
    pub async fn write_recovered_tiles(&self, lease: &Lease, tiles: Vec<LogTile>) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;
        write_tiles(&mut tx, tiles).await?;
        tx.commit().await
    }

    /// Leaves out `count` positions of every issuer's status lists: after an older backup was restored, the next ones may have been
    /// given to credentials whose rows are lost.
    pub async fn leave_out_status_positions(&self, count: i64) -> Result<(), StoreError> {
        let sql = "UPDATE issuer SET status_next = status_next + $1 WHERE status_next > 0";
        self.db.execute(sql, values![count]).await.map(drop)
    }

    /// The last step of a recovery: from `old_size` to `head`, whose tiles are all written, with the places of those ledger
    /// entries that wait and are leaves of it. Fails with [`StoreError::Raced`] as [`Store::append_to_log`] does.
    pub async fn finish_recovery(
        &self,
        lease: &Lease,
        origin: &str,
        old_size: i64,
        head: LogHead,
        entries: Vec<(String, i64)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;
        advance(&mut tx, origin, old_size, head, now).await?;
        place_entries(&mut tx, entries).await?;
        tx.commit().await
    }

    /// Gives the log `old` up for one named `new`: its head and its tiles are dropped with all that was known of them at
    /// witnesses and on a chain, and its leaves wait again, in their order and before those that wait already. How many wait
    /// now. Fails with [`StoreError::Raced`] if the lease is lost or the deployment's log is not `old`, and with
    /// [`StoreError::Exists`] if a log of this deployment was named `new` before.
    pub async fn restart_log(&self, lease: &Lease, old: &str, new: &str) -> Result<i64, StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;
        let former = "INSERT INTO deployment (name, value) VALUES ('log.former/' || $1, '') \
                      ON CONFLICT (name) DO NOTHING";
        tx.execute(former, values![old]).await?;
        let known = "SELECT CAST(COUNT(*) AS BIGINT) FROM deployment WHERE name = 'log.former/' || $1";
        if tx.fetch_optional(known, values![new]).await? != Some((0_i64,)) {
            return Err(StoreError::Exists("a log of that name"));
        }
        let name = "UPDATE deployment SET value = $2 WHERE name = 'log.origin' AND value = $1";
        if tx.execute(name, values![old, new]).await? != 1 {
            return Err(StoreError::Raced("the log's name"));
        }
        // Before all that waits, and by one microsecond a leaf: only the order matters.
        let queue = "UPDATE ledger_entry SET leaf_index = NULL, queued_at = leaf_index \
                     + (SELECT MIN(queued_at) FROM ledger_entry) \
                     - (SELECT MAX(leaf_index) + 1 FROM ledger_entry) \
                     WHERE leaf_index IS NOT NULL";
        tx.execute(queue, Vec::new()).await?;
        for table in [
            "DELETE FROM log_head",
            "DELETE FROM log_tile",
            "DELETE FROM cosigned_head",
            "DELETE FROM witness_state",
            "DELETE FROM evm_mark",
            "DELETE FROM evm_attempt",
            "DELETE FROM evm_slot",
            "DELETE FROM evm_state",
            "DELETE FROM deployment WHERE name = 'log.halted'",
        ] {
            tx.execute(table, Vec::new()).await?;
        }
        let waiting = "SELECT CAST(COUNT(*) AS BIGINT) FROM ledger_entry WHERE leaf_index IS NULL";
        let waiting: Option<(i64,)> = tx.fetch_optional(waiting, Vec::new()).await?;
        tx.commit().await?;
        Ok(waiting.map_or(0, |(count,)| count))
    }
}

/// Moves the head, which must be at `old_size`.
async fn advance(
    tx: &mut Tx,
    origin: &str,
    old_size: i64,
    head: LogHead,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql =
        "UPDATE log_head SET size = $3, checkpoint = $4, updated_at = $5 WHERE origin = $1 AND size = $2";
    let values = values![origin, old_size, head.size, head.checkpoint, now.0];
    match tx.execute(sql, values).await? {
        1 => Ok(()),
        _ => Err(StoreError::Raced("the log's head")),
    }
}

/// Gives ledger entries their places; all of them must wait.
async fn place_entries(tx: &mut Tx, entries: Vec<(String, i64)>) -> Result<(), StoreError> {
    let count = entries.len() as u64;
    let rows = entries.into_iter().map(|(id, index)| values![id, index]).collect();
    let sql = "UPDATE ledger_entry SET leaf_index = v.column2 FROM {rows} \
               WHERE ledger_entry.id = v.column1 AND ledger_entry.leaf_index IS NULL";
    if tx.execute_rows(sql, Rows { kinds: kinds![Text, Int], rows }).await? == count {
        Ok(())
    } else {
        Err(StoreError::Raced("the log's leaves"))
    }
}

async fn write_tiles(tx: &mut Tx, tiles: Vec<LogTile>) -> Result<(), StoreError> {
    let rows = tiles.into_iter().map(|tile| values![tile.level, tile.place, tile.data]).collect();
    let sql = "INSERT INTO log_tile (level, place, data) SELECT column1, column2, column3 FROM {rows} \
               WHERE true ON CONFLICT (level, place) DO UPDATE SET data = excluded.data";
    tx.execute_rows(sql, Rows { kinds: kinds![Int, Int, Bytes], rows }).await?;
    Ok(())
}
