//! What a credential's subject must look like: a program's JSON Schema.

use std::fmt;

use jsonschema::{Draft, PatternOptions, Validator};
use model::DataType;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, json};

/// How many violations one answer lists; more are counted.
const LISTED: usize = 100;

/// Why a document is no usable schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Not JSON.
    #[error("the schema is not JSON: {0}")]
    Json(String),
    /// Not an object schema.
    #[error("the schema must be a JSON object with \"type\": \"object\" and \"properties\"")]
    NotObject,
    /// Not a JSON Schema.
    #[error("the schema is not a valid JSON Schema (references to other documents are not followed): {0}")]
    Invalid(String),
    /// A property has a name that a credential cannot carry.
    #[error("the schema has a property `{0}`, a name that credential formats reserve: rename it")]
    Reserved(String),
}

/// One thing that is wrong with a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where, as a JSON Pointer (RFC 6901) below `credentialSubject`; empty for the subject itself.
    pub path: String,
    /// What.
    pub problem: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "credentialSubject{}: {}", self.path, self.problem)
    }
}

/// A property of a schema, as a claim that an offer can carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimType {
    pub(crate) name: String,
    /// Absent for objects, arrays and whatever else has no text form.
    pub(crate) data_type: Option<DataType>,
    pub(crate) required: bool,
    /// Shown to people.
    pub(crate) title: Option<String>,
}

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct SubjectSchema {
    validator: Validator,
    claims: Vec<ClaimType>,
}

impl SubjectSchema {
    /// Compiles a schema. Members that it does not name are refused unless it says otherwise (`additionalProperties`,
    /// `unevaluatedProperties` or `patternProperties`). A property `id` is dropped: it is ours to fill in.
    pub(crate) fn compile(document: &str) -> Result<Self, SchemaError> {
        let mut schema: Value =
            serde_json::from_str(document).map_err(|error| SchemaError::Json(error.to_string()))?;
        let properties = schema.get("properties").and_then(Value::as_object);
        let names = properties.ok_or(SchemaError::NotObject)?;
        if schema["type"] != "object" {
            return Err(SchemaError::NotObject);
        }
        if let Some(name) = names.keys().find(|name| *name != "id" && vc::sd_jwt::is_reserved(name)) {
            return Err(SchemaError::Reserved(name.clone()));
        }
        drop_id(&mut schema);
        let claims = claim_types(&schema, &property_names(document));
        let draft = Draft::default().detect(&schema);
        close(&mut schema, matches!(draft, Draft::Draft201909 | Draft::Draft202012));
        let validator = jsonschema::options()
            .should_validate_formats(true)
            // No backtracking: a pattern costs time linear in what it is matched against.
            .with_pattern_options(PatternOptions::regex())
            .build(&schema)
            .map_err(|error| SchemaError::Invalid(error.to_string()))?;
        Ok(Self { validator, claims })
    }

    /// Its properties, in the order in which it names them.
    pub(crate) fn claims(&self) -> &[ClaimType] {
        &self.claims
    }

    /// Every violation, in the order of their paths. `id` is the `id` that the caller would like the subject to have.
    pub(crate) fn check(
        &self,
        subject: &Map<String, Value>,
        id: Option<&Value>,
    ) -> Result<(), Vec<Violation>> {
        let id = id.filter(|id| !is_uri(id)).map(|_| Violation {
            path: "/id".to_owned(),
            problem: "must be a URI; leave it out, and the holder's DID is filled in".to_owned(),
        });
        let value = Value::Object(subject.clone());
        if id.is_none() && self.validator.is_valid(&value) {
            return check_carried(subject);
        }
        let mut errors = self.validator.iter_errors(&value);
        let mut violations: Vec<Violation> = errors
            .by_ref()
            .take(LISTED)
            .map(|error| Violation {
                path: error.instance_path().to_string(),
                // The value stays out of the message: it is personal, and as large as the caller made it.
                problem: error.masked().to_string(),
            })
            .chain(id)
            .collect();
        violations.sort_by(|a, b| a.path.cmp(&b.path));
        let more = errors.count();
        if more > 0 {
            violations.push(Violation {
                path: String::new(),
                problem: format!("{more} more violations are not listed"),
            });
        }
        Err(violations)
    }
}

