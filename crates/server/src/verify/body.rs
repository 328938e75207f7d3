//! The shapes of the verifier's answers.

use issuance::{PresentationStatus, ShownCredential};
use model::PresentationDefinition;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use verify::{Check, Report};

/// One check.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = VerificationCheck)]
pub(super) struct CheckBody {
    /// What was looked at: `format`, `key`, `signature`, `validity`, `schema`, `status`, `holder_binding`, `log`, `issuer`,
    /// `credentials`.
    #[schema(value_type = String, example = "signature")]
    check: verify::Aspect,
    /// `passed`, `failed`, `not_applicable`, `indeterminate`.
    #[schema(value_type = String, example = "passed")]
    result: verify::Outcome,
    /// Why, for people.
    reason: String,
}

impl From<Check> for CheckBody {
    fn from(check: Check) -> Self {
        Self { check: check.check, result: check.result, reason: check.reason }
    }
}

/// What is said of one document.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VerificationReport)]
pub(super) struct ReportBody {
    /// Whether every check that applies has passed.
    valid: bool,
    /// `valid`, `revoked`, `suspended`, `expired`, `not_yet_valid`, `unknown_issuer`, `invalid`, `indeterminate`.
    #[schema(value_type = String, example = "valid")]
    state: verify::State,
    /// `credential` or `presentation`; absent for what cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "credential")]
    kind: Option<verify::Kind>,
    /// Absent for what cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "dc+sd-jwt")]
    format: Option<&'static str>,
    /// Who issued it, by its own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    /// Who presents it, once that was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<String>,
    /// `vct` of an SD-JWT VC, `type` of a W3C credential.
    types: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    issued_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// What it says of its subject; empty unless the signature holds.
    #[schema(value_type = Object)]
    claims: Map<String, Value>,
    /// Every check.
    checks: Vec<CheckBody>,
    /// The credentials in a presentation, each in this shape.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    credentials: Vec<ReportBody>,
}

impl From<Report> for ReportBody {
    fn from(report: Report) -> Self {
        Self {
            valid: report.valid,
            state: report.state,
            kind: report.kind,
            format: report.format,
            issuer: report.issuer,
            holder: report.holder,
            types: report.types,
            issued_at: report.issued_at,
            expires_at: report.expires_at,
            claims: report.claims,
            checks: report.checks.into_iter().map(CheckBody::from).collect(),
            credentials: report.credentials.into_iter().map(Self::from).collect(),
        }
    }
}

/// A template of presentations.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PresentationDefinition)]
pub(super) struct DefinitionBody {
    /// What its tenant calls it.
    definition_id: String,
    /// Shown to people.
    name: String,
    /// Why it is asked, shown to people.
    purpose: Option<String>,
    /// Whether anybody may ask by it, on the verifier's page.
    public: bool,
    /// The query, the issuers, the conditions and the rest, as they were given.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    terms: Map<String, Value>,
    created_at: String,
    created_by: String,
    updated_at: String,
    updated_by: String,
}

impl From<PresentationDefinition> for DefinitionBody {
    fn from(definition: PresentationDefinition) -> Self {
        let stamps = definition.stamps;
        Self {
            definition_id: definition.definition_id,
            name: definition.name,
            purpose: definition.purpose,
            public: definition.public,
            // What the engine wrote it can read, and so can we.
            terms: serde_json::from_str(&definition.terms).unwrap_or_default(),
            created_at: stamps.created_at.rfc3339_millis(),
            created_by: stamps.created_by,
            updated_at: stamps.updated_at.rfc3339_millis(),
            updated_by: stamps.updated_by,
        }
    }
}

/// A claim that was shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ShownClaim)]
pub(super) struct ClaimBody {
    /// Its path, as the query has it (OpenID4VP 1.0, section 7).
    #[schema(value_type = Vec<Object>)]
    path: Value,
    /// Its value.
    value: Value,
}

/// A credential that was shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ShownCredential)]
pub(super) struct ShownBody {
    /// Which of the query's credentials it is.
    id: String,
    #[schema(example = "dc+sd-jwt")]
    format: String,
    /// Who issued it.
    issuer: String,
    /// `vct` of an SD-JWT VC, `type` of a W3C credential.
    types: Vec<String>,
    /// What the checks say, in one word.
    #[schema(value_type = String, example = "valid")]
    state: verify::State,
    /// The claims that were asked for; none where only an answer was.
    claims: Vec<ClaimBody>,
    /// Every check.
    checks: Vec<CheckBody>,
}

impl From<ShownCredential> for ShownBody {
    fn from(shown: ShownCredential) -> Self {
        Self {
            id: shown.id,
            format: shown.format,
            issuer: shown.issuer,
            types: shown.types,
            state: shown.state,
            claims: shown.claims.into_iter().map(|(path, value)| ClaimBody { path, value }).collect(),
            checks: shown.checks.into_iter().map(CheckBody::from).collect(),
        }
    }
}

/// Why a request failed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PresentationFailure)]
pub(super) struct FailureBody {
    /// `invalid_presentation`, or what the wallet said, such as `access_denied`.
    code: String,
    description: String,
}

/// How a request for a presentation stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Presentation)]
pub(super) struct PresentationBody {
    #[schema(format = Uuid)]
    correlation_id: String,
    definition_id: String,
    /// `created`, `sent` (a wallet has fetched it), `verified`, `failed`, `expired`.
    #[schema(example = "verified")]
    status: &'static str,
    created_at: String,
    created_by: String,
    updated_at: String,
    /// First moment at which no answer is taken.
    expires_at: String,
    /// The answer, where the template asks a question.
    verdict: Option<bool>,
    /// Why it failed.
    error: Option<FailureBody>,
    /// What was shown, as long as it is kept; in lists, and for auditors, empty.
    credentials: Vec<ShownBody>,
    /// Until when it is kept.
    claims_kept_until: Option<String>,
}

impl From<PresentationStatus> for PresentationBody {
    fn from(status: PresentationStatus) -> Self {
        let request = status.request;
        let shown = status.shown.unwrap_or_default();
        Self {
            correlation_id: request.id.to_string(),
            definition_id: request.definition_id,
            status: status.state.as_str(),
            created_at: request.created_at.rfc3339_millis(),
            created_by: request.created_by,
            updated_at: request.updated_at.rfc3339_millis(),
            expires_at: request.expires_at.rfc3339_millis(),
            verdict: request.verdict,
            error: request.error.map(|(code, description)| FailureBody { code, description }),
            credentials: shown.credentials.into_iter().map(ShownBody::from).collect(),
            claims_kept_until: request.result_until.map(|until| until.rfc3339_millis()),
        }
    }
}
