//! Schemas and their JSON-LD contexts.

use axum::extract::State as FromState;
use axum::response::Response;
use model::SchemaId;

use super::published;
use crate::app::State;
use crate::on_behalf::ApiError;
use crate::path::PathOf;

/// A JSON Schema of credential subjects
#[utoipa::path(
    get,
    path = "/schemas/{id}",
    operation_id = "getSchema",
    tag = "Identity",
    params(("id" = String, Path, description = "The schema's id.", pattern = "^[A-Za-z0-9_-]{1,64}$")),
    responses((status = 200, description = "The schema.", body = Object, content_type = "application/schema+json"), (status = 404, description = "No such schema."))
)]
pub(super) async fn schema(
    FromState(state): FromState<State>,
    PathOf(id): PathOf<String>,
) -> Result<Response, ApiError> {
    published(state.engine.published_schema(&SchemaId::from(id)).await?, "application/schema+json")
}

/// A schema's JSON-LD context
#[utoipa::path(
    get,
    path = "/schemas/{id}/context",
    operation_id = "getSchemaContext",
    tag = "Identity",
    params(("id" = String, Path, description = "The schema's id.", pattern = "^[A-Za-z0-9_-]{1,64}$")),
    responses((status = 200, description = "The context.", body = Object, content_type = "application/ld+json"), (status = 404, description = "No such schema."))
)]
pub(super) async fn context(
    FromState(state): FromState<State>,
    PathOf(id): PathOf<String>,
) -> Result<Response, ApiError> {
    published(state.engine.published_context(&SchemaId::from(id)).await?, "application/ld+json")
}
