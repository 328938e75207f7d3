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
    #[error("The body must be a form: send it with Content-Type: application/x-www-form-urlencoded.")]
    NotForm,
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
            Self::NotJson | Self::NotForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
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

/// Reads a body that may be left out, or be `null`; else it is a JSON object of at most `limit` bytes.
pub(crate) async fn optional_json_object(
    request: Request,
    limit: usize,
) -> Result<Map<String, Value>, BodyError> {
    let json = is_json(request.headers());
    let bytes = read(request, limit).await?;
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    if !json {
        return Err(BodyError::NotJson);
    }
    match jose::strict_json(&bytes).map_err(|error| BodyError::Invalid(error.to_string()))? {
        Value::Null => Ok(Map::new()),
        Value::Object(members) => Ok(members),
        _ => Err(BodyError::NotObject),
    }
}

/// Reads a body that is a form (`application/x-www-form-urlencoded`) of at most `limit` bytes.
pub(crate) async fn form(request: Request, limit: usize) -> Result<Vec<(String, String)>, BodyError> {
    if media_type(request.headers()) != "application/x-www-form-urlencoded" {
        return Err(BodyError::NotForm);
    }
    let bytes = read(request, limit).await?;
    Ok(url::form_urlencoded::parse(&bytes).into_owned().collect())
}

/// Reads a body of text of at most `limit` bytes.
pub(crate) async fn text(request: Request, limit: usize) -> Result<String, BodyError> {
    let bytes = read(request, limit).await?;
    String::from_utf8(bytes.into()).map_err(|_| BodyError::Invalid("it is not UTF-8".to_owned()))
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

/// The media type of a body without its parameters, in lower case; empty if there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// `application/json`, or a structured syntax on it (RFC 6839); parameters are ignored.
fn is_json(headers: &HeaderMap) -> bool {
    let essence = media_type(headers);
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The `Idempotency-Key` header, if there is one.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, &'static str> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let fits = |key: &&str| (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let key = value.to_str().ok().filter(fits);
    key.ok_or("Invalid header: Idempotency-Key is 1 to 255 visible ASCII characters").map(Some)
}
