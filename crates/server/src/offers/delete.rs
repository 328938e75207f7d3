//! `DELETE /credential-offers/{id}` (seed 003).

use axum::extract::State as FromState;
use axum::http::StatusCode;
use model::OfferId;

use crate::app::State;
use crate::tenant_api::auth::Writer;
use crate::tenant_api::error::{ApiResult, ErrorBody};
use crate::tenant_api::extract::Id;
use crate::tenant_api::refusals::Refusals;

/// Delete a credential offer
///
/// Deletes an offer that nobody has claimed; its claim code ends with it. What was claimed is revoked instead.
#[utoipa::path(
    delete,
    path = "/credential-offers/{id}",
    operation_id = "deleteCredentialOffer",
    tag = "Credential offers",
    security(("apiKey" = [])),
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("id" = String, Path, description = "The offer.", format = Uuid),
    ),
    responses(
        (status = 204, description = "No content"),
        (status = 400, description = "The id is no UUID.", body = ErrorBody),
        (status = 404, description = "Record not found", body = ErrorBody),
        (status = 409, description = "It was claimed.", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn delete(
    FromState(state): FromState<State>,
    Writer(caller): Writer,
    Id(id): Id,
) -> ApiResult<StatusCode> {
    state.engine.delete_offer(&caller, &OfferId::from(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
