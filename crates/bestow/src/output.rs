//! What management commands print: one record or several, for people or as JSON.

use std::fmt::Write as _;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// Named values, in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Record(Vec<(&'static str, Value)>);

impl Record {
    /// The same record with one more value at the end.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Prints it: one line a value, or a line of JSON.
    pub(crate) fn print(&self, json: bool) {
        if json {
            println!("{}", to_json(self));
        } else {
            print!("{}", self.text());
        }
    }

    fn text(&self) -> String {
        let width = self.0.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let mut text = String::new();
        for (name, value) in &self.0 {
            writeln!(text, "{name:width$}  {}", cell(value)).expect("a string takes everything");
        }
        text
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Prints several records: these columns of them as a table, or all of them as a line of JSON.
pub(crate) fn print_list(records: &[Record], columns: &[&str], json: bool) {
    if json {
        println!("{}", to_json(records));
    } else {
        print!("{}", table(records, columns));
    }
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("records have text keys")
}

fn table(records: &[Record], columns: &[&str]) -> String {
    let heading = columns.iter().map(|name| (*name).to_owned()).collect();
    let row = |record: &Record| {
        columns.iter().map(|name| record.get(name).map_or_else(String::new, cell)).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = std::iter::once(heading).chain(records.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(text, "{}", cells.join("  ").trim_end()).expect("a string takes everything");
    }
    text
}

/// Names that people typed may hold anything; control characters must not reach a terminal.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<Record> {
        vec![
            Record::default().with("id", "1").with("name", "Ada\u{1b}[31m").with("cap", Value::Null),
            Record::default().with("id", "twenty").with("name", "B").with("cap", 7),
        ]
    }

    #[test]
    fn a_table_is_aligned_and_safe() {
        let expected = "id      name      cap\n1       Ada\u{fffd}[31m  -\ntwenty  B         7\n";
        assert_eq!(table(&records(), &["id", "name", "cap"]), expected);
        assert_eq!(records()[1].text(), "id    twenty\nname  B\ncap   7\n");
    }

    #[test]
    fn json_keeps_the_order_and_the_types() {
        let expected = r#"[{"id":"1","name":"Ada\u001b[31m","cap":null},{"id":"twenty","name":"B","cap":7}]"#;
        assert_eq!(to_json(&records()), expected);
    }
}
