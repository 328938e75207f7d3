//! JWT VC issuer metadata (draft-ietf-oauth-sd-jwt-vc): the keys by which an issuer's SD-JWT VCs verify.

use axum::extract::State as FromState;
use axum::response::Response;

use super::published;
use crate::app::State;
use crate::on_behalf::ApiError;
use crate::path::PathOf;

/// An issuer's JWT VC issuer metadata
///
/// At the place that the specification says: the well-known path inserted before the issuer's own.
#[utoipa::path(
    get,
    path = "/.well-known/jwt-vc-issuer/issuers/{slug}",
    operation_id = "getJwtVcIssuer",
    tag = "Identity",
    params(("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$")),
    responses((status = 200, description = "The metadata.", body = Object), (status = 404, description = "No such issuer."))
)]
pub(super) async fn inserted(
    FromState(state): FromState<State>,
    PathOf(slug): PathOf<String>,
) -> Result<Response, ApiError> {
    published(state.engine.jwt_vc_issuer(&slug).await?, "application/json")
}

/// An issuer's JWT VC issuer metadata, where some look for it
///
/// The same with the well-known path appended to the issuer's own.
#[utoipa::path(
    get,
    path = "/issuers/{slug}/.well-known/jwt-vc-issuer",
    operation_id = "getJwtVcIssuerAppended",
    tag = "Identity",
    params(("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$")),
    responses((status = 200, description = "The metadata.", body = Object), (status = 404, description = "No such issuer."))
)]
pub(super) async fn appended(state: FromState<State>, slug: PathOf<String>) -> Result<Response, ApiError> {
    inserted(state, slug).await
}
