//! `GET /audit-trail`: who did what. Not in the seed; ours.

use axum::Json;
use axum::extract::{RawQuery, State as FromState};
use model::AuditEvent;
use serde::Serialize;
use store::AUDIT_EVENTS;
use utoipa::ToSchema;

use super::address;
use crate::app::State;
use crate::paginate::{ListQuery, Page};
use crate::tenant_api::auth::AuditReader;
use crate::tenant_api::error::{ApiResult, ErrorBody};
use crate::tenant_api::list_parameters;
use crate::tenant_api::refusals::Refusals;

list_parameters!(AuditParameters: AUDIT_EVENTS);

/// One thing that somebody did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvent)]
pub(super) struct AuditBody {
    id: String,
    /// When.
    created_at: String,
    /// Who: the user, the partner, the holder, or `operator`.
    created_by: String,
    /// What kind of somebody: `user`, `partner`, `holder` or `operator`.
    #[schema(example = "user")]
    actor: &'static str,
    /// With which key: the API key's id, or the `kid` of the Partner JWT.
    key: Option<String>,
    /// What.
    #[schema(example = "credential_offer.create")]
    action: &'static str,
    /// To which thing: its id.
    target: String,
    /// What came of it.
    #[schema(example = "ok")]
    result: String,
    /// From which address.
    address: Option<String>,
    /// In which request.
    request_id: Option<String>,
}

impl From<AuditEvent> for AuditBody {
    fn from(event: AuditEvent) -> Self {
        Self {
            id: event.id.to_string(),
            created_at: event.at.rfc3339_millis(),
            created_by: event.actor.id,
            actor: event.actor.kind.as_str(),
            key: event.actor.key,
            action: event.action.as_str(),
            target: event.target,
            result: event.result,
            address: event.actor.origin.address,
            request_id: event.actor.origin.request_id,
        }
    }
}

/// Who did what
///
/// Every write of this API and of issue on behalf: who, with which key, what, when, from where. For Issuer_Admin and Issuer_Auditor.
#[utoipa::path(
    get,
    path = "/audit-trail",
    operation_id = "getAuditTrail",
    tag = "Audit trail",
    security(("apiKey" = [])),
    params(AuditParameters),
    responses(
        (status = 200, description = "A page of events.", body = Page<AuditBody>),
        (status = 400, description = "A filter cannot be applied.", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn audit_trail(
    FromState(state): FromState<State>,
    AuditReader(caller): AuditReader,
    RawQuery(query): RawQuery,
) -> ApiResult<Json<Page<AuditBody>>> {
    let query = ListQuery::parse(query.as_deref().unwrap_or_default(), &AUDIT_EVENTS)?;
    let (events, total) = state.engine.list_audit_events(&caller, &query.request).await?;
    let base = address(&state, &caller.tenant.env_id, "audit-trail");
    Ok(Json(query.answer(events.into_iter().map(AuditBody::from).collect(), total, &base)))
}
