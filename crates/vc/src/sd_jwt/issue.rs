//! Issuance of an SD-JWT VC.

use jose::{SigningKey, b64url_encode};
use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

use super::disclosure::{digest, encode};
use super::{ARRAY_DIGEST_KEY, DIGESTS_KEY, MAX_DEPTH, MAX_DISCLOSURES, NOT_DISCLOSABLE, SD_ALG, TYP};
use crate::json;

/// Bytes of salt in each disclosure: the 128 bits of RFC 9901, section 9.3.
const SALT_LEN: usize = 16;

/// Claims that an [`SdJwtVc`] always shows, although the specification would let them be disclosed selectively.
const ALWAYS_VISIBLE: [&str; 3] = ["sub", "iat", "jti"];

/// Whether `name` cannot be a top-level claim of the subject, nor an extra claim, of an [`SdJwtVc`].
///
/// Three kinds of names are reserved: those of RFC 9901 (`_sd`, `_sd_alg`, `...`); those that SD-JWT VC forbids to
/// disclose selectively (`iss`, `nbf`, `exp`, `cnf`, `vct`, `vct#integrity`, `aka_vcts`, `status`); and the claims
/// that every credential shows (`sub`, `iat`, `jti`), which a disclosure would clobber. Such a claim is refused
/// rather than renamed or moved: what was asked to be attested must not silently become something else.
pub fn is_reserved(name: &str) -> bool {
    [DIGESTS_KEY, ARRAY_DIGEST_KEY, "_sd_alg"].contains(&name)
        || NOT_DISCLOSABLE.contains(&name)
        || ALWAYS_VISIBLE.contains(&name)
}

/// Why a credential cannot be built.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum IssueError {
    /// A claim has a name for which [`is_reserved`] holds.
    #[error("a claim cannot be named {0:?}: SD-JWT VC reserves the name")]
    ReservedClaim(String),
    /// An object inside a claim has a member `_sd` or `...`, which a verifier would take for a digest.
    #[error("claim {0:?} has a nested member \"_sd\" or \"...\": RFC 9901 reserves these names")]
    ReservedMember(String),
    /// The same name is among the extra claims and among the subject's claims.
    #[error("claim {0:?} is both always visible and selectively disclosable")]
    DuplicateClaim(String),
    /// There are more than [`MAX_DISCLOSURES`] claims and decoys together.
    #[error("{0} selectively disclosable claims and decoys are more than {MAX_DISCLOSURES}")]
    TooManyClaims(usize),
    /// A claim nests deeper than [`MAX_DEPTH`].
    #[error("claim {0:?} nests deeper than {MAX_DEPTH} levels")]
    TooDeep(String),
}

/// The credential's entry in a Token Status List (draft-ietf-oauth-status-list, section 6.2).
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TokenStatus<'a> {
    /// Index of the credential's bit in the list.
    pub idx: u32,
    /// URI of the status list token; its `sub`.
    pub uri: &'a str,
}

/// What an SD-JWT VC says. Times are seconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub struct SdJwtVc<'a> {
    /// Issuer identifier.
    pub iss: &'a str,
    /// Type of the credential.
    pub vct: &'a str,
    /// Identifier of the subject, when the issuer knows one.
    pub sub: Option<&'a str>,
    /// Identifier of the credential.
    pub jti: Option<&'a str>,
    /// Time of issuance. RFC 9901 (section 10.1) asks to round it, so that it does not link copies of a credential.
    pub iat: i64,
    /// Not valid before.
    pub nbf: Option<i64>,
    /// Not valid at or after.
    pub exp: Option<i64>,
    /// Confirmation of the holder's key (RFC 7800), usually `{"jwk": ...}`.
    pub cnf: Option<&'a Value>,
    /// Where revocation is published.
    pub status: TokenStatus<'a>,
    /// Further claims that every verifier sees.
    pub extra: &'a Map<String, Value>,
    /// The subject's claims: every member can be disclosed or withheld by the holder, as a whole.
    pub claims: &'a Map<String, Value>,
}

/// The signed part of the credential, in the order in which it is written.
#[derive(Serialize)]
struct Payload<'a> {
    iss: &'a str,
    vct: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<&'a Value>,
    status: StatusClaim<'a>,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
    #[serde(rename = "_sd", skip_serializing_if = "Vec::is_empty")]
    digests: Vec<String>,
    #[serde(rename = "_sd_alg", skip_serializing_if = "Option::is_none")]
    digest_alg: Option<&'static str>,
}

#[derive(Serialize)]
struct StatusClaim<'a> {
    status_list: TokenStatus<'a>,
}

