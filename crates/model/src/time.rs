//! Moments.

use serde::{Deserialize, Serialize};

/// A moment: microseconds since 1970-01-01T00:00:00Z, as the database stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The moment `seconds` after 1970-01-01T00:00:00Z; saturates at the ends of the range.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whole milliseconds since 1970-01-01T00:00:00Z, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This moment moved by `seconds`, which may be negative.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// This moment without its fraction of a second: what a document that counts in seconds can hold.
    #[must_use]
    pub const fn whole_second(self) -> Self {
        Self::from_seconds(self.seconds())
    }

    /// RFC 3339 in UTC with whole seconds: `2026-01-19T07:18:45Z`.
    pub fn rfc3339(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%SZ")
    }

    /// RFC 3339 in UTC with milliseconds, the form of the credential-offers dialect (seed 003): `2025-06-20T06:44:22.629Z`.
    pub fn rfc3339_millis(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%S%.3fZ")
    }

    /// The form of the issue-on-behalf status answer (seed 000): `2026-01-19 07:18:45`, UTC.
    pub fn datetime(self) -> String {
        self.format("%Y-%m-%d %H:%M:%S")
    }

    /// Reads RFC 3339, for example `2026-01-19T07:18:45Z`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|moment| Self(moment.as_microsecond()))
    }

    fn format(self, pattern: &str) -> String {
        // Out of the calendar's range only if somebody wrote nonsense to the database; clamp rather than fail.
        let moment = jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        moment.strftime(pattern).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn renders_both_forms_of_the_seeds() {
        let moment = Timestamp::parse_rfc3339("2026-01-19T07:18:45.999Z").expect("valid");
        assert_eq!(moment.datetime(), "2026-01-19 07:18:45");
        assert_eq!(moment.rfc3339(), "2026-01-19T07:18:45Z");
        assert_eq!(moment.rfc3339_millis(), "2026-01-19T07:18:45.999Z");
        assert_eq!(moment.whole_second().rfc3339_millis(), "2026-01-19T07:18:45.000Z");
        assert_eq!(moment.whole_second().0 % 1_000_000, 0);
    }

    #[test]
    fn extreme_moments_do_not_panic() {
        for micros in [i64::MIN, -1, 0, i64::MAX] {
            let moment = Timestamp(micros);
            assert!(!moment.datetime().is_empty());
            let _ = moment.plus_seconds(i64::MAX);
            let _ = Timestamp::from_seconds(micros);
        }
    }
}
