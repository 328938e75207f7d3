//! The queue of an EVM chain: the nonces of our key, the transactions that were signed for them, and how far the chain is.
//!
//! All of it is written under a lease, so that one process sends however many run.

use model::{SlotOrder, SlotState, Timestamp};

use crate::db::{Tx, values};
use crate::lease::{Lease, fence};
use crate::{Store, StoreError};

/// On which chain, in which contract, by which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainPlace {
    /// EIP-155 chain id.
    pub chain_id: i64,
    /// The contract's address.
    pub contract: String,
    /// The address that sends.
    pub publisher: String,
}

/// A nonce of our key: one anchoring transaction, however often it was signed anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvmSlot {
    /// Counts them.
    pub id: i64,
    /// The nonce.
    pub nonce: i64,
    /// Where it stands.
    pub state: SlotState,
    /// How many leaves the log had: in the attempt that was mined, else in the newest.
    pub size: i64,
    /// The transaction that was mined.
    pub transaction: Option<String>,
    /// Its block.
    pub block: Option<i64>,
    /// What an operator ordered.
    pub ordered: Option<SlotOrder>,
    /// The fee that an operator ordered, in wei a gas.
    pub ordered_fee: Option<i64>,
    /// Why it is not further.
    pub last_error: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What was signed for it, oldest first.
    pub attempts: Vec<EvmAttempt>,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EvmAttempt {
    /// Its hash.
    pub hash: String,
    /// How many leaves the log had.
    pub size: i64,
    /// The root hash then.
    pub root: Vec<u8>,
    /// Its bytes, as nodes take them.
    pub raw: Vec<u8>,
    /// The most that it pays, in wei a gas.
    pub max_fee: i64,
    /// What of it goes to the block's proposer at most, in wei a gas.
    pub priority_fee: i64,
    /// The most gas that it uses.
    pub gas_limit: i64,
    /// The chain's height when a node first took it; absent if none has.
    pub sent_block: Option<i64>,
}

/// What the chain's worker last saw.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EvmState {
    /// EIP-155 chain id.
    pub chain_id: i64,
    /// The contract's address.
    pub contract: String,
    /// The address that sends.
    pub publisher: String,
    /// The chain's height.
    pub block: i64,
    /// The hash of the block there.
    pub block_hash: String,
    /// The newest block that does not vanish any more.
    pub final_block: i64,
    /// What the address has, in wei, as decimal text.
    pub balance: String,
    /// How often in a row looking or sending failed.
    pub failures: i64,
    /// Why, the last time; absent if it did not.
    pub last_error: Option<String>,
    /// When it last looked, in microseconds since 1970.
    pub looked_at: i64,
}

/// What became of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotChange<'a> {
    /// Which.
    pub id: i64,
    /// Where it was.
    pub from: SlotState,
    /// Where it is.
    pub to: SlotState,
    /// The transaction that was mined, its block, and how many leaves it covers.
    pub mined: Option<(&'a str, i64, i64)>,
    /// What to say of it.
    pub error: Option<&'a str>,
}

#[derive(sqlx::FromRow)]
struct SlotRow {
    id: i64,
    nonce: i64,
    state: String,
    size: i64,
    transaction_hash: Option<String>,
    block: Option<i64>,
    ordered: Option<String>,
    ordered_fee: Option<i64>,
    last_error: Option<String>,
    created_at: i64,
}

impl SlotRow {
    fn read(self, attempts: Vec<EvmAttempt>) -> Result<EvmSlot, StoreError> {
        let broken = |column, error: model::UnknownState| {
            StoreError::inconsistent("evm_slot", column, &self.id.to_string(), &error)
        };
        Ok(EvmSlot {
            state: self.state.parse().map_err(|error| broken("state", error))?,
            ordered: self
                .ordered
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(|error| broken("ordered", error))?,
            id: self.id,
            nonce: self.nonce,
            size: self.size,
            transaction: self.transaction_hash,
            block: self.block,
            ordered_fee: self.ordered_fee,
            last_error: self.last_error,
            created_at: Timestamp(self.created_at),
            attempts,
        })
    }
}

