//! Full-text search.
//!
//! An offer's own words (address, reference, claim values, subject, collection) are in its column `words`: PostgreSQL keeps them
//! as a `tsvector`, SQLite hands them to an FTS5 table. The words of its program and issuer (names, types, ids, the issuer's DID)
//! are not repeated in every offer: each word that is asked for is looked up in the tenant's programs first, and the offers of
//! those that have it need it no more. So renaming a program changes no offer, and a word that all offers of a program share is
//! counted by an index. Words that many of a tenant's offers share are bits in columns of their own (`crate::common_words`).

use std::collections::{BTreeMap, BTreeSet};

use model::{Condition, search_words};

use super::condition::{as_text, bind};
use super::distinct::distinct;
use super::related::one_of;
use super::statement::{ALWAYS, Alternative, Demand, NEVER};
use crate::StoreError;
use crate::common_words::{Bits, COLUMNS, Vocabulary};
use crate::db::{Db, Value, values};

/// As many words of an offer are kept; its claims are the caller's and may be long.
const MOST_WORDS: usize = 2_000;

/// The words of an offer's own texts.
pub(crate) fn words_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    texts.into_iter().flat_map(search_words).take(MOST_WORDS).collect()
}

/// What the column `words` holds for an offer of `tenant` with these words: each once, and one that marks the tenant, by which
/// PostgreSQL's index keeps tenants apart.
pub(crate) fn search_text(tenant: &str, words: &BTreeSet<String>) -> String {
    let mut text = tenant_word(tenant);
    for word in words {
        text.push(' ');
        text.push_str(word);
    }
    text
}

/// A word that no other tenant's offers have: the tenant's id in hexadecimal, so that it is one word whatever is in it.
pub(crate) fn tenant_word(tenant: &str) -> String {
    let mut word = "tenant".to_owned();
    for byte in tenant.bytes() {
        word.push_str(&format!("{byte:02x}"));
    }
    word
}

/// A program's own words.
#[derive(Debug)]
struct ProgramWords {
    id: String,
    words: BTreeSet<String>,
}

async fn programs(db: &Db, tenant: &str) -> Result<Vec<ProgramWords>, StoreError> {
    const PROGRAMS: &str = "SELECT p.id, p.name, p.type_name, i.slug, i.did FROM program p \
        JOIN issuer i ON i.id = p.issuer_id WHERE p.tenant_id = $1";
    let rows: Vec<(String, String, String, String, String)> = db.fetch_all(PROGRAMS, values![tenant]).await?;
    let words = |(id, name, type_name, slug, did): (String, String, String, String, String)| {
        let texts = [id.as_str(), &name, &type_name, "VerifiableCredential", &slug, &did];
        ProgramWords { words: texts.into_iter().flat_map(search_words).collect(), id }
    };
    Ok(rows.into_iter().map(words).collect())
}

/// The programs' ids by the words that their offers must have themselves.
fn by_missing_words(
    asked: &BTreeSet<String>,
    programs: Vec<ProgramWords>,
) -> BTreeMap<Vec<String>, Vec<String>> {
    let mut groups: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for program in programs {
        let missing: Vec<String> = asked.difference(&program.words).cloned().collect();
        groups.entry(missing).or_default().push(program.id);
    }
    groups
}

/// See [`super::demand`].
pub(super) async fn demand(
    db: &Db,
    tenant: &str,
    condition: &Condition,
    bound: &mut Vec<Value>,
) -> Result<Demand, StoreError> {
    let asked: BTreeSet<String> =
        condition.values.iter().filter_map(as_text).flat_map(search_words).collect();
    let search = Search::begin(db, tenant, &asked).await?;
    let groups = by_missing_words(&asked, programs(db, tenant).await?);
    let only = groups.len() == 1;
    let mut found = Vec::new();
    for (missing, ids) in groups {
        let of_programs = if only { None } else { Some(one_of("program_id", &ids, bound)) };
        if missing.is_empty() {
            match of_programs {
                None => return Ok(if condition.negated { Demand::never() } else { Demand::always() }),
                Some(of_programs) => found.push(Alternative::plain(of_programs)),
            }
            continue;
        }
        for with_words in search.with_words(&missing, bound) {
            found.push(match &of_programs {
                None => with_words,
                Some(of_programs) => Alternative::plain(format!("({of_programs} AND {})", with_words.text)),
            });
        }
    }
    Ok(if condition.negated { Demand::none_of(found, ALWAYS) } else { Demand::one_of(found) })
}

