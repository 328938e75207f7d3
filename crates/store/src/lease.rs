//! Leases: a thing that one process may do at a time, however many replicas run.

use model::Timestamp;

use crate::db::{Tx, values};
use crate::{Store, StoreError};

/// The right to do a thing, until it expires or somebody else takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    name: &'static str,
    owner: String,
    epoch: i64,
}

impl Lease {
    /// Grows whenever the lease changes hands.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }
}

impl Store {
    /// Takes the lease if it is free, expired, or `owner`'s already, until `until`.
    pub async fn take_lease(
        &self,
        name: &'static str,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let sql = "INSERT INTO lease (name, owner, epoch, expires_at) VALUES ($1, $2, 1, $4) \
                   ON CONFLICT (name) DO UPDATE SET owner = $2, expires_at = $4, \
                   epoch = lease.epoch + CASE WHEN lease.owner = $2 THEN 0 ELSE 1 END \
                   WHERE lease.owner = $2 OR lease.expires_at <= $3 RETURNING epoch";
        let mut tx = self.db.begin().await?;
        let row: Option<(i64,)> = tx.fetch_optional(sql, values![name, owner, now.0, until.0]).await?;
        tx.commit().await?;
        Ok(row.map(|(epoch,)| Lease { name, owner: owner.to_owned(), epoch }))
    }

    /// Gives the lease back, so that another replica need not wait for it to expire.
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        let sql = "UPDATE lease SET expires_at = 0 WHERE name = $1 AND owner = $2 AND epoch = $3";
        self.db.execute(sql, values![lease.name, lease.owner.as_str(), lease.epoch]).await?;
        Ok(())
    }
}

/// Fails unless the lease is still ours, and holds off everybody who would take it until the transaction ends.
pub(crate) async fn fence(tx: &mut Tx, lease: &Lease) -> Result<(), StoreError> {
    let sql = "UPDATE lease SET epoch = epoch WHERE name = $1 AND owner = $2 AND epoch = $3";
    match tx.execute(sql, values![lease.name, lease.owner.as_str(), lease.epoch]).await? {
        1 => Ok(()),
        _ => Err(StoreError::Raced(lease.name)),
    }
}