/// Selects slots, so that the columns stand in one place.
macro_rules! slots {
    ($rest:literal) => {
        concat!(
            "SELECT id, nonce, state, size, transaction_hash, block, ordered, ordered_fee, last_error, created_at \
             FROM evm_slot WHERE chain_id = $1 AND contract = $2 AND publisher = $3 ",
            $rest
        )
    };
}

async fn insert_attempt(
    tx: &mut Tx,
    slot: i64,
    attempt: &EvmAttempt,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO evm_attempt (hash, slot_id, place, size, root, raw, max_fee, priority_fee, gas_limit, created_at) \
               SELECT $1, $2, COUNT(*), $3, $4, $5, $6, $7, $8, $9 FROM evm_attempt WHERE slot_id = $2";
    let values = values![
        attempt.hash.as_str(),
        slot,
        attempt.size,
        attempt.root.as_slice(),
        attempt.raw.as_slice(),
        attempt.max_fee,
        attempt.priority_fee,
        attempt.gas_limit,
        now
    ];
    tx.execute(sql, values).await.map(drop)
}

impl Store {
    async fn with_attempts(&self, rows: Vec<SlotRow>) -> Result<Vec<EvmSlot>, StoreError> {
        let sql = "SELECT hash, size, root, raw, max_fee, priority_fee, gas_limit, sent_block FROM evm_attempt \
                   WHERE slot_id = $1 ORDER BY place";
        let mut slots = Vec::with_capacity(rows.len());
        for row in rows {
            let attempts = self.db.fetch_all(sql, values![row.id]).await?;
            slots.push(row.read(attempts)?);
        }
        Ok(slots)
    }

    /// The slots that are pending or mined, by nonce.
    pub async fn open_evm_slots(&self, place: &ChainPlace) -> Result<Vec<EvmSlot>, StoreError> {
        let sql = slots!("AND state IN ('pending', 'mined') ORDER BY nonce");
        let rows = self.db.fetch_all(sql, place.values()).await?;
        self.with_attempts(rows).await
    }

    /// The newest slots, whatever their state, newest first.
    pub async fn newest_evm_slots(&self, place: &ChainPlace, limit: i64) -> Result<Vec<EvmSlot>, StoreError> {
        let sql = slots!("ORDER BY id DESC LIMIT $4");
        let mut values = place.values();
        values.push(limit.into());
        let rows = self.db.fetch_all(sql, values).await?;
        self.with_attempts(rows).await
    }

    /// The mined transaction that anchors the most leaves, up to `most` and more than `index`, if there is one.
    pub async fn evm_anchor(
        &self,
        place: &ChainPlace,
        index: i64,
        most: i64,
    ) -> Result<Option<EvmSlot>, StoreError> {
        let sql = slots!(
            "AND state IN ('mined', 'final') AND size > $4 AND size <= $5 ORDER BY size DESC, id DESC LIMIT 1"
        );
        let mut values = place.values();
        values.extend(values![index, most]);
        let rows = self.db.fetch_all(sql, values).await?;
        Ok(self.with_attempts(rows).await?.pop())
    }

    /// The slot that is on its way with the leaf at `index`, pending or mined, if there is one.
    pub async fn evm_slot_covering(
        &self,
        place: &ChainPlace,
        index: i64,
    ) -> Result<Option<EvmSlot>, StoreError> {
        let sql = slots!("AND state <> 'given_up' AND size > $4 ORDER BY size, id LIMIT 1");
        let mut values = place.values();
        values.push(index.into());
        let rows = self.db.fetch_all(sql, values).await?;
        Ok(self.with_attempts(rows).await?.pop())
    }

    /// Takes a nonce: the slot and its first signed transaction, before anybody else sees it. [`StoreError::Raced`] if the
    /// nonce is taken.
    pub async fn insert_evm_slot(
        &self,
        lease: &Lease,
        place: &ChainPlace,
        nonce: i64,
        attempt: &EvmAttempt,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;
        let sql = "INSERT INTO evm_slot (id, chain_id, contract, publisher, nonce, state, size, created_at) \
                   SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, 'pending', $5, $6 FROM evm_slot RETURNING id";
        let mut values = place.values();
        values.extend(values![nonce, attempt.size, now]);
        let row: Result<Option<(i64,)>, StoreError> = tx.fetch_optional(sql, values).await;
        let row = row.map_err(|error| match error.or_exists("a nonce") {
            StoreError::Exists(what) => StoreError::Raced(what),
            other => other,
        })?;
        let (id,) = row.ok_or(StoreError::Raced("a nonce"))?;
        insert_attempt(&mut tx, id, attempt, now).await?;
        tx.commit().await
    }

