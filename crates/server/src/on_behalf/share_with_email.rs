//! `POST /v1/credentials/{coreClaimHash}/share-with-email`: not in the seeds; ours, so that what was issued on behalf of a person
//! comes into the person's wallet.

use axum::Json;
use axum::extract::State as FromState;
use axum::http::StatusCode;
use issuance::{ErrorKind, OfferError};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::error::{ApiError, ErrorBody};
use super::query::unknown_hash;
use crate::app::State;
use crate::observe::RequestOrigin;
use crate::path::PathOf;

/// What becomes of the message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClaimLink {
    /// `ENQUEUED`: it will be sent.
    #[schema(example = "ENQUEUED")]
    status: &'static str,
}

/// Send the person a link to claim the credential
///
/// The person opens the link and scans the code on its page with a wallet, or opens the wallet from it. The link goes to the
/// person alone: whoever has it may claim. Twice a minute at most for each credential. Not part of the vendor's API.
#[utoipa::path(
    post,
    path = "/v1/credentials/{coreClaimHash}/share-with-email",
    operation_id = "shareCredentialWithEmail",
    tag = "Credentials",
    security(("partnerJwt" = [])),
    params(("coreClaimHash" = String, Path, description = "What the issue call answered.", pattern = "^[0-9a-f]{64}$")),
    responses(
        (status = 200, description = "The message will be sent.", body = ClaimLink),
        (status = 401, description = "Invalid or expired Partner JWT.", body = ErrorBody),
        (status = 404, description = "No credential found for the given hash.", body = ErrorBody),
        (status = 409, description = "The credential is in a wallet already.", body = ErrorBody),
        (status = 410, description = "The credential was revoked, or has expired.", body = ErrorBody),
        (status = 429, description = "Too many requests.", body = ErrorBody),
        (status = 500, description = "Server-side failure. Retry with exponential backoff.", body = ErrorBody),
    )
)]
pub(super) async fn share_with_email(
    FromState(state): FromState<State>,
    Authenticated(partner): Authenticated,
    RequestOrigin(origin): RequestOrigin,
    PathOf(hash): PathOf<String>,
) -> Result<Json<ClaimLink>, ApiError> {
    let hash = hash.parse().map_err(|_| unknown_hash())?;
    state.engine.share_credential(&partner, hash, &origin).await.map_err(|error| refused(&error))?;
    Ok(Json(ClaimLink { status: "ENQUEUED" }))
}

/// The same refusals in this dialect's words.
fn refused(error: &OfferError) -> ApiError {
    let message = match error {
        OfferError::Internal(cause) => return ApiError::internal(cause),
        OfferError::NotFound => return unknown_hash(),
        OfferError::AlreadyClaimed => "The credential is in a wallet already.",
        OfferError::AlreadyRevoked => "The credential was revoked.",
        OfferError::Expired => "The credential has expired.",
        OfferError::RateLimited { .. } => {
            "Two messages a minute are sent for a credential: wait as long as Retry-After says."
        }
        _ => "The link cannot be sent at present: try again.",
    };
    match error.kind() {
        ErrorKind::Gone => ApiError::new(StatusCode::GONE, message),
        ErrorKind::Limited { seconds } => {
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, message).retry_after(seconds)
        }
        _ => ApiError::new(StatusCode::CONFLICT, message),
    }
}
