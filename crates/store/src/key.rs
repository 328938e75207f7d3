//! Sealed signing keys. The store sees ciphertext only.

use model::{KeyState, StoredKey, Timestamp, UnknownState};

use crate::db::{Tx, values};
use crate::{Store, StoreError};

#[derive(sqlx::FromRow)]
struct KeyRow {
    kid: String,
    owner: String,
    purpose: String,
    state: String,
    public: String,
    sealed: Vec<u8>,
}

impl TryFrom<KeyRow> for StoredKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        let wrong = |column, problem: UnknownState| {
            StoreError::inconsistent("signing_key", column, &row.kid, &problem)
        };
        Ok(Self {
            purpose: row.purpose.parse().map_err(|problem| wrong("purpose", problem))?,
            state: row.state.parse().map_err(|problem| wrong("state", problem))?,
            kid: row.kid.into(),
            owner: row.owner,
            public: row.public,
            sealed: row.sealed,
        })
    }
}

const INSERT: &str = "INSERT INTO signing_key (kid, owner, purpose, state, public, sealed, created_at) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// Adds a key; [`StoreError::Exists`] if its owner has a key of that purpose in that state already.
pub(crate) async fn insert_key(tx: &mut Tx, key: &StoredKey, now: Timestamp) -> Result<(), StoreError> {
    let values = values![
        key.kid.as_str(),
        key.owner.as_str(),
        key.purpose.as_str(),
        key.state.as_str(),
        key.public.as_str(),
        key.sealed.as_slice(),
        now.0
    ];
    tx.execute(INSERT, values).await.map_err(|error| error.or_exists("a key of this kind"))?;
    Ok(())
}

impl Store {
    /// Adds a key; [`StoreError::Exists`] if its owner has a key of that purpose in that state already.
    pub async fn insert_key(&self, key: &StoredKey, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        insert_key(&mut tx, key, now).await?;
        tx.commit().await
    }

    /// An owner's keys, newest first.
    pub async fn keys(&self, owner: &str) -> Result<Vec<StoredKey>, StoreError> {
        let sql = "SELECT kid, owner, purpose, state, public, sealed FROM signing_key WHERE owner = $1 \
                   ORDER BY created_at DESC, kid";
        let rows: Vec<KeyRow> = self.db.fetch_all(sql, values![owner]).await?;
        rows.into_iter().map(StoredKey::try_from).collect()
    }

    /// Makes the next key of this purpose the current one, the current one a previous one, and `next` the next one.
    pub async fn rotate_key(&self, next: &StoredKey, now: Timestamp) -> Result<(), StoreError> {
        let step = "UPDATE signing_key SET state = $4 WHERE owner = $1 AND purpose = $2 AND state = $3";
        let of = |from: KeyState, to: KeyState| {
            values![next.owner.as_str(), next.purpose.as_str(), from.as_str(), to.as_str()]
        };
        let mut tx = self.db.begin().await?;
        for (from, to) in [(KeyState::Current, KeyState::Previous), (KeyState::Next, KeyState::Current)] {
            if tx.execute(step, of(from, to)).await? != 1 {
                return Err(StoreError::Raced("a key rotation"));
            }
        }
        insert_key(&mut tx, next, now).await?;
        tx.commit().await
    }
}
