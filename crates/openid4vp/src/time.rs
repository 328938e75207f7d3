//! Dates and instants as claims write them (RFC 3339), compared. Nothing here knows what time it is.

const SECONDS_A_DAY: i64 = 86_400;

/// The longest text of an instant that is read: 30 characters are plenty, a fraction may have any number of digits.
const MAX_LEN: usize = 64;

/// A day of the calendar (`full-date`). Ordered as time goes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Date {
    year: i64,
    month: u8,
    day: u8,
}

/// A point in time (`date-time`), without the offset in which it was written. Ordered as time goes.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Instant {
    /// Seconds since 1970-01-01T00:00:00Z. A leap second counts as the second after it.
    seconds: i64,
    /// The digits after the point, without zeros at the end: so they are ordered as texts.
    fraction: String,
}

impl Date {
    /// Reads `YYYY-MM-DD`. None if it is something else, or a day that the calendar does not have.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let year = digits(&bytes[..4])?;
        let month = u8::try_from(digits(&bytes[5..7])?).ok()?;
        let day = u8::try_from(digits(&bytes[8..])?).ok()?;
        let is_real = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
        is_real.then_some(Self { year, month, day })
    }

    /// The day in UTC at this many seconds since 1970-01-01T00:00:00Z.
    pub(crate) fn of_unix(seconds: i64) -> Self {
        // Years are counted from March, so that the leap day is the last of a year and months have a regular pattern;
        // an era is 400 years, after which the calendar repeats itself.
        let days = seconds.div_euclid(SECONDS_A_DAY) + DAYS_TO_1970;
        let era = days.div_euclid(DAYS_AN_ERA);
        let day_of_era = days.rem_euclid(DAYS_AN_ERA);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let narrow = |value| u8::try_from(value).expect("a month or a day of one");
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self { year, month: narrow(month), day: narrow(day) }
    }

    /// The same day so many years earlier. 29 February becomes 28 February in a year that has none.
    pub(crate) fn years_before(self, years: u16) -> Self {
        let year = self.year - i64::from(years);
        Self { year, day: self.day.min(days_in(year, self.month)), ..self }
    }

    /// Days since 1970-01-01.
    fn days(self) -> i64 {
        let (year, march_month) =
            if self.month > 2 { (self.year, self.month - 3) } else { (self.year - 1, self.month + 9) };
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * i64::from(march_month) + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * DAYS_AN_ERA + day_of_era - DAYS_TO_1970
    }
}

/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;
const DAYS_AN_ERA: i64 = 146_097;

impl Instant {
    /// Reads `YYYY-MM-DDTHH:MM:SS`, with a fraction or not, and with `Z` or an offset (RFC 3339, section 5.6). None if it is
    /// something else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_LEN || !text.is_ascii() {
            return None;
        }
        let (date, time) = text.split_once(['T', 't'])?;
        let date = Date::parse(date)?;
        let zone = time.find(['Z', 'z', '+', '-'])?;
        let (clock, offset) = (&time[..zone], offset(&time[zone..])?);
        let (clock, fraction) = match clock.split_once('.') {
            Some((_, fraction)) if fraction.is_empty() || !is_digits(fraction) => return None,
            Some((clock, fraction)) => (clock, fraction.trim_end_matches('0')),
            None => (clock, ""),
        };
        let (hours, rest) = clock.split_once(':')?;
        let (minutes, seconds) = rest.split_once(':')?;
        let of_day = pair(hours, 23)? * 3_600 + pair(minutes, 59)? * 60 + pair(seconds, 60)?;
        let seconds = date.days() * SECONDS_A_DAY + of_day - offset;
        Some(Self { seconds, fraction: fraction.to_owned() })
    }
}

/// `Z`, `+HH:MM` or `-HH:MM`, in seconds east of UTC.
fn offset(text: &str) -> Option<i64> {
    let (sign, rest) = text.split_at(1);
    if sign.eq_ignore_ascii_case("z") {
        return rest.is_empty().then_some(0);
    }
    let (hours, minutes) = rest.split_once(':')?;
    let seconds = pair(hours, 23)? * 3_600 + pair(minutes, 59)? * 60;
    Some(if sign == "-" { -seconds } else { seconds })
}

