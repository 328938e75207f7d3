//! The page that the link in an invitation opens.

use axum::extract::{RawQuery, State as FromState};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use issuance::OfferError;

use super::page::{self, Reason};
use super::texts::Texts;
use super::view::{self, WalletForm};
use crate::app::State;
use crate::limiter::{Admitted, TooOften};
use crate::observe::RequestOrigin;
use crate::on_behalf::ApiError;
use crate::path::PathOf;
use crate::web::language;

/// Why an offer cannot be claimed.
fn reason(error: &OfferError) -> Reason {
    match error {
        OfferError::AlreadyClaimed => Reason::Claimed,
        OfferError::AlreadyRevoked => Reason::Revoked,
        OfferError::Expired | OfferError::ProgramClosed(_) => Reason::Expired,
        OfferError::Internal(error) => {
            tracing::error!(%error, "a claim page cannot be shown");
            Reason::Trouble
        }
        // Another replica was busy with the same for unusually long.
        OfferError::Contended => Reason::Trouble,
        _ => Reason::Unknown,
    }
}

/// The page on which a person claims an offer
///
/// Needs no key: whoever has the link may claim. It holds the claim code as a QR code and as a link, in the language
/// that the browser asks for.
#[utoipa::path(
    get,
    path = "/claim/{id}",
    operation_id = "getClaimPage",
    tag = "Holder",
    params(("id" = String, Path, description = "The offer.", format = Uuid)),
    responses(
        (status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 404, description = "There is nothing to claim.", body = String, content_type = "text/html"),
        (status = 409, description = "It was claimed already.", body = String, content_type = "text/html"),
        (status = 410, description = "It expired, or was revoked.", body = String, content_type = "text/html"),
        (status = 429, description = "Asked too often.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn claim_page(
    FromState(state): FromState<State>,
    admitted: Result<Admitted, TooOften>,
    RequestOrigin(origin): RequestOrigin,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    id: Result<PathOf<String>, ApiError>,
) -> Result<Response, ApiError> {
    let texts = Texts::of(language::preferred(&headers));
    let nonce = hex::encode(state.engine.random::<16>());
    if let Err(TooOften(seconds)) = admitted {
        let mut response = page::over(Reason::TooOften, texts, &nonce)?;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(response);
    }
    let Ok(PathOf(id)) = id else { return page::over(Reason::Unknown, texts, &nonce) };
    let form = WalletForm::of_query(query.as_deref());
    match view::open(&state, &id, &origin, form, texts.language.tag()).await {
        Ok(view) => page::offer(&view, form, texts, &nonce),
        Err(error) => page::over(reason(&error), texts, &nonce),
    }
}
