//! Proofs of keys (OpenID4VCI 1.0, appendix F.1, proof type `jwt`).

use jose::{Jws, PublicKey, private_members};
use model::{ProofAlgorithm, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::nonce::name_of;
use super::{BATCH_SIZE, WalletError};
use crate::engine::Engine;

/// `typ` of a proof.
const TYP: &str = "openid4vci-proof+jwt";
/// The longest proof, in bytes.
const MAX_LEN: usize = 8 * 1024;
/// How far a proof's moment may lie in the past, in seconds: its nonce says how fresh it is.
const OLDEST: i64 = 3600;
/// How far it may lie in the future: clocks differ.
const NEWEST: i64 = 120;

/// A key of a wallet, to which a credential is bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolderKey {
    /// The DID by which the wallet named it; `did:jwk` of the key if it was named by value.
    pub did: String,
    /// The public key as a JWK, with no more than its required members.
    pub jwk: Value,
    /// Its RFC 7638 thumbprint.
    pub thumbprint: [u8; 32],
}

impl HolderKey {
    /// A key that was named by value.
    pub fn new(key: &PublicKey) -> Self {
        Self { did: vc::did::did_jwk(key), jwk: canonical(key), thumbprint: key.thumbprint() }
    }
}

/// The required members alone, whatever else a wallet wrote.
fn canonical(key: &PublicKey) -> Value {
    serde_json::from_str(&key.canonical_jwk()).expect("a JWK of our own making")
}

/// What the proofs of one request show.
#[derive(Debug)]
pub(super) struct Proved {
    pub(super) keys: Vec<HolderKey>,
    /// The names of the nonces that are used up.
    pub(super) once: Vec<[u8; 32]>,
}

/// Who asks whom, as proofs have to say.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProofContext<'a> {
    pub(super) issuer_url: &'a str,
    pub(super) client_id: Option<&'a str>,
    pub(super) algorithms: &'a [ProofAlgorithm],
}

/// The key that a proof's header names, by exactly one of `jwk` and `kid`.
fn named_key(jws: &Jws<'_>) -> Result<(PublicKey, HolderKey), WalletError> {
    let header = jws.header();
    if header.member("x5c").is_some() || header.member("trust_chain").is_some() {
        return Err(WalletError::proof(
            "The proof's header has x5c or trust_chain: use jwk, or kid with a did:jwk or did:key.",
        ));
    }
    match (header.member("jwk"), &header.kid) {
        (Some(_), Some(_)) => {
            Err(WalletError::proof("The proof's header has both jwk and kid: exactly one names the key."))
        }
        (None, None) => Err(WalletError::proof(
            "The proof's header names no key: use jwk, or kid with a did:jwk or did:key.",
        )),
        (Some(jwk), None) => {
            if !private_members(jwk).is_empty() {
                return Err(WalletError::proof(
                    "The proof's jwk holds a private key. Do not use that key any more.",
                ));
            }
            let key = PublicKey::from_jwk(jwk)
                .map_err(|error| WalletError::proof(format!("The proof's jwk: {error}.")))?;
            let holder = HolderKey::new(&key);
            Ok((key, holder))
        }
        (None, Some(kid)) => {
            let (key, did) = vc::did::resolve_key(kid)
                .map_err(|error| WalletError::proof(format!("The proof's kid: {error}.")))?;
            let holder = HolderKey { did, jwk: canonical(&key), thumbprint: key.thumbprint() };
            Ok((key, holder))
        }
    }
}

/// Seconds since 1970, as a NumericDate (RFC 7519, section 2).
fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, WalletError> {
    let wrong = || WalletError::proof(format!("The proof's {name} is no number of seconds since 1970."));
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => {
            let seconds = number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64));
            seconds.filter(|seconds| (0..=253_402_300_799).contains(seconds)).map(Some).ok_or_else(wrong)
        }
        Some(_) => Err(wrong()),
    }
}

