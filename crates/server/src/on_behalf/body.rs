//! JSON bodies, within limits.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};

use crate::app::State;
use crate::on_behalf::ApiError;

/// How long a client may take to send a body.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A body that is a JSON object, and its bytes.
#[derive(Debug)]
pub(super) struct JsonObject {
    pub(super) members: Map<String, Value>,
    pub(super) bytes: Bytes,
}

impl FromRequest<State> for JsonObject {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &State) -> Result<Self, ApiError> {
        let typed = request.headers().contains_key(header::CONTENT_TYPE);
        let json = is_json(request.headers());
        if typed && !json {
            return Err(not_json());
        }
        let bytes = read(request, state.limits.body_bytes).await?;
        if bytes.is_empty() {
            return Err(ApiError::bad_request("Missing body: send a JSON object."));
        }
        if !json {
            return Err(not_json());
        }
        let value = jose::strict_json(&bytes)
            .map_err(|error| ApiError::bad_request(format!("Invalid body: {error}.")))?;
        match value {
            Value::Object(members) => Ok(Self { members, bytes }),
            _ => Err(ApiError::bad_request("The body must be a JSON object.")),
        }
    }
}

fn not_json() -> ApiError {
    let message = "The body must be JSON: send it with Content-Type: application/json.";
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
}

async fn read(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    let body = Limited::new(request.into_body(), limit);
    match tokio::time::timeout(TIMEOUT, body.collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let message = format!("The body is larger than the {limit} bytes that are accepted.");
            Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message))
        }
        Ok(Err(_)) => Err(ApiError::bad_request("The body broke off.")),
        Err(_) => Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.")),
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
