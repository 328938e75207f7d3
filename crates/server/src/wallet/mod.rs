//! What wallets speak: OpenID4VCI 1.0, and the drafts before it.

mod answer;
mod auth;
mod authorization_server;
mod credential;
mod credential_offer;
mod credential_request;
mod deferred_credential;
mod encrypted;
mod error;
mod issuer_metadata;
mod nonce;
mod notification;
mod slug;
mod token;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::State;

pub(crate) use self::error::{ErrorBody, description};
pub(crate) use credential_offer::{OfferForm, by_reference, by_value, every_form};

/// How many bytes a wallet's request has at most: several proofs and a key for the answer.
const BODY_LIMIT: usize = 131_072;

pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(issuer_metadata::inserted))
        .routes(routes!(issuer_metadata::appended))
        .routes(routes!(authorization_server::inserted))
        .routes(routes!(authorization_server::appended))
        .routes(routes!(credential_offer::referenced))
        .routes(routes!(token::token))
        .routes(routes!(nonce::nonce))
        .routes(routes!(credential::credential))
        .routes(routes!(deferred_credential::deferred_credential))
        .routes(routes!(notification::notification))
}

/// Whether a path is of this dialect: what is not there, and what is not allowed, is said in its words.
pub(crate) fn is_ours(path: &str) -> bool {
    const ENDPOINTS: [&str; 5] = ["token", "nonce", "credential", "deferred-credential", "notification"];
    let mut parts = path.strip_prefix("/issuers/").unwrap_or_default().split('/');
    let endpoint = parts.nth(1);
    parts.next().is_none() && endpoint.is_some_and(|endpoint| ENDPOINTS.contains(&endpoint))
}

pub(crate) fn no_method() -> axum::response::Response {
    use axum::response::IntoResponse as _;
    error::WalletRefusal::no_method().into_response()
}
