//! Partner JWTs.

use std::collections::HashSet;
use std::sync::Arc;

use aws_lc_rs::digest;
use jose::{Jws, JwsError, SetKey};
use model::{Actor, ActorKind, Clock, Email, Origin, Tenant, TenantId, Timestamp};
use moka::sync::Cache;
use serde_json::{Map, Value};

use crate::EngineError;
use crate::partner::{AuthenticateError, JwksCache, PartnerAuthError, TenantKeys};

/// The rules for a Partner JWT's times.
#[derive(Clone, Copy, Debug)]
pub struct TokenSettings {
    /// How far clocks may differ, in seconds.
    pub leeway: i64,
    /// The longest life accepted, in seconds.
    pub longest_life: i64,
    /// How many verified tokens are remembered.
    pub remembered: u64,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self { leeway: 30, longest_life: 86_400, remembered: 100_000 }
    }
}

/// Whoever a verified Partner JWT speaks for.
#[derive(Clone, Debug)]
pub struct Partner {
    /// The tenant.
    pub tenant: Arc<Tenant>,
    claims: Arc<Verified>,
}

impl Partner {
    /// The person to issue to: required to issue, not to poll.
    pub fn email(&self) -> Result<&Email, PartnerAuthError> {
        self.claims.email.as_ref().map_err(Clone::clone)
    }

    /// As whom the audit trail knows it.
    pub(crate) fn actor(&self, origin: &Origin) -> Actor {
        Actor {
            kind: ActorKind::Partner,
            id: self.tenant.id.to_string(),
            key: Some(self.claims.kid.clone()),
            origin: origin.clone(),
        }
    }
}

/// What is remembered of a verified token.
#[derive(Debug)]
struct Verified {
    tenant: TenantId,
    expires_at: Timestamp,
    /// The thumbprint of the key that signed it: when the key goes, the token goes.
    key: [u8; 32],
    kid: String,
    email: Result<Email, PartnerAuthError>,
}

/// Checks Partner JWTs and remembers the good ones.
#[derive(Debug)]
pub(crate) struct Authenticator {
    jwks: JwksCache,
    clock: Arc<dyn Clock>,
    settings: TokenSettings,
    verified: Cache<[u8; 32], Arc<Verified>>,
}

/// A token taken apart, nothing of it verified.
struct Unverified<'a> {
    jws: Jws<'a>,
    claims: Map<String, Value>,
    kid: String,
}

impl Authenticator {
    pub(crate) fn new(jwks: JwksCache, clock: Arc<dyn Clock>, settings: TokenSettings) -> Self {
        Self { jwks, clock, settings, verified: Cache::new(settings.remembered) }
    }

    pub(crate) fn jwks(&self) -> &JwksCache {
        &self.jwks
    }

    /// Checks the header. `find_tenant` looks a `partnerId` up.
    pub(crate) async fn authenticate<F>(
        &self,
        header: Option<&str>,
        find_tenant: impl Fn(TenantId) -> F,
    ) -> Result<Partner, AuthenticateError>
    where
        F: Future<Output = Result<Option<Arc<Tenant>>, EngineError>>,
    {
        let token = header.ok_or(PartnerAuthError::Missing)?;
        let fingerprint = sha256(token);
        if let Some(claims) = self.recall(&fingerprint) {
            let tenant = find_tenant(claims.tenant.clone()).await?.ok_or(PartnerAuthError::UnknownPartner)?;
            let keys = self.jwks.keys(&tenant).await?;
            // A key that left the JWKS takes its tokens with it.
            if keys.keys.iter().any(|key| key.key.thumbprint() == claims.key) {
                return Ok(Partner { tenant, claims });
            }
            self.verified.invalidate(&fingerprint);
        }
        let parts = take_apart(token)?;
        let id = parts.claims.get("partnerId").and_then(Value::as_str).filter(|id| !id.is_empty());
        let id = id.ok_or(PartnerAuthError::MissingPartnerId)?;
        let tenant = find_tenant(id.into()).await?.ok_or(PartnerAuthError::UnknownPartner)?;
        let claims = self.verify(&parts, &tenant).await?;
        self.verified.insert(fingerprint, Arc::clone(&claims));
        Ok(Partner { tenant, claims })
    }

    /// What is remembered of a token that was verified before and has not expired since.
    fn recall(&self, fingerprint: &[u8; 32]) -> Option<Arc<Verified>> {
        self.verified.get(fingerprint).filter(|claims| self.clock.now() < claims.expires_at)
    }

