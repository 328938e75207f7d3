//! Having witnesses: the checkpoints of ours that they have signed, and how far each of them is.

use model::Timestamp;

use crate::db::values;
use crate::lease::{Lease, fence};
use crate::log::LogHead;
use crate::{Store, StoreError};

/// How far a witness is, and how it last answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct WitnessState {
    /// The name of its key.
    pub name: String,
    /// The size of the newest checkpoint that it is known to have signed.
    pub size: i64,
    /// How often in a row it failed.
    pub failures: i64,
    /// Why, the last time; absent if it did not.
    pub last_error: Option<String>,
    /// When it was last asked, in microseconds since 1970.
    pub tried_at: i64,
}

impl Store {
    /// The newest checkpoint that at least `level` witnesses have signed, if there is one.
    pub async fn cosigned_head(&self, level: i64) -> Result<Option<LogHead>, StoreError> {
        let sql = "SELECT size, checkpoint FROM cosigned_head WHERE level = $1";
        self.db.fetch_optional(sql, values![level]).await
    }

    /// The checkpoint with most cosignatures among those of more than `size` leaves, and how many they are.
    pub async fn best_cosigned_head(&self, size: i64) -> Result<Option<(i64, LogHead)>, StoreError> {
        let sql =
            "SELECT level, size, checkpoint FROM cosigned_head WHERE size > $1 ORDER BY level DESC LIMIT 1";
        let row: Option<(i64, i64, String)> = self.db.fetch_optional(sql, values![size]).await?;
        Ok(row.map(|(level, size, checkpoint)| (level, LogHead { size, checkpoint })))
    }

    /// How far each witness is that was ever asked, by name.
    pub async fn witness_states(&self) -> Result<Vec<WitnessState>, StoreError> {
        let sql = "SELECT name, size, failures, last_error, tried_at FROM witness_state ORDER BY name";
        self.db.fetch_all(sql, Vec::new()).await
    }

    /// Records what the witnesses answered: how far each is, and, if there is one, the checkpoint that now has `count`
    /// cosignatures.
    pub async fn record_witnesses(
        &self,
        lease: &Lease,
        states: &[WitnessState],
        head: Option<(i64, &LogHead)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;
        for state in states {
            let sql = "INSERT INTO witness_state (name, size, failures, last_error, tried_at) \
                       VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET size = excluded.size, \
                       failures = excluded.failures, last_error = excluded.last_error, tried_at = excluded.tried_at";
            let error = state.last_error.as_deref();
            let values = values![state.name.as_str(), state.size, state.failures, error, state.tried_at];
            tx.execute(sql, values).await?;
        }
        if let Some((count, head)) = head {
            for level in 1..=count {
                let sql = "INSERT INTO cosigned_head (level, size, checkpoint, updated_at) VALUES ($1, $2, $3, $4) \
                           ON CONFLICT (level) DO UPDATE SET size = excluded.size, checkpoint = excluded.checkpoint, \
                           updated_at = excluded.updated_at WHERE cosigned_head.size <= excluded.size";
                tx.execute(sql, values![level, head.size, head.checkpoint.as_str(), now]).await?;
            }
        }
        tx.commit().await
    }
}
