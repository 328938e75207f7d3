//! Very many offers, for what must stay quick however many there are. PostgreSQL alone: it makes them itself.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// The tenant that has most of them.
pub const MANY_OFFERS_TENANT: &str = "00000000-0000-4000-8000-000000000000";

/// Fills the migrated, empty database at `url`: `rows` offers of one tenant, and twenty tenants with a thousand each.
///
/// # Panics
/// If it fails.
pub async fn load_many_offers(url: &str, rows: u32) {
    let mut connection = PgConnection::connect(url).await.expect("opens");
    let sql = include_str!("many_offers.sql").replace("{rows}", &rows.to_string());
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("loads");
    // Statistics, and the visibility map that counting by an index alone relies on.
    sqlx::raw_sql("VACUUM ANALYZE").execute(&mut connection).await.expect("vacuums");
    connection.close().await.expect("closes");
}
