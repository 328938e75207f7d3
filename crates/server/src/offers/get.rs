//! `GET /credential-offers/{id}` (seed 003).

use axum::Json;
use axum::extract::State as FromState;
use model::OfferId;

use super::body::{OfferBody, ProfileBody};
use crate::app::State;
use crate::tenant_api::auth::Reader;
use crate::tenant_api::error::{ApiResult, ErrorBody};
use crate::tenant_api::extract::Id;
use crate::tenant_api::refusals::Refusals;

/// One credential offer
#[utoipa::path(
    get,
    path = "/credential-offers/{id}",
    operation_id = "getCredentialOffer",
    tag = "Credential offers",
    security(("apiKey" = [])),
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("id" = String, Path, description = "The offer.", format = Uuid),
    ),
    responses(
        (status = 200, description = "The offer.", body = OfferBody<ProfileBody>),
        (status = 400, description = "The id is no UUID.", body = ErrorBody),
        (status = 404, description = "Record not found", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn get(
    FromState(state): FromState<State>,
    Reader(caller): Reader,
    Id(id): Id,
) -> ApiResult<Json<OfferBody<ProfileBody>>> {
    let (offer, profile) = state.engine.offer(&caller, &OfferId::from(id)).await?;
    let profile = ProfileBody::new(&state.engine, &caller.tenant.env_id, profile);
    Ok(Json(OfferBody::new(offer, profile)))
}
