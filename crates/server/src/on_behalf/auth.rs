//! Who asks: the `x-partner-auth` header.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use issuance::Partner;

use crate::app::State;
use crate::on_behalf::ApiError;

/// A partner with a valid Partner JWT.
pub(super) struct Authenticated(pub(super) Partner);

/// A partner that may issue, to the person whom its Partner JWT names.
pub(super) struct Issuing(pub(super) Partner);

impl FromRequestParts<State> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, ApiError> {
        // Bytes that are no text are no JWS either: an empty text says so.
        let header = parts.headers.get("x-partner-auth").map(|value| value.to_str().unwrap_or_default());
        let partner = state.engine.authenticate_partner(header).await?;
        state.limiter.admit(&partner.tenant.id).map_err(|seconds| {
            let message = "Too many requests. Wait as long as Retry-After says, then back off exponentially.";
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, message).retry_after(seconds)
        })?;
        Ok(Self(partner))
    }
}

impl FromRequestParts<State> for Issuing {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, ApiError> {
        let Authenticated(partner) = Authenticated::from_request_parts(parts, state).await?;
        partner.may_issue()?;
        Ok(Self(partner))
    }
}
