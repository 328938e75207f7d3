//! JWS JSON serialisation of an SD-JWT (RFC 9901, section 8).

use std::collections::BTreeSet;

use jose::{b64url_decode, strict_json};
use serde_json::{Map, Value};
use thiserror::Error;

use super::{MAX_DISCLOSURES, MAX_SIZE};

/// The most signatures that an SD-JWT in general serialisation may have.
pub const MAX_SIGNATURES: usize = 8;

/// Why a JSON document is not an SD-JWT.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum SerializationError {
    /// The document is not a JSON object.
    #[error("an SD-JWT in JSON serialisation is a JSON object")]
    NotObject,
    /// A member is missing, is of the wrong type, or is not what its place demands.
    #[error("{at:?} is not {what}")]
    Member {
        /// Path of the member.
        at: String,
        /// What it should be.
        what: &'static str,
    },
    /// The document has `signature` and `signatures`: it is both of the serialisations, or neither.
    #[error("the SD-JWT has \"signature\" and \"signatures\": a JSON serialisation has one of them")]
    Ambiguous,
    /// There are more than [`MAX_SIGNATURES`] signatures, or none.
    #[error("the SD-JWT has {0} signatures; from 1 to {MAX_SIGNATURES} are read")]
    Signatures(usize),
    /// There are more than [`MAX_DISCLOSURES`] disclosures.
    #[error("the SD-JWT has more than {MAX_DISCLOSURES} disclosures")]
    TooManyDisclosures,
    /// A signature after the first one has disclosures or a Key Binding JWT of its own.
    #[error("only the first signature may carry \"disclosures\" and \"kb_jwt\"")]
    NotFirst,
    /// A member is in the protected and in the unprotected header, or must be in the protected one.
    #[error("the header member {0:?} must be in the protected header, and only there")]
    Unprotected(String),
    /// The compact form is longer than [`MAX_SIZE`].
    #[error("the SD-JWT is longer than {MAX_SIZE} bytes")]
    TooLarge,
}

/// One signature of an SD-JWT in JSON serialisation, as a compact SD-JWT.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CompactForm {
    /// `<JWT>~<disclosure>~...~[<KB-JWT>]`, for [`SdJwt::parse`](super::SdJwt::parse).
    pub compact: String,
    /// `kid` of the unprotected header: a hint at the key, which nothing protects.
    pub kid: Option<String>,
}

/// The compact form of each signature of an SD-JWT in flattened or general JSON serialisation (RFC 9901, section 8).
///
/// The disclosures are those of the first signature, and belong to all. The Key Binding JWT is bound to the first
/// signature (section 8.1), so only the first form has it. The document comes from [`strict_json`].
///
/// # Errors
/// [`SerializationError`] when the document is not of this form, or exceeds a limit.
pub fn from_json(document: &Value) -> Result<Vec<CompactForm>, SerializationError> {
    let document = document.as_object().ok_or(SerializationError::NotObject)?;
    let payload = part(document, "payload", "payload")?;
    match (document.get("signatures"), document.contains_key("signature")) {
        (Some(_), true) => Err(SerializationError::Ambiguous),
        (None, _) => Ok(vec![compact(&Signature::read(document, "")?, payload, None)?]),
        (Some(Value::Array(entries)), false) => {
            if entries.is_empty() || entries.len() > MAX_SIGNATURES {
                return Err(SerializationError::Signatures(entries.len()));
            }
            let signatures = (0..).zip(entries).map(|(index, entry)| {
                let at = format!("signatures[{index}].");
                let entry = entry.as_object().ok_or_else(|| wrong(at.trim_end_matches('.'), "an object"))?;
                Signature::read(entry, &at)
            });
            let signatures = signatures.collect::<Result<Vec<_>, _>>()?;
            let first = signatures.first().ok_or(SerializationError::Signatures(0))?;
            if signatures[1..].iter().any(|other| other.disclosures.is_some() || other.kb_jwt.is_some()) {
                return Err(SerializationError::NotFirst);
            }
            signatures.iter().map(|signature| compact(signature, payload, Some(first))).collect()
        }
        (Some(_), false) => Err(wrong("signatures", "an array")),
    }
}