fn check_claims(
    claims: &Map<String, Value>,
    context: &ProofContext<'_>,
    now: Timestamp,
) -> Result<(), WalletError> {
    let meant = match claims.get("aud") {
        Some(Value::String(audience)) => audience == context.issuer_url,
        Some(Value::Array(audiences)) => audiences.iter().any(|audience| audience == context.issuer_url),
        _ => false,
    };
    if !meant {
        return Err(WalletError::proof(format!("The proof's aud is not {}.", context.issuer_url)));
    }
    match (claims.get("iss"), context.client_id) {
        (None, _) => {}
        (Some(Value::String(iss)), Some(client)) if iss == client => {}
        // RFC 6749 knows wallets by client_id; one that did not say it has no name to give.
        (Some(_), None) => {
            return Err(WalletError::proof(
                "The proof has iss, but the token was asked for without client_id: leave it out.",
            ));
        }
        (Some(_), Some(_)) => {
            return Err(WalletError::proof("The proof's iss is not the client_id of the token request."));
        }
    }
    let issued = moment(claims, "iat")?.ok_or_else(|| WalletError::proof("The proof has no iat."))?;
    let now = now.seconds();
    if issued > now + NEWEST || issued < now - OLDEST {
        return Err(WalletError::proof(
            "The proof's iat is too far from the present: check the device's clock.",
        ));
    }
    if moment(claims, "exp")?.is_some_and(|end| end <= now) {
        return Err(WalletError::proof("The proof has expired."));
    }
    if moment(claims, "nbf")?.is_some_and(|begin| begin > now + NEWEST) {
        return Err(WalletError::proof("The proof is not valid yet."));
    }
    Ok(())
}

impl Engine {
    /// The keys that a request proves to hold: distinct, at most [`BATCH_SIZE`].
    pub(super) fn check_proofs(
        &self,
        proofs: &[String],
        context: &ProofContext<'_>,
    ) -> Result<Proved, WalletError> {
        if proofs.is_empty() {
            return Err(WalletError::proof("The request proves no key: send proofs with at least one jwt."));
        }
        if proofs.len() > BATCH_SIZE {
            return Err(WalletError::proof(format!("The request has more than {BATCH_SIZE} proofs.")));
        }
        let mut proved = Proved { keys: Vec::with_capacity(proofs.len()), once: Vec::new() };
        for proof in proofs {
            let (key, once) = self.check_proof(proof, context)?;
            if proved.keys.iter().any(|known| known.thumbprint == key.thumbprint) {
                return Err(WalletError::proof(
                    "Two proofs are of one key: each credential is bound to a key of its own.",
                ));
            }
            proved.keys.push(key);
            if !proved.once.contains(&once) {
                proved.once.push(once);
            }
        }
        Ok(proved)
    }

    fn check_proof(
        &self,
        proof: &str,
        context: &ProofContext<'_>,
    ) -> Result<(HolderKey, [u8; 32]), WalletError> {
        let jws = Jws::parse_within(proof, MAX_LEN)
            .map_err(|error| WalletError::proof(format!("The proof is no JWT: {error}.")))?;
        if jws.header().typ.as_deref() != Some(TYP) {
            return Err(WalletError::proof(format!("The proof's typ is not {TYP}.")));
        }
        let algorithm = jws.header().alg.parse::<ProofAlgorithm>().ok();
        if !algorithm.is_some_and(|algorithm| context.algorithms.contains(&algorithm)) {
            let accepted: Vec<&str> = context.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
            return Err(WalletError::proof(format!("The proof's alg is none of {}.", accepted.join(", "))));
        }
        let (key, holder) = named_key(&jws)?;
        jws.verify(&key)
            .map_err(|error| WalletError::proof(format!("The proof does not verify: {error}.")))?;
        let Ok(Value::Object(claims)) = jose::strict_json(jws.payload()) else {
            return Err(WalletError::proof("The proof's payload is no JSON object."));
        };
        check_claims(&claims, context, self.clock.now())?;
        let nonce = claims.get("nonce").and_then(Value::as_str);
        let nonce = nonce.ok_or_else(|| {
            WalletError::proof("The proof has no nonce: fetch one from the nonce endpoint.")
        })?;
        self.check_nonce(context.issuer_url, nonce)?;
        Ok((holder, name_of(nonce)))
    }
}
