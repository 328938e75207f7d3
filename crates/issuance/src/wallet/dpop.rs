//! Proofs of possession of the key that an access token is bound to (RFC 9449).

use jose::{Jws, PublicKey, b64url_encode, private_members};
use model::{ProofAlgorithm, Timestamp};
use serde_json::{Map, Value};
use verify::sha256;

use super::WalletError;
use crate::engine::Engine;

/// For how many seconds around the present a proof is good.
const WINDOW: i64 = 300;
/// The longest proof, in bytes.
const MAX_LEN: usize = 8 * 1024;

/// A proof that holds for this request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dpop {
    /// The RFC 7638 thumbprint of its key.
    pub(super) jkt: [u8; 32],
}

fn refused(what: impl Into<String>) -> WalletError {
    WalletError::InvalidDpop(what.into())
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<&'a str, WalletError> {
    claims.get(name).and_then(Value::as_str).ok_or_else(|| refused(format!("The DPoP proof has no {name}.")))
}

/// An address without what RFC 9449, section 4.3, leaves out of the comparison.
fn bare(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

fn verified(proof: &str) -> Result<(Map<String, Value>, PublicKey), WalletError> {
    let jws = Jws::parse_within(proof, MAX_LEN)
        .map_err(|error| refused(format!("The DPoP proof is no JWT: {error}.")))?;
    let header = jws.header();
    if header.typ.as_deref() != Some("dpop+jwt") {
        return Err(refused("The DPoP proof's typ is not dpop+jwt."));
    }
    if header.alg.parse::<ProofAlgorithm>().is_err() {
        return Err(refused("The DPoP proof's alg is none of ES256, ES256K, EdDSA."));
    }
    let jwk = header.member("jwk").ok_or_else(|| refused("The DPoP proof's header has no jwk."))?;
    if !private_members(jwk).is_empty() {
        return Err(refused("The DPoP proof's jwk holds a private key. Do not use that key any more."));
    }
    let key = PublicKey::from_jwk(jwk).map_err(|error| refused(format!("The DPoP proof's jwk: {error}.")))?;
    jws.verify(&key).map_err(|error| refused(format!("The DPoP proof does not verify: {error}.")))?;
    match jose::strict_json(jws.payload()) {
        Ok(Value::Object(claims)) => Ok((claims, key)),
        _ => Err(refused("The DPoP proof's payload is no JSON object.")),
    }
}

impl Engine {
    /// Checks a DPoP proof for a `POST` to `url`, together with the access token if there is one, and uses up its `jti`.
    pub(super) async fn check_dpop(
        &self,
        proof: &str,
        url: &str,
        access_token: Option<&str>,
    ) -> Result<Dpop, WalletError> {
        let (claims, key) = verified(proof)?;
        if text(&claims, "htm")? != "POST" {
            return Err(refused("The DPoP proof's htm is not POST."));
        }
        if bare(text(&claims, "htu")?) != url {
            return Err(refused(format!("The DPoP proof's htu is not {url}.")));
        }
        let issued =
            claims.get("iat").and_then(Value::as_f64).ok_or_else(|| refused("The DPoP proof has no iat."))?;
        let now = self.clock.now().seconds();
        if (issued - now as f64).abs() > WINDOW as f64 {
            return Err(refused(
                "The DPoP proof's iat is too far from the present: check the device's clock.",
            ));
        }
        let bound = claims.get("ath").and_then(Value::as_str);
        if let Some(token) = access_token
            && bound != Some(b64url_encode(&sha256(token.as_bytes())).as_str())
        {
            return Err(refused("The DPoP proof's ath is not the hash of the access token."));
        }
        let jkt = key.thumbprint();
        let jti = text(&claims, "jti")?;
        let name = sha256(format!("dpop {} {jti}", b64url_encode(&jkt)).as_bytes());
        // Longer than the proof itself could pass.
        let until = Timestamp::from_seconds(now + 2 * WINDOW + 1);
        if !self.store.use_once(&[name], until).await? {
            return Err(refused("The DPoP proof was used before."));
        }
        Ok(Dpop { jkt })
    }
}
