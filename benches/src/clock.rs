//! The real time: a real server accepts nothing else in tokens and proofs.

use std::time::{Duration, SystemTime};

/// The time since 1970.
///
/// # Errors
///
/// If the clock is wrong beyond that.
#[expect(clippy::disallowed_methods, reason = "what a real server accepts needs the real time")]
pub(crate) fn since_1970() -> anyhow::Result<Duration> {
    Ok(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?)
}

/// Tells the people of this run from those of runs before it.
///
/// # Errors
///
/// As [`since_1970`].
pub(crate) fn run_id() -> anyhow::Result<String> {
    Ok(format!("{:x}", since_1970()?.as_micros()))
}
