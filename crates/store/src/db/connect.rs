//! Opening a database, with the options that each needs.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::Db;
use crate::StoreError;

impl Db {
    /// Opens `sqlite:PATH` (made if it is not there) or `postgres://...`.
    pub(crate) async fn connect(url: &str, connections: u32) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            Self::connect_sqlite(url, connections).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Self::connect_postgres(url, connections).await
        } else {
            Err(StoreError::Url)
        }
    }

    async fn connect_sqlite(url: &str, connections: u32) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|_| StoreError::Url)?
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit that was answered must survive a loss of power.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(30))
            // Pages that change with every commit are copied back to the file once in 64 MiB, not once in 4.
            .pragma("wal_autocheckpoint", "16384")
            .statement_cache_capacity(512);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone().pragma("cache_size", "-65536"))
            .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(connections)
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        Ok(Self::Sqlite { writer, readers })
    }

    async fn connect_postgres(url: &str, connections: u32) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| StoreError::Url)?
            .application_name("bestow")
            // Every statement of ours finds its rows by an index. Without statistics, as on a young table, the planner
            // would scan and hash instead, and its plan would be kept while the table grows.
            .options([("enable_seqscan", "off"), ("enable_hashjoin", "off"), ("enable_mergejoin", "off")])
            // Rows here and there cost little more than rows side by side, in memory and on the disks of today.
            .options([("random_page_cost", "1.1")])
            // Compiling a statement takes longer than any statement of ours; and the count behind a full-text search must
            // remember a million places exactly.
            .options([("jit", "off"), ("work_mem", "32MB")]);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await?;
        Ok(Self::Postgres { pool })
    }
}
