//! Fragments of texts of which one end is shared by many rows: the domain of an address, the method of a DID.
//!
//! How many addresses hold a fragment, an index of trigrams tells only by visiting them all. Where the fragment is in the shared
//! end, all rows with that end hold it, which an index counts; of the others only their own part can hold it, or both together.

use model::{Condition, Operator};

use super::condition::{self, as_text, bind_list};
use super::distinct::distinct;
use super::statement::{Alternative, Demand, NEVER};
use crate::StoreError;
use crate::db::{Db, Value, values};

/// See [`super::Place::Split`].
#[derive(Debug)]
pub(super) struct Split {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    pub(super) own: &'static str,
    pub(super) shared: &'static str,
    pub(super) order: Order,
    pub(super) noted_in: Option<&'static str>,
}

/// Which end is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    SharedFirst,
    SharedLast,
}

/// Of more different ends, none is told apart: looking through them would take longer than it spares.
const MOST_SHARED: usize = 20_000;
/// And of more that nothing has noted.
const MOST_FOUND: usize = 2_000;

/// See [`super::demand`].
pub(super) async fn demand(
    db: &Db,
    split: &Split,
    tenant: &str,
    condition: &Condition,
    bound: &mut Vec<Value>,
) -> Result<Demand, StoreError> {
    let fragment = condition.values.first().and_then(as_text).unwrap_or_default();
    let split_here = matches!(db, Db::Postgres { .. }) && !fragment.is_empty();
    let shared =
        if split_here && condition::looks_inside(condition) { split.ends(db, tenant).await? } else { None };
    let Some(shared) = shared else {
        return Ok(Demand::plain(condition::text(&format!("o.{}", split.column), condition, bound)));
    };
    let begins = condition.operator == Operator::StartsWith;
    let (whole, others): (Vec<&str>, Vec<&str>) =
        shared.iter().map(String::as_str).partition(|end| split.answers(end, fragment, begins));
    let own = split.in_own(&others, fragment, begins, bound);
    let mut alternatives = Vec::new();
    if !whole.is_empty() {
        alternatives.push(Alternative {
            text: split.is_among(&whole, &others, bound),
            opposite: condition.negated.then(|| split.is_among(&others, &whole, bound)),
        });
    }
    if whole.is_empty() {
        alternatives.push(Alternative::plain(format!("({own})")));
    } else if !others.is_empty() {
        let elsewhere = split.is_among(&others, &whole, bound);
        alternatives.push(Alternative::plain(format!("({elsewhere} AND ({own}))")));
    }
    let known = format!("o.{} IS NOT NULL", split.shared);
    let demand =
        if condition.negated { Demand::none_of(alternatives, &known) } else { Demand::one_of(alternatives) };
    Ok(Demand { only_alone: true, ..demand })
}

impl Split {
    /// The different ends of a tenant's rows, unless they are too many.
    async fn ends(&self, db: &Db, tenant: &str) -> Result<Option<Vec<String>>, StoreError> {
        let Some(noted_in) = self.noted_in else {
            return distinct(db, self.table, self.shared, tenant, MOST_FOUND).await;
        };
        let sql = format!("SELECT part FROM {noted_in} WHERE tenant_id = $1 LIMIT {}", MOST_SHARED + 1);
        let rows: Vec<(String,)> = db.fetch_composed(sql, values![tenant]).await?;
        Ok((rows.len() <= MOST_SHARED).then(|| rows.into_iter().map(|(part,)| part).collect()))
    }

    /// That a row has one of these ends, and so none of the others.
    fn is_among(&self, these: &[&str], others: &[&str], bound: &mut Vec<Value>) -> String {
        if others.is_empty() {
            return format!("o.{} IS NOT NULL", self.shared);
        }
        if these.len() > others.len() {
            return format!("o.{} NOT IN ({})", self.shared, bind_list(bound, others.iter().copied()));
        }
        self.is_one_of(these, bound)
    }

    fn is_one_of(&self, ends: &[&str], bound: &mut Vec<Value>) -> String {
        if ends.is_empty() {
            return NEVER.to_owned();
        }
        format!("o.{} IN ({})", self.shared, bind_list(bound, ends.iter().copied()))
    }

    /// Whether all rows with this end satisfy the condition, whatever their own part is.
    fn answers(&self, end: &str, fragment: &str, begins: bool) -> bool {
        let (end, fragment) = (end.to_ascii_lowercase(), fragment.to_ascii_lowercase());
        match (begins, self.order) {
            (false, _) => end.contains(&fragment),
            (true, Order::SharedFirst) => end.starts_with(&fragment),
            (true, Order::SharedLast) => false,
        }
    }

