//! One condition on one expression, as SQL.

use model::{Condition, Literal, Operator};

use crate::db::Value;

/// Moments are kept in microseconds and shown in milliseconds; a caller means the whole millisecond that it saw.
pub(super) const MILLISECOND: i64 = 1_000;

/// Binds a value; its place in the text.
pub(super) fn bind(values: &mut Vec<Value>, value: impl Into<Value>) -> String {
    values.push(value.into());
    format!("${}", values.len())
}

/// Binds values; a list of their places.
pub(super) fn bind_list<'a>(values: &mut Vec<Value>, texts: impl IntoIterator<Item = &'a str>) -> String {
    let places: Vec<String> = texts.into_iter().map(|text| bind(values, text)).collect();
    places.join(", ")
}

/// Whether the operator looks for a fragment of a text.
pub(super) fn looks_inside(condition: &Condition) -> bool {
    matches!(condition.operator, Operator::ILike | Operator::Like | Operator::StartsWith | Operator::Contains)
}

/// The condition on `expression`.
pub(super) fn text(expression: &str, condition: &Condition, values: &mut Vec<Value>) -> String {
    if condition.operator == Operator::Null {
        let not = if condition.negated { " NOT" } else { "" };
        return format!("{expression} IS{not} NULL");
    }
    let text = match condition.values.first() {
        Some(Literal::Moment(_)) => moments(expression, condition, values),
        _ => texts(expression, condition, values),
    };
    if condition.negated { format!("NOT ({text})") } else { format!("({text})") }
}

fn texts(expression: &str, condition: &Condition, values: &mut Vec<Value>) -> String {
    let texts: Vec<&str> = condition.values.iter().filter_map(as_text).collect();
    let sign = match condition.operator {
        Operator::In => return format!("{expression} IN ({})", bind_list(values, texts)),
        Operator::Between => {
            let places: Vec<String> = texts.into_iter().map(|text| bind(values, text)).collect();
            return format!("{expression} BETWEEN {}", places.join(" AND "));
        }
        Operator::ILike | Operator::Like | Operator::Contains | Operator::StartsWith => {
            return fragment(expression, condition.operator, first(&texts), values);
        }
        Operator::Gt => ">",
        Operator::Gte => ">=",
        Operator::Lt => "<",
        Operator::Lte => "<=",
        Operator::Eq | Operator::Null | Operator::FullText => "=",
    };
    format!("{expression} {sign} {}", bind(values, first(&texts)))
}

fn first<'a>(texts: &[&'a str]) -> &'a str {
    texts.first().copied().unwrap_or_default()
}

/// The text of a literal; a moment has none.
pub(super) fn as_text(literal: &Literal) -> Option<&str> {
    match literal {
        Literal::Text(text) => Some(text),
        Literal::Moment(_) => None,
    }
}

fn fragment(expression: &str, operator: Operator, text: &str, values: &mut Vec<Value>) -> String {
    like(expression, [if operator == Operator::StartsWith { "" } else { "%" }, text, "%"], values)
}

/// That a text is like this one, whatever the case, with anything before and after it where there is a `%`. `{like}` is the
/// dialect's word for it.
pub(super) fn like(expression: &str, [before, text, after]: [&str; 3], values: &mut Vec<Value>) -> String {
    let mut pattern = before.to_owned();
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push_str(after);
    format!("{expression} {{like}} {} ESCAPE '\\'", bind(values, pattern.as_str()))
}

fn moments(expression: &str, condition: &Condition, values: &mut Vec<Value>) -> String {
    let micros: Vec<i64> = condition
        .values
        .iter()
        .filter_map(|literal| match literal {
            Literal::Moment(moment) => Some(moment.0),
            Literal::Text(_) => None,
        })
        .collect();
    let after = |micros: i64| micros.saturating_add(MILLISECOND);
    let mut range = |from: i64, to: i64| {
        let (from, to) = (bind(values, from), bind(values, to));
        format!("{expression} >= {from} AND {expression} < {to}")
    };
    let one = micros.first().copied().unwrap_or_default();
    match condition.operator {
        Operator::In => {
            let ranges: Vec<String> = micros.iter().map(|&one| range(one, after(one))).collect();
            ranges.join(" OR ")
        }
        Operator::Between => range(one, after(micros.last().copied().unwrap_or_default())),
        Operator::Gt => format!("{expression} >= {}", bind(values, after(one))),
        Operator::Gte => format!("{expression} >= {}", bind(values, one)),
        Operator::Lt => format!("{expression} < {}", bind(values, one)),
        Operator::Lte => format!("{expression} < {}", bind(values, after(one))),
        _ => range(one, after(one)),
    }
}

