//! Keys and sets of keys: what is used, what is left out, and what their publisher is told.

use crate::support::{EC, RSA, jwk, set_of};
use jose::{
    Algorithm, JwkError, JwkSet, JwkSetError, Jws, JwsError, KeyWarning, PublicKey, SigningKey,
    b64url_encode, private_members,
};
use serde_json::{Value, json};

/// Why the only key of a set is left out, and would be anywhere else, where more kinds are recommended.
fn refusal(key: &Value) -> JwkError {
    let set = set_of(std::slice::from_ref(key));
    let Some(KeyWarning::Ignored { reason, .. }) = set.warnings.last() else { panic!("{key}: {set:?}") };
    assert!(set.keys.is_empty(), "{key}");
    let alone = PublicKey::from_jwk(key).unwrap_err();
    let is_kind = matches!(reason, JwkError::UnsupportedKeyType { .. } | JwkError::UnsupportedCurve { .. });
    assert!(is_kind || &alone == reason, "{alone}");
    reason.clone()
}

#[test]
fn rfc_7638_thumbprint() {
    let key = PublicKey::from_jwk(&json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29"
    }))
    .unwrap();
    assert_eq!(b64url_encode(&key.thumbprint()), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn rfc_7515_appendix_a3() {
    let key = PublicKey::from_jwk(&json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    }))
    .unwrap();
    let jws = Jws::parse(concat!(
        "eyJhbGciOiJFUzI1NiJ9.",
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    ))
    .unwrap();
    jws.verify(&key).unwrap();
    assert!(jws.payload().starts_with(br#"{"iss":"joe","#));
}

#[test]
fn a_key_survives_its_jwk() {
    for key in [EC.public_key(), RSA.public_key()] {
        let again = PublicKey::from_jwk(&key.to_jwk()).unwrap();
        assert_eq!(&again, key);
        assert_eq!(again.thumbprint(), key.thumbprint());
        assert_eq!(again.algorithm(), key.algorithm());
    }
    assert_ne!(EC.public_key(), RSA.public_key());
}

#[test]
fn a_key_keeps_to_its_algorithm() {
    let signature = EC.sign(b"message");
    assert!(EC.public_key().verify(Algorithm::Es256, b"message", &signature));
    assert!(!EC.public_key().verify(Algorithm::Rs256, b"message", &signature));
    assert!(!EC.public_key().verify(Algorithm::Es256, b"massage", &signature));
    assert!(!EC.public_key().verify(Algorithm::Es256, b"message", b""));
}

#[test]
fn leaked_private_members_are_named_and_not_used() {
    // The values are not even base64url: they are never read.
    let leaky_ec = jwk(&EC, &json!({ "kid": "ec", "d": "secret!" }));
    let leaky_rsa = jwk(&RSA, &json!({ "kid": "rsa", "qi": 1, "d": "!", "p": null, "oth": [] }));
    assert_eq!(private_members(&leaky_rsa), ["d", "p", "qi", "oth"]);
    assert!(private_members(&EC.public_key().to_jwk()).is_empty());

    let hmac = json!({ "kty": "oct", "kid": "hmac", "alg": "HS256", "k": "c2VjcmV0" });
    let set = set_of(&[leaky_ec, leaky_rsa, hmac]);
    assert_eq!(set.keys.len(), 2);
    assert_eq!(
        set.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "key `ec` publishes its private member `d`: anybody can sign as you; replace the key",
            "key `rsa` publishes its private members `d`, `p`, `qi`, `oth`: anybody can sign as you; replace the key",
            "key `hmac` publishes its private member `k`: anybody can sign as you; replace the key",
            "key `hmac` is ignored: key type `oct` is not accepted; use EC or RSA",
        ]
    );
    assert!(!format!("{set:?}").contains("secret!"));
    assert!(!set.keys[0].key.to_jwk().to_string().contains('!'));
    let token = EC.sign_compact(&json!({ "kid": "ec" }), b"{}");
    assert!(set.verify(&Jws::parse(&token).unwrap()).is_ok());
}

