//! What is done once in a while.

use crate::EngineError;
use crate::engine::Engine;

/// For how long an answer is kept for retries with the same idempotency key: 24 hours.
const ANSWERS_KEPT_SECONDS: i64 = 86_400;

/// For how long it is remembered who searched for what: 90 days.
const SEARCHES_KEPT_SECONDS: i64 = 90 * 86_400;

/// For how long requests for presentations are kept after their end: 90 days. What was shown is erased when its tenant says.
const REQUESTS_KEPT_SECONDS: i64 = 90 * 86_400;

impl Engine {
    /// Forgets what is no longer needed. Safe to run at any time and on several replicas at once.
    pub async fn housekeep(&self) -> Result<(), EngineError> {
        let before = self.clock.now().plus_seconds(-ANSWERS_KEPT_SECONDS);
        let forgotten = self.store.forget_answers(before).await?;
        if forgotten > 0 {
            tracing::debug!(forgotten, "forgot answers kept for retries");
        }
        let before = self.clock.now().plus_seconds(-SEARCHES_KEPT_SECONDS);
        self.store.forget_searches(before).await?;
        let now = self.clock.now();
        self.store.forget_tokens(now).await?;
        self.store.forget_presentations(now, now.plus_seconds(-REQUESTS_KEPT_SECONDS)).await?;
        Ok(())
    }
}
