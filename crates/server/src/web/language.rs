//! The languages of our pages, and which of them a browser prefers (RFC 9110, section 12.5.4).

use axum::http::{HeaderMap, header};

/// A language that our pages are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
    French,
    Spanish,
    /// In simplified characters.
    Chinese,
}

impl Language {
    /// All of them; the first serves whoever reads none of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::English, Self::German, Self::French, Self::Spanish, Self::Chinese];

    /// Its tag (BCP 47).
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Chinese => "zh-Hans",
        }
    }
}

/// How much of a header is read, in bytes: what browsers send is shorter by far.
const BYTES: usize = 1_024;
/// How many ranges of a header are read.
const RANGES: usize = 32;

/// A range of languages, and how much it is wanted, in thousandths.
struct Range<'a> {
    language: &'a str,
    quality: u16,
}

impl<'a> Range<'a> {
    /// Reads `de-CH;q=0.8`; `None` of what is no range.
    fn parse(text: &'a str) -> Option<Self> {
        let (tag, parameters) = text.split_once(';').map_or((text, None), |(tag, rest)| (tag, Some(rest)));
        let quality = match parameters {
            None => 1_000,
            Some(parameters) => {
                let (name, value) = parameters.split_once('=')?;
                thousandths(value.trim()).filter(|_| name.trim().eq_ignore_ascii_case("q"))?
            }
        };
        let tag = tag.trim();
        let well_formed = |subtag: &str| {
            (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let is_range = tag == "*" || tag.split('-').all(well_formed);
        // Of a regional variant we have the language, which its readers can read.
        is_range.then(|| Self { language: tag.split('-').next().unwrap_or(tag), quality })
    }

    fn is_of(&self, language: Language) -> bool {
        let tag = language.tag();
        let ours = tag.split('-').next().unwrap_or(tag);
        self.language.eq_ignore_ascii_case(ours)
    }
}

/// A `qvalue`: 0 to 1 with up to three digits.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1_000),
        _ => None,
    }
}

/// The language that these headers ask for; English if they ask for none that we have.
pub(crate) fn preferred(headers: &HeaderMap) -> Language {
    let values = headers.get_all(header::ACCEPT_LANGUAGE).iter();
    // What is no ASCII is no language either.
    choose(values.filter_map(|value| value.to_str().ok()))
}

fn choose<'a>(values: impl Iterator<Item = &'a str>) -> Language {
    let mut left = BYTES;
    let mut ranges = Vec::new();
    for value in values {
        // The last range may be cut off: then it is none, or a shorter one, which does no harm.
        let read = value.get(..value.len().min(left)).unwrap_or_default();
        left -= read.len();
        ranges.extend(read.split(',').filter_map(Range::parse));
    }
    ranges.truncate(RANGES);
    let others = ranges.iter().position(|range| range.language == "*");
    let wish = |ours: Language| {
        let own = ranges.iter().enumerate().filter(|(_, range)| range.is_of(ours));
        let own = own.max_by_key(|(place, range)| (range.quality, usize::MAX - place));
        let (place, quality) = own
            .map(|(place, range)| (place, range.quality))
            .or_else(|| others.map(|place| (place, ranges[place].quality)))?;
        (quality > 0).then_some((quality, usize::MAX - place, ours))
    };
    // Of equals, the first of the header; for a star, the first of ours.
    let best =
        Language::ALL.into_iter().rev().filter_map(wish).max_by_key(|(quality, place, _)| (*quality, *place));
    best.map_or(Language::English, |(_, _, ours)| ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(header: &str) -> &'static str {
        choose([header].into_iter()).tag()
    }

    #[test]
    fn the_language_that_is_wanted_most_is_chosen() {
        for (header, expected) in [
            ("de", "de"),
            ("DE-ch", "de"),
            ("en-GB,en;q=0.9", "en"),
            ("fr-CA, en;q=0.9", "fr"),
            ("en;q=0.5, es;q=0.9, de;q=0.8", "es"),
            ("es;q=0.8,de;q=0.8", "es"),
            ("de;q=0.8,es;q=0.8", "de"),
            ("zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7", "zh-Hans"),
            ("zh-Hans-CN", "zh-Hans"),
            ("pt-BR, it;q=0.9, fr;q=0.1", "fr"),
            ("de;q=0.2, de-AT", "de"),
            ("de ; q=0.1 , fr ; Q=0.2", "fr"),
            ("*", "en"),
            ("*;q=0.5, de;q=0.4", "en"),
            ("en;q=0, *", "de"),
            ("en;q=0, *;q=0.1, zh;q=0.1", "de"),
            ("de;q=1.000, fr;q=0.999", "de"),
        ] {
            assert_eq!(chosen(header), expected, "{header}");
        }
    }

    #[test]
    fn without_a_wish_that_we_can_fulfil_it_is_english() {
        for header in
            ["", ",", ";", "ja", "en;q=0", "*;q=0", "de;q=0", "de;q=0, fr;q=0.000", "deutsch", "d e"]
        {
            assert_eq!(chosen(header), "en", "{header}");
        }
    }

    #[test]
    fn what_is_malformed_is_left_out() {
        for weight in ["q=2", "q=1.001", "q=0.1234", "q=-1", "q=", "q", "w=1", "q=1;q=1", "q=NaN", "q=0,5"] {
            assert_eq!(chosen(&format!("de;{weight}, fr;q=0.1")), "fr", "{weight}");
        }
        for tag in ["de_DE", "de--AT", "-de", "de-", "<de>", "überdeutsch", "de-abcdefghi", "**"] {
            assert_eq!(chosen(&format!("{tag}, fr;q=0.1")), "fr", "{tag}");
        }
    }

    #[test]
    fn a_header_is_read_to_a_limit() {
        let far = format!("{}de", "xx,".repeat(BYTES));
        assert_eq!(chosen(&far), "en");
        let many = format!("{}de", "a,".repeat(RANGES));
        assert_eq!(chosen(&many), "en");
        assert_eq!(chosen(&format!("de,{}", "x".repeat(10 * BYTES))), "de");
        assert_eq!(choose(["fr;q=0.1", "de;q=0.2"].into_iter()).tag(), "de", "two headers are one");
    }
}
