//! Queries and answers for the tests.

use std::collections::BTreeMap;

use openid4vp::dcql::{DcqlQuery, Mismatch, Presented, Selected};
use openid4vp::path::Path;
use serde_json::{Map, Value, json};

/// The members of a `json!({...})`.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other} is not an object"),
    }
}

pub(crate) fn query(value: &Value) -> DcqlQuery {
    DcqlQuery::parse(value).unwrap()
}

pub(crate) fn path(value: &Value) -> Path {
    Path::parse(value).unwrap()
}

/// A query for one SD-JWT VC of type `card`, named `c`, with these members beside.
pub(crate) fn card(members: Value) -> Value {
    let mut credential = json!({ "id": "c", "format": "dc+sd-jwt", "meta": { "vct_values": ["card"] } });
    for (name, value) in object(members) {
        credential[name] = value;
    }
    json!({ "credentials": [credential] })
}

/// A credential that was presented for `id`.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) id: &'static str,
    pub(crate) format: &'static str,
    pub(crate) vct: Option<&'static str>,
    pub(crate) types: Vec<String>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) holder_bound: bool,
}

/// An SD-JWT VC with these claims and proof of its key.
pub(crate) fn shown(id: &'static str, vct: &'static str, claims: Value) -> Shown {
    let claims = object(claims);
    Shown { id, format: "dc+sd-jwt", vct: Some(vct), types: Vec::new(), claims, holder_bound: true }
}

pub(crate) fn check(query: &DcqlQuery, answer: &[Shown]) -> Result<Vec<Selected>, Mismatch> {
    let mut presented: BTreeMap<String, Vec<Presented<'_>>> = BTreeMap::new();
    for shown in answer {
        presented.entry(shown.id.to_owned()).or_default().push(Presented {
            format: shown.format,
            vct: shown.vct,
            types: &shown.types,
            claims: &shown.claims,
            holder_bound: shown.holder_bound,
        });
    }
    query.check(&presented)
}