#[cfg(test)]
mod tests {
    use model::{Comparator, Timestamp};

    use super::*;

    fn sql(negated: bool, operator: Operator, values: Vec<Literal>) -> (String, Vec<Value>) {
        let condition = Condition { comparator: Comparator::And, negated, operator, values };
        let mut bound = Vec::new();
        (text("o.x", &condition, &mut bound), bound)
    }

    fn of_texts(operator: Operator, texts: &[&str]) -> String {
        let literals = texts.iter().map(|text| Literal::Text((*text).to_owned())).collect();
        let (sql, values) = sql(false, operator, literals);
        format!("{sql} {values:?}")
    }

    #[test]
    fn texts_compare_as_they_are() {
        assert_eq!(of_texts(Operator::Eq, &["a%"]), r#"(o.x = $1) [Text(Some("a%"))]"#);
        assert_eq!(
            of_texts(Operator::In, &["a", "b"]),
            r#"(o.x IN ($1, $2)) [Text(Some("a")), Text(Some("b"))]"#
        );
        assert_eq!(
            of_texts(Operator::Between, &["a", "b"]),
            r#"(o.x BETWEEN $1 AND $2) [Text(Some("a")), Text(Some("b"))]"#
        );
    }

    #[test]
    fn wildcards_are_characters() {
        assert_eq!(
            of_texts(Operator::Like, &[r"50%_\"]),
            r#"(o.x {like} $1 ESCAPE '\') [Text(Some("%50\\%\\_\\\\%"))]"#
        );
        assert_eq!(
            of_texts(Operator::StartsWith, &["a"]),
            r#"(o.x {like} $1 ESCAPE '\') [Text(Some("a%"))]"#
        );
    }

    #[test]
    fn moments_stand_for_their_millisecond() {
        let moment = |micros| Literal::Moment(Timestamp(micros));
        let of = |operator, values| {
            let (sql, values) = sql(false, operator, values);
            format!("{sql} {values:?}")
        };
        let range = "(o.x >= $1 AND o.x < $2) [Int(Some(5000)), Int(Some(6000))]";
        assert_eq!(of(Operator::Eq, vec![moment(5_000)]), range);
        assert_eq!(of(Operator::Gt, vec![moment(5_000)]), "(o.x >= $1) [Int(Some(6000))]");
        assert_eq!(of(Operator::Gte, vec![moment(5_000)]), "(o.x >= $1) [Int(Some(5000))]");
        assert_eq!(of(Operator::Lt, vec![moment(5_000)]), "(o.x < $1) [Int(Some(5000))]");
        assert_eq!(of(Operator::Lte, vec![moment(5_000)]), "(o.x < $1) [Int(Some(6000))]");
        assert_eq!(
            of(Operator::Between, vec![moment(5_000), moment(9_000)]),
            "(o.x >= $1 AND o.x < $2) [Int(Some(5000)), Int(Some(10000))]"
        );
        assert_eq!(
            of(Operator::In, vec![moment(5_000), moment(9_000)]),
            "(o.x >= $1 AND o.x < $2 OR o.x >= $3 AND o.x < $4) \
             [Int(Some(5000)), Int(Some(6000)), Int(Some(9000)), Int(Some(10000))]"
        );
    }

    #[test]
    fn negation_keeps_to_rows_with_a_value() {
        let text = Literal::Text("a".to_owned());
        assert_eq!(sql(true, Operator::Eq, vec![text]).0, "NOT (o.x = $1)");
        assert_eq!(sql(true, Operator::Null, Vec::new()).0, "o.x IS NOT NULL");
    }
}
