//! `GET /v1/credentials/proof`: not in the seeds; ours, so that a stranger can check that a credential is in the log.

use axum::extract::{FromRequestParts, State as FromState};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use issuance::ProofError;
use model::LeafOp;

use super::auth::Authenticated;
use super::error::{ApiError, ErrorBody};
use super::query::{HashParameter, parameter, unknown_hash};
use crate::app::State;

/// The `op` parameter: what is to be proven.
pub(super) struct OpParameter(LeafOp);

impl<S: Send + Sync> FromRequestParts<S> for OpParameter {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(word) = parameter(parts, "op") else { return Ok(Self(LeafOp::Issue)) };
        let invalid = |_| ApiError::bad_request("Invalid parameter: op must be \"issue\" or \"revoke\"");
        word.parse().map(Self).map_err(invalid)
    }
}

/// Prove that a credential is in the log
///
/// A C2SP tlog-proof file: the leaf's place, the Merkle path, and the signed checkpoint. `bestow verify-proof` checks it
/// offline. Not part of the vendor's API.
#[utoipa::path(
    get,
    path = "/v1/credentials/proof",
    operation_id = "getCredentialProof",
    tag = "Credentials",
    security(("partnerJwt" = [])),
    params(
        ("coreClaimHash" = String, Query, description = "What the issue call answered.", pattern = "^[0-9a-f]{64}$"),
        ("op" = Option<String>, Query, description = "`issue` (the default) or `revoke`: which leaf to prove.", pattern = "^(issue|revoke)$"),
    ),
    responses(
        (status = 200, description = "The proof.", body = String, content_type = "text/plain"),
        (status = 400, description = "A parameter is missing or invalid.", body = ErrorBody),
        (status = 401, description = "Invalid or expired Partner JWT.", body = ErrorBody),
        (status = 404, description = "No credential found for the given hash, or nothing of that kind to prove.", body = ErrorBody),
        (status = 409, description = "Not anchored yet. Retry-After says when to try again.", body = ErrorBody),
        (status = 429, description = "Too many requests.", body = ErrorBody),
        (status = 500, description = "Server-side failure. Retry with exponential backoff.", body = ErrorBody),
    )
)]
pub(super) async fn proof(
    FromState(state): FromState<State>,
    Authenticated(partner): Authenticated,
    HashParameter(hash): HashParameter,
    OpParameter(op): OpParameter,
) -> Result<Response, ApiError> {
    let hash = hash.ok_or_else(unknown_hash)?;
    let proof = state.engine.credential_proof(&state.log, &partner.tenant.id, hash, op).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], proof).into_response())
}

impl From<ProofError> for ApiError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Unknown => unknown_hash(),
            ProofError::NotYet => {
                let message = "Not anchored yet: the log's next checkpoint covers it. Try again in a second.";
                Self::new(StatusCode::CONFLICT, message).retry_after(1)
            }
            ProofError::Internal(error) => error.into(),
        }
    }
}
