//! One way to speak to both databases: the same SQL text, arguments and row types.
//!
//! What differs between the dialects lives in this file and nowhere else.

mod connect;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use model::Timestamp;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow, PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use crate::StoreError;

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
/// Some of them are PostgreSQL's alone: indexes that SQLite has no use for.
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// An argument of a statement. `NULL` is typed, as PostgreSQL wants it.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Bytes(Option<Vec<u8>>),
    Bool(Option<bool>),
}

macro_rules! value_from {
    ($($source:ty => |$name:ident| $value:expr;)+) => {
        $(impl From<$source> for Value {
            fn from($name: $source) -> Self {
                $value
            }
        })+
    };
}

/// PostgreSQL's texts cannot hold U+0000. Nothing that we store does, but a caller may ask for an id with one: it becomes
/// another id that nobody has.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

value_from! {
    &str => |text| Self::Text(Some(storable(text)));
    String => |text| Self::Text(Some(text));
    Option<&str> => |text| Self::Text(text.map(storable));
    Option<String> => |text| Self::Text(text);
    i64 => |int| Self::Int(Some(int));
    Option<i64> => |int| Self::Int(int);
    Timestamp => |moment| Self::Int(Some(moment.0));
    Option<Timestamp> => |moment| Self::Int(moment.map(|moment| moment.0));
    &[u8] => |bytes| Self::Bytes(Some(bytes.to_vec()));
    Vec<u8> => |bytes| Self::Bytes(Some(bytes));
    Option<&[u8]> => |bytes| Self::Bytes(bytes.map(<[u8]>::to_vec));
    bool => |bool| Self::Bool(Some(bool));
    Option<bool> => |bool| Self::Bool(bool);
}

/// Builds the arguments of one statement or one row.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Value::from($value)),*] };
}
pub(crate) use values;

/// The type of a column of [`Rows`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Text,
    Int,
    Bytes,
    Bool,
    /// Words as [`crate::listing::search_text`] makes them: text to SQLite, a `tsvector` to PostgreSQL.
    Words,
}

/// The types of columns, in their order.
macro_rules! kinds {
    ($($kind:ident),+ $(,)?) => { &[$($crate::db::Kind::$kind),+] };
}
pub(crate) use kinds;

/// Rows handed to a statement as a table. The statement names that table `{rows}` and its columns `column1`, `column2`, ...
pub(crate) struct Rows {
    pub(crate) kinds: &'static [Kind],
    pub(crate) rows: Vec<Vec<Value>>,
}

/// A type that reads rows of both databases.
pub(crate) trait AnyRow:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}
impl<T> AnyRow for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

#[derive(Clone, Debug)]
pub(crate) enum Db {
    /// SQLite has one writer at a time: one connection writes, the others read.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres {
        pool: PgPool,
    },
}

/// A transaction that writes. Dropped without [`Tx::commit`], it never happened.
#[derive(Debug)]
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

macro_rules! bind_all {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Int(int) => query.bind(int),
                Value::Bytes(bytes) => query.bind(bytes),
                Value::Bool(bool) => query.bind(bool),
            };
        }
        query
    }};
}

/// Binds each column of the rows as one array.
macro_rules! bind_columns {
    ($query:expr, $rows:expr) => {{
        let mut query = $query;
        for (position, kind) in $rows.kinds.iter().enumerate() {
            macro_rules! column {
                ($variant:ident) => {
                    $rows
                        .rows
                        .iter_mut()
                        .map(|row| match &mut row[position] {
                            Value::$variant(value) => value.take(),
                            other => {
                                unreachable!("column {} declared as {kind:?} holds {other:?}", position + 1)
                            }
                        })
                        .collect::<Vec<_>>()
                };
            }
            query = match kind {
                Kind::Text | Kind::Words => query.bind(column!(Text)),
                Kind::Int => query.bind(column!(Int)),
                Kind::Bytes => query.bind(column!(Bytes)),
                Kind::Bool => query.bind(column!(Bool)),
            };
        }
        query
    }};
}

/// SQLite limits a statement to 32,766 arguments; and few distinct lengths keep its statement cache small.
const SQLITE_ROWS: usize = 64;

/// PostgreSQL takes a column as one array: its text is the same for any number of rows.
const ANY_NUMBER: usize = 0;

/// The largest power of two that is no larger than what is left, at most [`SQLITE_ROWS`].
fn piece(left: usize) -> usize {
    let largest = 1 << left.ilog2();
    largest.min(SQLITE_ROWS)
}