    async fn verify(
        &self,
        parts: &Unverified<'_>,
        tenant: &Tenant,
    ) -> Result<Arc<Verified>, PartnerAuthError> {
        let mut keys = self.jwks.keys(tenant).await?;
        if keys.with_kid(&parts.kid).next().is_none() {
            keys = self.jwks.keys_beyond(tenant, &keys).await?;
        }
        let key = signer(parts, &keys)?;
        let expires_at = self.times(&parts.claims)?;
        check_scope(&parts.claims)?;
        Ok(Arc::new(Verified {
            tenant: tenant.id.clone(),
            expires_at,
            key: key.key.thumbprint(),
            kid: parts.kid.clone(),
            email: email(&parts.claims),
        }))
    }

    /// Checks `exp`, `nbf` and `iat` (RFC 7519, section 4.1); the moment from which the token is no longer accepted.
    fn times(&self, claims: &Map<String, Value>) -> Result<Timestamp, PartnerAuthError> {
        let TokenSettings { leeway, longest_life, .. } = self.settings;
        let now = self.clock.now();
        let exp = claims.get("exp").ok_or(PartnerAuthError::MissingExp)?;
        let exp = numeric_date(exp).ok_or(PartnerAuthError::ExpType)?;
        if now >= exp.plus_seconds(leeway) {
            return Err(PartnerAuthError::Expired { at: exp, now });
        }
        if exp > now.plus_seconds(longest_life + leeway) {
            return Err(PartnerAuthError::TooLong(longest_life));
        }
        for claim in ["nbf", "iat"] {
            let Some(value) = claims.get(claim) else { continue };
            if numeric_date(value).is_none_or(|moment| moment > now.plus_seconds(leeway)) {
                return Err(PartnerAuthError::NotYet { claim, now });
            }
        }
        Ok(exp.plus_seconds(leeway))
    }
}

fn sha256(token: &str) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

fn take_apart(token: &str) -> Result<Unverified<'_>, PartnerAuthError> {
    if token.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
        return Err(PartnerAuthError::Bearer);
    }
    let jws = Jws::parse(token).map_err(|error| PartnerAuthError::NotJws(error.to_string()))?;
    let header = jws.header();
    if header.algorithm().is_none() {
        return Err(PartnerAuthError::Algorithm(shown(&header.alg)));
    }
    let kid = header.kid.clone().filter(|kid| !kid.is_empty()).ok_or(PartnerAuthError::MissingKid)?;
    if header.typ.as_deref() != Some("JWT") {
        return Err(PartnerAuthError::MissingTyp);
    }
    let claims =
        jose::strict_json(jws.payload()).map_err(|error| PartnerAuthError::Payload(error.to_string()))?;
    let Value::Object(claims) = claims else {
        return Err(PartnerAuthError::Payload("it is not an object".to_owned()));
    };
    Ok(Unverified { jws, claims, kid })
}

/// The key that signed the token, out of the tenant's keys.
fn signer<'k>(parts: &Unverified<'_>, keys: &'k TenantKeys) -> Result<&'k SetKey, PartnerAuthError> {
    keys.verify(&parts.jws).map_err(|error| match error {
        JwsError::UnknownKid(_) => PartnerAuthError::UnknownKid(shown(&parts.kid)),
        JwsError::AlgorithmMismatch { token, key } => {
            PartnerAuthError::Misfit { token: token.to_string(), key: key.to_string() }
        }
        _ => PartnerAuthError::Signature,
    })
}

/// `scope` is a space-separated list (RFC 6749, section 3.3).
fn check_scope(claims: &Map<String, Value>) -> Result<(), PartnerAuthError> {
    let scope = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    let scopes: HashSet<&str> = scope.split(' ').collect();
    if scopes.contains("issue") { Ok(()) } else { Err(PartnerAuthError::Scope) }
}

fn email(claims: &Map<String, Value>) -> Result<Email, PartnerAuthError> {
    match claims.get("email") {
        None | Some(Value::Null) => Err(PartnerAuthError::MissingEmail),
        Some(Value::String(text)) => Email::parse(text).map_err(PartnerAuthError::Email),
        Some(_) => Err(PartnerAuthError::Email(model::EmailError::Form)),
    }
}

/// A NumericDate (RFC 7519, section 2): seconds, possibly with a fraction. No text, nothing beyond the year 9999.
fn numeric_date(value: &Value) -> Option<Timestamp> {
    const YEAR_10000: f64 = 253_402_300_800.0;
    let seconds = value.as_number()?.as_f64()?;
    (0.0..YEAR_10000).contains(&seconds).then_some(Timestamp((seconds * 1e6) as i64))
}

/// Text from outside, short and without control characters.
fn shown(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}
