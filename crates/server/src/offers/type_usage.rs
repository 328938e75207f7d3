//! `GET /credential-offers/type-usage` (seed 003).

use axum::Json;
use axum::extract::State as FromState;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::State;
use crate::tenant_api::auth::Reader;
use crate::tenant_api::error::ApiResult;
use crate::tenant_api::refusals::Refusals;

/// When something was last offered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CredentialTypeUsage)]
pub(super) struct TypeUsage {
    /// What was offered: a `credentialId`.
    credential_type: String,
    /// When the latest offer of it was made.
    latest_created_at: String,
}

/// When each credential type was last offered
///
/// Latest first; deleted offers do not count.
#[utoipa::path(
    get,
    path = "/credential-offers/type-usage",
    operation_id = "getCredentialTypeUsage",
    tag = "Credential offers",
    security(("apiKey" = [])),
    params(("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$")),
    responses((status = 200, description = "The types that were offered.", body = [TypeUsage]), Refusals)
)]
pub(super) async fn type_usage(
    FromState(state): FromState<State>,
    Reader(caller): Reader,
) -> ApiResult<Json<Vec<TypeUsage>>> {
    let usage = state.engine.type_usage(&caller).await?;
    let row = |(program, latest): (model::ProgramId, model::Timestamp)| TypeUsage {
        credential_type: program.to_string(),
        latest_created_at: latest.rfc3339_millis(),
    };
    Ok(Json(usage.into_iter().map(row).collect()))
}