#[test]
fn keys_for_something_else_are_left_out() {
    assert_eq!(refusal(&jwk(&EC, &json!({ "use": "enc" }))), JwkError::Use("enc".to_owned()));
    assert_eq!(refusal(&jwk(&EC, &json!({ "use": ["sig"] }))), JwkError::NotAString("use"));
    for operations in [json!([]), json!(["sign"]), json!("verify"), json!(null)] {
        assert_eq!(refusal(&jwk(&EC, &json!({ "key_ops": operations }))), JwkError::KeyOps);
    }
    assert!(matches!(refusal(&jwk(&RSA, &json!({ "alg": "PS256" }))), JwkError::UnsupportedAlgorithm(_)));
    assert!(matches!(refusal(&jwk(&EC, &json!({ "alg": "RS256" }))), JwkError::AlgorithmMismatch { .. }));
    assert_eq!(refusal(&jwk(&EC, &json!({ "alg": null }))), JwkError::NotAString("alg"));

    let set = set_of(&[
        jwk(
            &EC,
            &json!({ "use": "sig", "key_ops": ["sign", "verify"], "alg": "ES256", "kid": "k", "x5c": [] }),
        ),
        jwk(&RSA, &json!({})),
    ]);
    assert_eq!(set.keys.len(), 2);
    assert_eq!((set.keys[0].kid.as_deref(), set.keys[0].alg), (Some("k"), Some(Algorithm::Es256)));
    assert_eq!((set.keys[1].kid.as_deref(), set.keys[1].alg), (None, None));
    assert!(set.warnings.is_empty());
}

#[test]
fn unknown_kinds_of_key_are_left_out() {
    for kty in ["oct", "OKP", "ec", "", "AKP"] {
        let refused = refusal(&jwk(&EC, &json!({ "kty": kty })));
        assert_eq!(refused.to_string(), format!("key type `{kty}` is not accepted; use EC or RSA"));
    }
    for crv in ["P-384", "secp256k1", "p-256"] {
        let refused = refusal(&jwk(&EC, &json!({ "crv": crv })));
        assert_eq!(refused.to_string(), format!("curve `{crv}` is not accepted; use P-256"));
    }
    assert_eq!(refusal(&json!({})), JwkError::Missing("kty"));
    assert_eq!(refusal(&json!("key")), JwkError::NotAnObject);
    assert_eq!(refusal(&json!({ "kty": 1 })), JwkError::NotAString("kty"));
    assert_eq!(refusal(&json!({ "kty": "RSA", "n": "AQAB" })), JwkError::Missing("e"));
    let set = set_of(&[jwk(&EC, &json!({ "kid": 7 }))]);
    assert_eq!(
        set.warnings[0].to_string(),
        "a key without `kid` is ignored: the JWK's member `kid` is not a string"
    );
}

#[test]
fn impossible_ec_keys() {
    let zeros = b64url_encode(&[0; 32]);
    assert_eq!(refusal(&jwk(&EC, &json!({ "x": zeros, "y": zeros }))), JwkError::PointNotOnCurve("P-256"));
    let other = EC.public_key().to_jwk()["x"].clone();
    assert_eq!(refusal(&jwk(&EC, &json!({ "y": other }))), JwkError::PointNotOnCurve("P-256"));
    // A coordinate that is not below the field's prime.
    assert_eq!(
        refusal(&jwk(&EC, &json!({ "x": b64url_encode(&[0xff; 32]) }))),
        JwkError::PointNotOnCurve("P-256")
    );
    for len in [0, 31, 33, 64] {
        let cut = jwk(&EC, &json!({ "y": b64url_encode(&vec![1; len]) }));
        assert_eq!(
            refusal(&cut),
            JwkError::CoordinateLength { member: "y", len, curve: "P-256", expected: 32 }
        );
    }
    assert!(matches!(refusal(&jwk(&EC, &json!({ "x": "=" }))), JwkError::Encoding { member: "x", .. }));
}

