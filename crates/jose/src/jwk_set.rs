//! Sets of keys as others publish them (RFC 7517, section 5).

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::algorithm::{Algorithm, JWK_SET_ALGORITHMS};
use crate::json::{JsonError, strict_json};
use crate::jwk::{
    JwkError, Kinds, declared_algorithm, members, optional_text, private_members, read_public_key,
};
use crate::jws::{Header, Jws, JwsError};
use crate::public_key::PublicKey;
use crate::quoted::Quoted;

/// The longest JWK Set that is read, in bytes.
pub const MAX_JWK_SET_LEN: usize = 64 * 1024;

/// The largest number of keys in a JWK Set.
pub const MAX_JWK_SET_KEYS: usize = 100;

/// With how many keys of a set from [`JwkSet::parse_with`] one token is tried.
pub const MAX_TRIED_KEYS: usize = 16;

/// The keys of a JWK Set that can verify a signature for us, and what is to be said about the others.
///
/// They are keys for the algorithms that the set was read for, and tokens of another algorithm do not verify. An
/// empty set is one of [`JwkSet::parse`].
#[derive(Debug, Clone, Default)]
pub struct JwkSet {
    /// The usable keys in the order of the document. A `kid` may occur more than once.
    pub keys: Vec<SetKey>,
    /// What the publisher of the set should know.
    pub warnings: Vec<KeyWarning>,
    rule: Rule,
}

/// What a set was read for.
#[derive(Debug, Clone)]
struct Rule {
    algorithms: Cow<'static, [Algorithm]>,
    /// Whether a token must name its key.
    needs_kid: bool,
}

impl Default for Rule {
    fn default() -> Self {
        Self { algorithms: Cow::Borrowed(&JWK_SET_ALGORITHMS), needs_kid: true }
    }
}

/// A usable key of a set.
#[derive(Debug, Clone)]
pub struct SetKey {
    /// The key's identifier, if it has one.
    pub kid: Option<String>,
    /// The algorithm that the set declares for the key, if it does; always the algorithm of `key`.
    pub alg: Option<Algorithm>,
    /// The key itself.
    pub key: PublicKey,
}

impl JwkSet {
    /// Reads a JWK Set of somebody who was told how to publish it: its keys are for [`JWK_SET_ALGORITHMS`], and a
    /// token must name its key by `kid`.
    ///
    /// A key that we cannot use doesn't spoil the set (RFC 7517, section 5): it is left out, with a warning.
    /// So a set without any usable key is not an error. A key with private members is used, without them, and
    /// with a warning.
    ///
    /// # Errors
    ///
    /// [`JwkSetError`] if the document as a whole is not a JWK Set within the limits.
    pub fn parse(document: &[u8]) -> Result<Self, JwkSetError> {
        Self::read(document, Rule::default())
    }

    /// Reads a JWK Set of a stranger, as [`JwkSet::parse`] does but for keys of these algorithms; a token need not
    /// name its key, and a key need not have a name ([`JwkSet::verify`]).
    ///
    /// # Errors
    ///
    /// As [`JwkSet::parse`].
    pub fn parse_with(document: &[u8], algorithms: &[Algorithm]) -> Result<Self, JwkSetError> {
        Self::read(document, Rule { algorithms: Cow::Owned(algorithms.to_vec()), needs_kid: false })
    }

    fn read(document: &[u8], rule: Rule) -> Result<Self, JwkSetError> {
        if document.len() > MAX_JWK_SET_LEN {
            return Err(JwkSetError::TooLong(document.len()));
        }
        let document = strict_json(document)?;
        let jwks = document.get("keys").and_then(Value::as_array).ok_or(JwkSetError::NotAKeySet)?;
        if jwks.len() > MAX_JWK_SET_KEYS {
            return Err(JwkSetError::TooManyKeys(jwks.len()));
        }
        let mut set = Self { rule, ..Self::default() };
        for jwk in jwks {
            set.add(jwk);
        }
        Ok(set)
    }

    fn add(&mut self, jwk: &Value) {
        let kid = || jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
        let members = private_members(jwk);
        if !members.is_empty() {
            self.warnings.push(KeyWarning::PrivateMembers { kid: kid(), members });
        }
        match SetKey::from_jwk(jwk, Kinds(&self.rule.algorithms)) {
            Ok(key) => self.keys.push(key),
            Err(reason) => self.warnings.push(KeyWarning::Ignored { kid: kid(), reason }),
        }
    }

    /// The keys with this `kid`, in the order of the document.
    pub fn with_kid(&self, kid: &str) -> impl Iterator<Item = &SetKey> {
        self.keys.iter().filter(move |key| key.kid.as_deref() == Some(kid))
    }

