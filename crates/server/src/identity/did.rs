//! DID documents: `did:web` where the method looks for them, and a resolver for every DID of ours.

use axum::extract::State as FromState;
use axum::http::Uri;
use axum::response::Response;

use super::published;
use crate::app::State;
use crate::on_behalf::ApiError;
use crate::path::PathOf;

/// An issuer's did:web document
#[utoipa::path(
    get,
    path = "/issuers/{slug}/did.json",
    operation_id = "getDidWebDocument",
    tag = "Identity",
    params(("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$")),
    responses((status = 200, description = "The DID document.", body = Object, content_type = "application/did+json"), (status = 404, description = "No such issuer."))
)]
pub(super) async fn did_web(
    FromState(state): FromState<State>,
    PathOf(slug): PathOf<String>,
) -> Result<Response, ApiError> {
    published(state.engine.did_document(&slug).await?, "application/did+json")
}

/// Resolve a DID of this deployment
///
/// The DID document of an issuer of this deployment by any of its DIDs, at the path of the universal resolver. A `did:web`
/// holds percent signs itself; it is accepted as it is, and percent-encoded once more.
#[utoipa::path(
    get,
    path = "/1.0/identifiers/{did}",
    operation_id = "resolveDid",
    tag = "Identity",
    params(("did" = String, Path, description = "The DID, percent-encoded.", pattern = "^did:[a-z0-9]+:[A-Za-z0-9._:%-]{1,200}$")),
    responses((status = 200, description = "The DID document.", body = Object, content_type = "application/did+json"), (status = 404, description = "No such DID here."))
)]
pub(super) async fn resolve(
    FromState(state): FromState<State>,
    PathOf(decoded): PathOf<String>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let written = uri.path().rsplit('/').next().unwrap_or_default();
    let found = match state.engine.resolve_did(&decoded).await? {
        None => state.engine.resolve_did(written).await?,
        found => found,
    };
    published(found, "application/did+json")
}
