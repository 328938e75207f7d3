//! Conditions on what an offer shows of its program and issuer.
//!
//! A tenant has few of these and many offers: the condition is decided for each of the few first, and the offers are asked for
//! their keys, which an index answers.

use model::{Column, ColumnKind, Condition, Literal, Operator};

use super::condition::{as_text, bind, bind_list, text};
use super::statement::Demand;
use crate::StoreError;
use crate::db::{Db, Value, values};

/// See [`super::Place::Related`].
#[derive(Debug)]
pub(super) struct Related {
    pub(super) key: &'static str,
    pub(super) table: &'static str,
    pub(super) texts: &'static [&'static str],
    pub(super) unless_null: Option<&'static str>,
}

/// See [`super::demand`].
pub(super) async fn demand(
    db: &Db,
    related: &Related,
    tenant: &str,
    column: &Column,
    condition: &Condition,
    bound: &mut Vec<Value>,
) -> Result<Demand, StoreError> {
    if condition.operator == Operator::Null {
        return Ok(match (related.unless_null, condition.negated) {
            (Some(own), negated) => {
                Demand::plain(format!("o.{own} IS{} NULL", if negated { " NOT" } else { "" }))
            }
            (None, true) => Demand::always(),
            (None, false) => Demand::never(),
        });
    }
    let mut arguments = values![tenant];
    let decided = if column.kind == ColumnKind::TextList {
        of_list(related.texts, condition, &mut arguments)
    } else {
        text(related.texts.first().copied().unwrap_or("NULL"), condition, &mut arguments)
    };
    let table = related.table;
    let sql = format!(
        "SELECT r.id, CAST(CASE WHEN {decided} THEN 1 ELSE 0 END AS BIGINT) FROM {table} r WHERE r.tenant_id = $1"
    );
    let rows: Vec<(String, i64)> =
        db.fetch_composed(super::statement::in_dialect(db, &sql), arguments).await?;
    let all = rows.len();
    let ids: Vec<String> =
        rows.into_iter().filter(|(_, satisfies)| *satisfies == 1).map(|(id, _)| id).collect();
    Ok(keys(related, &ids, all, bound))
}

fn keys(related: &Related, ids: &[String], all: usize, bound: &mut Vec<Value>) -> Demand {
    if ids.is_empty() {
        return Demand::never();
    }
    let mut parts: Vec<String> =
        related.unless_null.iter().map(|own| format!("o.{own} IS NOT NULL")).collect();
    if ids.len() < all {
        parts.push(one_of(related.key, ids, bound));
    }
    if parts.is_empty() {
        return Demand::always();
    }
    Demand::plain(format!("({})", parts.join(" AND ")))
}

/// That the column `key` is one of the ids.
pub(super) fn one_of(key: &str, ids: &[String], bound: &mut Vec<Value>) -> String {
    match ids {
        [only] => format!("o.{key} = {}", bind(bound, only.as_str())),
        ids => format!("o.{key} IN ({})", bind_list(bound, ids.iter().map(String::as_str))),
    }
}

/// A condition on a list of texts: `$contains` wants all values in it, `$in` one of them, and a fragment is looked for in each text.
fn of_list(texts: &[&str], condition: &Condition, arguments: &mut Vec<Value>) -> String {
    let holds = |value: &Literal, arguments: &mut Vec<Value>| {
        let place = bind(arguments, as_text(value).unwrap_or_default());
        format!("{place} IN ({})", texts.join(", "))
    };
    let decided = match condition.operator {
        Operator::Eq | Operator::Contains => {
            let each: Vec<String> = condition.values.iter().map(|value| holds(value, arguments)).collect();
            each.join(" AND ")
        }
        Operator::In => {
            let each: Vec<String> = condition.values.iter().map(|value| holds(value, arguments)).collect();
            each.join(" OR ")
        }
        _ => {
            let plain = Condition { negated: false, ..condition.clone() };
            let each: Vec<String> = texts.iter().map(|element| text(element, &plain, arguments)).collect();
            each.join(" OR ")
        }
    };
    if condition.negated { format!("NOT ({decided})") } else { format!("({decided})") }
}
