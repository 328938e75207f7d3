//! What a wallet is told when its answer is refused (OpenID4VP 1.0, section 8.2, leaves it open): the envelope of OAuth.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use issuance::{ErrorKind, PresentError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::BodyError;
use crate::limiter::TooOften;
use crate::on_behalf::ApiError;
use crate::wallet::description;

/// An error, as wallets read it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PresentationRefusal)]
pub(super) struct RefusalBody {
    #[schema(example = "invalid_request")]
    error: &'static str,
    /// What is wrong, for whoever writes the wallet.
    error_description: String,
}

/// A refusal on its way to the wallet.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self { status, error, description: description.into(), retry_after: None }
    }
}

impl From<PresentError> for Refusal {
    fn from(error: PresentError) -> Self {
        if let PresentError::Internal(cause) = &error {
            tracing::error!(%cause, "a request failed");
        }
        let (status, code) = match error.kind() {
            ErrorKind::NotFound => (StatusCode::NOT_FOUND, "invalid_request"),
            ErrorKind::Gone => (StatusCode::GONE, "invalid_request"),
            ErrorKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
            ErrorKind::Conflict => (StatusCode::CONFLICT, "invalid_request"),
            _ => (StatusCode::BAD_REQUEST, "invalid_request"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        Self::new(error.status(), "invalid_request", error.to_string())
    }
}

impl From<TooOften> for Refusal {
    fn from(TooOften(seconds): TooOften) -> Self {
        let description = "Too many requests from this address: wait as long as Retry-After says.";
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", description);
        Self { retry_after: Some(seconds), ..refusal }
    }
}

/// A path that is no text, or no UUID, names no request.
impl From<ApiError> for Refusal {
    fn from(_: ApiError) -> Self {
        PresentError::UnknownRequest.into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = RefusalBody { error: self.error, error_description: description(&self.description) };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
