//! `did:jwk`: the identifier is the key's JWK in base64url.

use jose::{PublicKey, b64url_decode, b64url_encode, private_members, strict_json};

use super::DidKeyError;

/// The `did:jwk` of a key: that of its canonical public JWK ([`PublicKey::canonical_jwk`]).
///
/// Other texts of the same JWK give other identifiers, which [`resolve_key`](super::resolve_key) resolves to an
/// equal key. So compare the DIDs that holders name as texts, or the keys, but not a DID with this one.
pub fn did_jwk(key: &PublicKey) -> String {
    format!("did:jwk:{}", b64url_encode(key.canonical_jwk().as_bytes()))
}

/// The key behind the part after `did:jwk:`.
pub(super) fn resolve(id: &str) -> Result<PublicKey, DidKeyError> {
    let text = b64url_decode(id).map_err(DidKeyError::Encoding)?;
    let jwk = strict_json(&text).map_err(DidKeyError::Json)?;
    let private = private_members(&jwk);
    if !private.is_empty() {
        return Err(DidKeyError::PrivateMembers(private.join(", ")));
    }
    Ok(PublicKey::from_jwk(&jwk)?)
}
