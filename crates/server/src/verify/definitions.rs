//! `/definitions`: templates of presentations.

use axum::Json;
use axum::extract::{RawQuery, State as FromState};
use axum::http::StatusCode;
use issuance::DefinitionInput;
use serde_json::Value;
use store::DEFINITIONS;
use utoipa::ToSchema;

use super::address;
use super::body::DefinitionBody;
use crate::app::State;
use crate::paginate::{ListQuery, Page};
use crate::path::PathOf;
use crate::tenant_api::auth::{VerifierAdmin, VerifierReader};
use crate::tenant_api::error::{ApiResult, ErrorBody};
use crate::tenant_api::extract::BulkBody;
use crate::tenant_api::list_parameters;
use crate::tenant_api::refusals::{BodyRefusals, Refusals};

/// The largest template, in bytes.
const LIMIT: usize = 128 * 1024;

list_parameters!(DefinitionParameters: DEFINITIONS);

/// A template to be.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PresentationDefinitionInput)]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
pub(super) struct DefinitionRequest {
    /// What you call it. Where the path says it, it may be left out.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$", example = "membership")]
    definition_id: Option<String>,
    /// Shown to people.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        example = "Membership"
    )]
    name: String,
    /// Why you ask, shown to people.
    #[schema(
        min_length = 1,
        max_length = 300,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        example = "To open the door"
    )]
    purpose: Option<String>,
    /// Whether anybody may ask by it, on the page /verify.
    public: Option<bool>,
    /// The query (OpenID4VP 1.0, section 6).
    #[schema(value_type = Object)]
    dcql_query: Value,
    /// Identifiers of the issuers that count (DIDs or URLs), `*` for any; your own if absent.
    #[schema(max_items = 64)]
    trusted_issuers: Option<Vec<String>>,
    /// Conditions on claims. With any, the answer is yes or no, and no claim is kept.
    #[schema(max_items = 32)]
    conditions: Option<Vec<ConditionBody>>,
    /// How wallets know you: `decentralized_identifier` (the did:web of your issuer), `x509_san_dns`, `x509_hash` (the
    /// operator's certificate), `redirect_uri` (unsigned).
    #[schema(example = "decentralized_identifier")]
    client_id_prefix: Option<String>,
    /// Which of your issuers signs requests; the first if absent.
    correlation_id: Option<String>,
    /// `direct_post`, or `direct_post.jwt` for encrypted answers.
    #[schema(example = "direct_post.jwt")]
    response_mode: Option<String>,
    /// For how many seconds what is shown is kept.
    #[schema(minimum = 0, maximum = 2_592_000, default = 3600)]
    keep_seconds: Option<i64>,
    /// For how many seconds a request waits for its answer.
    #[schema(minimum = 30, maximum = 86_400, default = 300)]
    request_seconds: Option<i64>,
}

/// A condition on a claim.
#[derive(ToSchema)]
#[schema(as = PresentationCondition)]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
pub(super) struct ConditionBody {
    /// Which credential of the query.
    #[schema(example = "m")]
    credential: String,
    /// The claim, by the path that the query has.
    #[schema(value_type = Vec<Object>)]
    path: Value,
    /// `equal`, `notEqual`, `greater`, `greaterOrEqual`, `less`, `lessOrEqual`, `oneOf`.
    #[schema(example = "greaterOrEqual")]
    operator: String,
    /// What it is compared with: a text, number, boolean or date; a list for `oneOf`; `{"yearsAgo": 18}` for a date.
    value: Value,
}

