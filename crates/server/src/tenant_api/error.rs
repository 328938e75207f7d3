//! The error envelope of this dialect: NestJS's (`statusCode`, `message`, `error`), with a stable `code` and the `requestId`.

use std::fmt::Display;

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use issuance::{CallerError, EngineError, ErrorKind, OfferError, PresentError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::BodyError;
use crate::observe::RequestId;
use crate::paginate::ListError;

/// An error, as the caller sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OfferError)]
pub(crate) struct ErrorBody {
    /// HTTP status code.
    #[schema(example = 404)]
    status_code: u16,
    /// What is wrong, and what to do.
    #[schema(example = "There is no such credential offer.")]
    message: String,
    /// The status in words.
    #[schema(example = "Not Found")]
    error: &'static str,
    /// What is wrong, for programs: it stays the same when the message is worded better.
    #[schema(example = "credential_offer_not_found")]
    code: &'static str,
    /// The request, as it is found in the server's log.
    request_id: String,
}

/// An error on its way to the caller.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
    code: &'static str,
    retry_after: Option<u64>,
}

pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), code, retry_after: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    }

    pub(crate) fn forbidden() -> Self {
        let message = "User does not have a required claim to perform this operation.";
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// A failure of ours: the cause goes to the log, and to the log only.
    pub(crate) fn internal(cause: &dyn Display) -> Self {
        tracing::error!(%cause, "a request failed");
        let message = "Server-side failure. Retry with exponential backoff.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
    }

    pub(crate) fn too_many(seconds: u64, message: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message);
        Self { retry_after: Some(seconds), ..error }
    }

    fn into_body(self, request_id: String) -> Response {
        let body = ErrorBody {
            status_code: self.status.as_u16(),
            message: self.message,
            error: self.status.canonical_reason().unwrap_or("Error"),
            code: self.code,
            request_id,
        };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Without a body: [`name_request`] knows the request's id and gives it one.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives errors their bodies, which name the request.
pub(crate) async fn name_request(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error.into_body(id),
        None => response,
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        Self::internal(&error)
    }
}

impl From<CallerError> for ApiError {
    fn from(error: CallerError) -> Self {
        match error {
            CallerError::Internal(error) => error.into(),
            refused => Self::new(StatusCode::UNAUTHORIZED, "unauthorized", refused.to_string()),
        }
    }
}

/// `cause` is what is written to the log of what was our fault.
fn rendered(kind: ErrorKind, code: &'static str, message: String, cause: &dyn Display) -> ApiError {
    let status = match kind {
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Gone => StatusCode::GONE,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorKind::Limited { seconds } => return ApiError::too_many(seconds, message),
        ErrorKind::Internal => return ApiError::internal(cause),
    };
    ApiError::new(status, code, message)
}

impl From<OfferError> for ApiError {
    fn from(error: OfferError) -> Self {
        rendered(error.kind(), error.code(), error.to_string(), &InternalCause(&error))
    }
}

impl From<PresentError> for ApiError {
    fn from(error: PresentError) -> Self {
        match &error {
            PresentError::Internal(cause) => Self::internal(cause),
            other => rendered(other.kind(), other.code(), other.to_string(), other),
        }
    }
}

/// The text of an internal error is for the caller; its cause is for the log.
struct InternalCause<'a>(&'a OfferError);

impl Display for InternalCause<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            OfferError::Internal(cause) => cause.fmt(f),
            other => other.fmt(f),
        }
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        let code = match error {
            BodyError::TooLarge(_) => "body_too_large",
            _ => "invalid_request",
        };
        Self::new(error.status(), code, error.to_string())
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_query", error.message)
    }
}