/// Up to so many different values of a column are looked up one by one.
const MOST_VALUES: usize = 2_000;

/// A search among one tenant's offers.
#[derive(Debug)]
struct Search<'a> {
    db: &'a Db,
    tenant: &'a str,
    vocabulary: Vocabulary,
    /// The different values of each column of bits that is asked, unless they are too many.
    values: [Option<Vec<i64>>; COLUMNS.len()],
}

impl<'a> Search<'a> {
    async fn begin(db: &'a Db, tenant: &'a str, asked: &BTreeSet<String>) -> Result<Self, StoreError> {
        let mut search = Self {
            db,
            tenant,
            vocabulary: Vocabulary::read(db, tenant).await?,
            values: [const { None }; COLUMNS.len()],
        };
        let bits = search.bits(asked.iter());
        for (column, _) in bits.iter().enumerate().filter(|(_, bits)| **bits != 0) {
            search.values[column] = distinct(db, "offer", COLUMNS[column], tenant, MOST_VALUES).await?;
        }
        Ok(search)
    }

    /// The bits of those of the words that are common.
    fn bits<'b>(&self, words: impl IntoIterator<Item = &'b String>) -> Bits {
        let mut bits = Bits::default();
        for (column, bit) in words.into_iter().filter_map(|word| self.vocabulary.place(word)) {
            bits[column] |= bit;
        }
        bits
    }

    /// What an offer satisfies one of that has all of the words itself; they exclude one another.
    fn with_words(&self, words: &[String], bound: &mut Vec<Value>) -> Vec<Alternative> {
        let (common, rare): (Vec<&String>, Vec<&String>) =
            words.iter().partition(|word| self.vocabulary.place(word).is_some());
        if common.is_empty() {
            return vec![Alternative::plain(self.in_text(&[], &rare, bound))];
        }
        let asked: Vec<(usize, i64)> = self
            .bits(common.iter().copied())
            .into_iter()
            .enumerate()
            .filter(|(_, bits)| *bits != 0)
            .collect();
        let has_all = self.conjoined(&asked, true, " AND ");
        let lacks_one = self.conjoined(&asked, false, " OR ");
        // Offers that were made before a word was common have it in their text.
        let mut by_text = format!("({lacks_one}) AND {}", self.in_text(&common, &rare, bound));
        if common.len() > 1 {
            for word in &common {
                // Not OR, by which PostgreSQL would take another index than that of the text.
                let bit = self.conjoined(self.vocabulary.place(word).as_slice(), true, "");
                let text = self.in_text(&[], &[*word], bound);
                by_text.push_str(&format!(" AND CASE WHEN {bit} THEN TRUE ELSE {text} END"));
            }
        }
        let by_bits = if rare.is_empty() {
            let opposite = (asked.len() == 1).then_some(lacks_one);
            Alternative { text: has_all, opposite }
        } else {
            Alternative::plain(format!("({has_all} AND {})", self.in_text(&[], &rare, bound)))
        };
        vec![by_bits, Alternative::plain(format!("({by_text})"))]
    }

    /// Whether columns have all of the bits, or lack one of them, put together by `between`.
    fn conjoined(&self, asked: &[(usize, i64)], has: bool, between: &str) -> String {
        let parts: Vec<String> =
            asked.iter().map(|(column, bits)| self.has_bits(*column, *bits, has)).collect();
        parts.join(between)
    }

    /// That a column has all of the bits, or that it lacks one of them.
    fn has_bits(&self, column: usize, bits: i64, has: bool) -> String {
        let name = COLUMNS[column];
        let Some(values) = &self.values[column] else {
            return format!("(o.{name} & {bits}) {} {bits}", if has { "=" } else { "<>" });
        };
        let (such, others): (Vec<i64>, Vec<i64>) =
            values.iter().partition(|value| (*value & bits == bits) == has);
        // The shorter list is compared sooner.
        match (such.len(), others.len()) {
            (0, _) => NEVER.to_owned(),
            (_, 0) => ALWAYS.to_owned(),
            (such_many, others_many) if such_many > others_many => {
                format!("o.{name} NOT IN ({})", listed(&others))
            }
            _ => format!("o.{name} IN ({})", listed(&such)),
        }
    }

    /// That the text of an offer's own words has one of `any`, unless that is empty, and all of `all`.
    fn in_text(&self, any: &[&String], all: &[&String], bound: &mut Vec<Value>) -> String {
        let query = bind(bound, text_query(self.db, self.tenant, any, all));
        match self.db {
            Db::Postgres { .. } => format!("o.words @@ {query}::tsquery"),
            Db::Sqlite { .. } => format!(
                "o.id IN (SELECT k.offer_id FROM offer_words w JOIN offer_words_key k ON k.number = w.rowid \
                 WHERE w.words MATCH {query})"
            ),
        }
    }
}

