//! JSON bodies of this dialect.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};

use crate::app::State;
use crate::body::json_object;
use crate::on_behalf::ApiError;

/// A body that is a JSON object, and its bytes.
#[derive(Debug)]
pub(super) struct JsonObject {
    pub(super) members: Map<String, Value>,
    pub(super) bytes: Bytes,
}

impl FromRequest<State> for JsonObject {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &State) -> Result<Self, ApiError> {
        let (members, bytes) = json_object(request, state.limits.body_bytes).await?;
        Ok(Self { members, bytes })
    }
}