/// The properties of a schema's root in the order of the document, which a parsed object forgets.
fn property_names(document: &str) -> Vec<String> {
    #[derive(Default, serde::Deserialize)]
    struct Root {
        #[serde(default)]
        properties: Names,
    }

    #[derive(Default)]
    struct Names(Vec<String>);

    impl<'de> Deserialize<'de> for Names {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Members)
        }
    }

    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Names;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Names, A::Error> {
            let mut names = Vec::new();
            while let Some((name, _)) = members.next_entry::<String, IgnoredAny>()? {
                names.push(name);
            }
            Ok(Names(names))
        }
    }

    serde_json::from_str::<Root>(document).unwrap_or_default().properties.0
}

fn claim_types(schema: &Value, names: &[String]) -> Vec<ClaimType> {
    let required = |name: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|required| required == name))
    };
    names
        .iter()
        .filter_map(|name| Some((name, schema["properties"].get(name)?)))
        .map(|(name, property)| ClaimType {
            name: name.clone(),
            data_type: data_type(property),
            required: required(name),
            title: property["title"].as_str().map(str::to_owned),
        })
        .collect()
}

/// A text that JSON Schema calls a date is one, a text whose media type is an image's stands for an image.
fn data_type(property: &Value) -> Option<DataType> {
    let is_image = || property["contentMediaType"].as_str().is_some_and(|media| media.starts_with("image/"));
    match property["type"].as_str()? {
        "string" if is_image() => Some(DataType::Image),
        "string" if matches!(property["format"].as_str(), Some("date" | "date-time")) => Some(DataType::Date),
        "string" => Some(DataType::String),
        "number" | "integer" => Some(DataType::Number),
        "boolean" => Some(DataType::Boolean),
        _ => None,
    }
}

fn is_uri(id: &Value) -> bool {
    id.as_str().is_some_and(|id| url::Url::parse(id).is_ok())
}

/// What a schema allows may still be what no credential can carry: an open one lets callers choose names.
fn check_carried(subject: &Map<String, Value>) -> Result<(), Vec<Violation>> {
    let unfit =
        |error: &dyn fmt::Display| vec![Violation { path: String::new(), problem: error.to_string() }];
    vc::sd_jwt::check_claims(subject).map_err(|error| unfit(&error))?;
    vc::jwt_vc::check_claims(subject).map_err(|error| unfit(&error))
}

fn drop_id(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove("id");
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| name != "id");
    }
}

/// Closes every object schema that names its properties and does not say what of the others: at the root and in nested
/// `properties` and `items`. What is composed (`allOf`, `$ref`, ...) is closed as a whole where the draft can say that, and
/// left open where it cannot.
fn close(schema: &mut Value, unevaluated: bool) {
    let Some(object) = schema.as_object_mut() else { return };
    if object.contains_key("properties") && !says_what_of_others(object) {
        let composed = ["allOf", "anyOf", "oneOf", "if", "$ref", "dependentSchemas"]
            .iter()
            .any(|keyword| object.contains_key(*keyword));
        if !composed {
            object.insert("additionalProperties".into(), json!(false));
        } else if unevaluated {
            object.insert("unevaluatedProperties".into(), json!(false));
        }
    }
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(|property| close(property, unevaluated));
    }
    if let Some(items) = object.get_mut("items") {
        close(items, unevaluated);
    }
}

