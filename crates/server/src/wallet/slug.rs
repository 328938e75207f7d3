//! The issuer that a path names.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use issuance::WalletError;

use super::error::WalletRefusal;
use crate::app::State;
use crate::path::PathOf;

/// The issuer's slug. What is no text after percent-decoding names no issuer.
pub(super) struct Slug(pub(super) String);

impl FromRequestParts<State> for Slug {
    type Rejection = WalletRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, WalletRefusal> {
        let path = PathOf::<String>::from_request_parts(parts, state).await;
        path.map(|PathOf(slug)| Self(slug)).map_err(|_| WalletError::UnknownIssuer.into())
    }
}
