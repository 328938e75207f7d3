//! `GET /credential-offers/{id}/claim` (seed 003): the claim code.

use axum::Json;
use axum::extract::State as FromState;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::OfferId;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::ImageBody;
use crate::app::State;
use crate::tenant_api::auth::Visitor;
use crate::tenant_api::error::{ApiResult, ErrorBody};
use crate::tenant_api::extract::Id;
use crate::tenant_api::refusals::PublicRefusals;
use crate::wallet::{OfferForm, by_value, every_form};

/// Who offers.
#[derive(Serialize, ToSchema)]
#[schema(as = ClaimOrganisationProfile)]
struct Organisation {
    /// The organisation's name.
    name: String,
    /// Its logo.
    image: Option<ImageBody>,
}

/// A claim code, and what it is for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClaimCode)]
pub(super) struct ClaimResponse {
    /// The credential offer of OpenID4VCI by value, in draft 11 unless the tenant chose another edition: to be shown as a QR code.
    #[schema(example = "openid-credential-offer://?credential_offer=%7B%22grants%22%3A...")]
    uri: String,
    /// Whether the wallet has to ask for a PIN.
    user_pin_required: bool,
    credential_names: Vec<String>,
    credential_types: Vec<String>,
    organisation_profile: Organisation,
    /// The same offer in every form, the newest first.
    offers: Vec<OfferForm>,
}

/// The claim code of a credential offer
///
/// What a wallet scans. The same code while it lives, a new one when not. Needs no key: whoever knows the offer's id may claim it.
#[utoipa::path(
    get,
    path = "/credential-offers/{id}/claim",
    operation_id = "getClaimCode",
    tag = "Credential offers",
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("id" = String, Path, description = "The offer.", format = Uuid),
    ),
    responses(
        (status = 200, description = "The claim code.", body = ClaimResponse),
        (status = 409, description = "It was claimed already.", body = ErrorBody),
        (status = 410, description = "Its credential would have expired, or was revoked.", body = ErrorBody),
        PublicRefusals,
    )
)]
pub(super) async fn claim(
    FromState(state): FromState<State>,
    Visitor { env_id, origin }: Visitor,
    Id(id): Id,
) -> ApiResult<Response> {
    let invitation = state.engine.claim_invitation(&env_id, &OfferId::from(id), &origin).await?;
    let body = ClaimResponse {
        uri: by_value(&invitation, invitation.draft),
        user_pin_required: invitation.tx_code.is_some(),
        offers: every_form(&invitation),
        credential_names: invitation.credential_names,
        credential_types: invitation.credential_types,
        organisation_profile: Organisation {
            name: invitation.organisation,
            image: invitation.logo.map(|image| ImageBody::new(&state.engine, image)),
        },
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
