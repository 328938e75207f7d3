//! The subject line, which anybody may have written.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The most characters in a line (RFC 2047, section 2).
const LINE: usize = 76;
const NAME: &str = "Subject: ";
/// The most bytes of text in one encoded word: 48 characters of base64, which with `=?utf-8?B?`, `?=` and the field's name fit
/// a line.
const WORD: usize = 36;

/// The value of the field `Subject`: as it is when it is printable ASCII that fits the line, otherwise in encoded words
/// (RFC 2047), folded. Whatever the text holds, the result has no line break but those of folding, and decodes to the text.
pub(crate) fn subject(text: &str) -> String {
    let plain = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    // What looks like an encoded word would be decoded, and outer white space would be lost.
    if plain && !text.contains("=?") && text.trim() == text && NAME.len() + text.len() <= LINE {
        return text.to_owned();
    }
    let words: Vec<String> =
        chunks(text).map(|chunk| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(chunk))).collect();
    words.join("\r\n ")
}

/// The text in pieces of at most [`WORD`] bytes; a character is never divided (RFC 2047, section 5).
fn chunks(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (chunk, rest) = text.split_at(text.floor_char_boundary(WORD));
        text = rest;
        (!chunk.is_empty()).then_some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Undoes RFC 2047 for what [`subject`] makes.
    fn decode(value: &str) -> String {
        if !value.starts_with("=?") {
            return value.to_owned();
        }
        let bytes: Vec<u8> = value
            .split("\r\n ")
            .flat_map(|word| {
                let inner =
                    word.strip_prefix("=?utf-8?B?").and_then(|w| w.strip_suffix("?=")).expect("a word");
                BASE64_STANDARD.decode(inner).expect("base64")
            })
            .collect();
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn plain_text_stays_readable() {
        assert_eq!(subject("A credential for you: Staff"), "A credential for you: Staff");
        assert_eq!(subject(""), "");
    }

    #[test]
    fn what_would_be_taken_for_something_else_is_encoded() {
        for text in
            ["=?utf-8?Q?Pay_now?=", " padded ", "Zoë", "a\r\nBcc: eve@example.com", "a\0b", &"x".repeat(200)]
        {
            let value = subject(text);
            assert!(value.starts_with("=?utf-8?B?"), "{value}");
            assert_eq!(decode(&value), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back_and_no_line_is_a_header_of_its_own(text in "(?s).{0,300}") {
            let value = subject(&text);
            prop_assert!(value.is_ascii());
            prop_assert_eq!(decode(&value), text);
            for (number, line) in format!("{NAME}{value}").split("\r\n").enumerate() {
                prop_assert!(line.len() <= LINE);
                prop_assert!(!line.contains(['\r', '\n', '\0']));
                prop_assert!(number == 0 || line.starts_with(" =?"));
            }
        }
    }
}