/// What stands beside the payload, once or for each signature.
struct Signature<'a> {
    protected: &'a str,
    signature: &'a str,
    disclosures: Option<Vec<&'a str>>,
    kb_jwt: Option<&'a str>,
    kid: Option<&'a str>,
}

impl<'a> Signature<'a> {
    fn read(members: &'a Map<String, Value>, at: &str) -> Result<Self, SerializationError> {
        let protected = part(members, "protected", &format!("{at}protected"))?;
        let signature = part(members, "signature", &format!("{at}signature"))?;
        let none = Map::new();
        let header = match members.get("header") {
            None => &none,
            Some(Value::Object(header)) => header,
            Some(_) => return Err(wrong(&format!("{at}header"), "an object")),
        };
        check_disjoint(header, protected, at)?;
        let disclosures = match members.get("header").and_then(|header| header.get("disclosures")) {
            None => None,
            Some(Value::Array(texts)) if texts.len() > MAX_DISCLOSURES => {
                return Err(SerializationError::TooManyDisclosures);
            }
            Some(Value::Array(texts)) => {
                let texts = texts.iter().map(|text| text.as_str().filter(|text| is_base64url(text)));
                Some(texts.collect::<Option<_>>().ok_or_else(|| {
                    wrong(&format!("{at}header.disclosures"), "an array of texts in base64url")
                })?)
            }
            Some(_) => return Err(wrong(&format!("{at}header.disclosures"), "an array")),
        };
        let text = |name: &'static str| match members.get("header").and_then(|header| header.get(name)) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(wrong(&format!("{at}header.{name}"), "a string")),
        };
        let (kb_jwt, kid) = (text("kb_jwt")?, text("kid")?);
        if kb_jwt.is_some_and(|jwt| jwt.is_empty() || !jwt.split('.').all(is_base64url)) {
            return Err(wrong(&format!("{at}header.kb_jwt"), "a JWT"));
        }
        Ok(Self { protected, signature, disclosures, kb_jwt, kid })
    }
}

/// RFC 7515, sections 4, 4.1.11 and 7.2.1: a member is in one of the two headers; `crit` and what changes how the
/// signature is verified must be protected.
fn check_disjoint(header: &Map<String, Value>, protected: &str, at: &str) -> Result<(), SerializationError> {
    let refused = || wrong(&format!("{at}protected"), "a JSON object in base64url");
    let protected = b64url_decode(protected).map_err(|_| refused())?;
    let Ok(Value::Object(protected)) = strict_json(&protected) else { return Err(refused()) };
    let must_be_protected = BTreeSet::from(["alg", "b64", "crit", "typ", "zip"]);
    match header
        .keys()
        .find(|name| must_be_protected.contains(name.as_str()) || protected.contains_key(*name))
    {
        Some(name) => Err(SerializationError::Unprotected(name.clone())),
        None => Ok(()),
    }
}

fn compact(
    signature: &Signature<'_>,
    payload: &str,
    first: Option<&Signature<'_>>,
) -> Result<CompactForm, SerializationError> {
    let disclosures = first.unwrap_or(signature).disclosures.as_deref().unwrap_or_default();
    let mut compact = [signature.protected, payload, signature.signature].join(".");
    compact.push('~');
    for disclosure in disclosures {
        compact.push_str(disclosure);
        compact.push('~');
    }
    compact.push_str(signature.kb_jwt.unwrap_or_default());
    if compact.len() > MAX_SIZE {
        return Err(SerializationError::TooLarge);
    }
    Ok(CompactForm { compact, kid: signature.kid.map(str::to_owned) })
}

/// A part of the compact form. Only base64url is let through, so that no part can pose as two.
fn part<'a>(members: &'a Map<String, Value>, name: &str, at: &str) -> Result<&'a str, SerializationError> {
    let text = members.get(name).and_then(Value::as_str).filter(|text| is_base64url(text));
    text.ok_or_else(|| wrong(at, "a text in base64url"))
}

fn is_base64url(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn wrong(at: &str, what: &'static str) -> SerializationError {
    SerializationError::Member { at: at.to_owned(), what }
}
