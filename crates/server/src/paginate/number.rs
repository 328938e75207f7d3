//! Numbers as JavaScript's `parseInt` reads them.

/// The integer at the beginning of the text; `None` where JavaScript says `NaN`.
pub(super) fn parse_int(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
    let digits = &digits[..end];
    if digits.is_empty() {
        return None;
    }
    Some(digits.parse::<i64>().unwrap_or(i64::MAX) * sign)
}

#[cfg(test)]
mod tests {
    use super::parse_int;

    #[test]
    fn reads_what_javascript_reads() {
        let cases = [
            ("7", Some(7)),
            (" +7", Some(7)),
            ("-3", Some(-3)),
            ("2.9", Some(2)),
            ("1,2", Some(1)),
            ("1e3", Some(1)),
            ("0x10", Some(0)),
            ("12abc", Some(12)),
            ("", None),
            ("-", None),
            ("abc", None),
            ("٣", None),
            ("99999999999999999999", Some(i64::MAX)),
            ("-99999999999999999999", Some(-i64::MAX)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_int(text), expected, "{text}");
        }
    }
}