    /// Adds a transaction that was found in the contract and is not known here: its hash, its block, and how many leaves it
    /// covers.
    pub async fn insert_found_evm_slot(
        &self,
        lease: &Lease,
        place: &ChainPlace,
        (hash, block, size): (&str, i64, i64),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;
        let sql = "INSERT INTO evm_slot (id, chain_id, contract, publisher, nonce, state, size, transaction_hash, block, \
                   created_at, mined_at) SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, -1, 'mined', $4, $5, $6, $7, $7 \
                   FROM evm_slot";
        let mut values = place.values();
        values.extend(values![size, hash, block, now]);
        tx.execute(sql, values).await?;
        tx.commit().await
    }

    /// Adds another signed transaction to a pending slot, before anybody else sees it; what was ordered is done with it.
    pub async fn insert_evm_attempt(
        &self,
        lease: &Lease,
        slot: i64,
        attempt: &EvmAttempt,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;
        insert_attempt(&mut tx, slot, attempt, now).await?;
        let sql = "UPDATE evm_slot SET size = $2, ordered = NULL, ordered_fee = NULL WHERE id = $1 AND state = 'pending'";
        if tx.execute(sql, values![slot, attempt.size]).await? != 1 {
            return Err(StoreError::Raced("a transaction"));
        }
        tx.commit().await
    }

