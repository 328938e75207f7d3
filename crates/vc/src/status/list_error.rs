//! Why a stranger's status list is refused, and what it says before it is verified.

use jose::{Header, Jws, JwsError};
use serde_json::{Map, Value};
use thiserror::Error;

use super::{DecodeError, MAX_JWT_SIZE, MIN_BITSTRING_SIZE, token_list};
use crate::json::{self, PayloadError, id_of, media_type};

/// Why a status list gives no status.
#[derive(Debug, Error)]
pub enum ListError {
    /// The JWS is malformed, too long, or its signature does not verify.
    #[error("the status list: {0}")]
    Jws(#[from] JwsError),
    /// The `typ` is not that of such a list.
    #[error("the \"typ\" of the status list is not {0}")]
    Type(&'static str),
    /// The payload is not a JSON object.
    #[error("the payload of the status list: {0}")]
    Payload(#[from] PayloadError),
    /// A claim is missing or is not of the kind that it must be.
    #[error("the claim {0:?} of the status list is missing or malformed")]
    Claim(&'static str),
    /// The credential is not a status list.
    #[error("the document is not a status list credential")]
    NotStatusList,
    /// A credential is a status list, but its JWT claims contradict it.
    #[error("the status list credential: {0}")]
    Contradiction(String),
    /// `bits` is not 1, 2, 4 or 8, or `statusSize` is not from 1 to 8.
    #[error("{0} bits for each status are not possible")]
    EntrySize(u64),
    /// The list cannot be decoded.
    #[error(transparent)]
    List(#[from] DecodeError),
    /// The list is for other purposes than the entry.
    #[error("the status list is for {found:?}, not for {asked:?}")]
    Purpose {
        /// What the list is for.
        found: Vec<String>,
        /// What the credential says that it is for.
        asked: String,
    },
    /// A Bitstring Status List has fewer entries than the recommendation demands.
    #[error("a Bitstring Status List has at least {MIN_BITSTRING_SIZE} entries, this one {0}")]
    TooShort(u64),
    /// The index is not below the number of entries.
    #[error("index {index} is outside a status list of {size} entries")]
    Index {
        /// The index that was asked for.
        index: u32,
        /// Entries in the list.
        size: u64,
    },
}

/// What a status list says of itself before anything is verified: enough to find the key.
#[derive(Clone, Debug)]
pub struct ListPeek {
    /// The JOSE header, with `kid`, `typ` and `x5c`.
    pub header: Header,
    /// `sub` of a token, the identifier of a credential: the URI of the list.
    pub subject: Option<String>,
    /// `iss` of a token, the issuer of a credential. A token need not have one.
    pub issuer: Option<String>,
}

/// Reads a status list without verifying it, so that its key can be found. The list itself is not decompressed.
///
/// # Errors
/// [`ListError::Jws`] and [`ListError::Payload`].
pub fn peek(compact: &str) -> Result<ListPeek, ListError> {
    let jws = Jws::parse_within(compact, MAX_JWT_SIZE)?;
    let claims: Map<String, Value> = json::from_payload(jws.payload())?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let is_token = jws.header().typ.as_deref().is_some_and(|typ| media_type(typ) == token_list::TYP);
    let (subject, issuer) = if is_token {
        (text("sub"), text("iss"))
    } else {
        let credential = claims.get("vc").and_then(Value::as_object).unwrap_or(&claims);
        let id = credential.get("id").and_then(Value::as_str).or(text("jti"));
        (id, credential.get("issuer").and_then(id_of).or(text("iss")))
    };
    Ok(ListPeek {
        header: jws.header().clone(),
        subject: subject.map(str::to_owned),
        issuer: issuer.map(str::to_owned),
    })
}
