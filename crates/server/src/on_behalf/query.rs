//! Query parameters.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use model::CoreClaimHash;

use crate::on_behalf::ApiError;

/// The `coreClaimHash` parameter; `None` if it is there but names no hash, and so no credential either.
pub(super) struct HashParameter(pub(super) Option<CoreClaimHash>);

/// The first value of a query parameter.
pub(super) fn parameter(parts: &Parts, name: &str) -> Option<String> {
    let query = parts.uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

impl<S: Send + Sync> FromRequestParts<S> for HashParameter {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match parameter(parts, "coreClaimHash").filter(|value| !value.is_empty()) {
            Some(value) => Ok(Self(value.parse().ok())),
            None => Err(ApiError::bad_request("Missing required parameter: coreClaimHash")),
        }
    }
}

/// What every endpoint says of a hash that is unknown, or another partner's.
pub(super) fn unknown_hash() -> ApiError {
    ApiError::not_found("No credential found for the given hash.")
}