    /// Records at which height of the chain a node first took a transaction.
    pub async fn evm_sent(&self, lease: &Lease, slot: i64, hash: &str, block: i64) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;
        let sql = "UPDATE evm_attempt SET sent_block = $2 WHERE hash = $1 AND sent_block IS NULL";
        tx.execute(sql, values![hash, block]).await?;
        let sql = "UPDATE evm_slot SET last_error = NULL, ordered = NULL, ordered_fee = NULL WHERE id = $1";
        tx.execute(sql, values![slot]).await?;
        tx.commit().await
    }

    /// Records why a slot is not further.
    pub async fn evm_slot_failed(&self, lease: &Lease, slot: i64, error: &str) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;
        tx.execute("UPDATE evm_slot SET last_error = $2 WHERE id = $1", values![slot, error]).await?;
        tx.commit().await
    }

    /// Moves slots, all of them or none; [`StoreError::Raced`] if one is not where it was.
    pub async fn change_evm_slots(
        &self,
        lease: &Lease,
        changes: &[SlotChange<'_>],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;
        for change in changes {
            // Without a transaction the size stays that of the newest attempt.
            let sql = "UPDATE evm_slot SET state = $3, transaction_hash = $4, block = $5, size = COALESCE($6, size), \
                       last_error = $7, mined_at = $8, ordered = NULL, ordered_fee = NULL WHERE id = $1 AND state = $2";
            let (hash, block, size) = match change.mined {
                Some((hash, block, size)) => (Some(hash), Some(block), Some(size)),
                None => (None, None, None),
            };
            let mined_at = change.mined.map(|_| now);
            let (from, to) = (change.from.as_str(), change.to.as_str());
            let values = values![change.id, from, to, hash, block, size, change.error, mined_at];
            if tx.execute(sql, values).await? != 1 {
                return Err(StoreError::Raced("a transaction"));
            }
        }
        tx.commit().await
    }

    /// Looks at final transactions again that anchor more than `size` leaves: the chain has lost them. How many they are.
    pub async fn reopen_evm_slots(
        &self,
        lease: &Lease,
        place: &ChainPlace,
        size: i64,
    ) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;
        let sql = "UPDATE evm_slot SET state = 'mined' WHERE chain_id = $1 AND contract = $2 AND publisher = $3 \
                   AND state = 'final' AND size > $4";
        let mut values = place.values();
        values.push(size.into());
        let count = tx.execute(sql, values).await?;
        tx.commit().await?;
        Ok(count)
    }

    /// The confirmations that issuers ask for, each once; 0 is a final block.
    pub async fn evm_levels(&self) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT DISTINCT anchor_confirmations FROM issuer WHERE anchor_confirmations IS NOT NULL ORDER BY 1";
        let rows: Vec<(i64,)> = self.db.fetch_all(sql, Vec::new()).await?;
        Ok(rows.into_iter().map(|(level,)| level).collect())
    }

    /// How many leaves mined transactions cover that are in blocks up to `block`; final ones count always.
    pub async fn evm_covered(&self, place: &ChainPlace, block: i64) -> Result<i64, StoreError> {
        let sql = "SELECT COALESCE(MAX(size), 0) FROM evm_slot WHERE chain_id = $1 AND contract = $2 AND publisher = $3 \
                   AND (state = 'final' OR state = 'mined' AND block <= $4)";
        let mut values = place.values();
        values.push(block.into());
        let row: Option<(i64,)> = self.db.fetch_optional(sql, values).await?;
        Ok(row.map_or(0, |(size,)| size))
    }

    /// How far the chain is by level, as last recorded.
    pub async fn evm_mark(&self, level: i64) -> Result<i64, StoreError> {
        let row: Option<(i64,)> =
            self.db.fetch_optional("SELECT size FROM evm_mark WHERE level = $1", values![level]).await?;
        Ok(row.map_or(0, |(size,)| size))
    }

    /// Records how far the chain is by level, and how looking at it went.
    pub async fn record_evm(
        &self,
        lease: &Lease,
        state: &EvmState,
        marks: &[(i64, i64)],
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;
        for (level, size) in marks {
            let sql = "INSERT INTO evm_mark (level, size) VALUES ($1, $2) ON CONFLICT (level) DO UPDATE SET size = $2";
            tx.execute(sql, values![*level, *size]).await?;
        }
        let sql = "INSERT INTO evm_state (id, chain_id, contract, publisher, block, block_hash, final_block, balance, \
                   failures, last_error, looked_at) VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                   ON CONFLICT (id) DO UPDATE SET chain_id = $1, contract = $2, publisher = $3, block = $4, \
                   block_hash = $5, final_block = $6, balance = $7, failures = $8, last_error = $9, looked_at = $10";
        let (contract, publisher) = (state.contract.as_str(), state.publisher.as_str());
        let (balance, error) = (state.balance.as_str(), state.last_error.as_deref());
        let values = values![
            state.chain_id,
            contract,
            publisher,
            state.block,
            state.block_hash.as_str(),
            state.final_block,
            balance,
            state.failures,
            error,
            state.looked_at
        ];
        tx.execute(sql, values).await?;
        tx.commit().await
    }

    /// Records that nothing is in the way any more.
    pub async fn evm_went_well(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        fence(&mut tx, lease).await?;
        tx.execute("UPDATE evm_state SET failures = 0, last_error = NULL WHERE id = 1", Vec::new()).await?;
        tx.commit().await
    }

    /// What the chain's worker last saw, if it ever looked.
    pub async fn evm_state(&self) -> Result<Option<EvmState>, StoreError> {
        let sql = "SELECT chain_id, contract, publisher, block, block_hash, final_block, balance, failures, last_error, looked_at \
                   FROM evm_state WHERE id = 1";
        self.db.fetch_optional(sql, Vec::new()).await
    }

    /// Orders something of a pending slot; the worker does it at its next turn. `false` if it is not pending.
    pub async fn order_evm_slot(
        &self,
        slot: i64,
        order: SlotOrder,
        fee: Option<i64>,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE evm_slot SET ordered = $2, ordered_fee = $3 WHERE id = $1 AND state = 'pending'";
        Ok(self.db.execute(sql, values![slot, order.as_str(), fee]).await? == 1)
    }
}

impl EvmState {
    /// Where it looked.
    pub fn place(&self) -> ChainPlace {
        ChainPlace {
            chain_id: self.chain_id,
            contract: self.contract.clone(),
            publisher: self.publisher.clone(),
        }
    }
}

impl ChainPlace {
    fn values(&self) -> Vec<crate::db::Value> {
        values![self.chain_id, self.contract.as_str(), self.publisher.as_str()]
    }
}
