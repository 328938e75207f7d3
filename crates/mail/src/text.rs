//! Texts that people wrote, made fit for a message; moments, made fit for people.

use model::Timestamp;

/// The width to which plain text is wrapped (RFC 3676, section 4.2, names 78 as the most).
const WIDTH: usize = 72;

/// A text as one line of at most `limit` characters, with an ellipsis where it was cut: control characters and line breaks
/// are spaces, runs of spaces are one, and characters that reverse or hide the text after them are gone.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let cleaned: String = text
        .chars()
        .filter(|c| !is_deceptive(*c))
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    let line = cleaned.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= limit {
        return line;
    }
    let mut cut: String = line.chars().take(limit.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// Directional overrides and isolates (Unicode Standard Annex 9), with which a name could rearrange the sentence around it.
const fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Wraps lines that are too long at spaces; a word that is too long, such as a link, stays whole. The further lines of a list
/// item are indented.
pub(crate) fn wrap(text: &str) -> String {
    let mut wrapped = String::with_capacity(text.len() + text.len() / 32);
    for line in text.lines() {
        // A hyphen alone on its line would be a list item without text.
        let (indent, inseparable) = if line.starts_with("- ") { ("  ", 1) } else { ("", 0) };
        let mut width = 0;
        for (number, word) in line.split(' ').enumerate() {
            let length = word.chars().count();
            if number > inseparable && width + 1 + length > WIDTH {
                wrapped.push('\n');
                wrapped.push_str(indent);
                width = indent.len();
            } else if number > 0 {
                wrapped.push(' ');
                width += 1;
            }
            wrapped.push_str(word);
            width += length;
        }
        wrapped.push('\n');
    }
    wrapped
}

/// A moment for people: `19 January 2026, 07:18 UTC`.
pub(crate) fn moment(moment: Timestamp) -> String {
    // Out of the calendar's range only if somebody wrote nonsense to the database; clamp rather than fail.
    let moment = jiff::Timestamp::from_microsecond(moment.0).unwrap_or(if moment.0 < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    });
    moment.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_becomes_one_honest_line() {
        for (text, line) in [
            (" Acme \r\n Inc.\t", "Acme Inc."),
            ("a\u{202e}b\u{2066}c", "abc"),
            ("a\u{2028}b\0c\u{85}d", "a b c d"),
            ("", ""),
            ("0123456789", "0123456789"),
            ("0123456789a", "012345678…"),
            ("ZoëZoëZoëZoë", "ZoëZoëZoë…"),
            ("01234567 9ab", "01234567…"),
        ] {
            assert_eq!(one_line(text, 10), line, "{text:?}");
        }
    }

    #[test]
    fn long_lines_are_wrapped_and_links_are_not() {
        let link = format!("https://example.com/{}", "x".repeat(100));
        let text =
            format!("{}\n\n- {}\n{link}\n", "word ".repeat(20).trim_end(), "item ".repeat(20).trim_end());
        insta::assert_snapshot!(wrap(&text), @r"
        word word word word word word word word word word word word word word
        word word word word word word

        - item item item item item item item item item item item item item item
          item item item item item item
        https://example.com/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        ");
    }

    #[test]
    fn moments_are_written_for_people() {
        assert_eq!(moment(Timestamp::from_seconds(1_768_807_125)), "19 January 2026, 07:18 UTC");
        for micros in [i64::MIN, 0, i64::MAX] {
            assert!(moment(Timestamp(micros)).ends_with(" UTC"));
        }
    }

    proptest! {
        #[test]
        fn wrapping_loses_nothing(text in "([a-z]{0,90}( |\n)?){0,20}") {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let wrapped = wrap(&text);
            prop_assert_eq!(words(&wrapped), words(&text));
            for line in wrapped.lines() {
                prop_assert!(line.len() <= WIDTH || !line.trim().contains(' '), "{}", line);
            }
        }

        #[test]
        fn one_line_is_one_short_line(text in "(?s).{0,100}", limit in 1usize..60) {
            let line = one_line(&text, limit);
            prop_assert!(line.chars().count() <= limit);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}
