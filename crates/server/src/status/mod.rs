//! Status lists: where a stranger sees that a credential was revoked.

use axum::extract::State as FromState;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use issuance::ListFormat;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::State;
use crate::on_behalf::ApiError;
use crate::path::PathOf;

pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(token_status_list)).routes(routes!(bitstring_status_list))
}

/// Token Status List
///
/// The status list token that `status.status_list` of an SD-JWT VC names (draft-ietf-oauth-status-list).
#[utoipa::path(
    get,
    path = "/issuers/{slug}/status-lists/{list}",
    operation_id = "getTokenStatusList",
    tag = "Status lists",
    params(("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$"), ("list" = String, Path, description = "The list's number.", pattern = "^[0-9]{1,9}$")),
    responses(
        (status = 200, description = "The signed list.", body = String, content_type = "application/statuslist+jwt"),
        (status = 404, description = "No such list."),
    )
)]
async fn token_status_list(
    state: FromState<State>,
    path: PathOf<(String, String)>,
) -> Result<Response, ApiError> {
    list(state, path, ListFormat::Token, "application/statuslist+jwt").await
}

/// Bitstring Status List
///
/// The status list credential that `credentialStatus` of a W3C credential names (W3C Bitstring Status List v1.0).
#[utoipa::path(
    get,
    path = "/issuers/{slug}/bitstring-status-lists/{list}",
    operation_id = "getBitstringStatusList",
    tag = "Status lists",
    params(("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$"), ("list" = String, Path, description = "The list's number.", pattern = "^[0-9]{1,9}$")),
    responses(
        (status = 200, description = "The signed list.", body = String, content_type = "application/vc+jwt"),
        (status = 404, description = "No such list."),
    )
)]
async fn bitstring_status_list(
    state: FromState<State>,
    path: PathOf<(String, String)>,
) -> Result<Response, ApiError> {
    list(state, path, ListFormat::Bitstring, "application/vc+jwt").await
}

async fn list(
    FromState(state): FromState<State>,
    PathOf((slug, list)): PathOf<(String, String)>,
    format: ListFormat,
    media_type: &'static str,
) -> Result<Response, ApiError> {
    let unknown = || ApiError::not_found("No such status list.");
    let list = list.parse().map_err(|_| unknown())?;
    let signed = state.engine.status_list(&slug, list, format).await?.ok_or_else(unknown)?;
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "public, max-age=1")];
    Ok((headers, signed.to_string()).into_response())
}