impl SdJwtVc<'_> {
    /// Builds the payload and the disclosures, with one fresh 128-bit salt per claim from `random`.
    ///
    /// `decoys` digests of random bytes are added, so that the payload does not show how many claims there are
    /// (RFC 9901, section 4.2.5). The digests are sorted: their order says nothing about the order of the claims.
    /// A credential without claims has neither digests nor decoys, as SD-JWT VC demands.
    ///
    /// # Errors
    /// [`IssueError`] when a claim has a name that cannot be disclosed, or exceeds the limits of this module.
    pub fn build(&self, decoys: usize, random: &mut dyn FnMut(&mut [u8])) -> Result<Unsigned, IssueError> {
        self.check()?;
        let decoys = if self.claims.is_empty() { 0 } else { decoys };
        let count = self.claims.len().saturating_add(decoys);
        if count > MAX_DISCLOSURES {
            return Err(IssueError::TooManyClaims(count));
        }
        let disclosures: Vec<String> =
            self.claims.iter().map(|(name, value)| encode(&salt(random), name, value)).collect();
        let mut digests: Vec<String> = disclosures.iter().map(|d| digest(d.as_bytes())).collect();
        digests.extend((0..decoys).map(|_| {
            let mut noise = [0; 32];
            random(&mut noise);
            digest(&noise)
        }));
        digests.sort_unstable();
        Ok(Unsigned { payload: json::to_bytes(&self.payload(digests)), disclosures })
    }

    fn payload(&self, digests: Vec<String>) -> Payload<'_> {
        Payload {
            iss: self.iss,
            vct: self.vct,
            sub: self.sub,
            jti: self.jti,
            iat: self.iat,
            nbf: self.nbf,
            exp: self.exp,
            cnf: self.cnf,
            status: StatusClaim { status_list: self.status },
            extra: self.extra,
            digest_alg: (!digests.is_empty()).then_some(SD_ALG),
            digests,
        }
    }

    fn check(&self) -> Result<(), IssueError> {
        check_claims(self.extra)?;
        check_claims(self.claims)?;
        if let Some(cnf) = self.cnf {
            check_value("cnf", cnf)?;
        }
        match self.claims.keys().find(|name| self.extra.contains_key(*name)) {
            Some(name) => Err(IssueError::DuplicateClaim(name.clone())),
            None => Ok(()),
        }
    }
}

/// Whether an [`SdJwtVc`] can carry these claims of a subject.
///
/// # Errors
/// [`IssueError`] when a claim has a name that cannot be disclosed, or exceeds the limits of this module.
pub fn check_claims(claims: &Map<String, Value>) -> Result<(), IssueError> {
    if claims.len() > MAX_DISCLOSURES {
        return Err(IssueError::TooManyClaims(claims.len()));
    }
    for (name, value) in claims {
        if is_reserved(name) {
            return Err(IssueError::ReservedClaim(name.clone()));
        }
        check_value(name, value)?;
    }
    Ok(())
}

/// Refuses what [`super::SdJwt::process`] would refuse or misread in the value of claim `name`.
fn check_value(name: &str, value: &Value) -> Result<(), IssueError> {
    // The payload, or the array of the disclosure, is one level of its own.
    if !json::nests_within(value, MAX_DEPTH - 1) {
        return Err(IssueError::TooDeep(name.to_owned()));
    }
    if has_reserved_member(value) {
        return Err(IssueError::ReservedMember(name.to_owned()));
    }
    Ok(())
}

fn has_reserved_member(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(has_reserved_member),
        Value::Object(members) => {
            members.contains_key(DIGESTS_KEY)
                || members.contains_key(ARRAY_DIGEST_KEY)
                || members.values().any(has_reserved_member)
        }
        _ => false,
    }
}

fn salt(random: &mut dyn FnMut(&mut [u8])) -> String {
    let mut salt = [0; SALT_LEN];
    random(&mut salt);
    b64url_encode(&salt)
}

/// A built credential that waits for its signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unsigned {
    /// The JSON bytes that will be signed.
    pub payload: Vec<u8>,
    /// One disclosure per claim of the subject, base64url. They hold the claims in clear: keep them as such.
    pub disclosures: Vec<String>,
}

impl Unsigned {
    /// Signs the payload and returns `<JWT>~<disclosure>~...~`, with all disclosures: what the holder receives.
    ///
    /// `kid` names the key in the issuer's metadata or DID document.
    pub fn sign(&self, key: &SigningKey, kid: &str) -> String {
        let mut combined = json::sign(&self.payload, TYP, key, kid);
        combined.push('~');
        for disclosure in &self.disclosures {
            combined.push_str(disclosure);
            combined.push('~');
        }
        combined
    }
}
