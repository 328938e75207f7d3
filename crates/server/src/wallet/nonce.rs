//! The nonce endpoint (OpenID4VCI 1.0, section 7).

use axum::Json;
use axum::extract::State as FromState;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Refusals, WalletRefusal};
use super::slug::Slug;
use crate::app::State;

/// A nonce.
#[derive(Serialize, ToSchema)]
#[schema(as = Nonce)]
struct NonceResponse {
    /// To be signed in proofs of keys; good for five minutes, and once.
    c_nonce: String,
}

/// A nonce for proofs of keys
#[utoipa::path(
    post,
    path = "/issuers/{slug}/nonce",
    operation_id = "createNonce",
    tag = "Wallets",
    params(("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$")),
    responses((status = 200, description = "The nonce.", body = NonceResponse), Refusals)
)]
pub(super) async fn nonce(
    FromState(state): FromState<State>,
    Slug(slug): Slug,
) -> Result<Response, WalletRefusal> {
    let c_nonce = state.engine.nonce_at(&slug).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(NonceResponse { c_nonce })).into_response())
}