fn sqlite_source(columns: usize, rows: usize) -> String {
    let row = |index: usize| {
        let places: Vec<String> =
            (1..=columns).map(|column| format!("${}", index * columns + column)).collect();
        format!("({})", places.join(","))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("(VALUES {}) AS v", rows.join(","))
}

fn postgres_source(kinds: &[Kind]) -> String {
    let arrays: Vec<String> = kinds
        .iter()
        .enumerate()
        .map(|(index, kind)| {
            let array = match kind {
                Kind::Text => "text[]",
                Kind::Int => "bigint[]",
                Kind::Bytes => "bytea[]",
                Kind::Bool => "boolean[]",
                Kind::Words => "text[]::tsvector[]",
            };
            format!("${}::{array}", index + 1)
        })
        .collect();
    let names: Vec<String> = (1..=kinds.len()).map(|column| format!("column{column}")).collect();
    format!("unnest({}) AS v({})", arrays.join(","), names.join(","))
}

/// Finished texts, by statement and number of rows.
type Texts = HashMap<(&'static str, usize), Arc<str>>;

/// The text of a statement with `{rows}` filled in for `rows` rows; made once.
fn text_for(sql: &'static str, rows: usize, source: impl FnOnce() -> String) -> AssertSqlSafe<Arc<str>> {
    static TEXTS: LazyLock<RwLock<Texts>> = LazyLock::new(RwLock::default);
    let key = (sql, rows);
    if let Some(text) = TEXTS.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return AssertSqlSafe(Arc::clone(text));
    }
    let text: Arc<str> = sql.replace("{rows}", &source()).into();
    TEXTS.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&text));
    AssertSqlSafe(text)
}

/// Runs the body once for SQLite's pieces, or once for PostgreSQL's arrays, with the query bound.
macro_rules! with_rows {
    ($sql:expr, $rows:expr, $connection:expr, |$query:ident, $executor:ident| $run:expr, $build:ident) => {{
        match $connection {
            Tx::Sqlite(tx) => {
                let mut left = $rows.rows;
                while !left.is_empty() {
                    let rest = left.split_off(piece(left.len()));
                    let text = text_for($sql, left.len(), || sqlite_source($rows.kinds.len(), left.len()));
                    let $query = bind_all!(sqlx::$build(text), left.into_iter().flatten());
                    let $executor = &mut **tx;
                    $run;
                    left = rest;
                }
            }
            Tx::Postgres(tx) => {
                let mut rows = $rows;
                if !rows.rows.is_empty() {
                    let text = text_for($sql, ANY_NUMBER, || postgres_source(rows.kinds));
                    let $query = bind_columns!(sqlx::$build(text), rows);
                    let $executor = &mut **tx;
                    $run;
                }
            }
        }
    }};
}

