//! What a template of presentations asks, and how.

use jose::Quoted;
use openid4vp::condition::{Condition, check_all};
use openid4vp::dcql::DcqlQuery;
use openid4vp::request::{ClientIdPrefix, ResponseMode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use verify::{Policy, TrustedIssuers};

use super::{PresentError, Verification};
use crate::EngineError;

/// For how long what was shown is kept at most: 30 days.
const KEPT_AT_MOST: i64 = 30 * 86_400;
/// How long a request may wait for its answer, in seconds.
const WAITING: std::ops::RangeInclusive<i64> = 30..=86_400;
/// How many issuers a template may name.
const MAX_ISSUERS: usize = 64;
/// The longest identifier of an issuer, in bytes.
const MAX_ISSUER_LEN: usize = 2_048;
/// The word for every issuer.
const ANY: &str = "*";

/// What a template asks, of whose credentials, and how the answer is treated. JSON in the database; frozen with each request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Terms {
    /// The query (OpenID4VP 1.0, section 6).
    pub dcql_query: Value,
    /// Identifiers of issuers that count, `*` for any; the tenant's own if absent.
    #[serde(default)]
    pub trusted_issuers: Option<Vec<String>>,
    /// Conditions on claims: with any, the answer is yes or no, and no claim is kept.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// How the verifier is known to wallets.
    #[serde(default)]
    pub client_id_prefix: ClientIdPrefix,
    /// Which of the tenant's issuers signs requests, by its slug; the first if absent.
    #[serde(default)]
    pub correlation_id: Option<String>,
    /// How the answer comes.
    #[serde(default)]
    pub response_mode: ResponseMode,
    /// For how many seconds what was shown is kept.
    #[serde(default = "Terms::keep_by_default")]
    pub keep_seconds: i64,
    /// For how many seconds a request waits for its answer.
    #[serde(default = "Terms::wait_by_default")]
    pub request_seconds: i64,
}

impl Terms {
    const fn keep_by_default() -> i64 {
        3_600
    }

    const fn wait_by_default() -> i64 {
        300
    }

    /// Reads the terms out of a request, and checks them.
    pub fn read(mut members: Map<String, Value>) -> Result<Self, PresentError> {
        let dcql_query = members.remove("dcqlQuery").ok_or_else(|| {
            PresentError::invalid("dcqlQuery is required: the query, as OpenID4VP 1.0 has it in section 6.")
        })?;
        let conditions = match members.remove("conditions") {
            None => Vec::new(),
            Some(conditions) => serde_json::from_value(conditions)
                .map_err(|error| PresentError::invalid(format!("conditions: {error}.")))?,
        };
        let prefixes = "decentralized_identifier, x509_san_dns, x509_hash or redirect_uri";
        let terms = Self {
            dcql_query,
            conditions,
            trusted_issuers: member(&mut members, "trustedIssuers", "a list of identifiers of issuers")?,
            client_id_prefix: member(&mut members, "clientIdPrefix", prefixes)?.unwrap_or_default(),
            correlation_id: member(&mut members, "correlationId", "the last part of an issuer's address")?,
            response_mode: member(&mut members, "responseMode", "direct_post or direct_post.jwt")?
                .unwrap_or_default(),
            keep_seconds: seconds(&mut members, "keepSeconds")?.unwrap_or(Self::keep_by_default()),
            request_seconds: seconds(&mut members, "requestSeconds")?.unwrap_or(Self::wait_by_default()),
        };
        if let Some(name) = members.keys().next() {
            let name = Quoted(name);
            return Err(PresentError::invalid(format!("A presentation definition has no member {name}.")));
        }
        terms.check()?;
        Ok(terms)
    }

    /// What was stored.
    pub(super) fn stored(text: &str) -> Result<Self, EngineError> {
        serde_json::from_str(text)
            .map_err(|error| EngineError::inconsistent(format!("terms of a presentation: {error}")))
    }

    /// For the database: the query without members that mean nothing.
    pub(super) fn to_json(&self) -> Result<String, PresentError> {
        let terms = Self { dcql_query: self.query()?.to_json(), ..self.clone() };
        Ok(serde_json::to_string(&terms).expect("text alone"))
    }

