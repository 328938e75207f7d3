//! The words that many offers of a tenant share.
//!
//! A full-text index finds a rare word at once, but a word of every second offer it can only count by visiting every second offer.
//! Such words are kept once for the tenant, and each has a bit; in place of the words an offer has their bits, in the columns
//! `common_0`, `common_1` and `common_2`, which small indexes hold and count (`listing::words` asks both). They are small because
//! an index keeps each value once, and a column has few different values: words are put into the columns such that those which
//! exclude one another, or go together, share one.
//!
//! Which words these are is learned from samples while a tenant's offers grow (`learning`). A word keeps its bit for good. An offer
//! that was written before a word was known to be common has it among its own words, where a search looks as well, until it is
//! written again.

mod learning;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::StoreError;
use crate::db::{Db, values};

pub(crate) use learning::Vocabularies;

/// The columns that hold bits.
pub(crate) const COLUMNS: [&str; 3] = ["common_0", "common_1", "common_2"];

/// What the columns of an offer hold.
pub(crate) type Bits = [i64; COLUMNS.len()];

/// One for each bit of a positive `BIGINT`.
const MOST_WORDS: usize = 63;

/// Of as many offers on, a word costs more to count by the full-text index than all of the tenant's offers by the other.
const FEWEST_OFFERS: usize = 5_000;

/// And of no smaller part of a tenant's offers than one in so many: there is not much room.
const ONE_IN: usize = 50;

/// A column has at most so many different values in a sample.
const MOST_VALUES: usize = 150;

/// A tenant's common words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Vocabulary {
    /// Column by column; a word's bit is its place.
    columns: [Vec<String>; COLUMNS.len()],
    /// The column and the bit of each word.
    places: HashMap<String, (usize, i64)>,
}

impl Vocabulary {
    /// A tenant's vocabulary as it is now.
    pub(crate) async fn read(db: &Db, tenant: &str) -> Result<Self, StoreError> {
        const SQL: &str = "SELECT words FROM common_words WHERE tenant_id = $1";
        let row: Option<(String,)> = db.fetch_optional(SQL, values![tenant]).await?;
        Ok(row.map(|(text,)| Self::from_text(&text)).unwrap_or_default())
    }

    /// A line for each column, a space between words.
    fn from_text(text: &str) -> Self {
        let mut vocabulary = Self::default();
        for (column, line) in text.lines().take(COLUMNS.len()).enumerate() {
            for word in line.split_whitespace() {
                vocabulary.add(column, word);
            }
        }
        vocabulary
    }

    /// The word's bit.
    fn add(&mut self, column: usize, word: &str) -> i64 {
        let bit = 1 << self.columns[column].len();
        self.columns[column].push(word.to_owned());
        self.places.insert(word.to_owned(), (column, bit));
        bit
    }

    fn to_text(&self) -> String {
        self.columns.each_ref().map(|words| words.join(" ")).join("\n")
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.columns.iter().flatten()
    }

    fn len(&self) -> usize {
        self.places.len()
    }

    /// The column and the bit of a word, if it is common.
    pub(crate) fn place(&self, word: &str) -> Option<(usize, i64)> {
        self.places.get(word).copied()
    }

    /// The bits of the words that are common, and the other words.
    pub(crate) fn split(&self, words: BTreeSet<String>) -> (Bits, BTreeSet<String>) {
        let mut bits = Bits::default();
        let mut own = BTreeSet::new();
        for word in words {
            match self.place(&word) {
                Some((column, bit)) => bits[column] |= bit,
                None => drop(own.insert(word)),
            }
        }
        (bits, own)
    }

    /// The words of bits.
    fn words(&self, bits: Bits) -> impl Iterator<Item = &str> {
        self.columns.iter().zip(bits).flat_map(|(words, bits)| {
            let has = move |place: &usize| bits & (1 << place) != 0;
            (0..words.len()).filter(has).map(|place| words[place].as_str())
        })
    }

