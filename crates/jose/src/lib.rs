//! Strict JOSE: JSON Web Keys (RFC 7517) and compact JSON Web Signatures (RFC 7515) with ES256, ES384, ES512 and
//! RS256 (RFC 7518), ES256K (RFC 8812) and EdDSA (RFC 8037). ES384 and ES512 are verified only, never signed.
//!
//! This crate decides whether a token that a stranger sent was signed by a key that we know. It therefore
//! does little: six algorithms, one serialization, no extension. What it doesn't understand it refuses, and
//! each refusal has its own error, whose text may be shown to whoever sent the token.
//!
//! - The algorithm belongs to the key. A token's `alg` is compared with it and never chooses anything, so
//!   `none`, and `HS256` with a public key as its secret, cannot verify (RFC 8725, sections 2.1 and 3.1).
//! - Sets of keys hold keys for ES256 and RS256 only ([`JWK_SET_ALGORITHMS`]), and tokens name their key, unless the
//!   caller asks for more ([`JwkSet::parse_with`]), as for the sets of issuers whom it knows nothing of. The others
//!   are for a single key that the caller has, such as that of a wallet or of a certificate.
//! - A key comes from the caller. Keys and addresses inside a token (`jwk`, `jku`, `x5c`, `x5u`) are not
//!   used.
//! - Private members of a published key are not read; that they were published is reported as a
//!   [`KeyWarning`].
//! - JSON with a duplicate member name, and base64url with padding or stray bits, is refused: two parsers
//!   could read it in two ways.
//!
//! [`jwe`] encrypts and decrypts what a wallet and an issuer exchange.
//!
//! All cryptography is that of `aws-lc-rs`.
//!
//! ```
//! use jose::{JwkSet, Jws, SigningKey};
//! use serde_json::json;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let signer = SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8())?;
//! let token = signer.sign_compact(&json!({ "typ": "JWT", "kid": "partner" }), br#"{"scope":"issue"}"#);
//!
//! let mut published = signer.public_key().to_jwk();
//! published["kid"] = json!("partner");
//! let keys = JwkSet::parse(json!({ "keys": [published] }).to_string().as_bytes())?;
//!
//! let jws = Jws::parse(&token)?;
//! keys.verify(&jws)?;
//! assert_eq!(jws.payload(), br#"{"scope":"issue"}"#);
//! # Ok(())
//! # }
//! ```

pub mod jwe;

mod algorithm;
mod base64url;
mod curve;
mod ed25519;
mod json;
mod jwk;
mod jwk_set;
mod jws;
mod public_key;
mod quoted;
mod roca;
mod signing_key;
mod spki;

pub use algorithm::{Algorithm, JWK_SET_ALGORITHMS, UnsupportedAlgorithm};
pub use base64url::{Base64UrlError, b64url_decode, b64url_encode};
pub use json::{JsonError, MAX_JSON_DEPTH, strict_json};
pub use jwk::{JwkError, private_members};
pub use jwk_set::{
    JwkSet, JwkSetError, KeyWarning, MAX_JWK_SET_KEYS, MAX_JWK_SET_LEN, MAX_TRIED_KEYS, SetKey,
};
pub use jws::{Header, Jws, JwsError, MAX_JWS_LEN};
pub use public_key::PublicKey;
pub use quoted::Quoted;
pub use signing_key::{SigningKey, SigningKeyError};
pub use spki::SpkiError;
