//! Requests for presentations, and what came of them.

use axum::Json;
use axum::extract::{RawQuery, State as FromState};
use axum::http::StatusCode;
use model::{PresentationId, canonical_uuid};
use store::PRESENTATIONS;

use super::body::PresentationBody;
use crate::app::State;
use crate::paginate::{ListQuery, Page};
use crate::path::PathOf;
use crate::tenant_api::auth::{VerifierReader, VerifierUser};
use crate::tenant_api::error::{ApiError, ApiResult, ErrorBody};
use crate::tenant_api::refusals::Refusals;
use crate::tenant_api::{self, list_parameters};

list_parameters!(PresentationParameters: PRESENTATIONS);

/// Environment, template and request of a path.
type Place = PathOf<(String, String, String)>;

fn correlation_id(text: &str) -> ApiResult<PresentationId> {
    let id = canonical_uuid(text);
    id.map(PresentationId::from).ok_or_else(|| ApiError::bad_request("The correlationId must be a UUID."))
}

/// Find requests
///
/// What was shown is read one by one.
#[utoipa::path(
    get,
    path = "",
    operation_id = "listPresentations",
    tag = "Presentations",
    security(("apiKey" = [])),
    params(PresentationParameters),
    responses(
        (status = 200, description = "A page of requests.", body = Page<PresentationBody>),
        (status = 400, description = "A filter cannot be applied.", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn list(
    FromState(state): FromState<State>,
    VerifierReader(caller): VerifierReader,
    RawQuery(query): RawQuery,
) -> ApiResult<Json<Page<PresentationBody>>> {
    let query = ListQuery::parse(query.as_deref().unwrap_or_default(), &PRESENTATIONS)?;
    let (rows, total) = state.verification.list_presentations(&caller.tenant.id, &query.request).await?;
    let base = tenant_api::address(&state, super::BASE, &caller.tenant.env_id, "");
    let base = base.trim_end_matches('/');
    Ok(Json(query.answer(rows.into_iter().map(PresentationBody::from).collect(), total, base)))
}

/// How a request stands, and what was shown
///
/// To an auditor without what was shown. Of a request with a `redirectUri`, what was shown is given for the `response_code` with
/// which the person's browser came back (as `responseCode`).
#[utoipa::path(
    get,
    path = "/definition/{definitionId}/correlation/{correlationId}",
    operation_id = "getPresentation",
    tag = "Presentations",
    security(("apiKey" = [])),
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("definitionId" = String, Path, description = "The template.", pattern = "^[A-Za-z0-9_-]{1,64}$"),
        ("correlationId" = String, Path, description = "The request.", format = Uuid),
        ("responseCode" = Option<String>, Query, description = "What the person's browser brought back."),
    ),
    responses(
        (status = 200, description = "The request.", body = PresentationBody),
        (status = 400, description = "The correlationId is no UUID, or the responseCode is another.", body = ErrorBody),
        (status = 404, description = "No such request.", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn get(
    FromState(state): FromState<State>,
    VerifierReader(caller): VerifierReader,
    PathOf((_, definition, id)): Place,
    RawQuery(query): RawQuery,
) -> ApiResult<Json<PresentationBody>> {
    let id = correlation_id(&id)?;
    let query = query.unwrap_or_default();
    let code = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "responseCode");
    let code = code.map(|(_, code)| code);
    let found = state.verification.presentation(&caller.tenant.id, &definition, &id, code.as_deref()).await;
    let mut status = found?;
    if !caller.verifies() {
        status.shown = None;
    }
    Ok(Json(status.into()))
}

/// Erase what was shown
#[utoipa::path(
    delete,
    path = "/definition/{definitionId}/correlation/{correlationId}",
    operation_id = "erasePresentation",
    tag = "Presentations",
    security(("apiKey" = [])),
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("definitionId" = String, Path, description = "The template.", pattern = "^[A-Za-z0-9_-]{1,64}$"),
        ("correlationId" = String, Path, description = "The request.", format = Uuid),
    ),
    responses(
        (status = 204, description = "It is gone."),
        (status = 400, description = "The correlationId is no UUID.", body = ErrorBody),
        (status = 404, description = "No such request.", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn erase(
    FromState(state): FromState<State>,
    VerifierUser(caller): VerifierUser,
    PathOf((_, definition, id)): Place,
) -> ApiResult<StatusCode> {
    let id = correlation_id(&id)?;
    let actor = caller.actor();
    state.verification.erase_presentation(&actor, &caller.tenant.id, &definition, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
