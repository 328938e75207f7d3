//! Limits that hold for all replicas: at most two in a window that slides.

use model::Timestamp;

use crate::StoreError;
use crate::db::{Tx, values};

/// Counts one more under `bucket` if fewer than two were counted in the last `window` seconds; otherwise says when there is
/// room again.
pub(crate) async fn admit(
    tx: &mut Tx,
    bucket: &str,
    window: i64,
    now: Timestamp,
) -> Result<Result<(), Timestamp>, StoreError> {
    let sql = "INSERT INTO rate_window (bucket, older, newer) VALUES ($1, 0, $2) \
               ON CONFLICT (bucket) DO UPDATE SET older = rate_window.newer, newer = $2 \
               WHERE rate_window.older <= $3";
    let begin = now.plus_seconds(-window);
    if tx.execute(sql, values![bucket, now, begin]).await? == 1 {
        return Ok(Ok(()));
    }
    let sql = "SELECT older FROM rate_window WHERE bucket = $1";
    let older: Option<(i64,)> = tx.fetch_optional(sql, values![bucket]).await?;
    let (older,) = older.unwrap_or_default();
    // A request that was let in a moment ago may carry a later moment than this one.
    Ok(Err(Timestamp(older).plus_seconds(window).min(now.plus_seconds(window))))
}
