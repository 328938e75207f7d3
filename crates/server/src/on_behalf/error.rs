//! The error envelope of this dialect: `{"error": <status>, "message": "..."}` (seed 001, `Error`).

use std::fmt::Display;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use issuance::{AuthenticateError, EngineError, IssueError, PartnerAuthError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::BodyError;

/// An error, as the caller sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorBody {
    /// HTTP status code.
    #[schema(example = 400)]
    error: u16,
    /// Human-readable error description.
    #[schema(example = "Missing required field: issuerDid")]
    message: String,
}

/// An error on its way to the caller.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
    retry_after: Option<u64>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), retry_after: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "Method not allowed here. The Allow header says which are.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, message)
    }

    /// A failure of ours: the cause goes to the log, and to the log only.
    pub(crate) fn internal(cause: &dyn Display) -> Self {
        tracing::error!(%cause, "a request failed");
        let message = "Server-side failure. Retry with exponential backoff.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// The same error, saying when to try again.
    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody { error: self.status.as_u16(), message: self.message };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        Self::new(error.status(), error.to_string())
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        Self::internal(&error)
    }
}

impl From<PartnerAuthError> for ApiError {
    fn from(error: PartnerAuthError) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error.to_string())
    }
}

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Refused(error) => error.into(),
            AuthenticateError::Internal(error) => error.into(),
        }
    }
}

impl From<IssueError> for ApiError {
    fn from(error: IssueError) -> Self {
        let status = match &error {
            IssueError::Internal(error) => return Self::internal(error),
            IssueError::Person(_) => StatusCode::UNAUTHORIZED,
            IssueError::Subject(_) => StatusCode::BAD_REQUEST,
            IssueError::FeatureOff
            | IssueError::ForeignIssuer
            | IssueError::OtherIssuer
            | IssueError::ForeignSchema
            | IssueError::Closed(_)
            | IssueError::CapReached(_) => StatusCode::FORBIDDEN,
            IssueError::UnknownIssuer | IssueError::UnknownProgram | IssueError::SchemaId => {
                StatusCode::NOT_FOUND
            }
            IssueError::ConsentRejected
            | IssueError::Duplicate
            | IssueError::KeyReused
            | IssueError::Contended => StatusCode::CONFLICT,
        };
        Self::new(status, error.to_string())
    }
}
