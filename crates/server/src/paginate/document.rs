//! The query parameters of a list, for the OpenAPI document.

use model::{Column, ColumnKind, Listable};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{RefOr, Required};

use super::MAX_LIMIT;

/// Every parameter that `list` knows: `page`, `limit`, `sortBy`, `search` and one `filter.<column>` a column. For
/// [`utoipa::IntoParams`].
pub fn parameters(list: &Listable) -> Vec<Parameter> {
    let mut parameters = vec![
        parameter("page", "Which page, from 1. An invalid value means the first page.", integer(1, None)),
        parameter(
            "limit",
            "How many rows a page has. An invalid value means 20, a larger one 100; 0 asks for the number of rows alone.",
            integer(20, Some(MAX_LIMIT)),
        ),
        repeatable("sortBy", &sorting(list)),
    ];
    if list.full_text().is_some() {
        parameters.push(parameter(
            "search",
            "Words that a row must have: the same as filter.search=$fulltext:WORDS.",
            text(),
        ));
    }
    parameters.extend(
        list.columns.iter().map(|column| repeatable(&format!("filter.{}", column.name), &filter(column))),
    );
    parameters
}

fn sorting(list: &Listable) -> String {
    let sortable: Vec<&str> =
        list.columns.iter().filter(|column| column.sortable).map(|column| column.name).collect();
    let (sort, sortable) = (list.default_sort, sortable.join(", "));
    format!(
        "Sorting: COLUMN:ASC or COLUMN:DESC; repeat it to sort within equal values. Columns: {sortable}. Default: {}:{}.",
        sort.column.name,
        sort.direction.as_str()
    )
}

fn filter(column: &Column) -> String {
    let operators: Vec<&str> = column.kind.operators().iter().map(|operator| operator.token()).collect();
    let example = match column.kind {
        ColumnKind::Uuid => "$in:123e4567-e89b-12d3-a456-426614174000",
        ColumnKind::Text => "$not:$like:John Doe",
        ColumnKind::Word(words) => words.first().copied().unwrap_or_default(),
        ColumnKind::TextList => "$contains:ExampleCredential",
        ColumnKind::Moment => "$gt:2025-06-20T06:44:22.629Z",
        ColumnKind::FullText => "$fulltext:john example",
    };
    let (name, operators) = (column.name, operators.join(", "));
    format!(
        "Filter by {name}. Format: filter.{name}={{$not}}:OPERATION:VALUE, $eq if no operation is given; repeated values must all be \
         satisfied, or either if $or: is before it. Example: filter.{name}={example}. Available operations: {operators}."
    )
}

fn parameter(name: &str, description: &str, schema: Schema) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(RefOr::T(schema)))
        .build()
}

fn repeatable(name: &str, description: &str) -> Parameter {
    let mut parameter =
        parameter(name, description, Schema::Array(ArrayBuilder::new().items(RefOr::T(text())).build()));
    parameter.style = Some(ParameterStyle::Form);
    parameter.explode = Some(true);
    parameter
}

fn text() -> Schema {
    Schema::Object(ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build())
}

fn integer(default: i64, maximum: Option<i64>) -> Schema {
    let integer = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Integer))
        .default(Some(default.into()))
        .maximum(maximum);
    Schema::Object(integer.build())
}
