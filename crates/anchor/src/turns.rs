//! Work that one process does at a time, turn by turn, however many replicas run.
//!
//! A lease picks the process; a pause follows each turn, a longer one after each failure in a row. What a turn writes is
//! fenced by the lease ([`store::Lease`]), or harmless if two processes should do it at once.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use model::{Clock, Entropy};
use store::{Lease, Store, StoreError};
use tokio::sync::watch;

/// The shortest pause after a failure.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest pause after failures in a row, unless the work says otherwise.
const LONGEST: Duration = Duration::from_secs(30);
/// How long a replica that dies silently holds the work up at most, unless the work says otherwise.
const LEASE_SECONDS: i64 = 4;

/// What a turn found to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// More waits than one turn takes: the next one follows at once.
    More,
    /// Nothing else for now, or it is another process's turn: the next one follows after the pause.
    Done,
}

/// Takes turns at one kind of work.
#[derive(Debug)]
pub struct Turns {
    /// The lease's name, by which the work is also known in log lines and metrics.
    name: &'static str,
    /// Names this process among the replicas.
    owner: String,
    interval: Duration,
    longest: Duration,
    lease_seconds: i64,
    interruptible: bool,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
}

impl Turns {
    /// Turns at the work `name`, with a pause of `interval` after each that leaves nothing to do.
    pub fn new(
        name: &'static str,
        interval: Duration,
        store: &Arc<Store>,
        clock: &Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> Self {
        Self {
            name,
            owner: hex::encode(entropy.bytes::<16>()),
            interval,
            longest: LONGEST,
            lease_seconds: LEASE_SECONDS,
            interruptible: false,
            store: Arc::clone(store),
            clock: Arc::clone(clock),
        }
    }

    /// The longest pause after failures in a row; the first one is a second, or the interval if that is longer, and each one
    /// twice as long as the one before.
    #[must_use]
    pub const fn pausing_at_most(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// How long the lease lasts after each time that it was asked for, in seconds: longer than any step that relies on it.
    #[must_use]
    pub const fn leasing_for(mut self, seconds: i64) -> Self {
        self.lease_seconds = seconds;
        self
    }

    /// Drops a turn that is under way when it is time to stop, instead of waiting for its end. For turns that may be
    /// interrupted anywhere, since they might be again by a power cut.
    #[must_use]
    pub const fn interruptible(mut self) -> Self {
        self.interruptible = true;
        self
    }

    /// Takes the lease, or renews it; `None` if another process has it. A turn asks for it when it has found something to do,
    /// so that an idle deployment writes nothing, and again before each step that must not overlap with another process's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lease(&self) -> Result<Option<Lease>, StoreError> {
        let now = self.clock.now();
        self.store.take_lease(self.name, &self.owner, now, now.plus_seconds(self.lease_seconds)).await
    }

    /// Gives the lease back, if this process has it or could have it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn give_back(&self) -> Result<(), StoreError> {
        match self.lease().await? {
            Some(lease) => self.store.release_lease(&lease).await,
            None => Ok(()),
        }
    }

    /// Takes turns until `stop` turns true, then gives the lease back. A turn that fails is logged, counted in
    /// `bestow_turn_errors_total`, and tried again after a pause.
    pub fn run<'r, E, F>(
        &'r self,
        stop: watch::Receiver<bool>,
        turn: impl FnMut() -> F + Send + 'r,
    ) -> BoxFuture<'r, ()>
    where
        E: Display + Send + 'r,
        F: Future<Output = Result<Turn, E>> + Send + 'r,
    {
        // Boxed here, where the compiler still knows how long everything lives, and so that it can be sent.
        Box::pin(self.take_turns(stop, turn))
    }

    async fn take_turns<E, F>(&self, mut stop: watch::Receiver<bool>, mut turn: impl FnMut() -> F)
    where
        E: Display,
        F: Future<Output = Result<Turn, E>>,
    {
        let mut failures = 0;
        while !*stop.borrow() {
            let outcome = if self.interruptible {
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => break,
                    outcome = turn() => outcome,
                }
            } else {
                turn().await
            };
            let pause = match outcome {
                Ok(found) => {
                    failures = 0;
                    if found == Turn::More { Duration::ZERO } else { self.interval }
                }
                Err(error) => {
                    failures += 1;
                    self.after_failure(&error, failures)
                }
            };
            // An error of the channel means that everybody who could say stop is gone: stop.
            let stopped = tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await;
            if stopped.is_ok_and(|seen| seen.is_err()) {
                break;
            }
        }
        if let Err(error) = self.give_back().await {
            tracing::warn!(work = self.name, %error, "the lease could not be given back; it expires by itself");
        }
    }

    fn after_failure(&self, error: &dyn Display, failures: u32) -> Duration {
        metrics::counter!("bestow_turn_errors_total", "work" => self.name).increment(1);
        let pause = back_off(self.interval.max(SHORTEST), self.longest, failures);
        let seconds = pause.as_secs();
        tracing::error!(work = self.name, %error, failures, "trying again in {seconds} s");
        pause
    }
}

/// The pause after so many failures in a row: `first`, twice that, and so on, at most `longest`.
fn back_off(first: Duration, longest: Duration, failures: u32) -> Duration {
    let factor = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(longest.max(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit() {
        let seconds = |first, longest, failures| {
            back_off(Duration::from_secs(first), Duration::from_secs(longest), failures).as_secs()
        };
        let pauses: Vec<u64> = (1..8).map(|failures| seconds(1, 30, failures)).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(seconds(1, 30, u32::MAX), 30);
        assert_eq!(seconds(5, 2, 9), 5, "never shorter than the usual pause");
    }
}
