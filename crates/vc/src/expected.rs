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

/// Why a holder's signature is not one for this request. The text goes on after the name of what is signed.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Mismatch {
    /// `nonce` is not the one that the verifier gave.
    #[error("has another nonce than this request: it was made for another one")]
    Nonce,
    /// `aud` is not the verifier.
    #[error("was made for another verifier: its \"aud\" is another")]
    Audience,
    /// It was made too long ago, or has expired.
    #[error("is too old: it was made {age} seconds ago; present the credential again")]
    TooOld {
        /// Its age in seconds.
        age: i64,
    },
    /// It claims to be made later than now.
    #[error("is dated {ahead} seconds ahead: set the clock of the wallet")]
    InFuture {
        /// How far it is ahead, in seconds.
        ahead: i64,
    },
}

/// Why the claims of a holder's signature are refused.
pub(crate) enum Unmet {
    /// This one is missing, or is not of the kind that it must be.
    Malformed(&'static str),
    Mismatch(Mismatch),
}

impl From<Mismatch> for Unmet {
    fn from(mismatch: Mismatch) -> Self {
        Self::Mismatch(mismatch)
    }
}

impl Expected<'_> {
    /// Compares the claims of a signature with what is expected of it. When it was made.
    pub(crate) fn check(&self, claims: &Map<String, Value>) -> Result<Option<i64>, Unmet> {
        if let Some(expected) = self.nonce {
            match claims.get("nonce") {
                Some(Value::String(nonce)) if nonce == expected => {}
                Some(Value::String(_)) => return Err(Mismatch::Nonce.into()),
                _ => return Err(Unmet::Malformed("nonce")),
            }
        }
        if let Some(expected) = self.audience {
            // The verifier, alone or among others (RFC 7519, section 4.1.3).
            match claims.get("aud").and_then(texts) {
                Some(audience) if audience.contains(&expected) => {}
                Some(_) => return Err(Mismatch::Audience.into()),
                None => return Err(Unmet::Malformed("aud")),
            }
        }
        self.check_times(claims)
    }

    /// When the signature was made (`iat`, or else `nbf`), which must be within the limits; `exp` and `nbf` count where
    /// they are there.
    fn check_times(&self, claims: &Map<String, Value>) -> Result<Option<i64>, Unmet> {
        let time = |name: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(value) => numeric_date(value).map(Some).ok_or(Unmet::Malformed(name)),
        };
        let (iat, nbf, exp) = (time("iat")?, time("nbf")?, time("exp")?);
        if let Some(start) = iat.max(nbf) {
            let ahead = start.saturating_sub(self.now);
            if ahead > self.max_ahead {
                return Err(Mismatch::InFuture { ahead }.into());
            }
        }
        let made = iat.or(nbf);
        let age = |since: i64| self.now.saturating_sub(since);
        if let Some(exp) = exp.filter(|exp| age(*exp) >= 0) {
            return Err(Mismatch::TooOld { age: age(made.unwrap_or(exp)) }.into());
        }
        match (made, self.max_age) {
            (Some(made), Some(max_age)) if age(made) > max_age => {
                Err(Mismatch::TooOld { age: age(made) }.into())
            }
            (None, Some(_)) => Err(Unmet::Malformed("iat")),
            _ => Ok(made),
        }
    }
}
