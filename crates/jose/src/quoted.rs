//! Text from outside inside our messages.

use std::fmt;

/// The longest excerpt of foreign text in a message, in characters.
const MAX_EXCERPT: usize = 64;

/// Foreign text made fit for a message or a log line: between back-quotes, control characters escaped, cut
/// when long.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.chars();
        f.write_str("`")?;
        for character in rest.by_ref().take(MAX_EXCERPT) {
            write!(f, "{}", character.escape_debug())?;
        }
        f.write_str(if rest.next().is_some() { "...`" } else { "`" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_on_one_line_and_short() {
        assert_eq!(Quoted("none").to_string(), "`none`");
        assert_eq!(Quoted("a\nb\u{1b}").to_string(), "`a\\nb\\u{1b}`");
        assert_eq!(Quoted(&"x".repeat(64)).to_string(), format!("`{}`", "x".repeat(64)));
        assert_eq!(Quoted(&"x".repeat(65)).to_string(), format!("`{}...`", "x".repeat(64)));
    }
}
