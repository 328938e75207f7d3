//! Signing of credentials and presentations that are there as JSON.

use jose::SigningKey;
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::{Kind, Vcdm2Error, presentation, structure};
use crate::json::{nests_within, to_bytes};

/// Members of a credential that VCDM 2.0 (sections 4 and 5.11) defines.
const CREDENTIAL_MEMBERS: [&str; 17] = [
    "@context",
    "id",
    "type",
    "name",
    "description",
    "issuer",
    "validFrom",
    "validUntil",
    "credentialSubject",
    "credentialStatus",
    "credentialSchema",
    "relatedResource",
    "refreshService",
    "termsOfUse",
    "evidence",
    "confidenceMethod",
    "renderMethod",
];

/// Members of a presentation.
const PRESENTATION_MEMBERS: [&str; 8] =
    ["@context", "id", "type", "name", "description", "holder", "verifiableCredential", "termsOfUse"];

/// JWT claims that may stand beside them.
const JWT_CLAIMS: [&str; 9] = ["iss", "sub", "aud", "jti", "iat", "nbf", "exp", "nonce", "cnf"];

/// Why a credential or presentation is not signed.
#[derive(Debug, Error)]
pub enum SignError {
    /// A verifier would refuse it.
    #[error(transparent)]
    Structure(#[from] Vcdm2Error),
    /// It has a member that the data model does not define, and that the caller has not named either.
    #[error("the member {0:?} is not defined: name it as an extension if it is meant")]
    Unknown(String),
    /// It nests deeper than is read.
    #[error("it nests deeper than {} levels", jose::MAX_JSON_DEPTH)]
    TooDeep,
}

/// Signs a credential as `vc+jwt` (VC-JOSE-COSE, section 3.1.1).
///
/// `extensions` are the members at the top, beyond those of the data model, whose meaning the issuer vouches for by a context
/// of its own; others are refused, so that a slip of the pen is not signed. Verifiers do not mind them.
///
/// # Errors
/// [`SignError`].
pub fn sign_credential(
    credential: &Map<String, Value>,
    extensions: &[&str],
    key: &SigningKey,
    kid: &str,
) -> Result<String, SignError> {
    check_members(credential, &CREDENTIAL_MEMBERS, extensions)?;
    structure::check_credential(credential)?;
    Ok(sign(credential, Kind::Credential, key, kid))
}

/// Signs a presentation as `vp+jwt` (VC-JOSE-COSE, section 3.1.2). `nonce`, `aud` and `iat` are members of `presentation`.
///
/// # Errors
/// [`SignError`].
pub fn sign_presentation(
    presentation: &Map<String, Value>,
    extensions: &[&str],
    key: &SigningKey,
    kid: &str,
) -> Result<String, SignError> {
    check_members(presentation, &PRESENTATION_MEMBERS, extensions)?;
    presentation::check(presentation)?;
    Ok(sign(presentation, Kind::Presentation, key, kid))
}

fn check_members(node: &Map<String, Value>, defined: &[&str], extensions: &[&str]) -> Result<(), SignError> {
    let is_known =
        |name: &str| defined.contains(&name) || JWT_CLAIMS.contains(&name) || extensions.contains(&name);
    if let Some(name) = ["vc", "vp"].into_iter().find(|name| node.contains_key(*name)) {
        return Err(Vcdm2Error::Version1(name).into());
    }
    if let Some(name) = node.keys().find(|name| !is_known(name)) {
        return Err(SignError::Unknown(name.clone()));
    }
    let fits = node.values().all(|value| nests_within(value, jose::MAX_JSON_DEPTH - 1));
    if fits { Ok(()) } else { Err(SignError::TooDeep) }
}

fn sign(node: &Map<String, Value>, kind: Kind, key: &SigningKey, kid: &str) -> String {
    let (typ, _, cty) = kind.media_types();
    key.sign_compact(&json!({ "typ": typ, "cty": cty, "kid": kid }), &to_bytes(node))
}
