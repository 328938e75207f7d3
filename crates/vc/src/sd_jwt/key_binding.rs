//! The Key Binding JWT: the holder's signature over a presentation (RFC 9901, sections 4.3 and 7.3).

use jose::{JwkError, JwsError, PublicKey, private_members};
use serde_json::{Map, Value};
use thiserror::Error;

use super::SdJwt;
use crate::did::{DidKeyError, resolve_key};
use crate::expected::{Expected, Mismatch, Unmet};
use crate::json::{self, PayloadError};

/// `typ` of a Key Binding JWT.
pub const KEY_BINDING_TYP: &str = "kb+jwt";

/// The most transaction data hashes that are read.
const MAX_HASHES: usize = 64;

/// Why a credential names no holder's key that can be used.
#[derive(Debug, Error)]
pub enum HolderKeyError {
    /// The credential has no `cnf`: its issuer bound it to no key.
    #[error("the credential is not bound to a key of its holder: it has no \"cnf\"")]
    Unbound,
    /// `cnf` has neither `jwk` nor `kid`.
    #[error("the credential's \"cnf\" has neither a \"jwk\" nor a \"kid\" that is a did:jwk or did:key")]
    Unsupported,
    /// `cnf.jwk` holds these private members.
    #[error("the credential's \"cnf\" holds the private members {0} of the holder's key")]
    PrivateMembers(String),
    /// `cnf.jwk` is not a key that is accepted.
    #[error("the holder's key in \"cnf\" is refused: {0}")]
    Jwk(#[from] JwkError),
    /// `cnf.kid` gives no key.
    #[error("the holder's key in \"cnf\" is refused: {0}")]
    Did(#[from] DidKeyError),
}

/// Why a Key Binding JWT is refused.
#[derive(Debug, Error)]
pub enum KeyBindingError {
    /// The presentation has none.
    #[error("the presentation has no Key Binding JWT: its holder must sign it for this verifier")]
    Missing,
    /// The `typ` is not [`KEY_BINDING_TYP`].
    #[error("the \"typ\" of the Key Binding JWT is not {KEY_BINDING_TYP:?}")]
    Typ,
    /// The credential names no key of the holder, or none that is accepted.
    #[error(transparent)]
    HolderKey(#[from] HolderKeyError),
    /// It is not signed with the holder's key.
    #[error("the Key Binding JWT is not signed with the holder's key: {0}")]
    Signature(#[source] JwsError),
    /// `sd_hash` is not the hash of this credential with these disclosures.
    #[error("the Key Binding JWT was made for another credential, or for other disclosures")]
    SdHash,
    /// It is not one for this request.
    #[error("the Key Binding JWT {0}")]
    Mismatch(#[source] Mismatch),
    /// The payload is not a JSON object, or a claim is missing or of the wrong type.
    #[error("the Key Binding JWT: {0}")]
    Malformed(String),
}

impl From<Unmet> for KeyBindingError {
    fn from(unmet: Unmet) -> Self {
        match unmet {
            Unmet::Malformed(name) => Self::Malformed(format!(
                "the claim {name:?} is missing or is not of the kind that it must be"
            )),
            Unmet::Mismatch(mismatch) => Self::Mismatch(mismatch),
        }
    }
}

impl From<PayloadError> for KeyBindingError {
    fn from(error: PayloadError) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// What a Key Binding JWT says, after verification. Times are seconds since the Unix epoch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyBinding {
    /// The nonce.
    pub nonce: String,
    /// For whom it was made.
    pub audience: String,
    /// When it was made.
    pub iat: i64,
    /// Hashes of the transactions that the holder agreed to (OpenID4VP 1.0, appendix B.3.3.1), base64url; to be compared
    /// by the caller.
    pub transaction_data_hashes: Vec<String>,
    /// The algorithm of these hashes; none means `sha-256`.
    pub transaction_data_hashes_alg: Option<String>,
    /// The whole payload.
    pub claims: Map<String, Value>,
}

/// The holder's key in the claims of a verified SD-JWT (RFC 7800): `cnf.jwk`, or `cnf.kid` with a did:jwk or did:key.
///
/// # Errors
/// [`HolderKeyError`] when there is none, or none that is accepted.
pub fn holder_key(claims: &Map<String, Value>) -> Result<PublicKey, HolderKeyError> {
    let cnf = claims.get("cnf").ok_or(HolderKeyError::Unbound)?;
    if let Some(jwk) = cnf.get("jwk") {
        let private = private_members(jwk);
        if !private.is_empty() {
            return Err(HolderKeyError::PrivateMembers(private.join(", ")));
        }
        return Ok(PublicKey::from_jwk(jwk)?);
    }
    match cnf.get("kid") {
        Some(Value::String(kid)) if kid.starts_with("did:") => Ok(resolve_key(kid)?.0),
        _ => Err(HolderKeyError::Unsupported),
    }
}

impl SdJwt<'_> {
    /// Verifies the Key Binding JWT with the holder's key, which [`holder_key`] finds in the verified claims (RFC 9901,
    /// section 7.3, step 5).
    ///
    /// Left to the caller: that the nonce was not used before, and the transaction data.
    ///
    /// # Errors
    /// [`KeyBindingError`], one variant for each cause.
    pub fn verify_key_binding(
        &self,
        holder_key: &PublicKey,
        expected: &Expected<'_>,
    ) -> Result<KeyBinding, KeyBindingError> {
        let jws = self.key_binding_jwt().ok_or(KeyBindingError::Missing)?;
        if jws.header().typ.as_deref() != Some(KEY_BINDING_TYP) {
            return Err(KeyBindingError::Typ);
        }
        jws.verify(holder_key).map_err(KeyBindingError::Signature)?;
        let claims: Map<String, Value> = json::from_payload(jws.payload())?;
        let text = |name: &'static str| match claims.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            _ => Err(Unmet::Malformed(name)),
        };
        if text("sd_hash")? != self.sd_hash() {
            return Err(KeyBindingError::SdHash);
        }
        // Unlike other JWTs', this `aud` is a single text (section 4.3).
        let (nonce, audience) = (text("nonce")?, text("aud")?);
        expected.check(&claims)?;
        let iat = claims.get("iat").and_then(json::numeric_date).ok_or(Unmet::Malformed("iat"))?;
        let transaction_data_hashes_alg = match claims.get("transaction_data_hashes_alg") {
            None => None,
            Some(_) => Some(text("transaction_data_hashes_alg")?),
        };
        let transaction_data_hashes = hashes(&claims)?;
        Ok(KeyBinding { nonce, audience, iat, transaction_data_hashes, transaction_data_hashes_alg, claims })
    }
}

fn hashes(claims: &Map<String, Value>) -> Result<Vec<String>, Unmet> {
    const NAME: &str = "transaction_data_hashes";
    match claims.get(NAME) {
        None => Ok(Vec::new()),
        Some(Value::Array(hashes)) if !hashes.is_empty() && hashes.len() <= MAX_HASHES => {
            let texts = hashes.iter().map(|hash| hash.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().ok_or(Unmet::Malformed(NAME))
        }
        Some(_) => Err(Unmet::Malformed(NAME)),
    }
}
