//! What can go wrong between us and the database.

use std::sync::Arc;

/// An error of the store. Its text is for operators; a caller of an API never sees it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no database that we speak to.
    #[error("the database URL is neither sqlite:PATH nor postgres://...")]
    Url,
    /// The database refused or could not be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A migration failed.
    #[error("migrating the database: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database was migrated by a newer version.
    #[error("the database was migrated by a newer version of Bestow: use that version, or restore a backup")]
    Newer,
    /// A unique value is taken.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// A row holds what this version cannot read.
    #[error("table {table}, column {column}, row {row}: {problem}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        row: String,
        /// What is wrong with the value.
        problem: String,
    },
    /// Somebody else changed what we were about to change.
    #[error("lost a race for {0}")]
    Raced(&'static str),
    /// One error that befell a whole batch.
    #[error(transparent)]
    Shared(Arc<StoreError>),
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether the same thing may succeed when it is tried again: a deadlock or a serialization failure.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                matches!(error.code().as_deref(), Some("40001" | "40P01"))
            }
            _ => false,
        }
    }

    /// Names the taken value, if this is a unique violation.
    pub(crate) fn or_exists(self, what: &'static str) -> Self {
        match &self {
            Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation() => Self::Exists(what),
            _ => self,
        }
    }

    pub(crate) fn inconsistent(
        table: &'static str,
        column: &'static str,
        row: &str,
        problem: &dyn std::fmt::Display,
    ) -> Self {
        Self::Inconsistent { table, column, row: row.to_owned(), problem: problem.to_string() }
    }
}
