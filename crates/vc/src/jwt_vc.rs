//! W3C Verifiable Credentials Data Model 1.1, secured as a JWT (`jwt_vc_json` in OpenID4VCI).
//!
//! The payload has the registered JWT claims and a member `vc` with the credential (section 6.3.1 of the data
//! model). The credential itself also names its issuer, identifier and dates, because many verifiers look only
//! there; both places are written from the same fields.

use jose::{Jws, JwsError, PublicKey, SigningKey};
use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::json::{self, PayloadError};

/// How many objects and arrays may lie inside one another in a claim: those around it are the payload, the
/// credential and its subject.
pub const MAX_CLAIM_DEPTH: usize = jose::MAX_JSON_DEPTH - 3;

const TYP: &str = "JWT";
const BASE_TYPE: &str = "VerifiableCredential";
const BASE_CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";
/// Defines `BitstringStatusListEntry`, which the 2018 context does not know.
const STATUS_CONTEXT: &str = "https://www.w3.org/ns/credentials/status/v1";

/// Why a credential cannot be built.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum IssueError {
    /// The subject's claims have an `id` that is not the subject of the credential.
    #[error("the claim \"id\" differs from the identifier of the subject")]
    SubjectId,
    /// A claim nests too deep for a verifier that reads as strictly as this crate does.
    #[error("the claims nest deeper than {MAX_CLAIM_DEPTH} levels")]
    TooDeep,
}

/// Why a JWT VC is refused.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// The signature does not verify.
    #[error("the JWT: {0}")]
    Jws(#[from] JwsError),
    /// The payload is not a JSON object.
    #[error("the payload of the JWT: {0}")]
    Payload(#[from] PayloadError),
    /// `vc` is not an object with the type `VerifiableCredential`.
    #[error("the payload has no member \"vc\" of type {BASE_TYPE:?}")]
    NotCredential,
    /// A registered claim and its counterpart in `vc` contradict each other.
    #[error("the claim {0:?} contradicts the credential in \"vc\"")]
    Contradiction(&'static str),
}

/// The credential's entry in a Bitstring Status List (Bitstring Status List v1.0, section 2.1), for revocation.
#[derive(Clone, Copy, Debug)]
pub struct BitstringStatus<'a> {
    /// URL of the status list credential.
    pub list: &'a str,
    /// Index of the credential's bit in the list.
    pub index: u32,
}

/// What a JWT VC says. Each instant is given twice, as seconds since the Unix epoch for the JWT and as RFC 3339
/// text for the credential; the caller sees to it that they agree.
#[derive(Clone, Copy, Debug)]
pub struct JwtVc<'a> {
    /// Issuer identifier, a DID or URL.
    pub iss: &'a str,
    /// Identifier of the subject, when the issuer knows one.
    pub sub: Option<&'a str>,
    /// Identifier of the credential, a URI.
    pub jti: &'a str,
    /// Time of signing.
    pub iat: i64,
    /// Valid from: the issuance date in the sense of the data model.
    pub nbf: i64,
    /// Not valid at or after.
    pub exp: Option<i64>,
    /// `nbf` as RFC 3339 text.
    pub issuance_date: &'a str,
    /// `exp` as RFC 3339 text.
    pub expiration_date: Option<&'a str>,
    /// JSON-LD contexts after those of the data model and the status list.
    pub contexts: &'a [&'a str],
    /// Types after `VerifiableCredential`.
    pub types: &'a [&'a str],
    /// The subject's claims.
    pub claims: &'a Map<String, Value>,
    /// Where revocation is published.
    pub status: BitstringStatus<'a>,
    /// URL of the JSON Schema of the credential.
    pub schema: &'a str,
}

/// The JWT payload, in the order in which it is written.
#[derive(Serialize)]
struct Payload<'a> {
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    jti: &'a str,
    iat: i64,
    nbf: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    vc: Credential<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credential<'a> {
    #[serde(rename = "@context")]
    context: Vec<&'a str>,
    id: &'a str,
    #[serde(rename = "type")]
    types: Vec<&'a str>,
    issuer: &'a str,
    issuance_date: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<&'a str>,
    credential_subject: Subject<'a>,
    credential_status: StatusEntry<'a>,
    credential_schema: Schema<'a>,
}

#[derive(Serialize)]
struct Subject<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(flatten)]
    claims: ClaimsWithoutId<'a>,
}

/// The subject's claims but for `id`, which [`Subject`] writes first.
struct ClaimsWithoutId<'a>(&'a Map<String, Value>);

impl Serialize for ClaimsWithoutId<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().filter(|(name, _)| *name != "id"))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusEntry<'a> {
    id: String,
    r#type: &'static str,
    status_purpose: &'static str,
    status_list_index: String,
    status_list_credential: &'a str,
}

