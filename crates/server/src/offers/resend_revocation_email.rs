//! `POST /credential-offers/resend-revocation-email` (seed 003).

use axum::Json;
use axum::extract::State as FromState;
use axum::http::StatusCode;
use model::OfferId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::State;
use crate::tenant_api::auth::Writer;
use crate::tenant_api::error::{ApiError, ApiResult, ErrorBody};
use crate::tenant_api::extract::{JsonBody, optional_uuid};
use crate::tenant_api::refusals::BodyRefusals;

/// The offer whose person is to be told again.
#[derive(ToSchema)]
#[schema(as = ResendRevocationEmail, rename_all = "camelCase")]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
pub(super) struct ResendRequest {
    #[schema(format = Uuid)]
    credential_offer_id: String,
}

/// What will happen.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
pub(super) struct MessageResponse {
    #[schema(example = "The revocation e-mail will be sent again.")]
    message: &'static str,
}

/// Tell a person again that a credential is revoked
///
/// Revoking tells the person already; this tells it again. Limited to 2 requests per minute per user.
#[utoipa::path(
    post,
    path = "/credential-offers/resend-revocation-email",
    operation_id = "resendRevocationEmail",
    tag = "Credential offers",
    security(("apiKey" = [])),
    params(("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$")),
    request_body = ResendRequest,
    responses(
        (status = 201, description = "The message will be sent.", body = MessageResponse),
        (status = 404, description = "Record not found", body = ErrorBody),
        (status = 409, description = "It is not revoked.", body = ErrorBody),
        (status = 429, description = "The third request within a minute. Retry-After says when to try again.", body = ErrorBody),
        BodyRefusals,
    )
)]
pub(super) async fn resend_revocation_email(
    FromState(state): FromState<State>,
    Writer(caller): Writer,
    JsonBody(mut members): JsonBody,
) -> ApiResult<(StatusCode, Json<MessageResponse>)> {
    let id = optional_uuid(&mut members, "credentialOfferId").map_err(ApiError::bad_request)?;
    let id = id.ok_or_else(|| ApiError::bad_request("credentialOfferId is required, and must be a UUID."))?;
    state.engine.resend_revocation(&caller, &OfferId::from(id)).await?;
    Ok((StatusCode::CREATED, Json(MessageResponse { message: "The revocation e-mail will be sent again." })))
}
