//! `/api-keys`: who may act in an environment.

use axum::Json;
use axum::extract::{RawQuery, State as FromState};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use issuance::NewApiKey;
use model::{ApiKey, ApiKeyId, Role, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use store::API_KEYS;
use utoipa::ToSchema;

use super::address;
use crate::app::State;
use crate::paginate::{ListQuery, Page};
use crate::tenant_api::auth::Admin;
use crate::tenant_api::error::{ApiError, ApiResult, ErrorBody};
use crate::tenant_api::extract::{Id, JsonBody, optional_text, optional_uuid, required_text};
use crate::tenant_api::list_parameters;
use crate::tenant_api::refusals::{BodyRefusals, Refusals};

list_parameters!(ApiKeyParameters: API_KEYS);

/// An API key to be.
#[derive(ToSchema)]
#[schema(as = CreateApiKey, rename_all = "camelCase")]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
pub(super) struct ApiKeyRequest {
    /// 1 to 50 characters, not all of them blank, and no control characters.
    #[schema(
        min_length = 1,
        max_length = 50,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// At least one.
    #[schema(min_items = 1, value_type = Vec<RoleName>, example = json!(["Issuer_User"]))]
    roles: Vec<String>,
    /// The user as whom the key acts; a new user if absent.
    #[schema(format = Uuid)]
    user_id: Option<String>,
    /// When it ends (RFC 3339); never if absent.
    #[schema(format = DateTime, example = "2035-06-20T06:44:22.629Z")]
    expires_at: Option<String>,
}

/// What a key may be good for.
#[derive(ToSchema)]
#[schema(as = Role)]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
enum RoleName {
    #[schema(rename = "Issuer_Admin")]
    Admin,
    #[schema(rename = "Issuer_User")]
    User,
    #[schema(rename = "Issuer_Auditor")]
    Auditor,
    #[schema(rename = "Verifier_Admin")]
    VerifierAdmin,
    #[schema(rename = "Verifier_User")]
    VerifierUser,
    #[schema(rename = "Verifier_Auditor")]
    VerifierAuditor,
}

/// An API key, without the key itself.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey)]
pub(super) struct ApiKeyBody {
    #[schema(format = Uuid)]
    id: String,
    name: String,
    /// The beginning of the key.
    #[schema(example = "bst_3f9a1c...")]
    key_mask: String,
    /// The user as whom it acts.
    #[schema(format = Uuid)]
    user_id: String,
    roles: Vec<&'static str>,
    /// `active`, `expired` or `revoked`.
    status: &'static str,
    created_at: String,
    created_by: String,
    expires_at: Option<String>,
    /// To the minute.
    last_used_at: Option<String>,
    revoked_at: Option<String>,
}

/// An API key that was just made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreatedApiKey)]
pub(super) struct CreatedBody {
    #[serde(flatten)]
    key: ApiKeyBody,
    /// The key. It is shown this once.
    raw_key: String,
}

impl ApiKeyBody {
    fn new(key: ApiKey, now: Timestamp) -> Self {
        Self {
            status: key.status(now).as_str(),
            id: key.id.to_string(),
            name: key.name,
            key_mask: key.mask,
            user_id: key.user_id.to_string(),
            roles: key.roles.iter().map(|role| role.as_str()).collect(),
            created_at: key.created_at.rfc3339_millis(),
            created_by: key.created_by,
            expires_at: key.expires_at.map(Timestamp::rfc3339_millis),
            last_used_at: key.last_used_at.map(Timestamp::rfc3339_millis),
            revoked_at: key.revoked_at.map(Timestamp::rfc3339_millis),
        }
    }
}

/// Make an API key
///
/// The key is shown in this answer and never again; what is kept is a hash.
#[utoipa::path(
    post,
    path = "/api-keys",
    operation_id = "createApiKey",
    tag = "API keys",
    security(("apiKey" = [])),
    params(("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$")),
    request_body = ApiKeyRequest,
    responses((status = 201, description = "The key.", body = CreatedBody), BodyRefusals)
)]
pub(super) async fn create(
    FromState(state): FromState<State>,
    Admin(caller): Admin,
    JsonBody(members): JsonBody,
) -> ApiResult<Response> {
    let new = parse(members).map_err(ApiError::bad_request)?;
    let created = state.engine.create_api_key(&caller.actor(), &caller.tenant.id, new).await?;
    let body = CreatedBody {
        key: ApiKeyBody::new(created.record, state.engine.now()),
        raw_key: created.key.expose().clone(),
    };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

fn parse(mut members: Map<String, Value>) -> Result<NewApiKey, String> {
    let wrong_roles = || {
        "roles must be a list of Issuer_Admin, Issuer_User, Issuer_Auditor, Verifier_Admin, Verifier_User, \
         Verifier_Auditor."
            .to_owned()
    };
    let Some(Value::Array(roles)) = members.remove("roles") else { return Err(wrong_roles()) };
    let role = |role: &Value| role.as_str().and_then(|word| word.parse().ok());
    let roles: Option<Vec<Role>> = roles.iter().map(role).collect();
    let expires_at = match optional_text(&mut members, "expiresAt")? {
        Some(text) => Some(
            Timestamp::parse_rfc3339(&text)
                .ok_or("expiresAt must be a moment such as 2035-06-20T06:44:22.629Z.")?,
        ),
        None => None,
    };
    Ok(NewApiKey {
        name: required_text(&mut members, "name")?,
        roles: roles.ok_or_else(wrong_roles)?,
        user: optional_uuid(&mut members, "userId")?,
        expires_at,
    })
}

/// Find API keys
#[utoipa::path(
    get,
    path = "/api-keys",
    operation_id = "listApiKeys",
    tag = "API keys",
    security(("apiKey" = [])),
    params(ApiKeyParameters),
    responses(
        (status = 200, description = "A page of keys.", body = Page<ApiKeyBody>),
        (status = 400, description = "A filter cannot be applied.", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn list(
    FromState(state): FromState<State>,
    Admin(caller): Admin,
    RawQuery(query): RawQuery,
) -> ApiResult<Json<Page<ApiKeyBody>>> {
    let query = ListQuery::parse(query.as_deref().unwrap_or_default(), &API_KEYS)?;
    let (keys, total) = state.engine.list_api_keys(&caller, &query.request).await?;
    let now = state.engine.now();
    let rows = keys.into_iter().map(|key| ApiKeyBody::new(key, now)).collect();
    Ok(Json(query.answer(rows, total, &address(&state, &caller.tenant.env_id, "api-keys"))))
}

/// Revoke an API key
///
/// It is refused from now on.
#[utoipa::path(
    delete,
    path = "/api-keys/{id}",
    operation_id = "revokeApiKey",
    tag = "API keys",
    security(("apiKey" = [])),
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("id" = String, Path, description = "The key's id.", format = Uuid),
    ),
    responses(
        (status = 204, description = "No content"),
        (status = 400, description = "The id is no UUID.", body = ErrorBody),
        (status = 404, description = "Record not found", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn revoke(
    FromState(state): FromState<State>,
    Admin(caller): Admin,
    Id(id): Id,
) -> ApiResult<StatusCode> {
    state.engine.revoke_api_key(&caller.actor(), &caller.tenant.id, &ApiKeyId::from(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
