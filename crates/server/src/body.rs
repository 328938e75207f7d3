//! Bodies, within limits. Each dialect says in its own way what is wrong with one.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};

/// How long a client may take to send a body of JSON.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is wrong with a body. The text is for the caller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("The body must be JSON: send it with Content-Type: application/json.")]
    NotJson,
    #[error("Missing body: send a JSON object.")]
    Missing,
    #[error("Invalid body: {0}.")]
    Invalid(String),
    #[error("The body must be a JSON object.")]
    NotObject,
    #[error("The body is larger than the {0} bytes that are accepted.")]
    TooLarge(usize),
    #[error("The body broke off.")]
    Broken,
    #[error("The body did not arrive in time.")]
    Timeout,
}

impl BodyError {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Missing | Self::Invalid(_) | Self::NotObject | Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// Reads a body that is a JSON object of at most `limit` bytes: its members, and its bytes.
pub(crate) async fn json_object(
    request: Request,
    limit: usize,
) -> Result<(Map<String, Value>, Bytes), BodyError> {
    let typed = request.headers().contains_key(header::CONTENT_TYPE);
    let json = is_json(request.headers());
    if typed && !json {
        return Err(BodyError::NotJson);
    }
    let bytes = read(request, limit).await?;
    if bytes.is_empty() {
        return Err(BodyError::Missing);
    }
    if !json {
        return Err(BodyError::NotJson);
    }
    match jose::strict_json(&bytes).map_err(|error| BodyError::Invalid(error.to_string()))? {
        Value::Object(members) => Ok((members, bytes)),
        _ => Err(BodyError::NotObject),
    }
}

async fn read(request: Request, limit: usize) -> Result<Bytes, BodyError> {
    let body = Limited::new(request.into_body(), limit);
    match tokio::time::timeout(TIMEOUT, body.collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge(limit)),
        Ok(Err(_)) => Err(BodyError::Broken),
        Err(_) => Err(BodyError::Timeout),
    }
}

/// `application/json`, or a structured syntax on it (RFC 6839); parameters are ignored.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The `Idempotency-Key` header, if there is one.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, &'static str> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let fits = |key: &&str| (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let key = value.to_str().ok().filter(fits);
    key.ok_or("Invalid header: Idempotency-Key is 1 to 255 visible ASCII characters").map(Some)
}
