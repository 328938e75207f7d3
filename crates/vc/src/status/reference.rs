//! Where a credential says that its status is found.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::json::texts;

/// The most status entries that a credential may have.
pub const MAX_REFERENCES: usize = 16;

/// The longest URL of a status list, in bytes.
const MAX_URL_SIZE: usize = 2048;

/// Why the status entries of a credential cannot be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ReferenceError {
    /// A member is missing or is not of the kind that it must be.
    #[error("the credential's {at:?} is not {what}")]
    Malformed {
        /// The member.
        at: &'static str,
        /// What it should be.
        what: &'static str,
    },
    /// There are more than [`MAX_REFERENCES`] entries.
    #[error("the credential has {0} status entries; at most {MAX_REFERENCES} are read")]
    TooMany(usize),
}

/// One status entry of a credential.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum StatusReference {
    /// An entry of a Token Status List (draft-ietf-oauth-status-list, section 6.2), for
    /// [`TokenList`](super::TokenList).
    Token {
        /// URI of the status list token.
        uri: String,
        /// Index of the entry.
        idx: u32,
    },
    /// An entry of a Bitstring Status List (section 2.1) or StatusList2021, for
    /// [`CredentialList`](super::CredentialList).
    Bitstring {
        /// URL of the status list credential.
        url: String,
        /// Index of the entry.
        index: u32,
        /// What the entry means, such as `revocation`.
        purpose: String,
        /// Bits of the entry, from 1 to 8.
        size: u8,
        /// Identifier of the entry itself.
        id: Option<String>,
    },
    /// A status of another kind. Whether the credential is revoked, we cannot tell.
    Unsupported {
        /// The type, or the name of the mechanism.
        kind: String,
    },
}

/// The status entries of a credential: `status` of an SD-JWT VC and `credentialStatus` of a W3C credential, in the payload
/// and in its member `vc` (data model 1.1).
///
/// `claims` is what verification gave: the processed claims of an SD-JWT, or the payload of a JWT. A credential without
/// entries cannot be revoked by a list.
///
/// # Errors
/// [`ReferenceError`]: an entry that cannot be read must not count as none.
pub fn references(claims: &Map<String, Value>) -> Result<Vec<StatusReference>, ReferenceError> {
    let mut found = Vec::new();
    if let Some(status) = claims.get("status") {
        found.push(token_reference(status)?);
    }
    let embedded = claims.get("vc").and_then(|vc| vc.get("credentialStatus"));
    for entries in [claims.get("credentialStatus"), embedded].into_iter().flatten() {
        match entries {
            Value::Array(entries) if entries.len() > MAX_REFERENCES => {
                return Err(ReferenceError::TooMany(entries.len()));
            }
            Value::Array(entries) => {
                for entry in entries {
                    found.push(entry_reference(entry)?);
                }
            }
            entry => found.push(entry_reference(entry)?),
        }
    }
    if found.len() > MAX_REFERENCES { Err(ReferenceError::TooMany(found.len())) } else { Ok(found) }
}

fn token_reference(status: &Value) -> Result<StatusReference, ReferenceError> {
    let status = status.as_object().ok_or_else(|| malformed("status", "an object"))?;
    let Some(list) = status.get("status_list") else {
        let kind = status.keys().next().ok_or_else(|| malformed("status", "an object with a mechanism"))?;
        return Ok(StatusReference::Unsupported { kind: kind.clone() });
    };
    let idx = list.get("idx").and_then(Value::as_u64).and_then(|idx| u32::try_from(idx).ok());
    Ok(StatusReference::Token {
        uri: url(list.get("uri"), "status.status_list.uri")?,
        idx: idx.ok_or_else(|| malformed("status.status_list.idx", INDEX))?,
    })
}

const INDEX: &str = "an index below 2^32";

fn entry_reference(entry: &Value) -> Result<StatusReference, ReferenceError> {
    let members = entry.as_object().ok_or_else(|| malformed("credentialStatus", "an object"))?;
    let types = members.get("type").and_then(texts);
    let types = types
        .filter(|types| !types.is_empty())
        .ok_or_else(|| malformed("credentialStatus.type", "a text"))?;
    if !types.iter().any(|name| ["BitstringStatusListEntry", "StatusList2021Entry"].contains(name)) {
        return Ok(StatusReference::Unsupported { kind: types[0].to_owned() });
    }
    let purpose = members.get("statusPurpose").and_then(Value::as_str);
    let size = match members.get("statusSize") {
        None => Some(1),
        Some(size) => size.as_u64().filter(|size| (1..=8).contains(size)),
    };
    Ok(StatusReference::Bitstring {
        url: url(members.get("statusListCredential"), "credentialStatus.statusListCredential")?,
        index: members
            .get("statusListIndex")
            .and_then(list_index)
            .ok_or_else(|| malformed("credentialStatus.statusListIndex", INDEX))?,
        purpose: purpose.ok_or_else(|| malformed("credentialStatus.statusPurpose", "a text"))?.to_owned(),
        size: size.ok_or_else(|| malformed("credentialStatus.statusSize", "from 1 to 8"))? as u8,
        id: members.get("id").and_then(Value::as_str).map(str::to_owned),
    })
}

/// A number in decimal digits, as a text (section 2.1). Some issuers write it as a number.
fn list_index(index: &Value) -> Option<u32> {
    match index {
        Value::String(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        Value::Number(_) => index.as_u64()?.try_into().ok(),
        _ => None,
    }
}

fn url(value: Option<&Value>, at: &'static str) -> Result<String, ReferenceError> {
    let text = value.and_then(Value::as_str).filter(|text| !text.is_empty() && text.len() <= MAX_URL_SIZE);
    text.map(str::to_owned).ok_or_else(|| malformed(at, "a URL of at most 2048 bytes"))
}

fn malformed(at: &'static str, what: &'static str) -> ReferenceError {
    ReferenceError::Malformed { at, what }
}
