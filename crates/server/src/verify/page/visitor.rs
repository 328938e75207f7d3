//! Who looks at a page.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::texts::Texts;
use crate::app::State;
use crate::limiter::{Admitted, TooOften};
use crate::web::language;

/// Somebody without a key, who reads one of our languages.
pub(super) struct Visitor {
    pub(super) texts: &'static Texts,
    /// Lets the page's own style and script through the content security policy.
    pub(super) nonce: String,
    /// In how many seconds to come back, if the address has asked too often.
    pub(super) too_often: Option<u64>,
}

impl FromRequestParts<State> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Infallible> {
        let too_often = match Admitted::from_request_parts(parts, state).await {
            Ok(Admitted) => None,
            Err(TooOften(seconds)) => Some(seconds),
        };
        Ok(Self {
            texts: Texts::of(language::preferred(&parts.headers)),
            nonce: hex::encode(state.engine.random::<16>()),
            too_often,
        })
    }
}
