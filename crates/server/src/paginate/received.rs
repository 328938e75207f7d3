//! Filters as they were received: the answer's `meta` and its links repeat them.

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The values of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// The parameter was there once.
    One(String),
    /// It was repeated.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The values, in the order of the query string.
    pub fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }

    fn push(&mut self, value: String) {
        match self {
            Self::One(first) => *self = Self::Many(vec![std::mem::take(first), value]),
            Self::Many(values) => values.push(value),
        }
    }
}

/// The filters of a query by column, in the order of the query string. On the wire a map: `{"status": "claimed"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceivedFilters(Vec<(String, OneOrMany)>);

impl ReceivedFilters {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The columns and their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(column, values)| (column.as_str(), values.values()))
    }

    pub(super) fn push(&mut self, column: &str, value: String) {
        match self.0.iter_mut().find(|(name, _)| name == column) {
            Some((_, values)) => values.push(value),
            None => self.0.push((column.to_owned(), OneOrMany::One(value))),
        }
    }
}

impl Serialize for ReceivedFilters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (column, values) in &self.0 {
            map.serialize_entry(column, values)?;
        }
        map.end()
    }
}

impl PartialSchema for ReceivedFilters {
    fn schema() -> RefOr<Schema> {
        let values = AdditionalProperties::RefOr(OneOrMany::schema());
        ObjectBuilder::new()
            .description(Some("Each filter as it was received: a text, or a list if it was repeated."))
            .additional_properties(Some(values))
            .into()
    }
}

impl ToSchema for ReceivedFilters {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ReceivedFilters")
    }
}
