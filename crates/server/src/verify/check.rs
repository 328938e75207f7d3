//! `POST /v1/verify`: whether a document holds, and why.

use axum::Json;
use axum::extract::{Request, State as FromState};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use verify::{Policy, Request as Question, TrustedIssuers};

use super::body::ReportBody;
use crate::app::State;
use crate::body;
use crate::limiter::Admitted;
use crate::on_behalf::{ApiError, ErrorBody};

/// The largest body, in bytes: the largest document, with what JSON adds to it.
const BODY_LIMIT: usize = 2 * verify::MAX_LEN;

/// How many issuers a request may name.
const MAX_ISSUERS: usize = 64;

/// What is to be checked.
#[derive(ToSchema)]
#[schema(as = VerifyRequest)]
#[expect(dead_code, reason = "the document is made of it; members are read by hand")]
pub(super) struct VerifyBody {
    /// The credential or presentation: the text of an SD-JWT VC, a JWT VC or a presentation, or the JSON of one of those that
    /// have a JSON form.
    #[schema(schema_with = text_or_object)]
    credential: Value,
    /// The nonce that its proof of possession must have. The proof must then be recent: at most five minutes old.
    nonce: Option<String>,
    /// Whom its proof of possession must be made for; it must then be recent, too.
    audience: Option<String>,
    /// The proof that it is in a log (C2SP tlog-proof), if there is one.
    proof: Option<String>,
    /// Whom to trust, instead of whom the operator trusts.
    policy: Option<PolicyBody>,
}

fn text_or_object() -> Schema {
    let of = |kind| ObjectBuilder::new().schema_type(kind);
    OneOfBuilder::new().item(of(Type::String)).item(of(Type::Object)).build().into()
}

/// Whom to trust.
#[derive(ToSchema)]
#[schema(as = VerifyPolicy)]
#[expect(dead_code, reason = "the document is made of it; members are read by hand")]
pub(super) struct PolicyBody {
    /// Identifiers of issuers (DIDs or URLs); `*` for every one. Issuers of this deployment count only if they are named.
    #[serde(rename = "trustedIssuers")]
    #[schema(max_items = 64)]
    trusted_issuers: Vec<String>,
}

/// Check a credential or a presentation
///
/// In any format that is issued here, from whomever. The answer lists every check with its outcome and a reason; `valid` says
/// whether every check that applies has passed. What cannot be told (a status list that does not answer) is `indeterminate`,
/// never passed. Nothing is kept.
#[utoipa::path(
    post,
    path = "/v1/verify",
    operation_id = "verifyCredential",
    tag = "Verification",
    request_body = VerifyBody,
    responses(
        (status = 200, description = "What the checks say.", body = ReportBody),
        (status = 400, description = "The request is malformed.", body = ErrorBody),
        (status = 408, description = "The body did not arrive in time.", body = ErrorBody),
        (status = 413, description = "The body is too large.", body = ErrorBody),
        (status = 415, description = "The body is no JSON.", body = ErrorBody),
        (status = 429, description = "Too many requests from this address.", body = ErrorBody),
    )
)]
pub(super) async fn check(
    FromState(state): FromState<State>,
    _: Admitted,
    request: Request,
) -> Result<Json<ReportBody>, ApiError> {
    let (mut members, _) = body::json_object(request, BODY_LIMIT).await?;
    let document = document(members.remove("credential"))?;
    let nonce = text(&mut members, "nonce")?;
    let audience = text(&mut members, "audience")?;
    let proof = text(&mut members, "proof")?;
    let policy = match members.remove("policy") {
        None | Some(Value::Null) => None,
        Some(policy) => Some(self::policy(&state, &policy)?),
    };
    let question = Question {
        document: &document,
        nonce: nonce.as_deref(),
        audience: audience.as_deref(),
        fresh: nonce.is_some() || audience.is_some(),
        proof: proof.as_deref(),
        now: 0,
    };
    Ok(Json(state.verification.verify(question, policy.as_ref()).await.into()))
}

fn document(member: Option<Value>) -> Result<String, ApiError> {
    match member {
        Some(Value::String(text)) => Ok(text),
        Some(Value::Object(members)) => Ok(Value::Object(members).to_string()),
        _ => Err(ApiError::bad_request(
            "credential is required: the text of a credential or presentation, or its JSON.",
        )),
    }
}

fn text(members: &mut Map<String, Value>, name: &str) -> Result<Option<String>, ApiError> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ApiError::bad_request(format!("{name} must be a string."))),
    }
}

fn policy(state: &State, policy: &Value) -> Result<Policy, ApiError> {
    let wrong = || {
        ApiError::bad_request(
            "policy.trustedIssuers is a list of at most 64 identifiers of issuers, or of \"*\".",
        )
    };
    let issuers = policy.get("trustedIssuers").and_then(Value::as_array).ok_or_else(wrong)?;
    let issuers: Option<Vec<String>> =
        issuers.iter().map(|issuer| issuer.as_str().map(str::to_owned)).collect();
    let issuers = issuers.filter(|issuers| issuers.len() <= MAX_ISSUERS).ok_or_else(wrong)?;
    let issuers = if issuers.iter().any(|issuer| issuer == "*") {
        TrustedIssuers::Any
    } else {
        TrustedIssuers::Only(issuers)
    };
    Ok(Policy { issuers, ..state.verification.policy().clone() })
}
