//! Moments as people write them, in UTC.

use model::Timestamp;

use super::language::Language;

/// The months, in languages that name them.
type Months = [&'static str; 12];

const ENGLISH: Months = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN: Months = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const FRENCH: Months = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const SPANISH: Months = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

/// The parts of a moment.
struct Date<'a> {
    year: &'a str,
    /// From 0.
    month: usize,
    /// From 1.
    day: u32,
    /// Hour and minute: `14:30`.
    time: &'a str,
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

/// A moment, for machines and in the reader's language.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) machine: String,
    pub(crate) written: String,
}

impl Moment {
    pub(crate) fn new(moment: Timestamp, language: Language) -> Self {
        Self { machine: moment.rfc3339(), written: written(moment, language) }
    }
}

/// The moment as a language writes it.
fn written(moment: Timestamp, language: Language) -> String {
    let text = moment.datetime();
    // A year before the common era has a sign in front; nothing that we show is that old.
    let Some(Date { year, month, day, time }) = Date::parse(&text) else { return moment.rfc3339() };
    match language {
        Language::English => format!("{day} {} {year}, {time} UTC", ENGLISH[month]),
        Language::German => format!("{day}. {} {year}, {time} Uhr (UTC)", GERMAN[month]),
        Language::French => {
            let ordinal = if day == 1 { "er" } else { "" };
            format!("{day}{ordinal} {} {year} à {time} (UTC)", FRENCH[month])
        }
        Language::Spanish => format!("{day} de {} de {year}, {time} (UTC)", SPANISH[month]),
        Language::Chinese => format!("{year}年{}月{day}日 {time}（UTC）", month + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_own_order() {
        let moment = Timestamp::parse_rfc3339("2027-03-01T14:30:59Z").expect("valid");
        let written = Language::ALL.map(|language| written(moment, language));
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
            assert!(!written(Timestamp(moment), Language::English).is_empty());
        }
    }
}
