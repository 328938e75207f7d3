//! Keys of wallets: secp256k1 and Ed25519 beside P-256, their thumbprints, and that no set takes them.

use std::collections::HashSet;

use crate::support::{EC, ED25519, RSA, SECP256K1, check, forge, jwk, set_of};
use jose::{Algorithm, JwkError, Jws, JwsError, PublicKey, SigningKey, b64url_decode, b64url_encode};
use serde_json::{Value, json};

/// The public key of RFC 8037, appendix A.2.
fn rfc_8037_key() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

fn thumbprint(jwk: &Value) -> String {
    b64url_encode(&PublicKey::from_jwk(jwk).unwrap().thumbprint())
}

#[test]
fn rfc_8037_appendix_a3() {
    assert_eq!(thumbprint(&rfc_8037_key()), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let key = PublicKey::from_jwk(&rfc_8037_key()).unwrap();
    assert_eq!(
        key.canonical_jwk(),
        r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    );
    assert_eq!(key.to_jwk(), rfc_8037_key());
}

#[test]
fn rfc_8037_appendix_a4() {
    let token = concat!(
        "eyJhbGciOiJFZERTQSJ9.",
        "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
    let jws = Jws::parse(token).unwrap();
    jws.verify(&PublicKey::from_jwk(&rfc_8037_key()).unwrap()).unwrap();
    assert_eq!(jws.payload(), b"Example of Ed25519 signing");
    assert_eq!(jws.header().alg.parse(), Ok(Algorithm::EdDsa));
}

#[test]
fn a_seed_in_pkcs8_signs_as_rfc_8037_says() {
    // RFC 8410, section 7, around the seed of RFC 8037, appendix A.1.
    let seed = b64url_decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let document = [hex::decode("302e020100300506032b657004220420").unwrap(), seed].concat();
    let key = SigningKey::from_pkcs8_der(&document).unwrap();
    assert_eq!(key.public_key().to_jwk(), rfc_8037_key());
    assert!(key.sign_compact(&json!({}), b"Example of Ed25519 signing").ends_with(
        ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    ));
}

/// The key and the `jkt` of RFC 9449, sections 4.1 and 6.1.
#[test]
fn rfc_9449_thumbprint() {
    let key = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        "alg": "ES256"
    });
    assert_eq!(thumbprint(&key), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[test]
fn a_key_survives_its_jwk() {
    for key in [SECP256K1.public_key(), ED25519.public_key()] {
        let again = PublicKey::from_jwk(&key.to_jwk()).unwrap();
        assert_eq!(&again, key);
        assert_eq!(serde_json::from_str::<Value>(&key.canonical_jwk()).unwrap(), key.to_jwk());
    }
}

#[test]
fn keys_can_be_kept_in_a_set_of_the_standard_library() {
    let all = [&*EC, &*SECP256K1, &*ED25519, &*RSA].map(|key| key.public_key().clone());
    let again = all.each_ref().map(|key| PublicKey::from_jwk(&key.to_jwk()).unwrap());
    let distinct: HashSet<PublicKey> = all.into_iter().chain(again).collect();
    assert_eq!(distinct.len(), 4);
}

#[test]
fn each_key_verifies_its_own_algorithm_only() {
    let keys = [&*EC, &*SECP256K1, &*ED25519, &*RSA];
    for signer in keys {
        let token = signer.sign_compact(&json!({}), b"proof");
        for key in keys {
            let same = signer.algorithm() == key.algorithm();
            match check(&token, key) {
                Ok(payload) => assert!(same && payload == b"proof"),
                Err(JwsError::AlgorithmMismatch { .. }) => assert!(!same),
                Err(other) => panic!("{other}"),
            }
            let relabelled = forge(&format!(r#"{{"alg":"{}"}}"#, key.algorithm()), b"proof", signer);
            assert_eq!(check(&relabelled, key).is_ok(), same);
        }
    }
}

#[test]
fn keys_that_are_not_on_their_curve() {
    let refusal = |jwk: Value| PublicKey::from_jwk(&jwk).unwrap_err();
    let moved = |key: &SigningKey, crv: &str| refusal(jwk(key, &json!({ "crv": crv })));
    assert_eq!(moved(&EC, "secp256k1"), JwkError::PointNotOnCurve("secp256k1"));
    assert_eq!(moved(&SECP256K1, "P-256"), JwkError::PointNotOnCurve("P-256"));
    for crv in ["P-224", "p-384", "BP-256"] {
        assert_eq!(
            moved(&SECP256K1, crv).to_string(),
            format!("curve `{crv}` is not accepted; use P-256, P-384, P-521 or secp256k1")
        );
    }
    for crv in ["X25519", "Ed448", "P-256"] {
        assert_eq!(moved(&ED25519, crv).to_string(), format!("curve `{crv}` is not accepted; use Ed25519"));
    }
    let short = refusal(jwk(&ED25519, &json!({ "x": b64url_encode(&[1; 31]) })));
    assert_eq!(short, JwkError::CoordinateLength { member: "x", len: 31, curve: "Ed25519", expected: 32 });
    assert_eq!(
        refusal(json!({ "kty": "oct" })).to_string(),
        "key type `oct` is not accepted; use EC, OKP or RSA"
    );
    let other = refusal(jwk(&ED25519, &json!({ "alg": "ES256K" })));
    assert_eq!(other, JwkError::AlgorithmMismatch { declared: Algorithm::Es256k, key: Algorithm::EdDsa });
    assert_eq!(refusal(jwk(&ED25519, &json!({ "use": "enc" }))), JwkError::Use("enc".to_owned()));
}

/// With the neutral point as the key, `R` is `s` times the base point whatever the message is.
#[test]
fn an_ed25519_key_that_anybody_can_sign_for() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    for sign in [0, 0x80] {
        neutral[31] = sign;
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": b64url_encode(&neutral) });
        assert_eq!(PublicKey::from_jwk(&key).unwrap_err(), JwkError::WeakEd25519);
    }
}

#[test]
fn sets_leave_them_out() {
    let set = set_of(&[
        jwk(&SECP256K1, &json!({ "kid": "a", "alg": "ES256K" })),
        jwk(&ED25519, &json!({ "kid": "b" })),
        jwk(&EC, &json!({ "kid": "c", "alg": "EdDSA" })),
    ]);
    assert!(set.keys.is_empty());
    assert_eq!(
        set.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "key `a` is ignored: curve `secp256k1` is not accepted; use P-256",
            "key `b` is ignored: key type `OKP` is not accepted; use EC or RSA",
            "key `c` is ignored: the key's algorithm `EdDSA` is not accepted; use RS256 or ES256",
        ]
    );
}
