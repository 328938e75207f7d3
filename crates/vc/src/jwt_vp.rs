//! Presentations of the W3C Verifiable Credentials Data Model 1.1, secured as a JWT (`jwt_vp_json`).
//!
//! The payload has the registered JWT claims and a member `vp` with the presentation (section 6.3.1 of the data model):
//! the holder is `iss`, the verifier `aud`, and `nonce` is the one that the verifier gave. It is what OpenID4VP 1.0
//! (appendix B.1.3.1) answers a request for `jwt_vc_json` with.

use jose::{Jws, JwsError, PublicKey, SigningKey};
use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::did::{DidKeyError, resolve_key};
use crate::expected::{Expected, Mismatch, Unmet};
use crate::json::{self, PayloadError, id_of, media_type, texts};

/// The most credentials that a presentation may hold.
pub const MAX_CREDENTIALS: usize = 64;

const TYP: &str = "JWT";
const BASE_TYPE: &str = "VerifiablePresentation";
const BASE_CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";

/// Why a presentation is refused.
#[derive(Debug, Error)]
pub enum VpError {
    /// The `typ` is there and is not `JWT`.
    #[error("the \"typ\" of the presentation is not {TYP:?}")]
    Typ,
    /// The JWT is not signed with the holder's key.
    #[error("the presentation is not signed with the holder's key: {0}")]
    Signature(#[source] JwsError),
    /// The payload is not a JSON object.
    #[error("the payload of the presentation: {0}")]
    Payload(#[from] PayloadError),
    /// `vp` is not an object with the type `VerifiablePresentation`.
    #[error("the payload has no member \"vp\" of type {BASE_TYPE:?}")]
    NotPresentation,
    /// A registered claim and its counterpart in `vp`, or the header, contradict each other.
    #[error("the claim {0:?} contradicts the rest of the presentation")]
    Contradiction(&'static str),
    /// There are more than [`MAX_CREDENTIALS`] credentials.
    #[error("the presentation has {0} credentials; at most {MAX_CREDENTIALS} are read")]
    TooManyCredentials(usize),
    /// A credential is not a text: it is not secured as a JWT.
    #[error("credential {0} of the presentation is not secured as a JWT")]
    CredentialForm(usize),
    /// It is not one for this request.
    #[error("the presentation {0}")]
    Mismatch(#[source] Mismatch),
    /// A claim is missing or is of the wrong type.
    #[error("the claim {0:?} of the presentation is missing or malformed")]
    Claim(&'static str),
    /// The holder is not named by a DID that holds its key.
    #[error("the holder's key is refused: {0}")]
    HolderKey(#[from] DidKeyError),
}

impl From<Unmet> for VpError {
    fn from(unmet: Unmet) -> Self {
        match unmet {
            Unmet::Malformed(name) => Self::Claim(name),
            Unmet::Mismatch(mismatch) => Self::Mismatch(mismatch),
        }
    }
}

/// A presentation to be signed by a holder. Times are seconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub struct JwtVp<'a> {
    /// The holder's identifier, a DID.
    pub holder: &'a str,
    /// The verifier, as it calls itself.
    pub audience: &'a str,
    /// The nonce that the verifier gave.
    pub nonce: &'a str,
    /// Identifier of the presentation, a URI.
    pub jti: Option<&'a str>,
    /// Now.
    pub iat: i64,
    /// Not valid at or after.
    pub exp: Option<i64>,
    /// The credentials, as compact JWTs.
    pub credentials: &'a [String],
}

/// The JWT payload, in the order in which it is written.
#[derive(Serialize)]
struct Payload<'a> {
    iss: &'a str,
    aud: &'a str,
    nonce: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    vp: Vp<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Vp<'a> {
    #[serde(rename = "@context")]
    context: [&'static str; 1],
    r#type: [&'static str; 1],
    holder: &'a str,
    verifiable_credential: &'a [String],
}

impl JwtVp<'_> {
    /// The JWT payload as JSON bytes.
    pub fn payload(&self) -> Vec<u8> {
        json::to_bytes(&Payload {
            iss: self.holder,
            aud: self.audience,
            nonce: self.nonce,
            jti: self.jti,
            iat: self.iat,
            exp: self.exp,
            vp: Vp {
                context: [BASE_CONTEXT],
                r#type: [BASE_TYPE],
                holder: self.holder,
                verifiable_credential: self.credentials,
            },
        })
    }

    /// Signs the presentation. `kid` is the DID URL of the holder's key.
    pub fn sign(&self, key: &SigningKey, kid: &str) -> String {
        json::sign(&self.payload(), TYP, key, kid)
    }
}

/// A verified presentation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Presentation {
    /// The holder, where the presentation names one.
    pub holder: Option<String>,
    /// The credentials' texts, in their order. They are not verified.
    pub credentials: Vec<String>,
    /// When it was made, in seconds since the Unix epoch.
    pub iat: Option<i64>,
    /// The whole payload.
    pub claims: Map<String, Value>,
}

/// The key of a holder whose DID holds it (did:jwk or did:key), and that DID. Nothing is verified.
///
/// The DID is that of `kid`, or else `iss`. For other DIDs the caller finds the key.
///
/// # Errors
/// [`VpError::HolderKey`] when the DID is of another method or gives no key; [`VpError::Contradiction`] when `kid` is that
/// of another DID than `iss`; [`VpError::Payload`].
pub fn holder_key(presentation: &Jws<'_>) -> Result<(PublicKey, String), VpError> {
    let claims: Map<String, Value> = json::from_payload(presentation.payload())?;
    let iss = claims.get("iss").and_then(Value::as_str);
    let kid = presentation.header().kid.as_deref();
    let url = match (kid, iss) {
        (Some(kid), _) if kid.starts_with("did:") => kid.to_owned(),
        (Some(fragment), Some(iss)) if fragment.starts_with('#') => format!("{iss}{fragment}"),
        (kid, iss) => iss.or(kid).unwrap_or_default().to_owned(),
    };
    let (key, did) = resolve_key(&url)?;
    match iss {
        Some(iss) if iss != did => Err(VpError::Contradiction("iss")),
        _ => Ok((key, did)),
    }
}

/// Verifies a presentation with the holder's key, which [`holder_key`] finds for some DIDs.
///
/// Left to the caller: that the key is the holder's; that each credential verifies and that its subject is the holder;
/// that the nonce was not used before.
///
/// # Errors
/// [`VpError`], one variant for each cause.
pub fn verify(
    jws: &Jws<'_>,
    holder_key: &PublicKey,
    expected: &Expected<'_>,
) -> Result<Presentation, VpError> {
    if jws.header().typ.as_deref().is_some_and(|typ| media_type(typ) != "jwt") {
        return Err(VpError::Typ);
    }
    jws.verify(holder_key).map_err(VpError::Signature)?;
    let claims: Map<String, Value> = json::from_payload(jws.payload())?;
    let vp = claims.get("vp").filter(|vp| is_presentation(vp)).ok_or(VpError::NotPresentation)?;
    let holder = vp.get("holder").and_then(id_of);
    for (name, counterpart) in [("iss", holder), ("jti", vp.get("id").and_then(Value::as_str))] {
        if let (Some(claim), Some(counterpart)) = (claims.get(name), counterpart)
            && claim != counterpart
        {
            return Err(VpError::Contradiction(name));
        }
    }
    let iat = expected.check(&claims)?;
    let holder = claims.get("iss").and_then(Value::as_str).or(holder);
    Ok(Presentation { holder: holder.map(str::to_owned), credentials: credentials(vp)?, iat, claims })
}

fn is_presentation(vp: &Value) -> bool {
    vp.get("type").and_then(texts).is_some_and(|types| types.contains(&BASE_TYPE))
}

fn credentials(vp: &Value) -> Result<Vec<String>, VpError> {
    match vp.get("verifiableCredential") {
        None => Ok(Vec::new()),
        Some(Value::String(credential)) => Ok(vec![credential.clone()]),
        Some(Value::Array(credentials)) if credentials.len() > MAX_CREDENTIALS => {
            Err(VpError::TooManyCredentials(credentials.len()))
        }
        Some(Value::Array(credentials)) => (1..)
            .zip(credentials)
            .map(|(number, credential)| {
                credential.as_str().map(str::to_owned).ok_or(VpError::CredentialForm(number))
            })
            .collect(),
        Some(_) => Err(VpError::CredentialForm(1)),
    }
}
