//! Waiting for what happens soon.

use std::time::Duration;

/// Looks again and again until it holds.
///
/// # Panics
/// If it does not within a minute.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..6000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not within a minute: {what}");
}
