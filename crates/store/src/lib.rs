//! The database: SQLite and PostgreSQL, migrations, group commit.
//!
//! SQL lives in this crate and nowhere else. One SQL text serves both databases (`db.rs` holds what differs), every query
//! that reads a tenant's data takes the tenant, and every change of state names the state that it expects.

mod api_key;
mod audit;
mod batch;
mod catalog;
mod common_words;
mod cosigned;
mod credential;
mod db;
mod error;
mod evm;
mod holder;
mod issuance;
mod job;
mod key;
mod lease;
mod ledger;
mod listing;
mod log;
mod offer;
mod profile;
mod rate;
mod together;
mod verification;
mod wallet;
mod witness;

use std::sync::Arc;

use batch::Batcher;
use common_words::Vocabularies;
use db::{Db, values};
use offer::Claim;

pub use cosigned::WitnessState;
pub use credential::{CredentialStatus, IssuedCredential, StatusQuery};
pub use error::StoreError;
pub use evm::{ChainPlace, EvmAttempt, EvmSlot, EvmState, SlotChange};
pub use issuance::{
    CommitOutcome, HolderPlan, IdempotencyRecord, IssuancePlan, NewCredential, Occupant, Revocation,
    Snapshot, SnapshotQuery,
};
pub use job::{Job, JobKind, NewJob, tx_code_subject};
pub use lease::Lease;
pub use ledger::{LedgerEntry, StatusDigest};
pub use listing::{
    API_KEYS, AUDIT_EVENTS, COLLECTIONS, DEFINITIONS, OFFERS, PRESENTATIONS, PROFILES, SEARCHES, SearchRow,
};
pub use log::{LogHead, LogTile, LogUpdate, PendingLeaf};
pub use offer::{
    ClaimOutcome, Deletion, NewOffers, OfferClaimPlan, OfferRevocationPlan, OfferScope, ShareOutcome,
};
pub use profile::NewSearch;
pub use verification::{ListEntry, Located, PresentationOutcome};
pub use wallet::{
    ClaimCode, CodeExchange, DeferredIssuance, Delivery, DeliveryPlan, HeldCredential, NewDelivery, NewToken,
};
pub use witness::{WitnessHead, WitnessedLog};

/// How many requests share one trip to the database at most.
const BATCH: usize = 256;

/// The store: cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Store {
    db: Db,
    snapshots: Batcher<SnapshotQuery, Snapshot>,
    commits: Batcher<IssuancePlan, CommitOutcome>,
    statuses: Batcher<StatusQuery, Option<CredentialStatus>>,
    claims: Batcher<Claim, Result<ClaimOutcome, StoreError>>,
    exchanges: Batcher<CodeExchange, Result<bool, StoreError>>,
    vocabularies: Arc<Vocabularies>,
}

impl Store {
    /// Opens `sqlite:PATH` (made if it is not there) or `postgres://...` with at most `connections` connections.
    pub async fn connect(url: &str, connections: u32) -> Result<Self, StoreError> {
        let db = Db::connect(url, connections.max(4)).await?;
        // One SQLite connection writes; PostgreSQL gains from a second batch under way while the first one is made durable.
        let workers = if matches!(db, Db::Sqlite { .. }) { 1 } else { 2 };
        let (reading, writing, asking) = (db.clone(), db.clone(), db.clone());
        let (claiming, exchanging) = (db.clone(), db.clone());
        Ok(Self {
            snapshots: Batcher::start("snapshot", 1, BATCH, move |queries| {
                let db = reading.clone();
                async move { issuance::snapshots(&db, queries).await }
            }),
            commits: Batcher::start("commit", workers, BATCH, move |plans| {
                let db = writing.clone();
                async move { issuance::commit(&db, plans).await }
            }),
            statuses: Batcher::start("status", 1, BATCH, move |queries| {
                let db = asking.clone();
                async move { credential::statuses(&db, queries).await }
            }),
            claims: Batcher::start("claim", workers, together::MOST, move |plans| {
                let db = claiming.clone();
                async move { Ok(together::together(&db, plans).await) }
            }),
            exchanges: Batcher::start("exchange", workers, together::MOST, move |exchanges| {
                let db = exchanging.clone();
                async move { Ok(together::together(&db, exchanges).await) }
            }),
            vocabularies: Arc::default(),
            db,
        })
    }

    /// Brings the schema up to this version; safe to run at the same time on several replicas.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.db.migrate().await
    }

    /// How many migrations of this version the database has not seen.
    pub async fn pending_migrations(&self) -> Result<usize, StoreError> {
        self.db.pending_migrations().await
    }

    /// `SQLite` or `PostgreSQL`.
    pub fn database_name(&self) -> &'static str {
        self.db.name()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.db.fetch_optional::<(i64,)>("SELECT CAST(1 AS BIGINT)", Vec::new()).await.map(drop)
    }

    /// Finishes what is under way and closes every connection.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// A value that belongs to the whole deployment: kept if there is one already, otherwise set to `value`. Answers with
    /// what is kept.
    pub async fn deployment_value(&self, name: &str, value: &str) -> Result<String, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO deployment (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            values![name, value],
        )
        .await?;
        let kept: Option<(String,)> =
            tx.fetch_optional("SELECT value FROM deployment WHERE name = $1", values![name]).await?;
        tx.commit().await?;
        Ok(kept.map_or_else(|| value.to_owned(), |(kept,)| kept))
    }

    /// A value that belongs to the whole deployment, if it was set.
    pub async fn stored_value(&self, name: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM deployment WHERE name = $1";
        let row: Option<(String,)> = self.db.fetch_optional(sql, values![name]).await?;
        Ok(row.map(|(value,)| value))
    }

    /// Sets a value that belongs to the whole deployment, in the place of what was there.
    pub async fn set_value(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO deployment (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2";
        self.db.execute(sql, values![name, value]).await.map(drop)
    }

    /// Forgets a value that belongs to the whole deployment.
    pub async fn clear_value(&self, name: &str) -> Result<(), StoreError> {
        self.db.execute("DELETE FROM deployment WHERE name = $1", values![name]).await.map(drop)
    }
}