/// Make a template
#[utoipa::path(
    post,
    path = "/definitions",
    operation_id = "createPresentationDefinition",
    tag = "Presentations",
    security(("apiKey" = [])),
    params(("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$")),
    request_body = DefinitionRequest,
    responses(
        (status = 201, description = "The template.", body = DefinitionBody),
        (status = 409, description = "There is one of this name, or nothing to sign requests with.", body = ErrorBody),
        BodyRefusals,
    )
)]
pub(super) async fn create(
    FromState(state): FromState<State>,
    VerifierAdmin(caller): VerifierAdmin,
    BulkBody { members, .. }: BulkBody<LIMIT>,
) -> ApiResult<(StatusCode, Json<DefinitionBody>)> {
    let input = DefinitionInput::read(members, None)?;
    let made = state.verification.create_definition(&caller.actor(), &caller.tenant.id, input).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Find templates
#[utoipa::path(
    get,
    path = "/definitions",
    operation_id = "listPresentationDefinitions",
    tag = "Presentations",
    security(("apiKey" = [])),
    params(DefinitionParameters),
    responses(
        (status = 200, description = "A page of templates.", body = Page<DefinitionBody>),
        (status = 400, description = "A filter cannot be applied.", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn list(
    FromState(state): FromState<State>,
    VerifierReader(caller): VerifierReader,
    RawQuery(query): RawQuery,
) -> ApiResult<Json<Page<DefinitionBody>>> {
    let query = ListQuery::parse(query.as_deref().unwrap_or_default(), &DEFINITIONS)?;
    let (rows, total) = state.verification.list_definitions(&caller.tenant.id, &query.request).await?;
    let base = address(&state, &caller.tenant.env_id, "definitions");
    Ok(Json(query.answer(rows.into_iter().map(DefinitionBody::from).collect(), total, &base)))
}

/// One template
#[utoipa::path(
    get,
    path = "/definitions/{definitionId}",
    operation_id = "getPresentationDefinition",
    tag = "Presentations",
    security(("apiKey" = [])),
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("definitionId" = String, Path, description = "The template.", pattern = "^[A-Za-z0-9_-]{1,64}$"),
    ),
    responses(
        (status = 200, description = "The template.", body = DefinitionBody),
        (status = 404, description = "No such template.", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn get(
    FromState(state): FromState<State>,
    VerifierReader(caller): VerifierReader,
    PathOf((_, id)): PathOf<(String, String)>,
) -> ApiResult<Json<DefinitionBody>> {
    Ok(Json(state.verification.definition(&caller.tenant.id, &id).await?.into()))
}

/// Change a template
///
/// Whole: what is left out takes its default. What was asked by it before stays as it was asked.
#[utoipa::path(
    put,
    path = "/definitions/{definitionId}",
    operation_id = "updatePresentationDefinition",
    tag = "Presentations",
    security(("apiKey" = [])),
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("definitionId" = String, Path, description = "The template.", pattern = "^[A-Za-z0-9_-]{1,64}$"),
    ),
    request_body = DefinitionRequest,
    responses(
        (status = 200, description = "The template.", body = DefinitionBody),
        (status = 404, description = "No such template.", body = ErrorBody),
        (status = 409, description = "There is nothing to sign requests with.", body = ErrorBody),
        BodyRefusals,
    )
)]
pub(super) async fn update(
    FromState(state): FromState<State>,
    VerifierAdmin(caller): VerifierAdmin,
    PathOf((_, id)): PathOf<(String, String)>,
    BulkBody { members, .. }: BulkBody<LIMIT>,
) -> ApiResult<Json<DefinitionBody>> {
    let input = DefinitionInput::read(members, Some(id))?;
    Ok(Json(state.verification.update_definition(&caller.actor(), &caller.tenant.id, input).await?.into()))
}

/// Delete a template
///
/// What was asked by it stays.
#[utoipa::path(
    delete,
    path = "/definitions/{definitionId}",
    operation_id = "deletePresentationDefinition",
    tag = "Presentations",
    security(("apiKey" = [])),
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("definitionId" = String, Path, description = "The template.", pattern = "^[A-Za-z0-9_-]{1,64}$"),
    ),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "No such template.", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn delete(
    FromState(state): FromState<State>,
    VerifierAdmin(caller): VerifierAdmin,
    PathOf((_, id)): PathOf<(String, String)>,
) -> ApiResult<StatusCode> {
    state.verification.delete_definition(&caller.actor(), &caller.tenant.id, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
