//! Comparing answers with the seed's examples, and writing them so that one run's are as another's.

use serde_json::Value;

/// What an answer may have or lack beside the example: both by path (`data[].index`), nulls by name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Differences {
    /// Members that are ours: documented, but not in the example.
    pub(super) extra: &'static [&'static str],
    /// Members of the example that an answer lacks, each for a documented reason.
    pub(super) absent: &'static [&'static str],
    /// Members that are `null` where the example shows what is not yet so.
    pub(super) null: &'static [&'static str],
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

/// As `2025-06-20T06:44:22.629Z`.
fn is_moment(text: &str) -> bool {
    let form = b"0000-00-00T00:00:00.000Z";
    text.len() == form.len()
        && text.bytes().zip(form).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == *form,
        })
}

/// What kind of value it is. Texts of a form are of a kind of their own.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(text) if is_uuid(text) => "a UUID",
        Value::String(text) if is_moment(text) => "a moment",
        Value::String(text) if text.starts_with("did:") => "a DID",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn fits(example: &Value, answer: &Value) -> bool {
    // The examples say "text" for many a thing that has a form.
    kind(example) == kind(answer) || (kind(example) == "a text" && answer.is_string())
}

/// Compares an answer with an example; what differs is added to `found`.
fn compare(path: &str, example: &Value, answer: &Value, allowed: Differences, found: &mut Vec<String>) {
    let name = path.rsplit(['.', ']']).next().unwrap_or_default();
    if answer.is_null() && allowed.null.contains(&name) {
        return;
    }
    if !fits(example, answer) {
        found.push(format!("{path} is {}, not {}", kind(answer), kind(example)));
        return;
    }
    match (example, answer) {
        // The example leaves open what is in it.
        (Value::Object(example), _) if example.is_empty() => {}
        (Value::Object(example), Value::Object(answer)) => {
            let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            for (name, example) in example {
                match answer.get(name) {
                    Some(answer) => compare(&at(name), example, answer, allowed, found),
                    None if allowed.absent.contains(&at(name).as_str()) => {}
                    None => found.push(format!("{} is missing", at(name))),
                }
            }
            let unknown = answer.keys().filter(|name| !example.contains_key(*name)).map(|name| at(name));
            let unknown = unknown.filter(|path| !allowed.extra.contains(&path.as_str()));
            found.extend(unknown.map(|path| format!("{path} is not in the example")));
        }
        (Value::Array(example), Value::Array(answer)) => {
            if answer.is_empty() {
                found.push(format!("{path} is empty"));
            }
            for row in answer {
                compare(&format!("{path}[]"), &example[0], row, allowed, found);
            }
        }
        _ => {}
    }
}

/// The answer has the members of the example, of the same kinds, and no others but those allowed.
#[track_caller]
pub(super) fn assert_shape(example: &Value, answer: &Value, allowed: Differences) {
    let mut found = Vec::new();
    compare("", example, answer, allowed, &mut found);
    assert!(found.is_empty(), "{found:#?} in {answer:#}");
}

/// The JSON without what differs from run to run: ids are numbered in the order in which they appear.
pub(super) fn reviewed(answer: &Value, server_url: &str, env_id: &str) -> String {
    let json = serde_json::to_string_pretty(answer).expect("JSON");
    let encoded = server_url.replace(':', "%3A").replace('/', "%2F");
    let json = json
        .replace(server_url, "https://bestow.example")
        .replace(&encoded, "https%3A%2F%2Fbestow.example")
        .replace(env_id, "[environment]");
    let (mut shown, mut ids, mut rest) = (String::new(), Vec::new(), json.as_str());
    while let Some(first) = rest.chars().next() {
        let head = |length: usize| rest.get(..length);
        let length = if let Some(id) = head(36).filter(|text| is_uuid(text)) {
            let known = ids.iter().position(|known| *known == id);
            let number = known.unwrap_or_else(|| {
                ids.push(id);
                ids.len() - 1
            });
            shown.push_str(&format!("[id {}]", number + 1));
            36
        } else if head(24).is_some_and(is_moment) {
            shown.push_str("[moment]");
            24
        } else if head(64).is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            shown.push_str("[hash]");
            64
        } else if head(13).is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit())) {
            shown.push_str("[milliseconds]");
            13
        } else if rest.starts_with("did:") {
            shown.push_str("[DID]");
            rest.find('"').expect("texts end")
        } else if let Some(marker) = head(CODE.len()).filter(|text| *text == CODE) {
            shown.push_str(marker);
            shown.push_str("[code]");
            CODE.len() + 22
        } else {
            shown.push(first);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    shown
}

/// What a pre-authorised code stands behind, percent-encoded.
const CODE: &str = "pre-authorized_code%22%3A%22";
