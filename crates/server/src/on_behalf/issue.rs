//! `POST /v1/credentials/issue-on-behalf` (seeds 000 and 001).

use axum::Json;
use axum::extract::State as FromState;
use axum::http::HeaderMap;
use issuance::{IssueRequest, Issued};
use model::{HolderId, OnDuplicate, ProgramId};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::auth::Issuing;
use super::body::JsonObject;
use super::error::{ApiError, ErrorBody};
use crate::app::State;
use crate::body::idempotency_key;
use crate::observe::RequestOrigin;

/// The documented form of the body; it is read member by member, so that an error can name the member.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body")]
#[schema(rename_all = "camelCase")]
pub(super) struct IssueOnBehalfRequest {
    /// Your issuer DID.
    #[schema(example = "did:air:id:test:5P44fsVUhPctDTWH2Nz26pZJFsg6CqyiAELTGeVQDB")]
    issuer_did: String,
    /// The issuance program's id.
    #[schema(example = "c21s70g0i54sn0023172Cv")]
    credential_id: String,
    /// Credential data matching the program's schema.
    #[schema(value_type = Object, example = json!({"age": 25, "location": "United States", "isMember": true}))]
    credential_subject: Map<String, Value>,
    /// What to do when the person holds a live credential of the program already: `ignore` answers with it, `revoke` (the
    /// default) revokes it and issues a new one.
    #[schema(required = false, value_type = String, pattern = "^(ignore|revoke)$", example = "revoke")]
    on_duplicate: Option<OnDuplicate>,
}

/// What was issued.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssueOnBehalfResponse {
    /// Unique issuance identifier. Use it to poll the status.
    #[schema(example = "239704895d0c4693d33ee7ab9e37c6eb295f178d80074a32d4ace53b1a779c44")]
    core_claim_hash: String,
    /// The issuance program's id, as it was sent.
    #[schema(value_type = String, example = "c21s70g0i54sn0023172Cv")]
    credential_id: ProgramId,
    /// UUID of the person who received the credential.
    #[schema(value_type = uuid::Uuid, example = "7f01c42c-02cf-4325-96ed-ba034700f724")]
    user_uuid: HolderId,
}

impl From<Issued> for IssueOnBehalfResponse {
    fn from(issued: Issued) -> Self {
        Self {
            core_claim_hash: issued.core_claim_hash,
            credential_id: issued.program,
            user_uuid: issued.holder,
        }
    }
}

/// Issue credential on behalf
///
/// Issues a credential to the person whom the Partner JWT names by e-mail; an unknown person is created. The credential is
/// durable when this answers, and anchored soon after: poll the status.
#[utoipa::path(
    post,
    path = "/v1/credentials/issue-on-behalf",
    operation_id = "issueCredentialOnBehalf",
    tag = "Credentials",
    security(("partnerJwt" = [])),
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Up to 255 visible characters; a retry with the same key and body gets the first answer. Kept 24 hours.", pattern = "^[!-~]{1,255}$")),
    request_body = IssueOnBehalfRequest,
    responses(
        (status = 200, description = "Issued. Use coreClaimHash to poll the status.", body = IssueOnBehalfResponse),
        (status = 400, description = "Missing or invalid request fields.", body = ErrorBody),
        (status = 401, description = "Invalid or expired Partner JWT, or JWKS mismatch.", body = ErrorBody),
        (status = 403, description = "Feature not enabled, schema not allowed, or program closed.", body = ErrorBody),
        (status = 404, description = "Unknown issuer DID or issuance program.", body = ErrorBody),
        (status = 408, description = "The body did not arrive in time.", body = ErrorBody),
        (status = 409, description = "Consent rejected by user, or conflict.", body = ErrorBody),
        (status = 413, description = "Body too large.", body = ErrorBody),
        (status = 415, description = "Body is not JSON.", body = ErrorBody),
        (status = 429, description = "Too many requests.", body = ErrorBody),
        (status = 500, description = "Server-side failure. Retry with exponential backoff.", body = ErrorBody),
    )
)]
pub(super) async fn issue_on_behalf(
    FromState(state): FromState<State>,
    Issuing(partner): Issuing,
    RequestOrigin(origin): RequestOrigin,
    headers: HeaderMap,
    body: JsonObject,
) -> Result<Json<IssueOnBehalfResponse>, ApiError> {
    let request = parse(&headers, body)?.from(origin);
    let issued = state.engine.issue_on_behalf(&partner, &request).await?;
    Ok(Json(issued.into()))
}

fn parse(headers: &HeaderMap, body: JsonObject) -> Result<IssueRequest, ApiError> {
    const REQUIRED: [&str; 3] = ["issuerDid", "credentialId", "credentialSubject"];
    let JsonObject { mut members, bytes } = body;
    let missing: Vec<&str> =
        REQUIRED.into_iter().filter(|name| members.get(*name).is_none_or(Value::is_null)).collect();
    match missing.as_slice() {
        [] => {}
        [one] => return Err(ApiError::bad_request(format!("Missing required field: {one}"))),
        many => return Err(ApiError::bad_request(format!("Missing required fields: {}", many.join(", ")))),
    }
    let issuer_did = text(&mut members, "issuerDid")?;
    let program = ProgramId::from(text(&mut members, "credentialId")?);
    let Some(Value::Object(subject)) = members.remove("credentialSubject") else {
        return Err(ApiError::bad_request("Invalid field: credentialSubject must be an object"));
    };
    let on_duplicate = match members.remove("onDuplicate") {
        None => OnDuplicate::default(),
        Some(value) => value.as_str().and_then(|word| word.parse().ok()).ok_or_else(|| {
            ApiError::bad_request("Invalid field: onDuplicate must be \"ignore\" or \"revoke\"")
        })?,
    };
    let request = IssueRequest::new(issuer_did, program, subject, on_duplicate);
    Ok(match idempotency_key(headers).map_err(ApiError::bad_request)? {
        Some(key) => request.with_idempotency_key(key, &bytes),
        None => request,
    })
}

fn text(members: &mut Map<String, Value>, name: &str) -> Result<String, ApiError> {
    match members.remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(ApiError::bad_request(format!("Invalid field: {name} must be a string"))),
    }
}