    /// Verifies a token with the key that its `kid` names, and gives that key. If several keys have that
    /// `kid`, each that fits the token's algorithm is tried.
    ///
    /// In a set from [`JwkSet::parse_with`], `kid` is the hint that RFC 7515, section 4.1.4, says it is: if no key
    /// has that `kid`, the keys without one are tried, and if the token has none, all are. At most
    /// [`MAX_TRIED_KEYS`] may fit its algorithm then.
    ///
    /// # Errors
    ///
    /// [`JwsError::UnsupportedAlgorithm`], [`JwsError::MissingKid`], [`JwsError::UnknownKid`],
    /// [`JwsError::NoFittingKey`] or [`JwsError::TooManyKeys`] before any key is tried; then
    /// [`JwsError::Signature`], or [`JwsError::AlgorithmMismatch`] if no key fits.
    pub fn verify(&self, jws: &Jws<'_>) -> Result<&SetKey, JwsError> {
        let algorithm = Algorithm::among(&self.rule.algorithms, &jws.header().alg)?;
        let mut refusal = JwsError::Signature;
        let mut has_fitted = false;
        for candidate in self.candidates(jws.header(), algorithm)? {
            match jws.verify(&candidate.key) {
                Ok(()) => return Ok(candidate),
                // That another key of this name doesn't fit says less than that a fitting one didn't verify.
                Err(JwsError::AlgorithmMismatch { .. }) if has_fitted => {}
                Err(cause) => {
                    has_fitted = matches!(cause, JwsError::Signature);
                    refusal = cause;
                }
            }
        }
        Err(refusal)
    }

    /// The keys that a token with this header may be signed with, at least one: those with which [`JwkSet::verify`] tries it.
    ///
    /// # Errors
    ///
    /// As [`JwkSet::verify`], before any key is tried.
    pub fn keys_for(&self, header: &Header) -> Result<Vec<&SetKey>, JwsError> {
        self.candidates(header, Algorithm::among(&self.rule.algorithms, &header.alg)?)
    }

    /// The keys that a token may be signed with by what its header says; at least one.
    fn candidates(&self, header: &Header, algorithm: Algorithm) -> Result<Vec<&SetKey>, JwsError> {
        let fits = |key: &&SetKey| key.key.algorithm() == algorithm;
        let chosen: Vec<&SetKey> = match header.kid.as_deref() {
            None if self.rule.needs_kid => return Err(JwsError::MissingKid),
            None => {
                let all: Vec<_> = self.keys.iter().filter(fits).collect();
                if all.is_empty() {
                    return Err(JwsError::NoFittingKey(algorithm));
                }
                all
            }
            Some(kid) => {
                let mut named: Vec<_> = self.with_kid(kid).collect();
                if named.is_empty() && !self.rule.needs_kid {
                    named.extend(self.keys.iter().filter(|key| key.kid.is_none()).filter(fits));
                }
                if named.is_empty() {
                    return Err(JwsError::UnknownKid(kid.to_owned()));
                }
                named
            }
        };
        let fitting = chosen.iter().copied().filter(|key| fits(key)).count();
        if fitting > MAX_TRIED_KEYS && !self.rule.needs_kid {
            return Err(JwsError::TooManyKeys(fitting));
        }
        Ok(chosen)
    }
}

impl SetKey {
    fn from_jwk(jwk: &Value, kinds: Kinds<'_>) -> Result<Self, JwkError> {
        let jwk = members(jwk)?;
        let key = read_public_key(jwk, kinds)?;
        let kid = optional_text(jwk, "kid")?.map(str::to_owned);
        Ok(Self { kid, alg: declared_algorithm(jwk, kinds)?, key })
    }
}

/// What the publisher of a key should know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyWarning {
    /// The key is published together with its secret part.
    PrivateMembers {
        /// The key's identifier, if it has one.
        kid: Option<String>,
        /// The names of the members that leak it.
        members: Vec<&'static str>,
    },
    /// The key is not used.
    Ignored {
        /// The key's identifier, if it has one.
        kid: Option<String>,
        /// Why.
        reason: JwkError,
    },
}

impl fmt::Display for KeyWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::PrivateMembers { kid, .. } | Self::Ignored { kid, .. }) = self;
        match kid {
            Some(kid) => write!(f, "key {}", Quoted(kid))?,
            None => f.write_str("a key without `kid`")?,
        }
        match self {
            Self::PrivateMembers { members, .. } => {
                let noun = if members.len() == 1 { "member" } else { "members" };
                write!(
                    f,
                    " publishes its private {noun} `{}`: anybody can sign as you; replace the key",
                    members.join("`, `")
                )
            }
            Self::Ignored { reason, .. } => write!(f, " is ignored: {reason}"),
        }
    }
}

/// Why a document is not a JWK Set that we read.
#[derive(Debug, thiserror::Error)]
pub enum JwkSetError {
    /// The document has this many bytes.
    #[error("the JWK Set has {0} bytes; at most {MAX_JWK_SET_LEN} are read")]
    TooLong(usize),
    /// The document is not strict JSON.
    #[error("the JWK Set is {0}")]
    Json(#[from] JsonError),
    /// The document is not an object with an array `keys`.
    #[error("a JWK Set is a JSON object with an array `keys`")]
    NotAKeySet,
    /// The set has this many keys.
    #[error("the JWK Set has {0} keys; at most {MAX_JWK_SET_KEYS} are read")]
    TooManyKeys(usize),
}