impl Tx {
    pub(crate) async fn execute(&mut self, sql: &'static str, values: Vec<Value>) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => bind_all!(sqlx::query(sql), values).execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => {
                bind_all!(sqlx::query(sql), values).execute(&mut **tx).await?.rows_affected()
            }
        })
    }

    pub(crate) async fn fetch_optional<T: AnyRow>(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Option<T>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => bind_all!(sqlx::query_as(sql), values).fetch_optional(&mut **tx).await?,
            Self::Postgres(tx) => bind_all!(sqlx::query_as(sql), values).fetch_optional(&mut **tx).await?,
        })
    }

    pub(crate) async fn fetch_all<T: AnyRow>(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => bind_all!(sqlx::query_as(sql), values).fetch_all(&mut **tx).await?,
            Self::Postgres(tx) => bind_all!(sqlx::query_as(sql), values).fetch_all(&mut **tx).await?,
        })
    }

    /// Runs a statement over `{rows}`; how many rows it changed.
    pub(crate) async fn execute_rows(&mut self, sql: &'static str, rows: Rows) -> Result<u64, StoreError> {
        let mut changed = 0;
        with_rows!(
            sql,
            rows,
            self,
            |query, executor| changed += query.execute(executor).await?.rows_affected(),
            query
        );
        Ok(changed)
    }

    /// Runs a query over `{rows}`; every row it gives.
    pub(crate) async fn fetch_rows<T: AnyRow>(
        &mut self,
        sql: &'static str,
        rows: Rows,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        with_rows!(
            sql,
            rows,
            self,
            |query, executor| found.extend(query.fetch_all(executor).await?),
            query_as
        );
        Ok(found)
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub(crate) async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

async fn postgres_rows<T: AnyRow>(
    pool: &PgPool,
    sql: &'static str,
    mut rows: Rows,
) -> Result<Vec<T>, StoreError> {
    let text = text_for(sql, ANY_NUMBER, || postgres_source(rows.kinds));
    Ok(bind_columns!(sqlx::query_as(text), rows).fetch_all(pool).await?)
}

impl Db {
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres { pool } => Tx::Postgres(pool.begin().await?),
        })
    }

    pub(crate) async fn execute(&self, sql: &'static str, values: Vec<Value>) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => {
                bind_all!(sqlx::query(sql), values).execute(writer).await?.rows_affected()
            }
            Self::Postgres { pool } => {
                bind_all!(sqlx::query(sql), values).execute(pool).await?.rows_affected()
            }
        })
    }

    pub(crate) async fn fetch_all<T: AnyRow>(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => bind_all!(sqlx::query_as(sql), values).fetch_all(readers).await?,
            Self::Postgres { pool } => bind_all!(sqlx::query_as(sql), values).fetch_all(pool).await?,
        })
    }

    pub(crate) async fn fetch_optional<T: AnyRow>(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Option<T>, StoreError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => {
                bind_all!(sqlx::query_as(sql), values).fetch_optional(readers).await?
            }
            Self::Postgres { pool } => bind_all!(sqlx::query_as(sql), values).fetch_optional(pool).await?,
        })
    }

    /// Runs a query whose text was put together from texts of ours. Values are bound; the statement is not kept, so that
    /// PostgreSQL plans it for these values.
    pub(crate) async fn fetch_composed<T: AnyRow>(
        &self,
        sql: String,
        values: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        let sql = AssertSqlSafe(sql);
        Ok(match self {
            Self::Sqlite { readers, .. } => {
                bind_all!(sqlx::query_as(sql), values).persistent(false).fetch_all(readers).await?
            }
            Self::Postgres { pool } => {
                bind_all!(sqlx::query_as(sql), values).persistent(false).fetch_all(pool).await?
            }
        })
    }

    /// Reads over `{rows}` outside a transaction.
    pub(crate) async fn fetch_rows<T: AnyRow>(
        &self,
        sql: &'static str,
        rows: Rows,
    ) -> Result<Vec<T>, StoreError> {
        match self {
            Self::Postgres { pool } => postgres_rows(pool, sql, rows).await,
            Self::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?).fetch_rows(sql, rows).await,
        }
    }

    /// The same for reads that go before each write. On SQLite they use the connection that writes: its page cache stays
    /// warm, while every commit empties those of the others.
    pub(crate) async fn fetch_rows_warm<T: AnyRow>(
        &self,
        sql: &'static str,
        rows: Rows,
    ) -> Result<Vec<T>, StoreError> {
        match self {
            Self::Postgres { pool } => postgres_rows(pool, sql, rows).await,
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin().await?).fetch_rows(sql, rows).await,
        }
    }

    pub(crate) async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                // sqlx locks PostgreSQL while it migrates; SQLite it would let two processes migrate at once.
                let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
                SQLITE_MIGRATIONS.run(&mut *tx).await?;
                tx.commit().await?;
            }
            Self::Postgres { pool } => POSTGRES_MIGRATIONS.run(pool).await?,
        }
        Ok(())
    }

    /// How many migrations this version has that the database has not seen; an empty database lacks them all.
    pub(crate) async fn pending_migrations(&self) -> Result<usize, StoreError> {
        const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success";
        let migrations = match self {
            Self::Sqlite { .. } => &SQLITE_MIGRATIONS,
            Self::Postgres { .. } => &POSTGRES_MIGRATIONS,
        };
        let known = migrations.iter().count();
        let applied: Result<Vec<(i64,)>, StoreError> = self.fetch_all(APPLIED, Vec::new()).await;
        match applied {
            Ok(applied) => known.checked_sub(applied.len()).ok_or(StoreError::Newer),
            Err(StoreError::Database(sqlx::Error::Database(_))) => Ok(known),
            Err(error) => Err(error),
        }
    }

    /// The text for this database, where one text cannot serve both.
    pub(crate) const fn either(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite { .. } => sqlite,
            Self::Postgres { .. } => postgres,
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres { pool } => pool.close().await,
        }
    }
}
