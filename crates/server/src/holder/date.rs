//! Moments as people write them, in UTC.

use model::Timestamp;

/// A moment, to be written in some language.
pub(super) struct Date<'a> {
    /// The year.
    pub(super) year: &'a str,
    /// The month, from 0.
    pub(super) month: usize,
    /// The day of the month, from 1.
    pub(super) day: u32,
    /// Hour and minute: `14:30`.
    pub(super) time: &'a str,
}

impl<'a> Date<'a> {
    /// The parts of `2026-01-19 07:18:45`.
    fn parse(text: &'a str) -> Option<Self> {
        let (date, time) = text.split_once(' ')?;
        let mut parts = date.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let month = month.parse::<usize>().ok()?.checked_sub(1).filter(|month| *month < 12)?;
        Some(Self { year, month, day: day.parse().ok()?, time: time.get(..5)? })
    }
}

/// The moment as a language writes it.
pub(super) fn written(moment: Timestamp, write: fn(&Date<'_>) -> String) -> String {
    // A year before the common era has a sign in front; nobody offers a credential that expired then.
    Date::parse(&moment.datetime()).map_or_else(|| moment.rfc3339(), |date| write(&date))
}

#[cfg(test)]
mod tests {
    use super::super::texts::ALL;
    use super::*;

    #[test]
    fn each_language_has_its_own_order() {
        let moment = Timestamp::parse_rfc3339("2027-03-01T14:30:59Z").expect("valid");
        let written = ALL.map(|texts| written(moment, texts.date));
        let expected = [
            "1 March 2027, 14:30 UTC",
            "1. März 2027, 14:30 Uhr (UTC)",
            "1er mars 2027 à 14:30 (UTC)",
            "1 de marzo de 2027, 14:30 (UTC)",
            "2027年3月1日 14:30（UTC）",
        ];
        assert_eq!(written, expected);
    }

    #[test]
    fn nonsense_in_the_database_is_written_somehow() {
        for moment in [i64::MIN, i64::MAX] {
            assert!(!written(Timestamp(moment), ALL[0].date).is_empty());
        }
    }
}
