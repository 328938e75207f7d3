//! `POST /credential-offers/share-with-email` (seed 003).

use axum::Json;
use axum::extract::State as FromState;
use axum::http::StatusCode;
use issuance::Shared;
use model::{OfferId, canonical_uuid};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::app::State;
use crate::tenant_api::auth::Writer;
use crate::tenant_api::error::{ApiError, ApiResult, ErrorBody};
use crate::tenant_api::extract::JsonBody;
use crate::tenant_api::refusals::BodyRefusals;

/// How many offers a request may share.
const MOST: usize = 100;

/// Offers to be sent to their people.
#[derive(ToSchema)]
#[schema(as = ShareWithEmail, rename_all = "camelCase")]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
pub(super) struct ShareRequest {
    /// 1 to 100 offers.
    #[schema(min_items = 1, max_items = 100, format = Uuid)]
    credential_offer_ids: Vec<String>,
}

/// What became of one offer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SharedCredentialOffer)]
pub(super) struct ShareResponse {
    #[schema(format = Uuid)]
    credential_offer_id: String,
    /// `ENQUEUED`, or `FAILED`.
    #[schema(example = "ENQUEUED")]
    status: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Why it failed, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

impl From<Shared> for ShareResponse {
    fn from(shared: Shared) -> Self {
        let error = shared.outcome.err();
        Self {
            credential_offer_id: shared.id.to_string(),
            status: if error.is_none() { "ENQUEUED" } else { "FAILED" },
            code: error.as_ref().map(|error| error.code()),
            error: error.map(|error| error.to_string()),
        }
    }
}

/// Send credential offers to their people by e-mail
///
/// Limited to 2 requests per minute per user. The messages are sent soon after; `emailSent` of an offer turns true when a mail
/// server has accepted its message.
#[utoipa::path(
    post,
    path = "/credential-offers/share-with-email",
    operation_id = "shareCredentialOffersWithEmail",
    tag = "Credential offers",
    security(("apiKey" = [])),
    params(("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$")),
    request_body = ShareRequest,
    responses(
        (status = 201, description = "One entry for each offer, in the order of the request.", body = [ShareResponse]),
        (status = 429, description = "The third request within a minute. Retry-After says when to try again.", body = ErrorBody),
        BodyRefusals,
    )
)]
pub(super) async fn share_with_email(
    FromState(state): FromState<State>,
    Writer(caller): Writer,
    JsonBody(mut members): JsonBody,
) -> ApiResult<(StatusCode, Json<Vec<ShareResponse>>)> {
    let ids = offer_ids(&mut members).map_err(ApiError::bad_request)?;
    let shared = state.engine.share_offers(&caller, &ids).await?;
    Ok((StatusCode::CREATED, Json(shared.into_iter().map(ShareResponse::from).collect())))
}

fn offer_ids(members: &mut Map<String, Value>) -> Result<Vec<OfferId>, String> {
    let Some(Value::Array(ids)) = members.remove("credentialOfferIds") else {
        return Err("credentialOfferIds is required, and must be a list.".to_owned());
    };
    if ids.is_empty() || ids.len() > MOST {
        return Err(format!("credentialOfferIds holds 1 to {MOST} ids."));
    }
    let id = |id: &Value| id.as_str().and_then(canonical_uuid).map(OfferId::from);
    ids.iter().map(|value| id(value).ok_or_else(|| "credentialOfferIds holds UUIDs.".to_owned())).collect()
}
