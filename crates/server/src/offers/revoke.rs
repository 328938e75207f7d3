//! `PATCH /credential-offers/revoke` (seed 003): in bulk.

use axum::Json;
use axum::extract::State as FromState;
use issuance::RevokeItem;
use model::OrganisationProfile;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::body::{OfferBody, ProfileBody};
use crate::app::State;
use crate::tenant_api::auth::Writer;
use crate::tenant_api::error::{ApiError, ApiResult};
use crate::tenant_api::extract::{BulkBody, optional_uuid, required_text};
use crate::tenant_api::refusals::BodyRefusals;

/// How many offers a request may revoke.
const MOST: usize = 1_000;
/// The largest body, in bytes.
const LARGEST: usize = 1_024 * 1_024;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// An offer to be revoked.
#[derive(ToSchema)]
#[schema(as = RevokeCredentialOffer, rename_all = "camelCase")]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
struct RevokeItemRequest {
    #[schema(format = Uuid)]
    id: String,
    /// Why: 1 to 500 characters, which the person reads.
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    revocation_reason: String,
}

/// Offers to be revoked.
#[derive(ToSchema)]
#[schema(as = RevokeCredentialOffers)]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
pub(super) struct RevokeRequest {
    /// 1 to 1,000 offers.
    #[schema(min_items = 1, max_items = 1_000)]
    revoke: Vec<RevokeItemRequest>,
}

/// An offer that was not revoked, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = FailedRevocation)]
struct FailedBody {
    #[schema(format = Uuid)]
    id: String,
    /// What is wrong, and what to do.
    error: String,
    /// What is wrong, for programs.
    #[schema(example = "credential_offer_already_revoked")]
    code: &'static str,
}

/// What became of the request.
#[derive(Serialize, ToSchema)]
#[schema(as = RevokedCredentialOffers)]
pub(super) struct RevokeResponse {
    /// The offers that are revoked now.
    revocations: Vec<OfferBody<ProfileBody>>,
    /// Those that are not.
    failed: Vec<FailedBody>,
}

/// Revoke claimed credential offers
///
/// Revokes, in one transaction, those that were claimed: status lists show it at once, the log soon after, and the people are told by
/// mail. What was not claimed is deleted instead. There is no way back.
#[utoipa::path(
    patch,
    path = "/credential-offers/revoke",
    operation_id = "revokeCredentialOffers",
    tag = "Credential offers",
    security(("apiKey" = [])),
    params(("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$")),
    request_body = RevokeRequest,
    responses(
        (status = 200, description = "Done, as far as it could be.", body = RevokeResponse),
        BodyRefusals,
    )
)]
pub(super) async fn revoke(
    FromState(state): FromState<State>,
    Writer(caller): Writer,
    BulkBody { mut members, .. }: BulkBody<LARGEST>,
) -> ApiResult<Json<RevokeResponse>> {
    let items = parse(&mut members).map_err(ApiError::bad_request)?;
    let outcome = state.engine.revoke_offers(&caller, &items).await?;
    let profile = |profile: &OrganisationProfile| {
        ProfileBody::new(&state.engine, &caller.tenant.env_id, profile.clone())
    };
    let revocations = outcome.revoked.into_iter().map(|(offer, of)| OfferBody::new(offer, profile(&of)));
    let failed = outcome.failed.into_iter().map(|(id, error)| FailedBody {
        id: id.to_string(),
        error: error.to_string(),
        code: error.code(),
    });
    Ok(Json(RevokeResponse { revocations: revocations.collect(), failed: failed.collect() }))
}

fn parse(members: &mut Map<String, Value>) -> Result<Vec<RevokeItem>, String> {
    let Some(Value::Array(items)) = members.remove("revoke") else {
        return Err("revoke is required, and must be a list.".to_owned());
    };
    if items.is_empty() || items.len() > MOST {
        return Err(format!("revoke holds 1 to {MOST} items."));
    }
    items.into_iter().map(parse_item).collect()
}

fn parse_item(item: Value) -> Result<RevokeItem, String> {
    let Value::Object(mut members) = item else {
        return Err("An item of revoke must be an object.".to_owned());
    };
    let id = optional_uuid(&mut members, "id")?.ok_or("id is required, and must be a UUID.")?;
    let reason = required_text(&mut members, "revocationReason")?;
    if reason.trim().is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err(format!("revocationReason has 1 to {LONGEST_REASON} characters."));
    }
    Ok(RevokeItem { id: id.into(), reason })
}
