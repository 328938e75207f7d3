//! Counts what the database holds, on a connection of our own: what another process can read was committed.

use std::str::FromStr;

use anyhow::{Context, bail};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, PgConnection, SqliteConnection};

const COUNT: &str = "SELECT COUNT(*) FROM credential";

/// How many credentials the database holds.
///
/// # Errors
///
/// If the URL is of another kind than `sqlite:PATH` and `postgres://...`, or the database cannot be read.
pub(crate) async fn count_credentials(url: &str) -> anyhow::Result<i64> {
    let count = if url.starts_with("sqlite:") {
        let options = SqliteConnectOptions::from_str(url).context("the database's URL")?.read_only(true);
        let mut connection =
            SqliteConnection::connect_with(&options).await.context("opening the database")?;
        sqlx::query_scalar(COUNT).fetch_one(&mut connection).await
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let mut connection = PgConnection::connect(url).await.context("connecting to the database")?;
        sqlx::query_scalar(COUNT).fetch_one(&mut connection).await
    } else {
        bail!("the database's URL is neither sqlite:PATH nor postgres://...");
    };
    count.context("counting the rows of the table credential")
}
