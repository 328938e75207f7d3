//! `POST /log/proof`: the proof that a document is in the log, for whoever has the document.

use axum::extract::{Request, State as FromState};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use issuance::ProofError;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::State;
use crate::body;
use crate::limiter::Admitted;
use crate::on_behalf::{ApiError, ErrorBody};

/// The largest body, in bytes: the largest document, with what JSON adds to it.
const BODY_LIMIT: usize = 2 * verify::MAX_LEN;

/// Whose proof is wanted.
#[derive(ToSchema)]
#[schema(as = LogProofRequest)]
#[expect(dead_code, reason = "the document is made of it; members are read by hand")]
pub(super) struct ProofRequest {
    /// The signed JWT of a credential, as it was issued here; of an SD-JWT the part before the first `~` is enough.
    #[schema(min_length = 1)]
    credential: String,
}

/// The proof that a credential is in the log
///
/// A C2SP tlog-proof file. Needs no key: whoever has the document may know that it is in the log. Issuer metadata
/// (`transparency_log`) and DID documents (service `TransparencyLog`) lead here.
#[utoipa::path(
    post,
    path = "/log/proof",
    operation_id = "getLogProof",
    tag = "Log",
    request_body = ProofRequest,
    responses(
        (status = 200, description = "The proof.", body = String, content_type = "text/plain"),
        (status = 400, description = "The request is malformed.", body = ErrorBody),
        (status = 404, description = "No such credential was issued here.", body = ErrorBody),
        (status = 408, description = "The body did not arrive in time.", body = ErrorBody),
        (status = 409, description = "Not anchored yet. Retry-After says when to try again.", body = ErrorBody),
        (status = 413, description = "The body is too large.", body = ErrorBody),
        (status = 415, description = "The body is no JSON.", body = ErrorBody),
        (status = 429, description = "Too many requests from this address.", body = ErrorBody),
    )
)]
pub(super) async fn proof(
    FromState(state): FromState<State>,
    _: Admitted,
    request: Request,
) -> Result<Response, ApiError> {
    let (members, _) = body::json_object(request, BODY_LIMIT).await?;
    let document = members.get("credential").and_then(Value::as_str);
    let document = document.ok_or_else(|| ApiError::bad_request("credential is required: a signed JWT."))?;
    let proof = state.verification.prove(document.trim()).await.map_err(|error| match error {
        ProofError::Unknown => ApiError::not_found("No such credential was issued here."),
        error => error.into(),
    })?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], proof).into_response())
}
