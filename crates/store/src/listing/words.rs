//! Full-text search.
//!
//! An offer's own words (address, reference, claim values, subject, collection) are in its column `words`: PostgreSQL keeps them
//! as a `tsvector`, SQLite hands them to an FTS5 table. The words of its program and issuer (names, types, ids, the issuer's DID)
//! are not repeated in every offer: each word that is asked for is looked up in the tenant's programs first, and the offers of
//! those that have it need it no more. So renaming a program changes no offer, and a word that all offers of a program share is
//! counted by an index.

use std::collections::{BTreeMap, BTreeSet};

use model::{Condition, Literal, search_words};

use super::condition::bind;
use super::related::one_of;
use super::statement::Demand;
use crate::StoreError;
use crate::db::{Db, Value, values};

/// As many words of an offer are kept; its claims are the caller's and may be long.
const MOST_WORDS: usize = 2_000;

/// What the column `words` holds for an offer of `tenant`: the words of the texts that are its own, each once, and one that marks
/// the tenant, by which PostgreSQL's index keeps tenants apart.
pub(crate) fn search_text<'a>(tenant: &str, texts: impl IntoIterator<Item = &'a str>) -> String {
    let words: BTreeSet<String> = texts.into_iter().flat_map(search_words).take(MOST_WORDS).collect();
    let mut text = tenant_word(tenant);
    for word in words {
        text.push(' ');
        text.push_str(&word);
    }
    text
}

/// A word that no other tenant's offers have: the tenant's id in hexadecimal, so that it is one word whatever is in it.
fn tenant_word(tenant: &str) -> String {
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
    let asked: BTreeSet<String> = condition
        .values
        .iter()
        .filter_map(|value| match value {
            Literal::Text(text) => Some(search_words(text)),
            Literal::Moment(_) => None,
        })
        .flatten()
        .collect();
    let groups = by_missing_words(&asked, programs(db, tenant).await?);
    let only = groups.len() == 1;
    let mut found = Vec::new();
    for (missing, ids) in groups {
        let mut parts = Vec::new();
        if !only {
            parts.push(one_of("program_id", &ids, bound));
        }
        if !missing.is_empty() {
            parts.push(has_words(db, tenant, &missing, bound));
        }
        match parts.len() {
            0 => return Ok(if condition.negated { Demand::never() } else { Demand::always() }),
            1 => found.extend(parts),
            _ => found.push(format!("({})", parts.join(" AND "))),
        }
    }
    if !condition.negated {
        return Ok(Demand::one_of(found));
    }
    Ok(if found.is_empty() {
        Demand::always()
    } else {
        Demand::plain(format!("NOT ({})", found.join(" OR ")))
    })
}

/// That an offer has all of the words itself.
fn has_words(db: &Db, tenant: &str, words: &[String], bound: &mut Vec<Value>) -> String {
    let quoted = |quote: char| words.iter().map(move |word| format!("{quote}{word}{quote}"));
    match db {
        Db::Postgres { .. } => {
            let query: Vec<String> = quoted('\'').chain([format!("'{}'", tenant_word(tenant))]).collect();
            format!("o.words @@ {}::tsquery", bind(bound, query.join(" & ")))
        }
        Db::Sqlite { .. } => {
            let query: Vec<String> = quoted('"').collect();
            format!(
                "o.id IN (SELECT k.offer_id FROM offer_words w JOIN offer_words_key k ON k.number = w.rowid \
                 WHERE w.words MATCH {})",
                bind(bound, query.join(" AND "))
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &str) -> BTreeSet<String> {
        search_words(words).collect()
    }

    #[test]
    fn the_text_has_each_word_once_and_the_tenant_s() {
        assert_eq!(search_text("a-1", ["John Doe", "john@x.com"]), "tenant612d31 com doe john x");
        let long: Vec<String> = (0..5_000).map(|number| format!("w{number}")).collect();
        let text = search_text("t", long.iter().map(String::as_str));
        assert_eq!(text.split(' ').count(), 1 + MOST_WORDS);
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
