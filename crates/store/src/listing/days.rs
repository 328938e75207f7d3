//! Conditions on moments, counted by days.
//!
//! Counting the moments after another goes through as many entries of an index as there are. An index of days holds each day
//! once, with the places of its rows: all whole days are counted in that, and what is left of the first and last day in the index
//! of moments.

use model::{Condition, Literal, Operator};

use super::condition::{self, bind};
use super::statement::{Counted, Demand};
use crate::db::{Db, Value};

/// A day, in microseconds: the divisor of the columns that hold days. Division rounds towards zero here as there; any rounding
/// would do that does not change the order.
const DAY: i64 = 86_400_000_000;

/// What a condition asks of the moments in `column`.
pub(super) fn demand(
    db: &Db,
    column: &str,
    day: &str,
    condition: &Condition,
    bound: &mut Vec<Value>,
) -> Demand {
    let condition = &positive(condition);
    let text = condition::text(&format!("o.{column}"), condition, bound);
    let counted = match db {
        Db::Sqlite { .. } => Vec::new(),
        Db::Postgres { .. } => counted(column, day, condition, bound),
    };
    let counted = counted.into_iter().map(Counted::Plus).collect();
    Demand { text, counted, only_alone: true }
}

/// The same condition without a negation, where there is such.
fn positive(condition: &Condition) -> Condition {
    let opposite = match condition.operator {
        Operator::Gt => Operator::Lte,
        Operator::Gte => Operator::Lt,
        Operator::Lt => Operator::Gte,
        Operator::Lte => Operator::Gt,
        _ => return condition.clone(),
    };
    let operator = if condition.negated { opposite } else { condition.operator };
    Condition { operator, negated: false, ..condition.clone() }
}

fn counted(column: &str, day: &str, condition: &Condition, bound: &mut Vec<Value>) -> Vec<String> {
    if condition.operator == Operator::Null {
        return vec![condition::text(&format!("o.{day}"), condition, bound)];
    }
    if condition.negated {
        return Vec::new();
    }
    let mut moments = condition.values.iter().filter_map(|literal| match literal {
        Literal::Moment(moment) => Some(moment.0),
        Literal::Text(_) => None,
    });
    let (Some(first), last) = (moments.next(), moments.next()) else { return Vec::new() };
    let after = |moment: i64| moment.saturating_add(condition::MILLISECOND);
    match (condition.operator, last) {
        (Operator::Gt, _) => from(column, day, after(first), bound),
        (Operator::Gte, _) => from(column, day, first, bound),
        (Operator::Lt, _) => until(column, day, first, bound),
        (Operator::Lte, _) => until(column, day, after(first), bound),
        (Operator::Between, Some(last)) => between(column, day, first, after(last), bound),
        _ => Vec::new(),
    }
}

/// The first moment after a day.
const fn end_of(day: i64) -> i64 {
    if day < 0 { day.saturating_mul(DAY).saturating_add(1) } else { (day + 1).saturating_mul(DAY) }
}

/// The first moment of a day.
const fn begin_of(day: i64) -> i64 {
    if day > 0 { day.saturating_mul(DAY) } else { (day - 1).saturating_mul(DAY).saturating_add(1) }
}

fn range(column: &str, first: i64, end: i64, bound: &mut Vec<Value>) -> String {
    let (first, end) = (bind(bound, first), bind(bound, end));
    format!("(o.{column} >= {first} AND o.{column} < {end})")
}

/// `moment` and later.
fn from(column: &str, day: &str, moment: i64, bound: &mut Vec<Value>) -> Vec<String> {
    let begun = moment / DAY;
    vec![format!("o.{day} > {}", bind(bound, begun)), range(column, moment, end_of(begun), bound)]
}

/// Earlier than `moment`.
fn until(column: &str, day: &str, moment: i64, bound: &mut Vec<Value>) -> Vec<String> {
    let ended = moment / DAY;
    vec![format!("o.{day} < {}", bind(bound, ended)), range(column, begin_of(ended), moment, bound)]
}

/// From `first` on, and earlier than `end`. Within two days there is nothing to gain.
fn between(column: &str, day: &str, first: i64, end: i64, bound: &mut Vec<Value>) -> Vec<String> {
    let (begun, ended) = (first / DAY, end / DAY);
    if ended - begun < 2 {
        return Vec::new();
    }
    vec![
        format!("(o.{day} > {} AND o.{day} < {})", bind(bound, begun), bind(bound, ended)),
        range(column, first, end_of(begun), bound),
        range(column, begin_of(ended), end, bound),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_meet_and_round_as_division_does() {
        for day in [-3, -2, -1, 0, 1, 2, 20_000] {
            assert_eq!(begin_of(day) / DAY, day);
            assert_eq!((begin_of(day) - 1) / DAY, day - 1);
            assert_eq!((end_of(day) - 1) / DAY, day);
            assert_eq!(end_of(day), begin_of(day + 1));
        }
        assert_eq!(end_of(i64::MAX / DAY), i64::MAX);
    }
}
