//! Credential offers as wallets read them (OpenID4VCI 1.0, section 4.1, and drafts 11 to 15).

use axum::Json;
use axum::extract::State as FromState;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use issuance::{ClaimInvitation, configuration_id};
use model::{Format, OfferDraft, TxCodeMode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::token::PRE_AUTHORIZED_CODE;
use crate::app::State;
use crate::limiter::Admitted;
use crate::observe::RequestOrigin;
use crate::on_behalf::ApiError;
use crate::path::PathOf;
use crate::tenant_api;

/// What a query may hold as it is (RFC 3986, section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An offer in one form.
#[derive(Serialize, ToSchema)]
#[schema(as = OfferForm)]
pub(crate) struct OfferForm {
    /// The edition of OpenID4VCI: `1.0`, `15` (14 reads the same), `13` or `11`.
    #[schema(example = "1.0")]
    draft: &'static str,
    /// Whether the address holds the offer (`value`) or says where it is (`reference`: shorter).
    #[schema(example = "reference")]
    by: &'static str,
    /// What a wallet opens.
    #[schema(example = "openid-credential-offer://?credential_offer_uri=https%3A%2F%2F...")]
    uri: String,
}

/// The formats in the order in which wallets are offered them: draft 11 knows one, the others take the first they know.
fn configurations(invitation: &ClaimInvitation) -> Vec<String> {
    let order = [Format::DcSdJwt, Format::JwtVcJson];
    let formats = order.into_iter().filter(|format| invitation.formats.contains(format));
    formats.map(|format| configuration_id(&invitation.program_id, format)).collect()
}

fn tx_code(mode: TxCodeMode) -> Value {
    json!({
        "input_mode": mode.as_str(),
        "length": mode.length(),
        "description": "The code was sent to you by e-mail.",
    })
}

/// The offer in the form of an edition.
fn document(invitation: &ClaimInvitation, draft: OfferDraft) -> Value {
    let code = invitation.code_for(draft);
    if draft == OfferDraft::Draft11 {
        let ids = configurations(invitation);
        let id = ids.last().cloned();
        return json!({
            "grants": {
                PRE_AUTHORIZED_CODE: {
                    "pre-authorized_code": code,
                    "user_pin_required": invitation.tx_code.is_some(),
                },
            },
            "credentials": id.into_iter().collect::<Vec<_>>(),
            "credential_issuer": invitation.credential_issuer,
        });
    }
    let mut grant = json!({ "pre-authorized_code": code });
    if let Some(mode) = invitation.tx_code {
        grant["tx_code"] = tx_code(mode);
    }
    json!({
        "credential_issuer": invitation.credential_issuer,
        "credential_configuration_ids": configurations(invitation),
        "grants": { PRE_AUTHORIZED_CODE: grant },
    })
}

/// The offer by value.
pub(crate) fn by_value(invitation: &ClaimInvitation, draft: OfferDraft) -> String {
    let offer = document(invitation, draft).to_string();
    format!("openid-credential-offer://?credential_offer={}", utf8_percent_encode(&offer, ENCODED))
}

/// The offer by reference.
pub(crate) fn by_reference(invitation: &ClaimInvitation, draft: OfferDraft) -> String {
    let url = format!("{}/credential-offers/{}/{draft}", invitation.credential_issuer, invitation.reference);
    format!("openid-credential-offer://?credential_offer_uri={}", utf8_percent_encode(&url, ENCODED))
}

/// The offer in every form, the newest first.
pub(crate) fn every_form(invitation: &ClaimInvitation) -> Vec<OfferForm> {
    let forms = |draft: OfferDraft| {
        let form = |by, uri| OfferForm { draft: draft.as_str(), by, uri };
        [form("reference", by_reference(invitation, draft)), form("value", by_value(invitation, draft))]
    };
    OfferDraft::ALL.into_iter().flat_map(forms).collect()
}

/// A credential offer by reference
///
/// What a wallet fetches after it has scanned the code. Needs no key: whoever knows the address may claim.
#[utoipa::path(
    get,
    path = "/issuers/{slug}/credential-offers/{id}/{draft}",
    operation_id = "getCredentialOfferByReference",
    tag = "Wallets",
    params(
        ("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$"),
        ("id" = String, Path, description = "The offer."),
        ("draft" = String, Path, description = "The edition of OpenID4VCI: 1.0, 15, 13 or 11.", example = "1.0"),
    ),
    responses(
        (status = 200, description = "The offer.", body = Object),
        (status = 404, description = "There is nothing to claim."),
        (status = 409, description = "It was claimed already."),
        (status = 410, description = "It has expired, or was revoked."),
        (status = 429, description = "Too many requests from this address."),
    )
)]
pub(super) async fn referenced(
    FromState(state): FromState<State>,
    _: Admitted,
    RequestOrigin(origin): RequestOrigin,
    PathOf((slug, id, draft)): PathOf<(String, String, String)>,
) -> Result<Response, Response> {
    let draft: OfferDraft = draft.parse().map_err(|_| {
        ApiError::not_found("There is no such edition of an offer: use 1.0, 15, 13 or 11.").into_response()
    })?;
    let found = state.engine.referenced_invitation(&slug, &id, &origin).await;
    let invitation = found.map_err(tenant_api::refusal)?;
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((headers, Json(document(&invitation, draft))).into_response())
}