/// Two digits that are at most `max`.
fn pair(text: &str, max: i64) -> Option<i64> {
    (text.len() == 2).then(|| digits(text.as_bytes())).flatten().filter(|&value| value <= max)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

fn days_in(year: i64, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn instant(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn days_that_the_calendar_lacks_are_no_dates() {
        for text in [
            "2023-02-29",
            "1900-02-29",
            "2024-04-31",
            "2024-13-01",
            "2024-00-10",
            "2024-01-00",
            "2024-1-01",
            "24-01-01",
            "2024-01-01 ",
            "2024/01/01",
            "+024-01-01",
            "2024-01-0\u{661}",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert!(Date::parse("2000-02-29").is_some());
    }

    #[test]
    fn known_days() {
        assert_eq!(Date::of_unix(0), date("1970-01-01"));
        assert_eq!(Date::of_unix(-1), date("1969-12-31"));
        assert_eq!(Date::of_unix(951_782_400), date("2000-02-29"));
        assert_eq!(Date::of_unix(4_107_542_399), date("2100-02-28"));
        assert_eq!(Date::of_unix(4_107_542_400), date("2100-03-01"));
    }

    #[test]
    fn a_leap_day_goes_back_to_the_last_of_february() {
        assert_eq!(date("2028-02-29").years_before(18), date("2010-02-28"));
        assert_eq!(date("2028-02-29").years_before(4), date("2024-02-29"));
        assert_eq!(date("2026-03-01").years_before(18), date("2008-03-01"));
    }

    #[test]
    fn an_instant_is_the_same_in_every_offset() {
        assert_eq!(instant("2026-11-22T16:10:00Z"), instant("2026-11-22t17:10:00.000+01:00"));
        assert_eq!(instant("1970-01-01T00:00:00z").seconds, 0);
        assert!(instant("2026-11-22T23:00:00-02:00") > instant("2026-11-23T00:30:00Z"));
        assert!(instant("2026-01-01T00:00:00.05Z") < instant("2026-01-01T00:00:00.5Z"));
        assert_eq!(instant("2016-12-31T23:59:60Z"), instant("2017-01-01T00:00:00Z"));
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "2026-11-22",
            "2026-11-22T16:10:00",
            "2026-11-22 16:10:00Z",
            "2026-11-22T16:10Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T16:60:00Z",
            "2026-11-22T16:10:61Z",
            "2026-11-22T16:10:00.Z",
            "2026-11-22T16:10:00+0100",
            "2026-11-22T16:10:00+24:00",
            "2026-02-30T00:00:00Z",
            "2026-11-22T16:10:00ZZ",
            "2026-11-22T1:10:00Z",
            "2026-11-22T16:10:00.x1Z",
            "T",
            "",
        ] {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
        assert_eq!(Instant::parse(&format!("2026-11-22T16:10:00.{}Z", "1".repeat(50))), None);
    }

    proptest! {
        #[test]
        fn days_go_there_and_back(days in -700_000..3_000_000i64) {
            let date = Date::of_unix(days * SECONDS_A_DAY);
            prop_assert_eq!(date.days(), days);
            prop_assert!(Date::of_unix((days + 1) * SECONDS_A_DAY) > date);
        }

        #[test]
        fn texts_of_days_are_read_back(days in -700_000..2_900_000i64) {
            let date = Date::of_unix(days * SECONDS_A_DAY);
            let text = format!("{:04}-{:02}-{:02}", date.year, date.month, date.day);
            prop_assert_eq!(Date::parse(&text), Some(date));
            let expected = Instant { seconds: days * SECONDS_A_DAY, fraction: String::new() };
            prop_assert_eq!(Instant::parse(&format!("{text}T00:00:00Z")), Some(expected));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = (Date::parse(&text), Instant::parse(&text));
        }
    }
}
