//! One value of a filter: `{$and|$or}:{$not}:OPERATOR:VALUE`, the tokens in any order and each of them optional.

use model::{Column, ColumnKind, Comparator, Condition, Literal, Operator};

use super::ListError;

/// As in the library: `$and:$not:$eq:$null` is the most that makes sense.
const MAX_TOKENS: usize = 4;
/// How many values `$in`, or `$contains` of a list, may have.
const MAX_VALUES: usize = 100;

/// The tokens of a filter value, and what is left of it.
#[derive(Debug, PartialEq, Eq)]
struct Tokens<'a> {
    comparator: Comparator,
    negated: bool,
    operator: Option<Operator>,
    value: &'a str,
}

fn tokens(raw: &str) -> Tokens<'_> {
    let mut found = Tokens { comparator: Comparator::And, negated: false, operator: None, value: raw };
    for _ in 0..MAX_TOKENS {
        let (head, tail) = match found.value.split_once(':') {
            Some((head, tail)) => (head, Some(tail)),
            None => (found.value, None),
        };
        match head {
            "$and" => found.comparator = Comparator::And,
            "$or" => found.comparator = Comparator::Or,
            "$not" => found.negated = true,
            // The seed's own example writes it so. An operator before it makes it a value.
            "like" if found.operator.is_none() && tail.is_some() => found.operator = Some(Operator::Like),
            _ => match Operator::from_token(head) {
                Some(operator) => found.operator = Some(operator),
                None => break,
            },
        }
        found.value = tail.unwrap_or_default();
    }
    found
}

/// A `$word` where an operator may stand is one that we do not have: taken as a value it would match nothing, and behind `$not`
/// everything.
fn unknown_operator(value: &str) -> Option<&str> {
    let head = value.split(':').next().unwrap_or_default();
    let name = head.strip_prefix('$')?;
    (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic())).then_some(head)
}

/// Reads one value of the filter on `column`.
pub(super) fn condition(column: &Column, raw: &str) -> Result<Condition, ListError> {
    let Tokens { comparator, negated, operator, value } = tokens(raw);
    if operator.is_none()
        && let Some(unknown) = unknown_operator(value)
    {
        return Err(ListError::unknown_operator(unknown, column));
    }
    let operator = operator.unwrap_or(Operator::Eq);
    if !column.kind.operators().contains(&operator) {
        return Err(ListError::operator(operator.token(), column));
    }
    Ok(Condition { comparator, negated, operator, values: literals(column, operator, value)? })
}

fn literals(column: &Column, operator: Operator, value: &str) -> Result<Vec<Literal>, ListError> {
    let values: Vec<&str> = match operator {
        Operator::Null => Vec::new(),
        Operator::In | Operator::Between => value.split(',').collect(),
        Operator::Contains if column.kind == ColumnKind::TextList => value.split(',').collect(),
        _ => vec![value],
    };
    if operator == Operator::Between && values.len() != 2 {
        return Err(ListError::value(value, column, "$btw takes two values with a comma between them"));
    }
    if values.len() > MAX_VALUES {
        return Err(ListError::too_many(operator, column, MAX_VALUES));
    }
    let literal = |value: &str| {
        let invalid = |error| ListError::value(value, column, &format!("{error}"));
        column.kind.literal(operator, value).map_err(invalid)
    };
    values.into_iter().map(literal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> (Comparator, bool, Option<Operator>, &str) {
        let Tokens { comparator, negated, operator, value } = tokens(raw);
        (comparator, negated, operator, value)
    }

    #[test]
    fn reads_the_library_s_own_cases() {
        let cases = [
            ("$ilike:value", false, Some(Operator::ILike), "value"),
            ("$eq:value", false, Some(Operator::Eq), "value"),
            ("$eq:val:ue", false, Some(Operator::Eq), "val:ue"),
            ("$in:value1,value2,value3", false, Some(Operator::In), "value1,value2,value3"),
            ("$not:$in:value1:a,value2:b", true, Some(Operator::In), "value1:a,value2:b"),
            ("value", false, None, "value"),
            ("$eq:$not:value", true, Some(Operator::Eq), "value"),
            ("$eq:$null", false, Some(Operator::Null), ""),
            ("", false, None, ""),
            ("$eq:$not:value:$in", true, Some(Operator::Eq), "value:$in"),
            ("$eq:$not:$null:value:$in", true, Some(Operator::Null), "value:$in"),
        ];
        for (raw, negated, operator, value) in cases {
            assert_eq!(read(raw), (Comparator::And, negated, operator, value), "{raw}");
            let (with_and, with_or) = (format!("$and:{raw}"), format!("$or:{raw}"));
            assert_eq!(read(&with_and), (Comparator::And, negated, operator, value), "{with_and}");
            assert_eq!(read(&with_or), (Comparator::Or, negated, operator, value), "{with_or}");
        }
    }

    #[test]
    fn like_needs_no_dollar_and_yields_to_an_operator() {
        assert_eq!(read("like:John"), (Comparator::And, false, Some(Operator::Like), "John"));
        assert_eq!(read("$not:like:John"), (Comparator::And, true, Some(Operator::Like), "John"));
        assert_eq!(read("$not:$like:John Doe"), (Comparator::And, true, Some(Operator::Like), "John Doe"));
        assert_eq!(read("$eq:like:John"), (Comparator::And, false, Some(Operator::Eq), "like:John"));
        assert_eq!(read("like"), (Comparator::And, false, None, "like"));
        assert_eq!(read("gt:1"), (Comparator::And, false, None, "gt:1"));
    }

    #[test]
    fn a_fifth_token_is_a_value() {
        assert_eq!(read("$or:$not:$eq:$in:$null"), (Comparator::Or, true, Some(Operator::In), "$null"));
    }

    #[test]
    fn only_a_dollar_word_is_an_unknown_operator() {
        assert_eq!(unknown_operator("$regex:x"), Some("$regex"));
        assert_eq!(unknown_operator("$fake"), Some("$fake"));
        for value in ["$", "$100", "$a1:x", "a$b", "", "$:x"] {
            assert_eq!(unknown_operator(value), None, "{value}");
        }
    }
}
