//! Keys of a wallet, and how it proves that it holds them.

use aws_lc_rs::digest::{SHA256, digest};
use jose::{PublicKey, SigningKey, b64url_encode};
use serde_json::{Value, json};

/// A key of a wallet.
#[derive(Debug)]
pub struct WalletKey(SigningKey);

impl WalletKey {
    /// A key that signs.
    pub fn new(key: SigningKey) -> Self {
        Self(key)
    }

    /// A new key on P-256.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    pub fn generate() -> Self {
        let key = SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8());
        Self(key.expect("a key of our own making"))
    }

    /// A new key on secp256k1.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    pub fn generate_es256k() -> Self {
        let key = SigningKey::from_pkcs8_der(&SigningKey::generate_es256k_pkcs8());
        Self(key.expect("a key of our own making"))
    }

    /// A new key for Ed25519.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    pub fn generate_eddsa() -> Self {
        let key = SigningKey::from_pkcs8_der(&SigningKey::generate_eddsa_pkcs8());
        Self(key.expect("a key of our own making"))
    }

    pub(crate) fn signing_key(&self) -> &SigningKey {
        &self.0
    }

    /// The public key.
    pub fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    /// The public key as a JWK.
    pub fn jwk(&self) -> Value {
        self.0.public_key().to_jwk()
    }

    /// A JWT with this header beside `alg`, and these claims.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.0.sign_compact(header, claims.to_string().as_bytes())
    }

    /// A proof for an issuer (section 8.2.1 and appendix F.1), `at` this many seconds since 1970.
    pub fn proof(&self, issuer: &str, nonce: &str, at: i64) -> String {
        self.sign_proof(&json!({ "jwk": self.jwk() }), &json!({ "aud": issuer, "iat": at, "nonce": nonce }))
    }

    /// A proof with this header beside `typ` and `alg`, and these claims.
    pub fn sign_proof(&self, header: &Value, claims: &Value) -> String {
        let mut header = header.clone();
        header["typ"] = "openid4vci-proof+jwt".into();
        self.sign(&header, claims)
    }

    /// A DPoP proof for a `POST` to `url` (RFC 9449, section 4.2), for an access token if there is one.
    pub fn dpop(&self, url: &str, jti: &str, at: i64, access_token: Option<&str>) -> String {
        let mut claims = json!({ "jti": jti, "htm": "POST", "htu": url, "iat": at });
        if let Some(token) = access_token {
            claims["ath"] = b64url_encode(digest(&SHA256, token.as_bytes()).as_ref()).into();
        }
        let header = json!({ "typ": "dpop+jwt", "jwk": self.jwk() });
        self.0.sign_compact(&header, claims.to_string().as_bytes())
    }
}
