//! JSON that can be read in one way only.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::quoted::Quoted;

/// How many objects and arrays may lie inside one another.
pub const MAX_JSON_DEPTH: usize = 32;

/// Parses one JSON text (RFC 8259), refusing duplicate member names at any level.
///
/// RFC 7515 section 4 and RFC 7519 section 4 let a parser refuse duplicates or keep the last; a parser that
/// keeps the first would see another header or other claims than ours, so we refuse. Numbers keep their text.
/// The caller limits the size of the input, to which the time taken is proportional.
///
/// # Errors
///
/// [`JsonError`] if the bytes are not exactly one JSON text in UTF-8 (without a byte order mark), nest deeper
/// than [`MAX_JSON_DEPTH`], or name a member of an object twice.
pub fn strict_json(bytes: &[u8]) -> Result<Value, JsonError> {
    let checked: &RawValue = serde_json::from_slice(bytes)?;
    Reader { rest: checked.get() }.value(0)
}

/// Names that `serde_json` gives a meaning of its own: such an object would be written back as something
/// else.
const RESERVED_PREFIX: &str = "$serde_json::private::";

const WHITESPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Walks a text that `serde_json` has found valid, and leaves each name, string, number and literal to
/// `serde_json`.
///
/// Not a `serde` visitor, since with arbitrary precision those see each number as an object with one reserved
/// member, which an object in the input could imitate.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Reads the next value, which lies inside `depth` containers.
    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        if self.skip('{') {
            self.object(depth + 1)
        } else if self.skip('[') {
            self.array(depth + 1)
        } else {
            Ok(serde_json::from_str(self.scalar())?)
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        check_depth(depth)?;
        let mut object = Map::new();
        while !self.skip('}') {
            self.skip(',');
            let name: String = serde_json::from_str(self.scalar())?;
            if name.starts_with(RESERVED_PREFIX) {
                return Err(JsonError::ReservedMember(name));
            }
            if object.contains_key(&name) {
                return Err(JsonError::DuplicateMember(name));
            }
            self.skip(':');
            object.insert(name, self.value(depth)?);
        }
        Ok(Value::Object(object))
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        check_depth(depth)?;
        let mut elements = Vec::new();
        while !self.skip(']') {
            self.skip(',');
            elements.push(self.value(depth)?);
        }
        Ok(Value::Array(elements))
    }

    /// Passes a punctuation mark and the whitespace before it, if it comes next.
    fn skip(&mut self, mark: char) -> bool {
        self.rest = self.rest.trim_start_matches(WHITESPACE);
        let after = self.rest.strip_prefix(mark);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Passes the string, number or literal that comes next, and gives its text.
    fn scalar(&mut self) -> &'a str {
        let text = self.rest.trim_start_matches(WHITESPACE);
        let end = if text.starts_with('"') { string_end(text) } else { text.find([',', ']', '}']) };
        let (scalar, rest) = text.split_at(end.unwrap_or(text.len()));
        self.rest = rest;
        scalar
    }
}

/// Where the string that a text begins with ends, behind its closing quote.
fn string_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    let closing_quote = text.bytes().skip(1).position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    closing_quote.map(|index| index + 2)
}

fn check_depth(depth: usize) -> Result<(), JsonError> {
    if depth > MAX_JSON_DEPTH { Err(JsonError::TooDeep) } else { Ok(()) }
}

/// Why a text is not strict JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Not one JSON text, with what the parser says about it.
    #[error("not valid JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// More than [`MAX_JSON_DEPTH`] containers inside one another.
    #[error("JSON nests deeper than {MAX_JSON_DEPTH} levels")]
    TooDeep,
    /// An object names this member twice.
    #[error("JSON object has the member {} twice", Quoted(.0))]
    DuplicateMember(String),
    /// An object has a member whose name our JSON library keeps for itself.
    #[error("JSON object has the reserved member name {}", Quoted(.0))]
    ReservedMember(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn parse(text: &str) -> Result<Value, JsonError> {
        strict_json(text.as_bytes())
    }

    #[test]
    fn ordinary_json_is_read() {
        let text = r#" {"a": [1, -2.50, "\u00e9\n", null, true, {}], "b": {"a": []}, "": 0} "#;
        assert_eq!(parse(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(parse("7").unwrap(), json!(7));
    }

    #[test]
    fn duplicate_members_are_refused_at_any_level() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"a":3}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"x":{"a":{},"a":null}}]"#,
        ] {
            assert!(matches!(parse(text), Err(JsonError::DuplicateMember(name)) if name == "a"), "{text}");
        }
        assert!(parse(r#"{"a":{"a":1},"b":{"a":1},"A":1}"#).is_ok());
    }

    #[test]
    fn depth_is_limited() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&nested(MAX_JSON_DEPTH)).is_ok());
        assert!(matches!(parse(&nested(MAX_JSON_DEPTH + 1)), Err(JsonError::TooDeep)));
        assert!(matches!(parse(&nested(1 << 20)), Err(JsonError::TooDeep)));
        let objects = r#"{"a":"#.repeat(40) + "0" + &"}".repeat(40);
        assert!(matches!(parse(&objects), Err(JsonError::TooDeep)));
        assert!(matches!(parse(&"[".repeat(1 << 20)), Err(JsonError::Syntax(_))));
    }

    #[test]
    fn malformed_json_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "{}{}",
            "{} x",
            "{a:1}",
            r#"{"a":1,}"#,
            "[1,]",
            "01",
            "1.",
            "NaN",
            "'a'",
            "\u{feff}{}",
            "tru",
        ] {
            assert!(matches!(parse(text), Err(JsonError::Syntax(_))), "{text:?}");
        }
        assert!(matches!(parse(r#"["\ud800"]"#), Err(JsonError::Syntax(_))), "a lone surrogate");
        assert!(matches!(strict_json(b"\"\xff\""), Err(JsonError::Syntax(_))), "not UTF-8");
        assert!(matches!(strict_json(b"\"a\0\""), Err(JsonError::Syntax(_))), "a raw control character");
    }

    #[test]
    fn numbers_keep_their_text() {
        for text in ["1e400", "123456789012345678901234567890", "1.10", "-0"] {
            let value = parse(text).unwrap();
            assert_eq!(value.to_string().to_lowercase().replace("e+", "e"), text);
        }
        assert_eq!(parse("1e400").unwrap().as_i64(), None);
        assert_eq!(parse("1e400").unwrap().as_f64(), None);
        assert_eq!(parse("1700000000").unwrap().as_i64(), Some(1_700_000_000));
    }

    #[test]
    fn an_object_cannot_pose_as_a_number() {
        for text in
            [r#"{"$serde_json::private::Number":"1"}"#, r#"{"\u0024serde_json::private::RawValue":"[]"}"#]
        {
            assert!(matches!(parse(text), Err(JsonError::ReservedMember(_))), "{text}");
        }
    }

    const TOKENS: &[&str] =
        &["{", "}", "[", "]", ",", ":", " ", r#""a""#, r#""\"""#, r#""\\""#, r#""]""#, "1", "null"];

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn written_json_is_read_back(value in any_json()) {
            prop_assert_eq!(parse(&value.to_string()).unwrap(), value);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = strict_json(&bytes);
        }

        #[test]
        fn what_is_accepted_is_what_serde_json_reads(
            tokens in prop::collection::vec(prop::sample::select(TOKENS), 0..8)
        ) {
            let text = tokens.concat();
            match parse(&text) {
                Ok(value) => prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value),
                Err(JsonError::Syntax(_)) => prop_assert!(serde_json::from_str::<Value>(&text).is_err()),
                Err(_) => {}
            }
        }
    }
}
