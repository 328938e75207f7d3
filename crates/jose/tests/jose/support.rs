//! Keys and tokens for the tests of this crate.

use std::sync::LazyLock;

use jose::{JwkSet, Jws, JwsError, SigningKey, b64url_encode};
use serde_json::{Value, json};

/// A key pair on P-256.
pub(crate) static EC: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8()).unwrap());

/// A key pair on secp256k1.
pub(crate) static SECP256K1: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_pkcs8_der(&SigningKey::generate_es256k_pkcs8()).unwrap());

/// A key pair for Ed25519.
pub(crate) static ED25519: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_pkcs8_der(&SigningKey::generate_eddsa_pkcs8()).unwrap());

/// An RSA key pair.
pub(crate) static RSA: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_pkcs8_der(&SigningKey::generate_rs256_pkcs8()).unwrap());

/// The public JWK of a key with further members.
pub(crate) fn jwk(key: &SigningKey, further: &Value) -> Value {
    let mut jwk = key.public_key().to_jwk();
    jwk.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    jwk
}

/// Parses a set made of these keys.
pub(crate) fn set_of(keys: &[Value]) -> JwkSet {
    JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

/// A token with exactly this header text, signed whatever the header says.
pub(crate) fn forge(header: &str, payload: &[u8], key: &SigningKey) -> String {
    let input = format!("{}.{}", b64url_encode(header.as_bytes()), b64url_encode(payload));
    let signature = b64url_encode(&key.sign(input.as_bytes()));
    format!("{input}.{signature}")
}

/// What becomes of a token when the sender's key is `key`.
pub(crate) fn check(token: &str, key: &SigningKey) -> Result<Vec<u8>, JwsError> {
    let jws = Jws::parse(token)?;
    jws.verify(key.public_key())?;
    Ok(jws.payload().to_vec())
}