#[derive(Serialize)]
struct Schema<'a> {
    id: &'a str,
    r#type: &'static str,
}

impl JwtVc<'_> {
    /// Builds the JWT payload.
    ///
    /// # Errors
    /// [`IssueError::SubjectId`] when the claims have an `id` other than [`sub`](Self::sub): the JWT's `sub` and
    /// `credentialSubject.id` are the same thing. [`IssueError::TooDeep`] beyond [`MAX_CLAIM_DEPTH`].
    pub fn build(&self) -> Result<Unsigned, IssueError> {
        if self.claims.get("id").is_some_and(|id| id.as_str().is_none_or(|id| Some(id) != self.sub)) {
            return Err(IssueError::SubjectId);
        }
        check_claims(self.claims)?;
        let payload = Payload {
            iss: self.iss,
            sub: self.sub,
            jti: self.jti,
            iat: self.iat,
            nbf: self.nbf,
            exp: self.exp,
            vc: self.credential(),
        };
        Ok(Unsigned { payload: json::to_bytes(&payload) })
    }

    fn credential(&self) -> Credential<'_> {
        Credential {
            context: [&[BASE_CONTEXT, STATUS_CONTEXT], self.contexts].concat(),
            id: self.jti,
            types: [&[BASE_TYPE], self.types].concat(),
            issuer: self.iss,
            issuance_date: self.issuance_date,
            expiration_date: self.expiration_date,
            credential_subject: Subject { id: self.sub, claims: ClaimsWithoutId(self.claims) },
            credential_status: StatusEntry {
                id: format!("{}#{}", self.status.list, self.status.index),
                r#type: "BitstringStatusListEntry",
                status_purpose: "revocation",
                status_list_index: self.status.index.to_string(),
                status_list_credential: self.status.list,
            },
            credential_schema: Schema { id: self.schema, r#type: "JsonSchema" },
        }
    }
}

/// Whether a [`JwtVc`] can carry these claims of a subject, an `id` apart.
///
/// # Errors
/// [`IssueError::TooDeep`].
pub fn check_claims(claims: &Map<String, Value>) -> Result<(), IssueError> {
    let fits = claims.values().all(|claim| json::nests_within(claim, MAX_CLAIM_DEPTH));
    if fits { Ok(()) } else { Err(IssueError::TooDeep) }
}

/// A built credential that waits for its signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unsigned {
    /// The JSON bytes that will be signed.
    pub payload: Vec<u8>,
}

impl Unsigned {
    /// Signs the payload and returns the compact JWS.
    ///
    /// `kid` names the key in the issuer's DID document or metadata.
    pub fn sign(&self, key: &SigningKey, kid: &str) -> String {
        json::sign(&self.payload, TYP, key, kid)
    }
}

/// Verifies a JWT VC with the issuer's key and returns the JWT payload.
///
/// Beyond the signature, the payload must hold a credential, and `iss`, `sub` and `jti` must not contradict it
/// (section 6.3.1 of the data model). Left to the caller: that the key belongs to the issuer, `exp` and `nbf`,
/// the status.
///
/// # Errors
/// [`VerifyError`] when one of these conditions does not hold.
pub fn verify(jws: &Jws<'_>, issuer_key: &PublicKey) -> Result<Map<String, Value>, VerifyError> {
    jws.verify(issuer_key)?;
    read(jws.payload())
}

/// The payload of a JWT VC whose signature was verified.
pub(crate) fn read(payload: &[u8]) -> Result<Map<String, Value>, VerifyError> {
    let claims: Map<String, Value> = json::from_payload(payload)?;
    let credential = claims.get("vc").filter(|vc| is_credential(vc)).ok_or(VerifyError::NotCredential)?;
    // An issuer may be a URI or an object that has one.
    let issuer = credential.get("issuer").map(|issuer| issuer.get("id").unwrap_or(issuer));
    let subject = credential.get("credentialSubject").and_then(|subject| subject.get("id"));
    for (name, counterpart) in [("iss", issuer), ("sub", subject), ("jti", credential.get("id"))] {
        // The data model lets an issuer leave out the counterpart, or the claim.
        if let (Some(claim), Some(counterpart)) = (claims.get(name), counterpart)
            && claim != counterpart
        {
            return Err(VerifyError::Contradiction(name));
        }
    }
    Ok(claims)
}

fn is_credential(vc: &Value) -> bool {
    match vc.get("type") {
        Some(Value::Array(types)) => types.iter().any(|name| name == BASE_TYPE),
        Some(name) => name == BASE_TYPE,
        None => false,
    }
}
