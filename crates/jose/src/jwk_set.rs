//! Sets of keys as others publish them (RFC 7517, section 5).

use std::fmt;

use serde_json::Value;

use crate::algorithm::{Algorithm, JWK_SET_ALGORITHMS};
use crate::json::{JsonError, strict_json};
use crate::jwk::{
    JwkError, SET_KINDS, declared_algorithm, members, optional_text, private_members, read_public_key,
};
use crate::jws::{Jws, JwsError};
use crate::public_key::PublicKey;
use crate::quoted::Quoted;

/// The longest JWK Set that is read, in bytes.
pub const MAX_JWK_SET_LEN: usize = 64 * 1024;

/// The largest number of keys in a JWK Set.
pub const MAX_JWK_SET_KEYS: usize = 100;

/// The keys of a JWK Set that can verify a signature for us, and what is to be said about the others.
///
/// They are keys for [`JWK_SET_ALGORITHMS`], and tokens of another algorithm do not verify.
///
/// [`JWK_SET_ALGORITHMS`]: crate::JWK_SET_ALGORITHMS
#[derive(Debug, Clone, Default)]
pub struct JwkSet {
    /// The usable keys in the order of the document. A `kid` may occur more than once.
    pub keys: Vec<SetKey>,
    /// What the publisher of the set should know.
    pub warnings: Vec<KeyWarning>,
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
    /// Reads a JWK Set.
    ///
    /// A key that we cannot use doesn't spoil the set (RFC 7517, section 5): it is left out, with a warning.
    /// So a set without any usable key is not an error. A key with private members is used, without them, and
    /// with a warning.
    ///
    /// # Errors
    ///
    /// [`JwkSetError`] if the document as a whole is not a JWK Set within the limits.
    pub fn parse(document: &[u8]) -> Result<Self, JwkSetError> {
        if document.len() > MAX_JWK_SET_LEN {
            return Err(JwkSetError::TooLong(document.len()));
        }
        let document = strict_json(document)?;
        let jwks = document.get("keys").and_then(Value::as_array).ok_or(JwkSetError::NotAKeySet)?;
        if jwks.len() > MAX_JWK_SET_KEYS {
            return Err(JwkSetError::TooManyKeys(jwks.len()));
        }
        let mut set = Self::default();
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
        match SetKey::from_jwk(jwk) {
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
    /// # Errors
    ///
    /// [`JwsError::UnsupportedAlgorithm`], [`JwsError::MissingKid`] or [`JwsError::UnknownKid`] before any
    /// key is tried; then [`JwsError::Signature`], or [`JwsError::AlgorithmMismatch`] if no key fits.
    pub fn verify(&self, jws: &Jws<'_>) -> Result<&SetKey, JwsError> {
        Algorithm::among(&JWK_SET_ALGORITHMS, &jws.header().alg)?;
        let kid = jws.header().kid.as_deref().ok_or(JwsError::MissingKid)?;
        let mut refusal = JwsError::UnknownKid(kid.to_owned());
        for candidate in self.with_kid(kid) {
            match jws.verify(&candidate.key) {
                Ok(()) => return Ok(candidate),
                // That another key of this name doesn't fit says less than that a fitting one didn't verify.
                Err(JwsError::AlgorithmMismatch { .. }) if matches!(refusal, JwsError::Signature) => {}
                Err(cause) => refusal = cause,
            }
        }
        Err(refusal)
    }
}

impl SetKey {
    fn from_jwk(jwk: &Value) -> Result<Self, JwkError> {
        let jwk = members(jwk)?;
        let key = read_public_key(jwk, &SET_KINDS)?;
        let kid = optional_text(jwk, "kid")?.map(str::to_owned);
        Ok(Self { kid, alg: declared_algorithm(jwk, &SET_KINDS)?, key })
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
