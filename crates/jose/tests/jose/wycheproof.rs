//! Project Wycheproof's vectors against the functions that check Partner JWTs and the signatures of issuers.

use jose::jwe::{DecryptionKey, decrypt};
use jose::{Algorithm, JWK_SET_ALGORITHMS, JwkSet, Jws, PublicKey, b64url_decode, b64url_encode};
use serde_json::{Value, json};

macro_rules! vectors {
    ($file:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../vectors/wycheproof/", $file))).unwrap()
    };
}

/// Each test of a file with the group it is in.
fn tests(file: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let groups = file["testGroups"].as_array().unwrap();
    groups.iter().flat_map(|group| group["tests"].as_array().unwrap().iter().map(move |test| (group, test)))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

/// As a Partner JWT is checked: the set is what the partner published, the token names its key.
fn verifies(set: &Value, token: &str) -> bool {
    let keys = JwkSet::parse(set.to_string().as_bytes()).unwrap();
    Jws::parse(token).is_ok_and(|jws| keys.verify(&jws).is_ok())
}

/// As what a stranger issued is checked: any algorithm, and names are hints.
fn verifies_for_a_stranger(set: &Value, token: &str) -> bool {
    let keys = JwkSet::parse_with(set.to_string().as_bytes(), &Algorithm::ALL).unwrap();
    Jws::parse(token).is_ok_and(|jws| keys.verify(&jws).is_ok())
}

/// Whether a set holds a key for one of these algorithms.
fn has_key_for(set: &Value, algorithms: &[Algorithm]) -> bool {
    set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .any(|key| algorithms.iter().any(|algorithm| key["alg"] == algorithm.as_str()))
}

/// The set of keys of a group. Those of RFC 7520, figure 27, are marked `ES521`, which is no algorithm; with `mended`
/// they are marked as the token is.
fn set_of_group(group: &Value, mended: bool) -> Value {
    let keys = group.get("public").unwrap_or(&group["private"]);
    let mut set = if keys.get("keys").is_some() { keys.clone() } else { json!({ "keys": [keys] }) };
    for key in set["keys"].as_array_mut().unwrap() {
        if mended && key["alg"] == "ES521" {
            key["alg"] = json!("ES512");
        }
    }
    set
}

/// Runs the tests of a JOSE file; gives how many tokens were accepted.
fn run_jose(
    file: &Value,
    mended: bool,
    algorithms: &[Algorithm],
    verifies: impl Fn(&Value, &str) -> bool,
) -> usize {
    let mut accepted = 0;
    for (group, test) in tests(file) {
        let set = set_of_group(group, mended);
        // Vectors that are valid under an algorithm that is not accepted must be refused all the same.
        let expected = test["result"] == "valid" && has_key_for(&set, algorithms);
        let token = match &test["jws"] {
            Value::String(token) => token.clone(),
            json => json.to_string(),
        };
        assert_eq!(verifies(&set, &token), expected, "{test:#}");
        accepted += usize::from(expected);
    }
    accepted
}

#[test]
fn json_web_signature() {
    let file = vectors!("json_web_signature_test.json");
    assert_eq!(tests(&file).count(), 401);
    for mended in [false, true] {
        assert_eq!(run_jose(&file, mended, &JWK_SET_ALGORITHMS, verifies), 10);
    }
    assert_eq!(run_jose(&file, false, &Algorithm::ALL, verifies_for_a_stranger), 10);
    assert_eq!(run_jose(&file, true, &Algorithm::ALL, verifies_for_a_stranger), 12);
}

#[test]
fn json_web_key() {
    let file = vectors!("json_web_key_test.json");
    assert_eq!(tests(&file).count(), 26);
    assert_eq!(run_jose(&file, false, &JWK_SET_ALGORITHMS, verifies), 1);
    assert_eq!(run_jose(&file, false, &Algorithm::ALL, verifies_for_a_stranger), 1);
}

/// Every test of a file that gives messages and signatures in hexadecimal; gives how many signatures were
/// accepted.
fn run_signatures(file: &Value, algorithm: Algorithm, key_of: impl Fn(&Value) -> PublicKey) -> usize {
    let mut accepted = 0;
    for (group, test) in tests(file) {
        let message = hex::decode(text(test, "msg")).unwrap();
        let signature = hex::decode(text(test, "sig")).unwrap();
        let valid = key_of(group).verify(algorithm, &message, &signature);
        // `acceptable` is a padding without the NULL that the standard demands: not for us.
        assert_eq!(valid, test["result"] == "valid", "{test:#}");
        accepted += usize::from(valid);
    }
    accepted
}

#[test]
fn ecdsa_p256_sha256_p1363() {
    let file = vectors!("ecdsa_secp256r1_sha256_p1363_test.json");
    assert_eq!(tests(&file).count(), 262);
    let accepted = run_signatures(&file, Algorithm::Es256, |group| ec_key(group, "P-256"));
    assert_eq!(accepted, 173);
}

#[test]
fn ecdsa_p384_sha384_p1363() {
    let file = vectors!("ecdsa_secp384r1_sha384_p1363_test.json");
    assert_eq!(tests(&file).count(), 280);
    let accepted = run_signatures(&file, Algorithm::Es384, |group| ec_key(group, "P-384"));
    assert_eq!(accepted, 193);
}

#[test]
fn ecdsa_secp256k1_sha256_p1363() {
    let file = vectors!("ecdsa_secp256k1_sha256_p1363_test.json");
    assert_eq!(tests(&file).count(), 252);
    let accepted = run_signatures(&file, Algorithm::Es256k, |group| ec_key(group, "secp256k1"));
    assert_eq!(accepted, 167);
}

/// The key of a group: not every group has a JWK; all have an uncompressed point.
fn ec_key(group: &Value, crv: &str) -> PublicKey {
    let point = hex::decode(text(&group["publicKey"], "uncompressed")).unwrap();
    let (x, y) = point[1..].split_at(point.len() / 2);
    let (x, y) = (b64url_encode(x), b64url_encode(y));
    PublicKey::from_jwk(&json!({ "kty": "EC", "crv": crv, "x": x, "y": y })).unwrap()
}

#[test]
fn ed25519() {
    let file = vectors!("ed25519_test.json");
    assert_eq!(tests(&file).count(), 151);
    let accepted = run_signatures(&file, Algorithm::EdDsa, |group| {
        let x = b64url_encode(&hex::decode(text(&group["publicKey"], "pk")).unwrap());
        PublicKey::from_jwk(&json!({ "kty": "OKP", "crv": "Ed25519", "x": x })).unwrap()
    });
    assert_eq!(accepted, 88);
}

#[test]
fn rsa_pkcs1_2048_sha256() {
    let file = vectors!("rsa_signature_2048_sha256_test.json");
    assert_eq!(tests(&file).count(), 259);
    let accepted = run_signatures(&file, Algorithm::Rs256, |group| {
        let number = |name| {
            let bytes = hex::decode(text(&group["publicKey"], name)).unwrap();
            let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
            b64url_encode(&bytes[zeros..])
        };
        let jwk = json!({ "kty": "RSA", "n": number("modulus"), "e": number("publicExponent") });
        PublicKey::from_jwk(&jwk).unwrap()
    });
    assert_eq!(accepted, 9);
}

/// Of the tokens, two are encrypted as we do it: `ECDH-ES` on P-256 with AES GCM of 128 or 256 bits.
#[test]
fn json_web_encryption() {
    let file = vectors!("json_web_encryption_test.json");
    assert_eq!(tests(&file).count(), 139);
    let mut accepted = 0;
    for (group, test) in tests(&file) {
        let own = &group["private"];
        let scalar = own["d"].as_str().and_then(|d| b64url_decode(d).ok()?.try_into().ok());
        let key = DecryptionKey::from_scalar(&scalar.unwrap_or([1; 32])).unwrap();
        let token = match &test["jwe"] {
            Value::String(token) => token.clone(),
            json => json.to_string(),
        };
        let Ok(plaintext) = decrypt(&token, &key, 64 * 1024) else { continue };
        assert_eq!(test["result"], "valid", "{test:#}");
        assert_eq!(plaintext, hex::decode(text(test, "pt")).unwrap(), "{test:#}");
        accepted += 1;
    }
    assert_eq!(accepted, 2);
}