    pub(super) fn query(&self) -> Result<DcqlQuery, PresentError> {
        DcqlQuery::parse(&self.dcql_query)
            .map_err(|error| PresentError::invalid(format!("dcqlQuery: {error}.")))
    }

    fn check(&self) -> Result<(), PresentError> {
        let query = self.query()?;
        check_all(&self.conditions, &query).map_err(|error| PresentError::invalid(format!("{error}.")))?;
        if !(0..=KEPT_AT_MOST).contains(&self.keep_seconds) {
            return Err(PresentError::invalid(format!("keepSeconds is a number from 0 to {KEPT_AT_MOST}.")));
        }
        if !WAITING.contains(&self.request_seconds) {
            let (least, most) = (WAITING.start(), WAITING.end());
            return Err(PresentError::invalid(format!("requestSeconds is a number from {least} to {most}.")));
        }
        match &self.trusted_issuers {
            Some(issuers) => check_issuers(issuers),
            None => Ok(()),
        }
    }

    /// Whether the answer is yes or no.
    pub(super) fn is_question(&self) -> bool {
        !self.conditions.is_empty()
    }
}

/// A member, whose type is told when it is another.
fn member<T: DeserializeOwned>(
    members: &mut Map<String, Value>,
    name: &str,
    expected: &str,
) -> Result<Option<T>, PresentError> {
    let Some(value) = members.remove(name) else { return Ok(None) };
    let read = serde_json::from_value(value);
    read.map(Some).map_err(|_| PresentError::invalid(format!("{name} must be {expected}.")))
}

/// A whole number of seconds, however it is written: `60.0` and `6e1` are the same (RFC 8259, section 6).
fn seconds(members: &mut Map<String, Value>, name: &str) -> Result<Option<i64>, PresentError> {
    let Some(value) = members.remove(name) else { return Ok(None) };
    let float = || value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15);
    let whole = value.as_i64().or_else(|| float().map(|number| number as i64));
    let wrong = || PresentError::invalid(format!("{name} must be a whole number of seconds."));
    whole.map(Some).ok_or_else(wrong)
}

fn check_issuers(issuers: &[String]) -> Result<(), PresentError> {
    if issuers.is_empty() || issuers.len() > MAX_ISSUERS {
        return Err(PresentError::invalid(format!(
            "trustedIssuers names 1 to {MAX_ISSUERS} issuers; leave it out for your own, or say \"*\" for any."
        )));
    }
    let is_one = |issuer: &String| {
        let known =
            issuer == ANY || ["did:", "https://", "http://"].iter().any(|start| issuer.starts_with(start));
        known
            && issuer.len() <= MAX_ISSUER_LEN
            && !issuer.chars().any(|c| c.is_control() || c.is_whitespace())
    };
    match issuers.iter().position(|issuer| !is_one(issuer)) {
        None => Ok(()),
        Some(place) => Err(PresentError::invalid(format!(
            "trustedIssuers[{place}] is neither a DID nor a URL of at most {MAX_ISSUER_LEN} characters, nor \"*\"."
        ))),
    }
}

impl Verification {
    /// Whom the verifier trusts under these terms of a tenant.
    pub(super) async fn policy_of(
        &self,
        tenant: &model::TenantId,
        terms: &Terms,
    ) -> Result<Policy, EngineError> {
        let issuers = match &terms.trusted_issuers {
            Some(issuers) if issuers.iter().any(|issuer| issuer == ANY) => TrustedIssuers::Any,
            Some(issuers) => TrustedIssuers::Only(issuers.clone()),
            None => {
                let mut own = Vec::new();
                for issuer in self.engine.store().issuers(Some(tenant)).await? {
                    let Some(active) = self.engine.issuer_by_did(&issuer.did).await? else { continue };
                    own.extend([active.url.clone(), active.did_web.clone(), issuer.did]);
                }
                TrustedIssuers::Only(own)
            }
        };
        Ok(Policy { issuers, ..self.settings.policy.clone() })
    }
}
