//! The request object, for wallets that fetch it (OpenID4VP 1.0, section 5.10).

use axum::extract::{Request, State as FromState};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::{PresentationId, canonical_uuid};
use openid4vp::request::{REQUEST_OBJECT_MEDIA_TYPE, wallet_post};

use super::wallet_error::{Refusal, RefusalBody};
use crate::app::State;
use crate::body;
use crate::limiter::{Admitted, TooOften};
use crate::on_behalf::ApiError;
use crate::path::PathOf;

/// The largest form of a wallet that fetches a request, in bytes.
const LIMIT: usize = 64 * 1024;

/// The request that a wallet's path names.
pub(super) fn named(id: Result<PathOf<String>, ApiError>) -> Result<PresentationId, Refusal> {
    let PathOf(id) = id?;
    let id = canonical_uuid(&id).ok_or(issuance::PresentError::UnknownRequest)?;
    Ok(PresentationId::from(id))
}

async fn object(state: &State, id: &PresentationId, nonce: Option<&str>) -> Result<Response, Refusal> {
    let object = state.verification.request_object(id, nonce).await?;
    let headers = [(header::CONTENT_TYPE, REQUEST_OBJECT_MEDIA_TYPE), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, object.0).into_response())
}

/// Fetch a request object
#[utoipa::path(
    get,
    path = "/presentations/{correlationId}/request",
    operation_id = "getRequestObject",
    tag = "Wallets",
    params(("correlationId" = String, Path, description = "The request.", format = Uuid)),
    responses(
        (status = 200, description = "The signed request.", body = String, content_type = "application/oauth-authz-req+jwt"),
        (status = 404, description = "No such request.", body = RefusalBody),
        (status = 409, description = "It was answered already.", body = RefusalBody),
        (status = 410, description = "It has expired.", body = RefusalBody),
        (status = 429, description = "Too many requests from this address.", body = RefusalBody),
    )
)]
pub(super) async fn fetch(
    FromState(state): FromState<State>,
    admitted: Result<Admitted, TooOften>,
    id: Result<PathOf<String>, ApiError>,
) -> Result<Response, Refusal> {
    admitted?;
    object(&state, &named(id)?, None).await
}

/// What a wallet says of itself when it fetches a request.
#[derive(utoipa::ToSchema)]
#[schema(as = WalletPost)]
#[expect(dead_code, reason = "the document is made of it; the form is read by hand")]
pub(super) struct WalletPostBody {
    /// A nonce that the request object then carries.
    wallet_nonce: Option<String>,
    /// What the wallet can do, as JSON.
    wallet_metadata: Option<String>,
}

/// Fetch a request object, with a nonce of the wallet
#[utoipa::path(
    post,
    path = "/presentations/{correlationId}/request",
    operation_id = "postRequestObject",
    tag = "Wallets",
    params(("correlationId" = String, Path, description = "The request.", format = Uuid)),
    request_body(content = WalletPostBody, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The signed request.", body = String, content_type = "application/oauth-authz-req+jwt"),
        (status = 400, description = "The form is malformed.", body = RefusalBody),
        (status = 404, description = "No such request.", body = RefusalBody),
        (status = 408, description = "The body did not arrive in time.", body = RefusalBody),
        (status = 409, description = "It was answered already.", body = RefusalBody),
        (status = 410, description = "It has expired.", body = RefusalBody),
        (status = 413, description = "The body is too large.", body = RefusalBody),
        (status = 429, description = "Too many requests from this address.", body = RefusalBody),
    )
)]
pub(super) async fn fetch_by_post(
    FromState(state): FromState<State>,
    admitted: Result<Admitted, TooOften>,
    id: Result<PathOf<String>, ApiError>,
    request: Request,
) -> Result<Response, Refusal> {
    admitted?;
    let id = named(id)?;
    let form = body::text(request, LIMIT).await?;
    let post = wallet_post(&form, LIMIT);
    let post = post.map_err(|error| issuance::PresentError::Refused(format!("{error}.")))?;
    object(&state, &id, post.wallet_nonce.as_deref()).await
}
