//! `GET /v1/credentials/status` (seed 000, section 2).

use axum::Json;
use axum::extract::State as FromState;
use issuance::Status;
use model::{CredentialId, IssuerId, SchemaId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::error::{ApiError, ErrorBody};
use super::query::{HashParameter, unknown_hash};
use crate::app::State;

/// Where a credential stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CredentialStatus {
    /// The hash that was asked for.
    #[schema(example = "239704895d0c4693d33ee7ab9e37c6eb295f178d80074a32d4ace53b1a779c44")]
    core_claim_hash: String,
    /// When it was issued, UTC.
    #[schema(example = "2026-01-19 07:18:45")]
    issuance_date: String,
    /// When it expires, UTC; absent if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<String>,
    /// Who issued it.
    #[schema(example = "did:air:id:test:5P44fsVUhPctDTWH2Nz26pZJFsg6CqyiAELTGeVQDB")]
    issuer_did: String,
    /// The issuer's internal id.
    #[schema(value_type = String)]
    issuer_id: IssuerId,
    /// The schema's id.
    #[schema(value_type = String)]
    scheme_id: SchemaId,
    /// The credential's id.
    #[schema(value_type = String, example = "c28t30c048pe502a3713w0")]
    vc_id: CredentialId,
    /// `WAIT_ONCHAIN`, `ONCHAIN`; after revoking `WAIT_REMOVE`, `REMOVE`; past its validity `EXPIRE`.
    #[schema(example = "ONCHAIN")]
    vc_status: &'static str,
}

impl From<Status> for CredentialStatus {
    fn from(status: Status) -> Self {
        let credential = status.credential;
        Self {
            core_claim_hash: credential.core_claim_hash.to_string(),
            issuance_date: credential.issued_at.datetime(),
            expiration_date: credential.expires_at.map(Timestamp::datetime),
            issuer_did: status.issuer_did,
            issuer_id: credential.issuer_id,
            scheme_id: credential.schema_id,
            vc_id: credential.id,
            vc_status: status.status.as_str(),
        }
    }
}

/// Check issuance status
///
/// Start with one second between two polls, and double it each time.
#[utoipa::path(
    get,
    path = "/v1/credentials/status",
    operation_id = "getCredentialStatus",
    tag = "Credentials",
    security(("partnerJwt" = [])),
    params(("coreClaimHash" = String, Query, description = "What the issue call answered.", pattern = "^[0-9a-f]{64}$")),
    responses(
        (status = 200, description = "Where the credential stands.", body = CredentialStatus),
        (status = 400, description = "The parameter is missing.", body = ErrorBody),
        (status = 401, description = "Invalid or expired Partner JWT.", body = ErrorBody),
        (status = 404, description = "No credential found for the given hash.", body = ErrorBody),
        (status = 429, description = "Too many requests.", body = ErrorBody),
        (status = 500, description = "Server-side failure. Retry with exponential backoff.", body = ErrorBody),
    )
)]
pub(super) async fn status(
    FromState(state): FromState<State>,
    Authenticated(partner): Authenticated,
    HashParameter(hash): HashParameter,
) -> Result<Json<CredentialStatus>, ApiError> {
    let hash = hash.ok_or_else(unknown_hash)?;
    let found = state.engine.credential_status(&partner.tenant.id, hash).await?;
    Ok(Json(found.ok_or_else(unknown_hash)?.into()))
}
