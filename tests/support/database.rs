//! Fresh databases.

use model::Entropy;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

use crate::{SystemEntropy, execute_sql};

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file in a temporary folder.
    Sqlite,
    /// A new database of the server that `BESTOW_TEST_POSTGRES` names.
    Postgres,
}

impl Database {
    /// The URL of an empty database; `folder` is where files go.
    ///
    /// # Panics
    /// If there is no PostgreSQL: skipping would hide what is not tested.
    pub async fn create(self, folder: &TempDir) -> String {
        match self {
            Self::Sqlite => format!("sqlite:{}", folder.path().join("bestow.db").display()),
            Self::Postgres => {
                let server = std::env::var("BESTOW_TEST_POSTGRES").expect(
                    "BESTOW_TEST_POSTGRES must name a PostgreSQL server: run scripts/test, which starts one",
                );
                let mut name = [0; 8];
                SystemEntropy.fill(&mut name);
                let name = format!("bestow_{:016x}", u64::from_be_bytes(name));
                let mut connection = PgConnection::connect(&server).await.expect("PostgreSQL answers");
                let statement = AssertSqlSafe(format!("CREATE DATABASE {name}"));
                sqlx::query(statement).execute(&mut connection).await.expect("a database can be created");
                connection.close().await.expect("closes");
                format!("{}/{name}", server.trim_end_matches('/'))
            }
        }
    }
}

/// A copy of a database that nothing has open, as a backup is; `folder` is where files go. Its URL.
///
/// # Panics
/// If it cannot be copied.
pub async fn copy_database(url: &str, folder: &TempDir) -> String {
    let mut name = [0; 8];
    SystemEntropy.fill(&mut name);
    let name = u64::from_be_bytes(name);
    if url.starts_with("sqlite:") {
        let file = folder.path().join(format!("copy_{name:016x}.db"));
        execute_sql(url, &format!("VACUUM INTO '{}'", file.display())).await;
        return format!("sqlite:{}", file.display());
    }
    let (server, database) = url.rsplit_once('/').expect("a URL with a database's name");
    let copy = format!("{database}_{name:016x}");
    // What a killed process left open ends soon, but not at once.
    let others =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");
    execute_sql(server, &others).await;
    execute_sql(server, &format!("CREATE DATABASE {copy} TEMPLATE {database}")).await;
    format!("{server}/{copy}")
}
