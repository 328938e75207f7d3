//! `did:key`: the identifier is the key's kind and bytes in base58btc (did:key method specification).

use jose::{PublicKey, b64url_decode, b64url_encode};
use serde_json::{Value, json};

use super::DidKeyError;
use super::point::{Curve, compress, decompress};

/// The longest identifier that is decoded, in bytes. That of a key on P-521 has 95.
const MAX_ID_SIZE: usize = 112;

/// The multibase prefix of base58btc.
const BASE58BTC: char = 'z';

/// The multicodec codes of kinds of keys, as variable-length integers.
const P256_PUB: [u8; 2] = [0x80, 0x24]; // 0x1200
const P384_PUB: [u8; 2] = [0x81, 0x24]; // 0x1201
const P521_PUB: [u8; 2] = [0x82, 0x24]; // 0x1202
const SECP256K1_PUB: [u8; 2] = [0xe7, 0x01]; // 0xe7
const ED25519_PUB: [u8; 2] = [0xed, 0x01]; // 0xed

/// The `did:key` of a key on a curve. An RSA key has none.
pub fn did_key(key: &PublicKey) -> Option<String> {
    let jwk = key.to_jwk();
    let point = || compress(&number(&jwk, "x"), &number(&jwk, "y"));
    let (codec, bytes) = match jwk["crv"].as_str()? {
        "P-256" => (P256_PUB, point()),
        "P-384" => (P384_PUB, point()),
        "P-521" => (P521_PUB, point()),
        "secp256k1" => (SECP256K1_PUB, point()),
        "Ed25519" => (ED25519_PUB, number(&jwk, "x")),
        _ => return None,
    };
    Some(format!("did:key:{BASE58BTC}{}", bs58::encode([&codec[..], &bytes].concat()).into_string()))
}

/// A member of a JWK that our own crate has written.
fn number(jwk: &Value, name: &str) -> Vec<u8> {
    const WRITTEN: &str = "a JWK that was written has its numbers in base64url";
    b64url_decode(jwk[name].as_str().expect(WRITTEN)).expect(WRITTEN)
}

/// The key behind the part after `did:key:`, which is the form of `publicKeyMultibase` as well (Controlled Identifiers
/// 1.0, section 2.2.2).
pub(super) fn resolve(id: &str) -> Result<PublicKey, DidKeyError> {
    let base58 = id.strip_prefix(BASE58BTC).ok_or(DidKeyError::Multibase)?;
    if id.len() > MAX_ID_SIZE {
        return Err(DidKeyError::KeyKind);
    }
    let bytes = bs58::decode(base58).into_vec().map_err(|_| DidKeyError::Multibase)?;
    let (codec, key) = bytes.split_first_chunk().ok_or(DidKeyError::KeyKind)?;
    let jwk = match *codec {
        P256_PUB => ec_jwk(Curve::P256, key)?,
        P384_PUB => ec_jwk(Curve::P384, key)?,
        P521_PUB => ec_jwk(Curve::P521, key)?,
        SECP256K1_PUB => ec_jwk(Curve::Secp256k1, key)?,
        ED25519_PUB => json!({ "kty": "OKP", "crv": "Ed25519", "x": b64url_encode(key) }),
        _ => return Err(DidKeyError::KeyKind),
    };
    Ok(PublicKey::from_jwk(&jwk)?)
}

fn ec_jwk(curve: Curve, compressed: &[u8]) -> Result<Value, DidKeyError> {
    let (x, y) = decompress(curve, compressed).ok_or(DidKeyError::Point)?;
    Ok(json!({ "kty": "EC", "crv": curve.name(), "x": b64url_encode(&x), "y": b64url_encode(&y) }))
}
