//! The different values of a column that has few.

use crate::StoreError;
use crate::db::{AnyRow, Db, values};

/// The different values that a tenant's live rows have in `column`, if they are at most `most`. Each is found by one step through
/// an index on `(tenant_id, column)`, however many rows have it. A row without a value has none.
pub(super) async fn distinct<T>(
    db: &Db,
    table: &'static str,
    column: &'static str,
    tenant: &str,
    most: usize,
) -> Result<Option<Vec<T>>, StoreError>
where
    (T,): AnyRow,
{
    let next = |more: &str| {
        format!("SELECT MIN({column}) FROM {table} WHERE tenant_id = $1 AND deleted_at IS NULL{more}")
    };
    let sql = format!(
        "WITH RECURSIVE step(value) AS (SELECT ({}) UNION ALL SELECT ({}) FROM step WHERE value IS NOT NULL) \
         SELECT value FROM step WHERE value IS NOT NULL LIMIT $2",
        next(""),
        next(&format!(" AND {column} > step.value")),
    );
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let rows: Vec<(T,)> = db.fetch_composed(sql, values![tenant, limit]).await?;
    Ok((rows.len() <= most).then(|| rows.into_iter().map(|(value,)| value).collect()))
}
