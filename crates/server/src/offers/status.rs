//! `GET /credential-offers/{id}/status` (seed 003): how far the issuance has come.

use axum::Json;
use axum::extract::State as FromState;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::{OfferId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::State;
use crate::tenant_api::auth::Visitor;
use crate::tenant_api::error::ApiResult;
use crate::tenant_api::extract::Id;
use crate::tenant_api::refusals::PublicRefusals;

/// How far the issuance of an offer has come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IssuanceStatus)]
pub(super) struct StatusResponse {
    /// When the claim code was made, in milliseconds since 1970; the offer itself, if it has none yet.
    #[schema(example = 1_702_632_883_012_i64)]
    created_at: i64,
    /// When the status last changed, in milliseconds since 1970.
    #[schema(example = 1_702_632_883_012_i64)]
    last_updated_at: i64,
    /// When the claim code ends, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[schema(example = "OFFER_CREATED")]
    status: &'static str,
    /// Why the last request of a wallet was refused, or what the wallet said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// How far the issuance of a credential offer has come
///
/// Needs no key: the page that shows the QR code asks.
#[utoipa::path(
    get,
    path = "/credential-offers/{id}/status",
    operation_id = "getIssuanceStatus",
    tag = "Credential offers",
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("id" = String, Path, description = "The offer.", format = Uuid),
    ),
    responses((status = 200, description = "The status.", body = StatusResponse), PublicRefusals)
)]
pub(super) async fn status(
    FromState(state): FromState<State>,
    Visitor { env_id, .. }: Visitor,
    Id(id): Id,
) -> ApiResult<Response> {
    let found = state.engine.claim_state(&env_id, &OfferId::from(id)).await?;
    let body = StatusResponse {
        created_at: found.created_at.millis(),
        last_updated_at: found.updated_at.millis(),
        expires_at: found.expires_at.map(Timestamp::millis),
        status: found.state.as_str(),
        error: found.error,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
