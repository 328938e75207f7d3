//! What a verifier asked for, as every proof of possession is checked against it.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::json::{numeric_date, texts};

/// What a verifier expects of the signature that a holder makes for it. Times are seconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The nonce that the verifier gave. None: it gave none, and the holder's is not compared.
    pub nonce: Option<&'a str>,
    /// Whom the holder must have meant. None: the verifier asked under no name, and it is not compared.
    pub audience: Option<&'a str>,
    /// The present time.
    pub now: i64,
    /// Seconds after which a signature is too old. None: its age is not limited, for a document at rest.
    pub max_age: Option<i64>,
    /// Seconds that the holder's clock may be ahead.
    pub max_ahead: i64,
}

/// Why the claims of a holder's signature are not those that the verifier expects.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub(crate) enum Mismatch {
    #[error("the claim {0:?} is missing or is not of the kind that it must be")]
    Malformed(&'static str),
    #[error("the nonce is another than the one of this request")]
    Nonce,
    #[error("the audience is another than this verifier")]
    Audience,
    #[error("{age} seconds old, more than allowed")]
    TooOld { age: i64 },
    #[error("{ahead} seconds ahead")]
    InFuture { ahead: i64 },
}

impl Expected<'_> {
    pub(crate) fn check_nonce(&self, claims: &Map<String, Value>) -> Result<(), Mismatch> {
        let Some(expected) = self.nonce else { return Ok(()) };
        match claims.get("nonce") {
            Some(Value::String(nonce)) if nonce == expected => Ok(()),
            Some(Value::String(_)) => Err(Mismatch::Nonce),
            _ => Err(Mismatch::Malformed("nonce")),
        }
    }

    /// `aud` names the verifier, alone or among others (RFC 7519, section 4.1.3).
    pub(crate) fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), Mismatch> {
        let Some(expected) = self.audience else { return Ok(()) };
        match claims.get("aud").and_then(texts) {
            Some(audience) if audience.contains(&expected) => Ok(()),
            Some(_) => Err(Mismatch::Audience),
            None => Err(Mismatch::Malformed("aud")),
        }
    }

    /// When the signature was made (`iat`, or else `nbf`), which must be within the limits; `exp` and `nbf` count where
    /// they are there.
    pub(crate) fn check_times(&self, claims: &Map<String, Value>) -> Result<Option<i64>, Mismatch> {
        let time = |name: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(value) => numeric_date(value).map(Some).ok_or(Mismatch::Malformed(name)),
        };
        let (iat, nbf, exp) = (time("iat")?, time("nbf")?, time("exp")?);
        if let Some(start) = iat.max(nbf) {
            let ahead = start.saturating_sub(self.now);
            if ahead > self.max_ahead {
                return Err(Mismatch::InFuture { ahead });
            }
        }
        let made = iat.or(nbf);
        let age = |since: i64| self.now.saturating_sub(since);
        if let Some(exp) = exp.filter(|exp| age(*exp) >= 0) {
            return Err(Mismatch::TooOld { age: age(made.unwrap_or(exp)) });
        }
        match (made, self.max_age) {
            (Some(made), Some(max_age)) if age(made) > max_age => Err(Mismatch::TooOld { age: age(made) }),
            (None, Some(_)) => Err(Mismatch::Malformed("iat")),
            _ => Ok(made),
        }
    }
}
