//! Authorisation server metadata (RFC 8414): each issuer is its own.

use axum::Json;
use axum::extract::State as FromState;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::ProofAlgorithm;
use serde_json::json;

use super::error::WalletRefusal;
use super::slug::Slug;
use super::token::PRE_AUTHORIZED_CODE;
use crate::app::State;

/// An issuer's authorisation server metadata
///
/// At the place that the specification says: the well-known path inserted before the issuer's own.
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server/issuers/{slug}",
    operation_id = "getAuthorizationServer",
    tag = "Wallets",
    params(("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$")),
    responses((status = 200, description = "The metadata.", body = Object), (status = 404, description = "No such issuer."))
)]
pub(super) async fn inserted(
    FromState(state): FromState<State>,
    Slug(slug): Slug,
) -> Result<Response, WalletRefusal> {
    let issuer = state.engine.wallet_issuer(&slug).await?.url;
    let document = json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/token"),
        "token_endpoint_auth_methods_supported": ["none"],
        "grant_types_supported": [PRE_AUTHORIZED_CODE],
        // There is no authorisation endpoint, but RFC 8414, section 2, requires the member.
        "response_types_supported": [],
        "pre-authorized_grant_anonymous_access_supported": true,
        "authorization_details_types_supported": ["openid_credential"],
        "dpop_signing_alg_values_supported": ProofAlgorithm::ALL.map(ProofAlgorithm::as_str),
    });
    Ok(([(header::CACHE_CONTROL, "public, max-age=60")], Json(document)).into_response())
}

/// An issuer's authorisation server metadata, where some look for it
///
/// The same with the well-known path appended to the issuer's own.
#[utoipa::path(
    get,
    path = "/issuers/{slug}/.well-known/oauth-authorization-server",
    operation_id = "getAuthorizationServerAppended",
    tag = "Wallets",
    params(("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$")),
    responses((status = 200, description = "The metadata.", body = Object), (status = 404, description = "No such issuer."))
)]
pub(super) async fn appended(state: FromState<State>, slug: Slug) -> Result<Response, WalletRefusal> {
    inserted(state, slug).await
}