/// What the full-text index is asked for texts of a tenant's offers that have one of the words; nothing if there are none.
pub(crate) fn any_of<'a>(
    db: &Db,
    tenant: &str,
    words: impl IntoIterator<Item = &'a String>,
) -> Option<String> {
    let any: Vec<&String> = words.into_iter().collect();
    (!any.is_empty()).then(|| text_query(db, tenant, &any, &[]))
}

fn text_query(db: &Db, tenant: &str, any: &[&String], all: &[&String]) -> String {
    let tenant = tenant_word(tenant);
    let mut all = all.to_vec();
    all.push(&tenant);
    match db {
        Db::Postgres { .. } => conjunction("'", " & ", " | ", any, &all),
        Db::Sqlite { .. } => conjunction("\"", " AND ", " OR ", any, &all),
    }
}

fn listed(values: &[i64]) -> String {
    let values: Vec<String> = values.iter().map(i64::to_string).collect();
    values.join(", ")
}

/// One of `any`, unless that is empty, and all of `all`, as both full-text languages say it.
fn conjunction(quote: &str, and: &str, or: &str, any: &[&String], all: &[&String]) -> String {
    let quoted = |words: &[&String]| -> Vec<String> {
        words.iter().map(|word| format!("{quote}{word}{quote}")).collect()
    };
    let mut parts = quoted(all);
    if !any.is_empty() {
        parts.push(format!("({})", quoted(any).join(or)));
    }
    parts.join(and)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &str) -> BTreeSet<String> {
        search_words(words).collect()
    }

    #[test]
    fn the_text_has_each_word_once_and_the_tenant_s() {
        let words = words_of(["John Doe", "john@x.com"]);
        assert_eq!(search_text("a-1", &words), "tenant612d31 com doe john x");
        let long: Vec<String> = (0..5_000).map(|number| format!("w{number}")).collect();
        assert_eq!(words_of(long.iter().map(String::as_str)).len(), MOST_WORDS);
    }

    #[test]
    fn full_text_languages() {
        let (a, b, c) = ("a".to_owned(), "b".to_owned(), "c".to_owned());
        assert_eq!(conjunction("'", " & ", " | ", &[&a, &b], &[&c]), "'c' & ('a' | 'b')");
        assert_eq!(conjunction("\"", " AND ", " OR ", &[], &[&a, &b]), "\"a\" AND \"b\"");
    }

    #[test]
    fn programs_are_grouped_by_what_they_lack() {
        let program = |id: &str, words: &str| ProgramWords { id: id.to_owned(), words: set(words) };
        let programs =
            vec![program("a", "email credential"), program("b", "age credential"), program("c", "age")];
        let groups = by_missing_words(&set("john email credential"), programs);
        let expected = [
            (vec!["credential", "email", "john"], vec!["c"]),
            (vec!["email", "john"], vec!["b"]),
            (vec!["john"], vec!["a"]),
        ];
        let found: Vec<_> = groups
            .iter()
            .map(|(words, ids)| {
                (words.iter().map(String::as_str).collect(), ids.iter().map(String::as_str).collect())
            })
            .collect();
        assert_eq!(found, expected);
    }
}
