//! Compact JSON Web Signatures (RFC 7515, section 3.1).

use serde_json::{Map, Value};

use crate::algorithm::{Algorithm, JWK_SET_ALGORITHMS, UnsupportedAlgorithm};
use crate::base64url::{Base64UrlError, b64url_decode};
use crate::json::{JsonError, strict_json};
use crate::jwk_set::MAX_TRIED_KEYS;
use crate::public_key::PublicKey;
use crate::quoted::Quoted;

/// The longest token that [`Jws::parse`] reads, in bytes.
pub const MAX_JWS_LEN: usize = 16 * 1024;

/// A well-formed token. Nothing in it may be believed before [`Jws::verify`] or [`JwkSet::verify`] has
/// succeeded.
///
/// [`JwkSet::verify`]: crate::JwkSet::verify
#[derive(Debug, Clone)]
pub struct Jws<'a> {
    header: Header,
    payload: Vec<u8>,
    /// The first two parts and the dot between them, as received (RFC 7515, section 5.2, step 8).
    signing_input: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Reads a token of at most [`MAX_JWS_LEN`] bytes.
    ///
    /// # Errors
    ///
    /// [`JwsError`] if the token is malformed, or asks in its header for an extension. An unsupported `alg`
    /// is found when verifying.
    pub fn parse(token: &'a str) -> Result<Self, JwsError> {
        Self::parse_within(token, MAX_JWS_LEN)
    }

    /// Reads a token of at most `max_len` bytes: for tokens of a kind that is longer than a caller's.
    ///
    /// # Errors
    ///
    /// As [`Jws::parse`].
    pub fn parse_within(token: &'a str, max_len: usize) -> Result<Self, JwsError> {
        Self::read(token, max_len, Kid::Text)
    }

    /// Reads a token of a stranger, as [`Jws::parse_within`] does, but a `kid` that is no string counts as none: it is a
    /// hint (RFC 7515, section 4.1.4, which demands a string), and some issuers number their keys.
    ///
    /// # Errors
    ///
    /// As [`Jws::parse`].
    pub fn parse_foreign(token: &'a str, max_len: usize) -> Result<Self, JwsError> {
        Self::read(token, max_len, Kid::Anything)
    }

    fn read(token: &'a str, max_len: usize, kid: Kid) -> Result<Self, JwsError> {
        if token.len() > max_len {
            return Err(JwsError::TooLong { len: token.len(), max: max_len });
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsError::NotCompact)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::NotCompact)?;
        if payload.contains('.') {
            return Err(JwsError::NotCompact);
        }
        let header = Header::parse(&b64url_decode(header).map_err(JwsError::HeaderEncoding)?, kid)?;
        if signature.is_empty() {
            return Err(JwsError::NotSigned);
        }
        Ok(Self {
            header,
            payload: b64url_decode(payload).map_err(JwsError::PayloadEncoding)?,
            signing_input,
            signature: b64url_decode(signature).map_err(JwsError::SignatureEncoding)?,
        })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The decoded payload; it may be empty.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Verifies the signature with a key that the caller trusts for this token, and so for the one algorithm
    /// of that key.
    ///
    /// # Errors
    ///
    /// [`JwsError::UnsupportedAlgorithm`], [`JwsError::AlgorithmMismatch`] or [`JwsError::Signature`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), JwsError> {
        let algorithm: Algorithm = self.header.alg.parse()?;
        if algorithm != key.algorithm() {
            return Err(JwsError::AlgorithmMismatch { token: algorithm, key: key.algorithm() });
        }
        if key.verify(algorithm, self.signing_input.as_bytes(), &self.signature) {
            Ok(())
        } else {
            Err(JwsError::Signature)
        }
    }
}

/// A token's protected header (RFC 7515, section 4), as its sender wrote it.
#[derive(Debug, Clone)]
pub struct Header {
    /// The name of the algorithm.
    pub alg: String,
    /// Which key is said to have signed.
    pub kid: Option<String>,
    /// What the token is said to be.
    pub typ: Option<String>,
    members: Map<String, Value>,
}

/// What a header may have as `kid`.
#[derive(Clone, Copy, PartialEq)]
enum Kid {
    /// A string, or nothing.
    Text,
    /// Whatever its sender likes; what is no string says nothing.
    Anything,
}

