//! What requests of this dialect are made of: path parameters, JSON bodies, uploads.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::{FromRequest, FromRequestParts, Multipart, RawPathParams, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use model::canonical_uuid;
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::app::State;
use crate::body::{BodyError, json_object};

/// The largest form, in bytes: more than the largest image and the texts beside it. What lies outside of the parts is read into
/// memory, too.
pub(crate) const LARGEST_FORM: usize = 6 * 1_024 * 1_024;
/// How long a client may take to send a form.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How many parts a form has at most.
const PARTS: usize = 10;
/// The longest text of a form, in bytes.
const TEXT: usize = 1_024;

/// The `{id}` of the path, a UUID in lower case.
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let parameters = RawPathParams::from_request_parts(parts, state).await;
        let parameters = parameters.map_err(|_| ApiError::bad_request("The path is no text."))?;
        let id = parameters.iter().find(|(name, _)| *name == "id").map_or("", |(_, value)| value);
        canonical_uuid(id)
            .map(Self)
            .ok_or_else(|| ApiError::bad_request("The id in the path must be a UUID."))
    }
}

/// A body that is a JSON object of ordinary size.
pub(crate) struct JsonBody(pub(crate) Map<String, Value>);

impl FromRequest<State> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &State) -> Result<Self, ApiError> {
        Ok(Self(json_object(request, state.limits.body_bytes).await?.0))
    }
}

/// A body that is a JSON object of at most so many bytes, and its bytes.
pub(crate) struct BulkBody<const LIMIT: usize> {
    pub(crate) members: Map<String, Value>,
    pub(crate) bytes: Bytes,
}

impl<const LIMIT: usize> FromRequest<State> for BulkBody<LIMIT> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &State) -> Result<Self, ApiError> {
        let (members, bytes) = json_object(request, LIMIT).await?;
        Ok(Self { members, bytes })
    }
}

/// Members of an object, as they are asked for. A member that is `null` is absent.
pub(crate) fn optional_text(members: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        // PostgreSQL keeps no text that has it.
        Some(Value::String(text)) if text.contains('\0') => {
            Err(format!("{name} must not hold the character U+0000."))
        }
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name} must be a string.")),
    }
}

pub(crate) fn required_text(members: &mut Map<String, Value>, name: &str) -> Result<String, String> {
    optional_text(members, name)?
        .filter(|text| !text.is_empty())
        .ok_or_else(|| format!("{name} is required, and must be a string."))
}

pub(crate) fn optional_uuid(members: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    let Some(text) = optional_text(members, name)? else { return Ok(None) };
    canonical_uuid(&text).map(Some).ok_or_else(|| format!("{name} must be a UUID."))
}

/// A form that was uploaded: a file named `image`, and texts.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    /// The file's name and bytes.
    pub(crate) image: Option<(String, Vec<u8>)>,
    texts: Vec<(String, String)>,
}

impl Upload {
    /// Reads a form whose file has at most `limit` bytes.
    pub(crate) async fn of(
        form: Result<Multipart, MultipartRejection>,
        limit: usize,
    ) -> Result<Self, ApiError> {
        let form = form.map_err(|_| {
            let message = "The body must be a form: send it with Content-Type: multipart/form-data.";
            ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request", message)
        })?;
        let read = tokio::time::timeout(TIMEOUT, Self::read(form, limit)).await;
        read.unwrap_or_else(|_| Err(BodyError::Timeout.into()))
    }

    async fn read(mut form: Multipart, limit: usize) -> Result<Self, ApiError> {
        let broken = |error: MultipartError| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => BodyError::TooLarge(LARGEST_FORM).into(),
            _ => ApiError::bad_request("The form broke off, or is no multipart/form-data."),
        };
        let mut upload = Self::default();
        for _ in 0..PARTS {
            let Some(mut field) = form.next_field().await.map_err(broken)? else { return Ok(upload) };
            let name = field.name().unwrap_or_default().to_owned();
            let is_image = name == "image";
            let filename = field.file_name().unwrap_or_default().to_owned();
            let most = if is_image { limit } else { TEXT };
            let mut bytes = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(broken)? {
                if bytes.len() + chunk.len() > most {
                    return Err(too_large(&name, is_image, most));
                }
                bytes.extend_from_slice(&chunk);
            }
            if is_image {
                upload.image = Some((filename, bytes));
            } else {
                let text = String::from_utf8(bytes);
                let text = text.map_err(|_| ApiError::bad_request(format!("{name} must be text.")))?;
                upload.texts.push((name, text));
            }
        }
        Err(ApiError::bad_request(format!("The form has more than {PARTS} parts.")))
    }

    /// The text of a part.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }
}

fn too_large(name: &str, is_image: bool, most: usize) -> ApiError {
    if is_image {
        let message = format!("The image is larger than {most} bytes.");
        return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "image_too_large", message);
    }
    ApiError::bad_request(format!("{name} is longer than {most} bytes."))
}
