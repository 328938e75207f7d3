//! The page that the link in an invitation opens.

use askama::Template;
use axum::extract::State as FromState;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fast_qr::QRBuilder;
use fast_qr::convert::Builder;
use fast_qr::convert::svg::SvgBuilder;
use issuance::{ClaimInvitation, ErrorKind, OfferError};
use model::{OfferId, Timestamp};

use crate::app::State;
use crate::limiter::Admitted;
use crate::observe::RequestOrigin;
use crate::on_behalf::ApiError;
use crate::path::PathOf;
use crate::wallet::draft_11_uri;

/// What a person sees.
#[derive(Template)]
#[template(path = "claim.html")]
struct ClaimPage<'a> {
    /// Lets this page's own style through the content security policy.
    nonce: &'a str,
    title: &'a str,
    /// What to do, where nothing can be claimed.
    message: &'a str,
    invitation: Option<Shown>,
}

/// What can be claimed.
struct Shown {
    organisation: String,
    logo_url: Option<String>,
    credential_names: Vec<String>,
    expires: Option<String>,
    /// For wallets on the same device.
    uri: String,
    /// The same as a QR code, for wallets on another.
    qr: Option<String>,
}

impl Shown {
    fn new(state: &State, invitation: ClaimInvitation) -> Self {
        let uri = draft_11_uri(&invitation);
        // An offer by value fits into a QR code unless an operator's addresses are very long; the link serves in any case.
        let qr = QRBuilder::new(uri.as_str()).build().ok();
        let image = invitation.profile.image.as_ref();
        Self {
            logo_url: image.map(|image| state.engine.image_url(image.id.as_str())),
            qr: qr.map(|qr| SvgBuilder::default().margin(2).to_str(&qr)),
            expires: invitation.offer.expires_at.map(Timestamp::rfc3339),
            organisation: invitation.profile.name,
            credential_names: invitation.offer.credential_names,
            uri,
        }
    }
}

/// Why there is nothing to claim: a title, and what to do.
fn explain(error: &OfferError) -> (&'static str, &'static str) {
    match error {
        OfferError::AlreadyClaimed => (
            "This credential has been claimed already",
            "It is in the wallet that claimed it. If that was not yours, write to the organisation that sent you the link.",
        ),
        OfferError::AlreadyRevoked => (
            "This credential was revoked",
            "The organisation that issued it has taken it back. Ask it why, if you do not know.",
        ),
        OfferError::Expired | OfferError::ProgramClosed(_) => {
            ("This offer has expired", "Ask the organisation that sent you the link for a new one.")
        }
        _ => (
            "There is nothing to claim here",
            "The link may be incomplete, or the offer was withdrawn. Open the link in the message once more, or ask the organisation that sent it.",
        ),
    }
}

/// The page on which a person claims an offer
///
/// Needs no key: whoever has the link may claim. It holds the claim code as a QR code and as a link.
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
        (status = 410, description = "It has expired, or was revoked.", body = String, content_type = "text/html"),
        (status = 429, description = "Too many requests from this address."),
    )
)]
pub(super) async fn claim_page(
    FromState(state): FromState<State>,
    _: Admitted,
    RequestOrigin(origin): RequestOrigin,
    PathOf(id): PathOf<String>,
) -> Result<Response, ApiError> {
    let found = state.engine.claim_invitation_of(&OfferId::from(id), &origin).await;
    let nonce = hex::encode(state.engine.random::<16>());
    let (status, page) = match found {
        Ok(invitation) => {
            let shown = Shown::new(&state, invitation);
            let page = ClaimPage {
                nonce: &nonce,
                title: "A credential for you",
                message: "",
                invitation: Some(shown),
            };
            (StatusCode::OK, page.render())
        }
        Err(OfferError::Internal(error)) => return Err(error.into()),
        Err(error) => {
            let (title, message) = explain(&error);
            let status = match error.kind() {
                ErrorKind::Conflict => StatusCode::CONFLICT,
                ErrorKind::Gone => StatusCode::GONE,
                _ => StatusCode::NOT_FOUND,
            };
            (status, ClaimPage { nonce: &nonce, title, message, invitation: None }.render())
        }
    };
    let page = page.map_err(|error| ApiError::internal(&error))?;
    let policy = format!(
        "default-src 'none'; img-src 'self'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_str(&policy).map_err(|error| ApiError::internal(&error))?,
        ),
    ];
    Ok((status, headers, page).into_response())
}
