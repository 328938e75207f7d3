//! Being a witness: the newest checkpoint that was cosigned of each log. It only grows.

use model::Timestamp;

use crate::db::values;
use crate::{Store, StoreError};

/// What was cosigned last of a log.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct WitnessHead {
    /// How many leaves the log had.
    pub size: i64,
    /// Its root, 32 bytes.
    pub root: Vec<u8>,
    /// The checkpoint (C2SP tlog-checkpoint) with the log's signature.
    pub checkpoint: String,
}

/// A log of which something was cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessedLog {
    /// The log's name.
    pub origin: String,
    /// How many leaves it had in the newest checkpoint that was cosigned.
    pub size: i64,
    /// When that was.
    pub updated_at: Timestamp,
}

impl Store {
    /// What was cosigned last of the log `origin`, if anything.
    pub async fn witness_head(&self, origin: &str) -> Result<Option<WitnessHead>, StoreError> {
        let sql = "SELECT size, root, checkpoint FROM witness_log WHERE origin = $1";
        self.db.fetch_optional(sql, values![origin]).await
    }

    /// Records what is about to be cosigned of the log `origin`: `from` (size and root; `None` for nothing yet) becomes `to`,
    /// which may be the same. Durable when it returns. Fails with [`StoreError::Raced`] if something else than `from` is
    /// recorded by now: then nothing may be signed.
    pub async fn witness_advance(
        &self,
        origin: &str,
        from: Option<(i64, &[u8])>,
        to: &WitnessHead,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // One statement, so that two who come from the same head cannot both go on from it.
        let changed = match from {
            None => {
                let sql = "INSERT INTO witness_log (origin, size, root, checkpoint, updated_at) \
                           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (origin) DO NOTHING";
                let values = values![origin, to.size, to.root.as_slice(), to.checkpoint.as_str(), now.0];
                self.db.execute(sql, values).await?
            }
            Some((size, root)) => {
                let sql = "UPDATE witness_log SET size = $4, root = $5, checkpoint = $6, updated_at = $7 \
                           WHERE origin = $1 AND size = $2 AND root = $3 AND size <= $4";
                let to = values![to.size, to.root.as_slice(), to.checkpoint.as_str(), now.0];
                let values = values![origin, size, root].into_iter().chain(to).collect();
                self.db.execute(sql, values).await?
            }
        };
        if changed == 1 { Ok(()) } else { Err(StoreError::Raced("the head of a witnessed log")) }
    }

    /// Every log of which something was cosigned, by name.
    pub async fn witnessed_logs(&self) -> Result<Vec<WitnessedLog>, StoreError> {
        let sql = "SELECT origin, size, updated_at FROM witness_log ORDER BY origin";
        let rows: Vec<(String, i64, i64)> = self.db.fetch_all(sql, Vec::new()).await?;
        let log =
            |(origin, size, updated_at)| WitnessedLog { origin, size, updated_at: Timestamp(updated_at) };
        Ok(rows.into_iter().map(log).collect())
    }
}
