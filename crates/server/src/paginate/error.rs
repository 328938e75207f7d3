//! What is wrong with a query.

use model::{Column, Listable, Operator};

/// Why a list cannot be given; the answer is 400. The text is for the caller: it says which parameter is wrong and what would be
/// right. It repeats the caller's own value, so it does not belong into a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ListError {
    /// The text.
    pub message: String,
}

/// How much of a value a message repeats, in characters.
const SHOWN: usize = 100;

impl ListError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    pub(super) fn column(name: &str, list: &Listable) -> Self {
        let names: Vec<&str> = list.columns.iter().map(|column| column.name).collect();
        let (name, names) = (shown(name), names.join(", "));
        Self::new(format!("Column '{name}' is not filterable. Filterable: {names}."))
    }

    /// An operator that does not fit the column.
    pub(super) fn operator(operator: &str, column: &Column) -> Self {
        let takes: Vec<&str> = column.kind.operators().iter().map(|operator| operator.token()).collect();
        let (operator, takes, name) = (shown(operator), takes.join(", "), column.name);
        Self::new(format!(
            "Invalid filter operator '{operator}' for column '{name}'. It takes {takes}, each with or without $not before it."
        ))
    }

    /// A word with a dollar sign that is no operator at all, and may be meant as a value.
    pub(super) fn unknown_operator(operator: &str, column: &Column) -> Self {
        let mut error = Self::operator(operator, column);
        error.message.push_str(" A value that begins with a dollar sign is written after $eq:.");
        error
    }

    pub(super) fn value(value: &str, column: &Column, reason: &str) -> Self {
        let (value, name) = (shown(value), column.name);
        Self::new(format!("Invalid value '{value}' for column '{name}': {reason}."))
    }

    pub(super) fn too_many(operator: Operator, column: &Column, most: usize) -> Self {
        let (operator, name) = (operator.token(), column.name);
        Self::new(format!("Too many values of {operator} for column '{name}': at most {most}."))
    }
}

/// What a message repeats of a caller's text.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