fn says_what_of_others(schema: &Map<String, Value>) -> bool {
    ["additionalProperties", "unevaluatedProperties", "patternProperties"]
        .iter()
        .any(|keyword| schema.contains_key(*keyword))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_keep_the_order_of_the_document() {
        let schema = r#"{"type": "object", "required": ["b"], "properties": {"z": {"type": "string"},
            "b": {"type": "integer", "title": "B"}, "a": {"type": "array"}, "id": {"type": "string"}}}"#;
        let schema = SubjectSchema::compile(schema).expect("a schema");
        let shown: Vec<_> = schema
            .claims()
            .iter()
            .map(|claim| (claim.name.as_str(), claim.data_type, claim.required))
            .collect();
        assert_eq!(
            shown,
            [("z", Some(DataType::String), false), ("b", Some(DataType::Number), true), ("a", None, false)]
        );
    }

    fn check(schema: &Value, subject: &Value) -> Vec<String> {
        let schema = SubjectSchema::compile(&schema.to_string()).expect("schema");
        match schema.check(subject.as_object().expect("object"), None) {
            Ok(()) => Vec::new(),
            Err(violations) => violations.iter().map(Violation::to_string).collect(),
        }
    }

    fn seed() -> Value {
        json!({"type": "object", "required": ["age"], "properties": {
            "age": {"type": "integer", "minimum": 0},
            "location": {"type": "string"},
            "isMember": {"type": "boolean"},
            "address": {"type": "object", "properties": {"city": {"type": "string"}}},
            "score": {"type": "number"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "note": {"type": ["string", "null"]},
        }})
    }

    #[test]
    fn lists_every_violation_with_its_path_and_without_its_value() {
        let violations =
            check(&seed(), &json!({"age": "secret", "isMember": 1, "address": {"town": "x"}, "extra": 1}));
        assert_eq!(violations.len(), 4, "{violations:#?}");
        for (violation, path) in violations.iter().zip(["", "/address", "/age", "/isMember"]) {
            assert!(violation.starts_with(&format!("credentialSubject{path}: ")), "{violation}");
            assert!(!violation.contains("secret"), "{violation}");
        }
    }

    #[test]
    fn accepts_floats_arrays_and_null_where_the_schema_says_so() {
        let good = json!({"age": 25, "score": 1.5, "tags": ["a"], "note": null});
        assert_eq!(check(&seed(), &good), Vec::<String>::new());
        assert_eq!(check(&seed(), &json!({"age": 1.5})).len(), 1);
        assert_eq!(check(&seed(), &json!({"age": null})).len(), 1);
        assert_eq!(check(&seed(), &json!({"age": [25]})).len(), 1);
    }

    #[test]
    fn unknown_members_are_refused_unless_the_schema_allows_them() {
        let mut open = seed();
        assert_eq!(check(&open, &json!({"age": 1, "x": 1})).len(), 1);
        open["additionalProperties"] = json!(true);
        assert_eq!(check(&open, &json!({"age": 1, "x": 1})).len(), 0);
        let composed =
            json!({"type": "object", "properties": {"a": {}}, "allOf": [{"properties": {"b": {}}}]});
        assert_eq!(check(&composed, &json!({"a": 1, "b": 1})).len(), 0);
        assert_eq!(check(&composed, &json!({"a": 1, "c": 1})).len(), 1);
    }

    #[test]
    fn an_id_is_ours_to_fill_in() {
        let schema = json!({"type": "object", "required": ["id", "age"], "properties": {
            "id": {"type": "string", "format": "uri"}, "age": {"type": "integer"}}});
        assert_eq!(check(&schema, &json!({"age": 1})), Vec::<String>::new());
    }

    #[test]
    fn refuses_what_is_no_schema() {
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"type":"string"}"#,
            r#"{"type":"object","properties":{"a":{"type":"strin"}}}"#,
        ] {
            assert!(SubjectSchema::compile(bad).is_err(), "{bad}");
        }
        let remote = r#"{"type":"object","properties":{"a":{"$ref":"http://127.0.0.1:1/x"}}}"#;
        assert!(matches!(SubjectSchema::compile(remote), Err(SchemaError::Invalid(_))));
        let reserved = r#"{"type":"object","properties":{"iss":{}}}"#;
        assert_eq!(
            SubjectSchema::compile(reserved).expect_err("reserved"),
            SchemaError::Reserved("iss".into())
        );
    }
}
