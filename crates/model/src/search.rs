//! Words as full-text search knows them, the same for what is kept and for what is asked.

/// No longer word is told apart: PostgreSQL keeps none longer than 2,046 bytes, and pasted documents have such.
const LONGEST: usize = 128;

/// The words of a text: runs of letters and digits in lower case, cut off after 128 characters. An address, a DID or a UUID
/// becomes several words, so that its parts find it as well as the whole.
pub fn search_words(text: &str) -> impl Iterator<Item = String> {
    let lower = text.to_lowercase();
    let words: Vec<String> = lower
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(LONGEST).collect())
        .collect();
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::search_words;

    fn words(text: &str) -> Vec<String> {
        search_words(text).collect()
    }

    #[test]
    fn addresses_and_dids_fall_apart() {
        assert_eq!(words("John.Doe+x@Example.com"), ["john", "doe", "x", "example", "com"]);
        assert_eq!(words("did:bsv:1234"), ["did", "bsv", "1234"]);
        assert_eq!(words("Ärger im Café, 東京"), ["ärger", "im", "café", "東京"]);
        assert!(words(" %_-'\"\0 ").is_empty());
        assert_eq!(words(&"a".repeat(1_000)), ["a".repeat(128)]);
    }

    proptest! {
        #[test]
        fn words_are_words_of_themselves(text in any::<String>()) {
            for word in search_words(&text) {
                prop_assert_eq!(words(&word), [word.clone()]);
            }
        }
    }
}