#[test]
fn weak_rsa_keys() {
    let rsa =
        |n: &[u8], e: &[u8]| refusal(&json!({ "kty": "RSA", "n": b64url_encode(n), "e": b64url_encode(e) }));
    let f4 = [1, 0, 1];
    assert_eq!(rsa(&[0xff; 128], &f4), JwkError::RsaSize(1024));
    assert_eq!(rsa(&[&[0x7f], &[0xff; 255][..]].concat(), &f4), JwkError::RsaSize(2047));
    assert_eq!(rsa(&[&[1], &[0xff; 1024][..]].concat(), &f4), JwkError::RsaSize(8193));
    assert_eq!(rsa(&[&[0], &[0xff; 256][..]].concat(), &f4), JwkError::LeadingZero);
    assert_eq!(rsa(&[], &f4), JwkError::LeadingZero);
    assert_eq!(rsa(&[0xff; 256], &[]), JwkError::LeadingZero);
    assert_eq!(rsa(&[0xff; 256], &[0, 1, 0, 1]), JwkError::LeadingZero);
    for exponent in [&[1][..], &[2], &[1, 0, 0]] {
        assert_eq!(rsa(&[0xff; 256], exponent), JwkError::RsaExponent);
    }
    assert_eq!(rsa(&[0xfe; 256], &f4), JwkError::RsaRefused, "an even modulus");
    assert_eq!(rsa(&[0xff; 256], &[0xff; 256]), JwkError::RsaRefused, "an exponent as long as the modulus");
}

#[test]
fn every_key_of_a_name_is_tried() {
    let stranger = SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8()).unwrap();
    let named = json!({ "kid": "k" });
    let set = set_of(&[
        jwk(&stranger, &named),
        jwk(&EC, &named),
        jwk(&RSA, &named),
        jwk(&EC, &json!({ "kid": "l" })),
    ]);
    assert_eq!(set.with_kid("k").count(), 3);
    assert_eq!(set.with_kid("").count(), 0);
    for key in [&*EC, &*RSA, &stranger] {
        let token = key.sign_compact(&named, b"{}");
        assert_eq!(&set.verify(&Jws::parse(&token).unwrap()).unwrap().key, key.public_key());
    }
    let unknown = SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8()).unwrap();
    let token = unknown.sign_compact(&named, b"{}");
    assert!(matches!(set.verify(&Jws::parse(&token).unwrap()), Err(JwsError::Signature)));
}

#[test]
fn documents_that_are_not_sets() {
    for text in
        [r#"{"keys":{}}"#, r#"{"KEYS":[]}"#, "[]", "null", "{}", &EC.public_key().to_jwk().to_string()]
    {
        assert!(matches!(JwkSet::parse(text.as_bytes()), Err(JwkSetError::NotAKeySet)), "{text}");
    }
    for text in ["", "<!DOCTYPE html>", r#"{"keys":[],"keys":[]}"#, r#"{"keys":[]}}"#] {
        assert!(matches!(JwkSet::parse(text.as_bytes()), Err(JwkSetError::Json(_))), "{text}");
    }
    let empty = JwkSet::parse(br#"{"keys":[],"extra":true}"#).unwrap();
    assert!(empty.keys.is_empty() && empty.warnings.is_empty());
}

#[test]
fn sets_have_limits() {
    let of = |count: usize| json!({ "keys": vec![EC.public_key().to_jwk(); count] }).to_string();
    assert_eq!(JwkSet::parse(of(100).as_bytes()).unwrap().keys.len(), 100);
    assert!(matches!(JwkSet::parse(of(101).as_bytes()), Err(JwkSetError::TooManyKeys(101))));
    let padded = |len: usize| " ".repeat(len - 11) + r#"{"keys":[]}"#;
    assert!(JwkSet::parse(padded(64 * 1024).as_bytes()).is_ok());
    assert!(matches!(JwkSet::parse(padded(64 * 1024 + 1).as_bytes()), Err(JwkSetError::TooLong(_))));
    let nested = format!(r#"{{"keys":[{}{}]}}"#, "[".repeat(5000), "]".repeat(5000));
    assert!(matches!(JwkSet::parse(nested.as_bytes()), Err(JwkSetError::Json(_))));
}
