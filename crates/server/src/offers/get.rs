//! `GET /credential-offers/{id}` (seed 003).

use axum::Json;
use axum::extract::State as FromState;
use model::OfferId;

use super::auth::Reader;
use super::body::{OfferBody, ProfileBody};
use super::error::{ApiResult, ErrorBody};
use super::extract::Id;
use super::refusals::Refusals;
use crate::app::State;

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
