//! From the DID URL of a holder's key to the key.

use jose::{Base64UrlError, JsonError, JwkError, PublicKey};
use thiserror::Error;

use super::{jwk, key};

/// The longest DID URL that is resolved, in bytes.
pub const MAX_DID_URL_SIZE: usize = 2048;

/// Why a DID URL gives no key.
#[derive(Debug, Error)]
pub enum DidKeyError {
    /// The DID URL is longer than [`MAX_DID_URL_SIZE`].
    #[error("the DID URL has {0} bytes; at most {MAX_DID_URL_SIZE} are read")]
    TooLong(usize),
    /// The text is not a DID, or its method is another.
    #[error("only a did:jwk or a did:key is resolved: use one of these, or send the key as a JWK")]
    Method,
    /// The fragment is not this name of the DID's only key.
    #[error("the DID has one key: name it with the fragment #{0}, or leave the fragment out")]
    Fragment(String),
    /// The identifier of a `did:jwk` is not base64url.
    #[error("the identifier of the did:jwk is {0}")]
    Encoding(#[source] Base64UrlError),
    /// A `did:jwk` holds something that is not strict JSON.
    #[error("the JWK in the did:jwk is refused: {0}")]
    Json(#[source] JsonError),
    /// A `did:jwk` holds these private members: whoever has seen it can sign as the holder.
    #[error("the did:jwk holds the private members {0} of its key: make a new key and keep them secret")]
    PrivateMembers(String),
    /// The identifier of a `did:key` is not base58btc.
    #[error("the identifier of a did:key is \"z\" and the key in base58btc")]
    Multibase,
    /// A `did:key` holds a key of another kind.
    #[error("the did:key holds no key that is accepted: use P-256, P-384, P-521, secp256k1 or Ed25519")]
    KeyKind,
    /// A `did:key` for an elliptic curve does not hold a compressed point on that curve.
    #[error("the did:key does not hold a compressed point on its curve")]
    Point,
    /// The key is not one that is accepted.
    #[error("the key of the DID is refused: {0}")]
    Key(#[from] JwkError),
}

/// The public key that a DID URL names, and the DID without a fragment; nothing is fetched.
///
/// The two methods put the key into the DID. The key of a `did:jwk` is `#0`; that of a `did:key` is named by its own
/// identifier. A DID without a fragment has this one key, and is accepted as well. The DID is returned as it was
/// written.
///
/// # Errors
/// [`DidKeyError`] when the method is another, the fragment names another key, or the key is not one that is accepted.
pub fn resolve_key(did_url: &str) -> Result<(PublicKey, String), DidKeyError> {
    if did_url.len() > MAX_DID_URL_SIZE {
        return Err(DidKeyError::TooLong(did_url.len()));
    }
    let (did, fragment) = match did_url.split_once('#') {
        Some((did, fragment)) => (did, Some(fragment)),
        None => (did_url, None),
    };
    let (key, name) = if let Some(id) = did.strip_prefix("did:jwk:") {
        (jwk::resolve(id)?, "0")
    } else if let Some(id) = did.strip_prefix("did:key:") {
        (key::resolve(id)?, id)
    } else {
        return Err(DidKeyError::Method);
    };
    if fragment.is_some_and(|fragment| fragment != name) {
        return Err(DidKeyError::Fragment(name.to_owned()));
    }
    Ok((key, did.to_owned()))
}