    /// The vocabulary with what a sample of a tenant's offers, the words of each, shows to be common. There are `offers` of them.
    fn learn(&mut self, sample: &[BTreeSet<String>], offers: usize) {
        let enough = (sample.len() / ONE_IN).max(sample.len() * FEWEST_OFFERS / offers.max(1)).max(1);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for word in sample.iter().flatten() {
            *counts.entry(word).or_default() += 1;
        }
        let mut found: Vec<(&str, usize)> = counts
            .into_iter()
            .filter(|(word, count)| *count >= enough && self.place(word).is_none())
            .collect();
        found.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
        let mut values: Vec<Bits> = sample.iter().map(|words| self.split(words.clone()).0).collect();
        for (word, _) in found {
            let has: Vec<bool> = sample.iter().map(|words| words.contains(word)).collect();
            let room = (0..COLUMNS.len()).find(|column| self.has_room(*column, &values, &has));
            let Some(column) = room else { continue };
            let bit = self.add(column, word);
            values.iter_mut().zip(&has).filter(|(_, has)| **has).for_each(|(bits, _)| bits[column] |= bit);
        }
    }

    /// Whether a word can be added to a column: `values` are those of the sample, and `has` says which of these have the word.
    fn has_room(&self, column: usize, values: &[Bits], has: &[bool]) -> bool {
        let different: HashSet<(i64, bool)> =
            values.iter().zip(has).map(|(bits, has)| (bits[column], *has)).collect();
        self.columns[column].len() < MOST_WORDS && different.len() <= MOST_VALUES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `each` of as many offers have a word each; the rest has none.
    fn offers(each: &[(&str, usize)], offers: usize) -> Vec<BTreeSet<String>> {
        let words = |offer: usize| each.iter().filter(move |(_, count)| offer < *count);
        (0..offers).map(|offer| words(offer).map(|(word, _)| (*word).to_owned()).collect()).collect()
    }

    fn learned(sample: &[BTreeSet<String>], offers: usize) -> Vocabulary {
        let mut vocabulary = Vocabulary::from_text("example com");
        vocabulary.learn(sample, offers);
        vocabulary
    }

    #[test]
    fn words_fall_into_bits_and_the_rest() {
        let vocabulary = Vocabulary::from_text("example did com\nmay june");
        let words: BTreeSet<String> = ["com", "example", "john", "june"].map(str::to_owned).into();
        let (bits, own) = vocabulary.split(words);
        assert_eq!((bits, own), ([0b101, 0b10, 0], BTreeSet::from(["john".to_owned()])));
        assert_eq!(vocabulary.words(bits).collect::<Vec<_>>(), ["example", "com", "june"]);
        assert_eq!(vocabulary.to_text(), "example did com\nmay june\n");
        assert_eq!(Vocabulary::from_text(&vocabulary.to_text()), vocabulary);
    }

    #[test]
    fn the_most_frequent_come_first_and_none_twice() {
        let each = [("com", 900), ("net", 400), ("org", 500), ("rare", 19)];
        let sample = offers(&each, 1_000);
        assert_eq!(learned(&sample, 1_000_000).to_text(), "example com org net\n\n");
        // Of 10,000 offers, half must have it.
        assert_eq!(learned(&sample, 10_000).to_text(), "example com org\n\n");
    }

    #[test]
    fn a_column_has_few_different_values() {
        // Sixteen words, each of which an offer has or has not, whatever the others: 65,536 combinations.
        let has = |offer: usize, word: usize| (offer.wrapping_mul(0x9E37_79B9) >> (word + 8)) & 1 == 1;
        let words = |offer| (0..16).filter(move |word| has(offer, *word)).map(|word| format!("w{word}"));
        let sample: Vec<BTreeSet<String>> = (0..1_000).map(|offer| words(offer).collect()).collect();
        let vocabulary = learned(&sample, 1_000_000);
        assert!((12..=16).contains(&(vocabulary.len() - 2)), "{vocabulary:?}");
        for column in 0..COLUMNS.len() {
            let values: HashSet<i64> =
                sample.iter().map(|words| vocabulary.split(words.clone()).0[column]).collect();
            assert!((2..=MOST_VALUES).contains(&values.len()), "{}", values.len());
        }
    }

    #[test]
    fn bits_run_out() {
        let names: Vec<String> = (0..250).map(|number| format!("w{number:03}")).collect();
        let each: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 100)).collect();
        let vocabulary = learned(&offers(&each, 100), 1_000_000);
        assert_eq!(vocabulary.len(), COLUMNS.len() * MOST_WORDS);
        let (bits, own) = vocabulary.split(names.into_iter().collect());
        assert_eq!((bits[1], own.len()), (i64::MAX, 250 - COLUMNS.len() * MOST_WORDS + 2));
    }
}
