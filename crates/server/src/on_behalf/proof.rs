//! `GET /v1/credentials/proof`: not in the seeds; ours, so that a stranger can check that a credential is in the log.

use axum::extract::{FromRequestParts, State as FromState};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use issuance::{ProofDepth, ProofError};
use model::{LeafOp, Timestamp};

use super::auth::Authenticated;
use super::error::{ApiError, ErrorBody};
use super::query::{HashParameter, parameter, unknown_hash};
use crate::app::State;

/// The `op` parameter: what is to be proven; and `at`, when.
pub(super) struct OpParameter(LeafOp, Option<Timestamp>);

impl<S: Send + Sync> FromRequestParts<S> for OpParameter {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let word = parameter(parts, "op");
        let op = word.map_or(Ok(LeafOp::Issue), |word| word.parse()).map_err(|_| {
            ApiError::bad_request("Invalid parameter: op must be \"issue\", \"revoke\" or \"status\"")
        })?;
        let Some(at) = parameter(parts, "at") else { return Ok(Self(op, None)) };
        let invalid =
            || ApiError::bad_request("Invalid parameter: at must be seconds since 1970, with op=status");
        let seconds = at.parse::<u32>().ok().filter(|_| op == LeafOp::Status).ok_or_else(invalid)?;
        Ok(Self(op, Some(Timestamp::from_seconds(seconds.into()))))
    }
}

/// Prove that a credential is in the log
///
/// A C2SP tlog-proof file: the leaf's place, the Merkle path, the signed checkpoint with its cosignatures, and the transaction on the
/// chain if there is one. `bestow verify-proof` checks it offline, and the chain if it is given a node. It is there once the
/// credential is `ONCHAIN` as its issuer's policy asks (`REMOVE` for `revoke`). Not part of the vendor's API.
#[utoipa::path(
    get,
    path = "/v1/credentials/proof",
    operation_id = "getCredentialProof",
    tag = "Credentials",
    security(("partnerJwt" = [])),
    params(
        ("coreClaimHash" = String, Query, description = "What the issue call answered.", pattern = "^[0-9a-f]{64}$"),
        ("op" = Option<String>, Query, description = "Which leaf to prove: `issue` (the default), `revoke`, or `status`, the newest that says how the credential's status list was.", pattern = "^(issue|revoke|status)$"),
        ("at" = Option<u32>, Query, description = "With `op=status`: the list as it was then, in seconds since 1970; now if absent."),
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
    OpParameter(op, at): OpParameter,
) -> Result<Response, ApiError> {
    let hash = hash.ok_or_else(unknown_hash)?;
    let (engine, log, tenant) = (&state.engine, &state.log, &partner.tenant.id);
    let proof = match op {
        LeafOp::Status => engine.status_proof(log, tenant, hash, at.unwrap_or_else(|| engine.now())).await?,
        op => engine.credential_proof(log, tenant, hash, op, ProofDepth::Anchored).await?,
    };
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], proof).into_response())
}

impl From<ProofError> for ApiError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Unknown => unknown_hash(),
            ProofError::NotYet => {
                let message = "Not anchored yet: GET /v1/credentials/anchor says what it waits for. Try again in a second.";
                Self::new(StatusCode::CONFLICT, message).retry_after(1)
            }
            ProofError::Internal(error) => error.into(),
        }
    }
}
