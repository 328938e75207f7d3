//! Statements that go around the store: to see what it left behind, and to do to the database what only a test would.

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// Runs a statement on the database at `url`.
///
/// # Panics
/// If it fails.
pub async fn execute_sql(url: &str, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.expect("opens");
        sqlx::query("PRAGMA busy_timeout = 30000").execute(&mut connection).await.expect("waits its turn");
        sqlx::query(sql).execute(&mut connection).await.expect("runs");
        connection.close().await.expect("closes");
    } else {
        let mut connection = PgConnection::connect(url).await.expect("opens");
        sqlx::query(sql).execute(&mut connection).await.expect("runs");
        connection.close().await.expect("closes");
    }
}

/// The rows of a query for one column of text.
///
/// # Panics
/// If it fails.
pub async fn query_texts(url: &str, sql: &str) -> Vec<String> {
    let query = AssertSqlSafe(sql.to_owned());
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.expect("opens");
        sqlx::query_scalar(query).fetch_all(&mut connection).await.expect("texts")
    } else {
        let mut connection = PgConnection::connect(url).await.expect("opens");
        sqlx::query_scalar(query).fetch_all(&mut connection).await.expect("texts")
    }
}
