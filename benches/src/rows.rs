//! Reads the server's database on a connection of our own: what another process can read was committed.

use std::str::FromStr;

use anyhow::{Context, bail};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, PgConnection, SqliteConnection};

/// A connection to the server's database.
pub(crate) enum Database {
    /// A file.
    Sqlite(SqliteConnection),
    /// A server.
    Postgres(PgConnection),
}

impl Database {
    /// Connects; to a file for reading alone.
    ///
    /// # Errors
    ///
    /// If the URL is of another kind than `sqlite:PATH` and `postgres://...`, or the database cannot be reached.
    pub(crate) async fn read(url: &str) -> anyhow::Result<Self> {
        Self::connect(url, true).await
    }

    /// Connects for writing.
    ///
    /// # Errors
    ///
    /// As [`Database::read`].
    pub(crate) async fn write(url: &str) -> anyhow::Result<Self> {
        Self::connect(url, false).await
    }

    async fn connect(url: &str, read_only: bool) -> anyhow::Result<Self> {
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url).context("the database's URL")?;
            let connection = SqliteConnection::connect_with(&options.read_only(read_only)).await;
            Ok(Self::Sqlite(connection.context("opening the database")?))
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Ok(Self::Postgres(PgConnection::connect(url).await.context("connecting to the database")?))
        } else {
            bail!("the database's URL is neither sqlite:PATH nor postgres://...");
        }
    }

    /// The one number that a query gives.
    ///
    /// # Errors
    ///
    /// If the query fails.
    pub(crate) async fn number(&mut self, sql: &'static str) -> anyhow::Result<i64> {
        let number = match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(connection).await,
        };
        number.with_context(|| format!("reading the database ({sql})"))
    }
}

/// How many credentials the database holds.
///
/// # Errors
///
/// As [`Database::read`], or if it cannot be read.
pub(crate) async fn count_credentials(url: &str) -> anyhow::Result<i64> {
    Database::read(url).await?.number("SELECT COUNT(*) FROM credential").await
}