    /// What rows with one of the other ends satisfy, if they satisfy the condition.
    fn in_own(&self, others: &[&str], fragment: &str, begins: bool, bound: &mut Vec<Value>) -> String {
        let mut like = |pattern: [&str; 3]| condition::like(&format!("o.{}", self.own), pattern, bound);
        // A row of which nothing is shared begins with its own part, which a shared end of no characters says.
        let mut ways = match (begins, self.order) {
            (false, _) => vec![like(["%", fragment, "%"])],
            (true, Order::SharedLast) => vec![like(["", fragment, "%"])],
            (true, Order::SharedFirst) => Vec::new(),
        };
        let from = usize::from(!begins);
        for (at, _) in fragment.char_indices().filter(|(at, _)| *at >= from) {
            let (left, right) = fragment.split_at(at);
            let (in_shared, pattern) = match (self.order, begins) {
                (Order::SharedFirst, _) => (left, ["", right, "%"]),
                (Order::SharedLast, false) => (right, ["%", left, ""]),
                (Order::SharedLast, true) => (right, ["", left, ""]),
            };
            let ends: Vec<&str> =
                others.iter().copied().filter(|end| self.meets(end, in_shared, begins)).collect();
            if !ends.is_empty() {
                let like = condition::like(&format!("o.{}", self.own), pattern, bound);
                ways.push(format!("{} AND {like}", self.is_one_of(&ends, bound)));
            }
        }
        if ways.is_empty() { NEVER.to_owned() } else { ways.join(" OR ") }
    }

    /// Whether the shared end goes on, towards the own part, as this part of the fragment does.
    fn meets(&self, end: &str, part: &str, begins: bool) -> bool {
        let (end, part) = (end.to_ascii_lowercase(), part.to_ascii_lowercase());
        match (self.order, begins) {
            (Order::SharedFirst, false) => end.ends_with(&part),
            (Order::SharedFirst, true) => end == part,
            (Order::SharedLast, _) => end.starts_with(&part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(order: Order) -> Split {
        Split { table: "offer", column: "x", own: "x_own", shared: "x_shared", order, noted_in: None }
    }

    /// What the texts that `in_own` and `answers` give would find, worked out here.
    fn found(split: &Split, own: &str, end: &str, fragment: &str, begins: bool) -> bool {
        if split.answers(end, fragment, begins) {
            return true;
        }
        let mut bound = Vec::new();
        let text = split.in_own(&[end], fragment, begins, &mut bound);
        let value = |place: &str| match &bound[place.parse::<usize>().expect("a place") - 1] {
            Value::Text(Some(text)) => text.clone(),
            other => panic!("{other:?}"),
        };
        text.split(" OR ").filter(|way| *way != NEVER).any(|way| {
            let (of_ends, like) = way.split_once(" AND ").map_or((None, way), |(a, b)| (Some(a), b));
            let of_end = of_ends.is_none_or(|text| value(inside(text, "($", ")")) == end);
            of_end && is_like(own, &value(inside(like, "$", " ESCAPE")))
        })
    }

    fn inside<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
        let (_, rest) = text.split_once(before).expect("a place");
        rest.split_once(after).expect("its end").0
    }

    /// For texts without wildcards.
    fn is_like(text: &str, pattern: &str) -> bool {
        let (text, pattern) = (text.to_ascii_lowercase(), pattern.to_ascii_lowercase());
        match (pattern.strip_prefix('%'), pattern.strip_suffix('%')) {
            (Some(_), Some(_)) => text.contains(&pattern[1..pattern.len() - 1]),
            (Some(rest), None) => text.ends_with(rest),
            (None, Some(rest)) => text.starts_with(rest),
            (None, None) => text == pattern,
        }
    }

    /// Every text of at most `longest` of these characters.
    fn texts(longest: usize) -> Vec<String> {
        let mut texts = vec![String::new()];
        for length in 1..=longest {
            let longer: Vec<String> = texts
                .iter()
                .filter(|text| text.len() + 1 == length)
                .flat_map(|text| ["a", "B", "b"].map(|character| format!("{text}{character}")))
                .collect();
            texts.extend(longer);
        }
        texts
    }

    #[test]
    fn the_parts_answer_as_the_whole() {
        for (own, end) in texts(2).iter().flat_map(|own| texts(2).into_iter().map(move |end| (own, end))) {
            for fragment in texts(3).iter().filter(|fragment| !fragment.is_empty()) {
                for (begins, order) in [false, true]
                    .into_iter()
                    .flat_map(|begins| [Order::SharedFirst, Order::SharedLast].map(|order| (begins, order)))
                {
                    let whole = match order {
                        Order::SharedFirst => format!("{end}{own}"),
                        Order::SharedLast => format!("{own}{end}"),
                    };
                    let (whole, part) = (whole.to_ascii_lowercase(), fragment.to_ascii_lowercase());
                    let expected = if begins { whole.starts_with(&part) } else { whole.contains(&part) };
                    let found = found(&split(order), own, &end, fragment, begins);
                    assert_eq!(found, expected, "{order:?} {own} {end} {fragment} {begins}");
                }
            }
        }
    }
}
