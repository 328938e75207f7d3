//! Claims as the rows of a table.

use serde_json::{Map, Value};

use super::data::path_steps;
use super::texts::Findings;

/// How many rows a table has at most.
const ROWS: usize = 200;
/// How many characters of a value are shown.
const CHARACTERS: usize = 1_000;
/// How many values of a list are shown in a row.
const VALUES: usize = 50;

/// A value, as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// Whether the words are ours rather than the issuer's.
    pub(super) ours: bool,
    /// What was done with it.
    pub(super) note: Option<&'static str>,
}

/// What is said, of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// From the outside to the inside.
    pub(super) steps: Vec<String>,
    pub(super) cells: Vec<Cell>,
}

/// What is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    /// How many rows there would be beside these.
    pub(super) more: usize,
}

impl Table {
    /// Of the claims of a credential.
    pub(super) fn of_claims(claims: &Map<String, Value>, findings: &'static Findings) -> Self {
        let mut table = Self::default();
        for (name, value) in claims {
            table.add(&mut vec![name.clone()], value, findings);
        }
        table
    }

    /// Of values by their paths.
    pub(super) fn of_paths(claims: &[(Value, Value)], findings: &'static Findings) -> Self {
        let mut table = Self::default();
        for (path, value) in claims {
            table.add(&mut path_steps(path), value, findings);
        }
        table
    }

    /// Documents are nested less deeply than a stack is high: whoever has parsed them has seen to it.
    fn add(&mut self, steps: &mut Vec<String>, value: &Value, findings: &'static Findings) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                for (name, value) in members {
                    steps.push(name.clone());
                    self.add(steps, value, findings);
                    steps.pop();
                }
            }
            Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
                for (place, value) in items.iter().enumerate() {
                    steps.push((place + 1).to_string());
                    self.add(steps, value, findings);
                    steps.pop();
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let mut cells: Vec<Cell> =
                    items.iter().take(VALUES).map(|item| cell(item, findings)).collect();
                if let (Some(last), true) = (cells.last_mut(), items.len() > VALUES) {
                    last.note = Some(findings.shortened);
                }
                self.push(steps, cells);
            }
            value => self.push(steps, vec![cell(value, findings)]),
        }
    }

    fn push(&mut self, steps: &[String], cells: Vec<Cell>) {
        if self.rows.len() < ROWS {
            let steps = steps.iter().map(|step| shortened(step).0.to_owned()).collect();
            self.rows.push(Row { steps, cells });
        } else {
            self.more += 1;
        }
    }
}

/// The beginning of a text, and whether that is all.
fn shortened(text: &str) -> (&str, bool) {
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => (&text[..end], false),
        None => (text, true),
    }
}

fn cell(value: &Value, findings: &'static Findings) -> Cell {
    let ours = |text: &str| Cell { text: text.to_owned(), ours: true, note: None };
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => ours(findings.nothing),
        Value::Bool(true) => ours(findings.yes),
        Value::Bool(false) => ours(findings.no),
        Value::Number(number) => Cell { text: number.to_string(), ours: false, note: None },
        Value::String(text) if text.starts_with("data:image/") => ours(findings.image),
        Value::String(text) if text.trim().is_empty() => ours(findings.nothing),
        Value::String(text) => {
            let (text, whole) = shortened(text);
            Cell { text: text.to_owned(), ours: false, note: (!whole).then_some(findings.shortened) }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::texts::Texts;
    use super::*;
    use crate::web::language::Language;

    const FINDINGS: &Findings = &Texts::of(Language::English).findings;

    fn table(claims: &Value) -> Table {
        Table::of_claims(claims.as_object().expect("an object"), FINDINGS)
    }

    fn written(table: &Table) -> Vec<String> {
        let cells =
            |row: &Row| row.cells.iter().map(|cell| cell.text.clone()).collect::<Vec<_>>().join(" | ");
        table.rows.iter().map(|row| format!("{} = {}", row.steps.join("/"), cells(row))).collect()
    }

    #[test]
    fn values_are_written_for_people() {
        let claims = json!({
            "name": "Zoë", "age": 1.5, "member": true, "banned": false, "nick": null, "blank": " ",
            "langs": ["de", "fr", 3], "none": [], "empty": {},
            "address": {"street": {"name": "Rue"}, "zip": "1"},
            "degrees": [{"title": "BSc"}, {"title": "MSc"}],
            "portrait": "data:image/png;base64,AAAA",
        });
        let expected = [
            "name = Zoë",
            "age = 1.5",
            "member = yes",
            "banned = no",
            "nick = nothing",
            "blank = nothing",
            "langs = de | fr | 3",
            "none = nothing",
            "empty = nothing",
            "address/street/name = Rue",
            "address/zip = 1",
            "degrees/1/title = BSc",
            "degrees/2/title = MSc",
            "portrait = a picture, which is not shown here",
        ];
        let mut written = written(&table(&claims));
        written.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(written, expected);
    }

    #[test]
    fn what_is_long_is_cut_off() {
        let many: Map<String, Value> = (0..ROWS + 7).map(|at| (format!("c{at}"), json!(at))).collect();
        let many = Table::of_claims(&many, FINDINGS);
        assert_eq!((many.rows.len(), many.more), (ROWS, 7));
        let long = table(&json!({"text": "é".repeat(CHARACTERS + 1), "fits": "é".repeat(CHARACTERS)}));
        let notes: Vec<_> =
            long.rows.iter().map(|row| (row.cells[0].text.chars().count(), row.cells[0].note)).collect();
        assert!(
            notes.contains(&(CHARACTERS, Some("shortened"))) && notes.contains(&(CHARACTERS, None)),
            "{notes:?}"
        );
        let list = table(&json!({"list": vec![0; VALUES + 1]}));
        assert_eq!(list.rows[0].cells.len(), VALUES);
        assert_eq!(list.rows[0].cells[VALUES - 1].note, Some("shortened"));
    }

    #[test]
    fn paths_are_read_as_people_count() {
        let claims = [
            (json!(["degrees", 0, "title"]), json!("BSc")),
            (json!(["address", null]), json!({"zip": "1"})),
            (json!("nonsense"), json!(1)),
        ];
        let table = Table::of_paths(&claims, FINDINGS);
        assert_eq!(written(&table), ["degrees/1/title = BSc", "address/zip = 1", " = 1"]);
    }
}
