//! Keys in strangers' DID documents (DID Core, section 5; Controlled Identifiers 1.0, section 2).

use jose::{JsonError, JwkError, PublicKey, strict_json};
use serde_json::Value;
use thiserror::Error;

use super::{DidKeyError, key};

/// The longest DID document that is read, in bytes.
pub const MAX_DOCUMENT_SIZE: usize = 256 * 1024;

/// The most verification methods, and the most entries of a purpose, that a document may have.
pub const MAX_METHODS: usize = 64;

/// What a key of a DID document is for: a verification relationship (DID Core, section 5.3).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Purpose {
    /// To sign credentials.
    AssertionMethod,
    /// To show who one is: to sign presentations.
    Authentication,
}

impl Purpose {
    /// The member of the document that lists the methods.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AssertionMethod => "assertionMethod",
            Self::Authentication => "authentication",
        }
    }
}

/// Why a DID document gives no key.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// The document is longer than [`MAX_DOCUMENT_SIZE`].
    #[error("the DID document has {0} bytes; at most {MAX_DOCUMENT_SIZE} are read")]
    TooLarge(usize),
    /// The document is not strict JSON.
    #[error("the DID document is refused: {0}")]
    Json(#[from] JsonError),
    /// The document is not that of the DID: its `id` is another.
    #[error("the DID document is not that of the DID: its \"id\" is another")]
    Id,
    /// A list has more than [`MAX_METHODS`] entries, or is not an array.
    #[error("the member {0:?} of the DID document is not an array of at most {MAX_METHODS} entries")]
    Methods(&'static str),
    /// No key under the purpose is that of the identifier, or there is none at all.
    #[error("the DID document lists no such key under {:?}", .0.as_str())]
    NotFound(Purpose),
    /// The method was revoked, or its controller is another than the DID.
    #[error("the key is revoked, or another DID controls it")]
    NotControlled,
    /// The method has neither `publicKeyJwk` nor `publicKeyMultibase`.
    #[error("the key of the DID document has neither \"publicKeyJwk\" nor \"publicKeyMultibase\"")]
    NoKey,
    /// `publicKeyJwk` is not a key that is accepted.
    #[error("the key of the DID document is refused: {0}")]
    Jwk(#[from] JwkError),
    /// `publicKeyMultibase` is not a key that is accepted.
    #[error("the key of the DID document is refused: {0}")]
    Multibase(#[from] DidKeyError),
}

/// Reads a DID document.
///
/// # Errors
/// [`DocumentError::TooLarge`] and [`DocumentError::Json`].
pub fn parse_document(bytes: &[u8]) -> Result<Value, DocumentError> {
    if bytes.len() > MAX_DOCUMENT_SIZE {
        return Err(DocumentError::TooLarge(bytes.len()));
    }
    Ok(strict_json(bytes)?)
}

/// The keys that a DID's document lists for a purpose, by reference or embedded; never none.
///
/// `kid` picks one: the DID URL of the method (`did:web:example.com#key-1`), its fragment (`#key-1`, `key-1`), or the `kid`
/// of its JWK. Without one, all keys that can be used are returned, in the document's order. Methods that another DID
/// controls, or that have the member `revoked`, whatever its date, are not used.
///
/// # Errors
/// [`DocumentError`] when the document is that of another DID, or has no such key.
pub fn key_of_document(
    document: &Value,
    did: &str,
    kid: Option<&str>,
    purpose: Purpose,
) -> Result<Vec<PublicKey>, DocumentError> {
    if document.get("id").and_then(Value::as_str) != Some(did) {
        return Err(DocumentError::Id);
    }
    let methods = list(document, "verificationMethod")?;
    let listed: Vec<&Value> = list(document, purpose.as_str())?
        .iter()
        .flat_map(|entry| match entry.as_str() {
            Some(reference) => methods.iter().filter(|method| has_id(method, did, reference)).collect(),
            None => vec![entry],
        })
        .take(MAX_METHODS)
        .collect();
    match kid {
        Some(kid) => {
            let by_id = listed.iter().filter(|method| has_id(method, did, kid));
            let mut keys = by_id.map(|method| key_of(method, did)).collect::<Result<Vec<_>, _>>()?;
            if keys.is_empty() {
                let by_jwk = listed.iter().filter(|method| method["publicKeyJwk"]["kid"] == kid);
                keys = by_jwk.map(|method| key_of(method, did)).collect::<Result<_, _>>()?;
            }
            if keys.is_empty() { Err(DocumentError::NotFound(purpose)) } else { Ok(keys) }
        }
        None => {
            let mut keys = Vec::new();
            let mut first_error = None;
            for method in listed {
                match key_of(method, did) {
                    Ok(key) => keys.push(key),
                    Err(error) => first_error = first_error.or(Some(error)),
                }
            }
            if keys.is_empty() {
                Err(first_error.unwrap_or(DocumentError::NotFound(purpose)))
            } else {
                Ok(keys)
            }
        }
    }
}

/// A list of the document; empty if it is missing.
fn list<'a>(document: &'a Value, name: &'static str) -> Result<&'a [Value], DocumentError> {
    match document.get(name) {
        None => Ok(&[]),
        Some(Value::Array(entries)) if entries.len() <= MAX_METHODS => Ok(entries),
        Some(_) => Err(DocumentError::Methods(name)),
    }
}

/// Whether a method is the one that `reference` names: as a DID URL, or as a fragment of the DID.
fn has_id(method: &Value, did: &str, reference: &str) -> bool {
    let id = method.get("id").and_then(Value::as_str);
    id.is_some_and(|id| fragment(id, did) == fragment(reference, did) && fragment(id, did).is_some())
}

/// The fragment of an identifier in this DID's document: `did:x#key`, `#key` or `key`. None for those of other DIDs.
fn fragment<'a>(id: &'a str, did: &str) -> Option<&'a str> {
    let fragment = match id.strip_prefix(did) {
        Some(rest) => rest.strip_prefix('#')?,
        None if id.starts_with("did:") => return None,
        None => id.strip_prefix('#').unwrap_or(id),
    };
    Some(fragment).filter(|fragment| !fragment.is_empty() && !fragment.contains('#'))
}

fn key_of(method: &Value, did: &str) -> Result<PublicKey, DocumentError> {
    let is_foreign = method.get("controller").is_some_and(|controller| controller != did);
    if is_foreign || method.get("revoked").is_some() {
        return Err(DocumentError::NotControlled);
    }
    if let Some(jwk) = method.get("publicKeyJwk") {
        return Ok(PublicKey::from_jwk(jwk)?);
    }
    match method.get("publicKeyMultibase").and_then(Value::as_str) {
        Some(multibase) => Ok(key::resolve(multibase)?),
        None => Err(DocumentError::NoKey),
    }
}
