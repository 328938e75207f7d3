//! `POST /definition/{definitionId}`: asking a wallet to present.

use axum::Json;
use axum::extract::{Request, State as FromState};
use axum::http::StatusCode;
use issuance::NewRequest;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::app::State;
use crate::body;
use crate::path::PathOf;
use crate::tenant_api::auth::VerifierUser;
use crate::tenant_api::error::{ApiError, ApiResult, ErrorBody};
use crate::tenant_api::extract::optional_text;
use crate::tenant_api::refusals::BodyRefusals;

/// What goes with the request. The body may be left out.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PresentationRequestInput)]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
pub(super) struct AskBody {
    /// What the person agrees to by presenting (OpenID4VP 1.0, section 5.1): objects with `type` and `credential_ids`.
    #[schema(value_type = Option<Vec<Object>>, max_items = 16)]
    transaction_data: Option<Vec<Value>>,
    /// Where the person's browser goes afterwards, with a `response_code`, when the wallet is on the same device.
    #[schema(example = "https://shop.example/back")]
    redirect_uri: Option<String>,
}

/// A request that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PresentationRequest)]
pub(super) struct AskedBody {
    #[schema(format = Uuid)]
    correlation_id: String,
    definition_id: String,
    /// What a wallet opens: show it as a QR code or as a link.
    #[serde(rename = "authRequestURI")]
    #[schema(example = "openid4vp://?client_id=...&request_uri=...")]
    auth_request_uri: String,
    /// Where anybody sees how it stands, and nothing personal.
    #[serde(rename = "authStatusURI")]
    auth_status_uri: String,
    /// A page that shows the QR code, and how it stands.
    #[serde(rename = "pageURI")]
    page_uri: String,
    /// First moment at which no answer is taken.
    expires_at: String,
}

/// Ask a wallet to present
#[utoipa::path(
    post,
    path = "/definition/{definitionId}",
    operation_id = "requestPresentation",
    tag = "Presentations",
    security(("apiKey" = [])),
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("definitionId" = String, Path, description = "The template.", pattern = "^[A-Za-z0-9_-]{1,64}$"),
    ),
    request_body(content = Option<AskBody>, description = "May be left out."),
    responses(
        (status = 201, description = "The request.", body = AskedBody),
        (status = 404, description = "No such template.", body = ErrorBody),
        (status = 409, description = "There is nothing to sign the request with.", body = ErrorBody),
        BodyRefusals,
    )
)]
pub(super) async fn ask(
    FromState(state): FromState<State>,
    VerifierUser(caller): VerifierUser,
    PathOf((_, definition)): PathOf<(String, String)>,
    request: Request,
) -> ApiResult<(StatusCode, Json<AskedBody>)> {
    let new = new_request(body::optional_json_object(request, state.limits.body_bytes).await?)?;
    let asked = state.verification.ask(&caller.actor(), &caller.tenant.id, &definition, new).await?;
    let public_url = state.engine.public_url();
    let body = AskedBody {
        auth_status_uri: format!("{public_url}/presentations/{}/status", asked.id),
        page_uri: format!("{public_url}/present/{}", asked.id),
        correlation_id: asked.id.to_string(),
        definition_id: asked.definition_id,
        auth_request_uri: asked.request_uri,
        expires_at: asked.expires_at.rfc3339_millis(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

fn new_request(mut members: Map<String, Value>) -> ApiResult<NewRequest> {
    let transaction_data = match members.remove("transactionData") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(objects)) => objects,
        Some(_) => return Err(ApiError::bad_request("transactionData must be a list of objects.")),
    };
    let redirect_uri = optional_text(&mut members, "redirectUri").map_err(ApiError::bad_request)?;
    Ok(NewRequest { transaction_data, redirect_uri })
}
