//! Type metadata of SD-JWT VCs (draft-ietf-oauth-sd-jwt-vc).

use axum::extract::State as FromState;
use axum::response::Response;
use model::ProgramId;

use super::published;
use crate::app::State;
use crate::on_behalf::ApiError;
use crate::path::PathOf;

/// A credential type
///
/// The type metadata that the `vct` of an SD-JWT VC names.
#[utoipa::path(
    get,
    path = "/credential-types/{id}",
    operation_id = "getCredentialType",
    tag = "Identity",
    params(("id" = String, Path, description = "The program's id.", pattern = "^[A-Za-z0-9_-]{1,64}$")),
    responses((status = 200, description = "The metadata.", body = Object), (status = 404, description = "No such type."))
)]
pub(super) async fn credential_type(
    FromState(state): FromState<State>,
    PathOf(id): PathOf<String>,
) -> Result<Response, ApiError> {
    published(state.engine.credential_type(&ProgramId::from(id)).await?, "application/json")
}
