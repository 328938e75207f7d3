//! What is published about issuers, schemas and credential types.

mod credential_type;
mod did;
mod jwt_vc_issuer;
mod schema;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::State;
use crate::on_behalf::ApiError;

pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(did::did_web))
        .routes(routes!(did::resolve))
        .routes(routes!(jwt_vc_issuer::inserted))
        .routes(routes!(jwt_vc_issuer::appended))
        .routes(routes!(schema::schema))
        .routes(routes!(schema::context))
        .routes(routes!(credential_type::credential_type))
}

/// A public document of this media type, or 404.
fn published(found: Option<Value>, media_type: &'static str) -> Result<Response, ApiError> {
    let document = found.ok_or_else(|| ApiError::not_found("Nothing is published here."))?;
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "public, max-age=60")];
    Ok((headers, Json(document).into_response().into_body()).into_response())
}