impl Header {
    fn parse(bytes: &[u8], kid: Kid) -> Result<Self, JwsError> {
        let Value::Object(members) = strict_json(bytes).map_err(JwsError::HeaderJson)? else {
            return Err(JwsError::HeaderNotAnObject);
        };
        for (name, refusal) in [
            ("crit", JwsError::CriticalHeader),
            ("b64", JwsError::UnencodedPayload),
            ("zip", JwsError::Compressed),
        ] {
            if members.contains_key(name) {
                return Err(refusal);
            }
        }
        let text = |name: &'static str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) if name == "kid" && kid == Kid::Anything => Ok(None),
            Some(_) => Err(JwsError::HeaderMemberNotAString(name)),
        };
        Ok(Self {
            alg: text("alg")?.ok_or(JwsError::MissingAlg)?,
            kid: text("kid")?,
            typ: text("typ")?,
            members,
        })
    }

    /// The algorithm that `alg` names, if it is one of [`JWK_SET_ALGORITHMS`]. Who takes keys for others also
    /// parses `alg` into an [`Algorithm`].
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::among(&JWK_SET_ALGORITHMS, &self.alg).ok()
    }

    /// Any member by name. Beware: `jwk`, `jku`, `x5c` and `x5u` are whatever the sender likes them to be.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }
}

/// Why a token is refused.
#[derive(Debug, thiserror::Error)]
pub enum JwsError {
    /// The token is longer than the limit.
    #[error("the token has {len} bytes; at most {max} are read")]
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// The token doesn't have exactly three parts.
    #[error("not a compact JWS: three parts joined by two dots are expected")]
    NotCompact,
    /// The first part is not base64url.
    #[error("the token's header is {0}")]
    HeaderEncoding(#[source] Base64UrlError),
    /// The header is not strict JSON.
    #[error("the token's header is refused: {0}")]
    HeaderJson(#[source] JsonError),
    /// The header is JSON, but not an object.
    #[error("the token's header is not a JSON object")]
    HeaderNotAnObject,
    /// The header has no `alg`.
    #[error("the token's header has no `alg`")]
    MissingAlg,
    /// A header member that must be a string is not.
    #[error("the header member `{0}` is not a string")]
    HeaderMemberNotAString(&'static str),
    /// The header has `crit`: no extension is understood.
    #[error("the header member `crit` is not accepted: no critical extension is supported")]
    CriticalHeader,
    /// The header has `b64` (RFC 7797).
    #[error("the header member `b64` is not accepted: the payload must be base64url")]
    UnencodedPayload,
    /// The header has `zip`.
    #[error("the header member `zip` is not accepted: the payload must not be compressed")]
    Compressed,
    /// The second part is not base64url.
    #[error("the token's payload is {0}")]
    PayloadEncoding(#[source] Base64UrlError),
    /// The third part is not base64url.
    #[error("the token's signature is {0}")]
    SignatureEncoding(#[source] Base64UrlError),
    /// The third part is empty.
    #[error("the token is not signed: its third part is empty")]
    NotSigned,
    /// `alg` is no algorithm that is accepted here.
    #[error(transparent)]
    UnsupportedAlgorithm(#[from] UnsupportedAlgorithm),
    /// The header has no `kid`, and the set wants one.
    #[error("the token's header has no `kid`")]
    MissingKid,
    /// No usable key has this `kid`.
    #[error("no usable key has the `kid` {}", Quoted(.0))]
    UnknownKid(String),
    /// The token names no key, and the set has none for its algorithm.
    #[error("no usable key of the set is for {0}")]
    NoFittingKey(Algorithm),
    /// The token fits this many keys of the set.
    #[error(
        "{0} keys of the set could be the token's; at most {MAX_TRIED_KEYS} are tried: give each key a `kid` of its \
         own and name it in the token"
    )]
    TooManyKeys(usize),
    /// The key is not one for the token's algorithm.
    #[error("the token says {token}, but the key is for {key}")]
    AlgorithmMismatch {
        /// The algorithm that the token names.
        token: Algorithm,
        /// The algorithm of the key.
        key: Algorithm,
    },
    /// The signature is not one of this token by that key.
    #[error("the signature is invalid")]
    Signature,
}
