//! Instants in text, as W3C credentials have them.

use jiff::Timestamp;

/// An instant with its offset from UTC (`dateTimeStamp` of XML Schema, section 3.4.28; RFC 3339) as whole seconds since
/// the Unix epoch, rounded down.
pub(crate) fn instant(text: &str) -> Option<i64> {
    // What our library reads beyond this form (spaces, basic format, names of zones) is left out.
    let (date, rest) = text.split_once('T')?;
    let time_end = rest.find(['Z', '+', '-'])?;
    let (time, offset) = rest.split_at(time_end);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let is_form = has_form(date, "0000-00-00")
        && has_form(time, "00:00:00")
        && (1..=9).contains(&fraction.len())
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && (offset == "Z" || has_form(&offset[1..], "00:00"));
    let timestamp: Timestamp = if is_form { text.parse().ok()? } else { return None };
    Some(timestamp.as_nanosecond().div_euclid(1_000_000_000) as i64)
}

/// Whether `text` has digits where `form` has zeros, and is equal elsewhere.
fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(byte, expected)| match expected {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2010-01-01T19:23:24Z", 1_262_373_804),
            ("2010-01-01T19:23:24.999Z", 1_262_373_804),
            ("2010-01-01T20:23:24+01:00", 1_262_373_804),
            ("2010-01-01T14:23:24.5-05:00", 1_262_373_804),
            ("1969-12-31T23:59:59.5Z", -1),
        ] {
            assert_eq!(instant(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn other_texts_are_not() {
        for text in [
            "",
            "T",
            "2010-01-01",
            "2010-01-01T19:23:24",
            "2010-01-01 19:23:24Z",
            "2010-01-01t19:23:24z",
            "2010-01-01T19:23Z",
            "20100101T192324Z",
            "2010-13-01T19:23:24Z",
            "2010-02-30T19:23:24Z",
            "2010-01-01T19:23:24.Z",
            "2010-01-01T19:23:24,5Z",
            "2010-01-01T19:23:24+0100",
            "2010-01-01T19:23:24+01:00[Europe/Vienna]",
            "2010-01-01T19:23:24Zé",
            "é010-01-01T19:23:24Z",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
