//! Whether claims are as a credential's schema demands.

use std::mem;

use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value};

use crate::document::Format;
use crate::report::{Aspect, Report};
use crate::sources::Sources;
use crate::verifier::Run;

/// The largest schema that is read, in bytes.
const LIMIT: usize = 256 * 1024;

/// What a schema is about.
#[derive(Debug)]
pub(crate) struct Compiled {
    validator: Validator,
    /// The whole credential, rather than its subject alone.
    whole: bool,
}

/// Schemas of strangers: nothing else is fetched for them, and their patterns cost linear time.
fn compile(schema: &Value) -> Result<Compiled, String> {
    let whole = schema["properties"].get("credentialSubject").is_some();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .build(schema)
        .map_err(|error| format!("the schema is no valid JSON Schema: {}", error.masked()))?;
    Ok(Compiled { validator, whole })
}

/// A holder may withhold what a schema requires: only what is disclosed is looked at.
fn without_required(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("required");
    }
    schema
}

fn complaint(compiled: &Compiled, instance: &Value) -> Option<String> {
    let error = compiled.validator.iter_errors(instance).next()?;
    let place = error.instance_path().to_string();
    let place = if place.is_empty() { "the claims".to_owned() } else { place };
    // Without the value: the reason may be kept longer than the claims.
    Some(format!("{place}: {}", error.masked()))
}

/// The same of an object, which is lent and comes back.
fn complaint_about(compiled: &Compiled, members: &mut Map<String, Value>) -> Option<String> {
    let instance = Value::Object(mem::take(members));
    let found = complaint(compiled, &instance);
    if let Value::Object(lent) = instance {
        *members = lent;
    }
    found
}

impl<S: Sources> Run<'_, S> {
    /// The schema check of a credential whose signature holds.
    pub(crate) async fn check_schema(&self, format: Format, report: &mut Report) {
        match format {
            Format::SdJwtVc => self.check_type(report).await,
            _ => self.check_credential_schema(report).await,
        }
    }

    async fn check_type(&self, report: &mut Report) {
        let vct = report.types.first().cloned().unwrap_or_default();
        let schema = match self.verifier.sources.own_schema(&vct).await {
            Ok(schema) => schema,
            Err(why) => return report.indeterminate(Aspect::Schema, why.0),
        };
        let Some(schema) = schema else {
            return report
                .not_applicable(Aspect::Schema, "The credential's type publishes no schema of its claims.");
        };
        let compiled = self.verifier.schemas.read(&vct, &schema, |raw| {
            let schema = jose::strict_json(raw.as_bytes()).map_err(|error| error.to_string())?;
            compile(&without_required(schema))
        });
        let found = compiled.map(|compiled| complaint_about(&compiled.value, &mut report.claims));
        conclude(report, found);
    }

    async fn check_credential_schema(&self, report: &mut Report) {
        let schemas: Vec<(String, String)> = references(&report.document);
        if schemas.is_empty() {
            return report.not_applicable(Aspect::Schema, "The credential names no schema.");
        }
        let known: Vec<&String> =
            schemas.iter().filter(|(kind, _)| kind == "JsonSchema").map(|(_, url)| url).collect();
        if known.is_empty() {
            return report.not_applicable(
                Aspect::Schema,
                "The credential's schema is of a kind that is not checked here (JsonSchema is).",
            );
        }
        for url in known {
            let fetched = match self.fetch(url, LIMIT).await {
                Ok(fetched) => fetched,
                Err(why) => {
                    return report
                        .indeterminate(Aspect::Schema, format!("The schema {url} cannot be had: {why}."));
                }
            };
            let compiled = self.verifier.schemas.read(url, &fetched, |raw| {
                let schema = jose::strict_json(raw.as_bytes()).map_err(|error| error.to_string())?;
                compile(&schema)
            });
            let found = compiled.map(|compiled| {
                let about = |subject: &Value| complaint(&compiled.value, &without_id(subject));
                match report.document.get("credentialSubject").unwrap_or(&Value::Null) {
                    _ if compiled.value.whole => complaint_about(&compiled.value, &mut report.document),
                    Value::Array(subjects) => subjects.iter().find_map(about),
                    subject => about(subject),
                }
            });
            if !matches!(found, Ok(None)) {
                return conclude(report, found);
            }
        }
        conclude(report, Ok(None));
    }
}

/// A schema of claims need not foresee the identifier of the one who has them.
fn without_id(subject: &Value) -> Value {
    let mut subject = subject.clone();
    if let Some(members) = subject.as_object_mut() {
        members.remove("id");
    }
    subject
}

fn conclude(report: &mut Report, found: Result<Option<String>, String>) {
    match found {
        Ok(None) => report.passed(Aspect::Schema, "The claims are as the credential's schema demands."),
        Ok(Some(complaint)) => {
            report.failed(
                Aspect::Schema,
                format!("The claims are not as the credential's schema demands: {complaint}."),
            );
        }
        Err(why) => report.indeterminate(Aspect::Schema, format!("The schema cannot be used: {why}.")),
    }
}

/// Type and address of each `credentialSchema` (VCDM 2.0, section 4.11; 1.1, section 5.4), at most four.
fn references(credential: &Map<String, Value>) -> Vec<(String, String)> {
    let of = |schema: &Value| {
        let text = |name: &str| schema.get(name).and_then(Value::as_str).map(str::to_owned);
        Some((text("type")?, text("id")?))
    };
    match credential.get("credentialSchema") {
        Some(Value::Array(schemas)) => schemas.iter().filter_map(of).take(4).collect(),
        Some(schema) => of(schema).into_iter().collect(),
        None => Vec::new(),
    }
}
