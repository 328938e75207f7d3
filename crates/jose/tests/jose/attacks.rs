//! The known ways to have a forged token accepted (RFC 8725 and published vulnerabilities), tried one by one.

use crate::support::{EC, ED25519, RSA, SECP256K1, check, forge, jwk, set_of};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use jose::{JsonError, Jws, JwsError, MAX_JWS_LEN, SigningKey, b64url_decode, b64url_encode};
use serde_json::{Value, json};

/// The order of P-256.
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// A good token, as (signing input, signature).
fn good(key: &SigningKey) -> (String, Vec<u8>) {
    let token = key.sign_compact(&json!({ "kid": "k", "typ": "JWT" }), b"{}");
    let (input, signature) = token.rsplit_once('.').unwrap();
    (input.to_owned(), b64url_decode(signature).unwrap())
}

fn with_signature(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", b64url_encode(signature))
}

fn unsigned_input(header: &str) -> String {
    format!("{}.{}", b64url_encode(header.as_bytes()), b64url_encode(b"{}"))
}

/// The bytes of a number in a JWK.
fn bytes_of(jwk: &Value, name: &str) -> Vec<u8> {
    b64url_decode(jwk[name].as_str().unwrap()).unwrap()
}

#[test]
fn what_we_sign_verifies() {
    for key in [&*EC, &*RSA] {
        let token = key.sign_compact(&json!({ "kid": "k", "alg": "none" }), b"payload");
        assert_eq!(check(&token, key).unwrap(), b"payload");
        assert_eq!(
            check(&forge(&format!(r#"{{"alg":"{}"}}"#, key.algorithm()), b"", key), key).unwrap(),
            b""
        );
    }
}

#[test]
fn alg_none_in_any_spelling() {
    for name in ["none", "None", "NONE", "nOnE"] {
        let header = format!(r#"{{"alg":"{name}"}}"#);
        assert!(matches!(check(&format!("{}.", unsigned_input(&header)), &EC), Err(JwsError::NotSigned)));
        let signed = check(&forge(&header, b"{}", &EC), &EC);
        assert!(matches!(signed, Err(JwsError::UnsupportedAlgorithm(named)) if named.0 == name));
    }
}

#[test]
fn other_algorithms() {
    for name in [
        "HS256",
        "HS512",
        "RS384",
        "RS512",
        "PS256",
        "ES521",
        "es384",
        "es256k",
        "Ed25519",
        "rs256",
        " ES256",
        "ES256\\u0000",
    ] {
        let refused = check(&forge(&format!(r#"{{"alg":"{name}"}}"#), b"{}", &EC), &EC);
        assert!(matches!(refused, Err(JwsError::UnsupportedAlgorithm(_))), "{name}");
    }
}

/// The algorithms of wallets' keys are none of a set, whoever signed: the set is asked before its keys are.
#[test]
fn algorithms_that_no_key_of_a_set_has() {
    let set = set_of(&[jwk(&EC, &json!({ "kid": "k" })), jwk(&RSA, &json!({ "kid": "k" }))]);
    for (name, key) in [("ES256K", &*SECP256K1), ("EdDSA", &*ED25519)] {
        for signer in [&*EC, &*RSA, key] {
            let token = forge(&format!(r#"{{"alg":"{name}","kid":"k"}}"#), b"{}", signer);
            let jws = Jws::parse(&token).unwrap();
            assert_eq!(jws.header().algorithm(), None);
            let refused = set.verify(&jws).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("algorithm `{name}` is not accepted; use RS256 or ES256")
            );
            assert!(matches!(check(&token, &EC), Err(JwsError::AlgorithmMismatch { .. })));
        }
    }
}

#[test]
fn public_key_as_hmac_secret() {
    let ec = EC.public_key().to_jwk();
    let ec_spki = [
        hex::decode("3059301306072a8648ce3d020106082a8648ce3d03010703420004").unwrap(),
        bytes_of(&ec, "x"),
        bytes_of(&ec, "y"),
    ]
    .concat();
    let rsa = RSA.public_key().to_jwk();
    let rsa_spki = RsaPublicKeyComponents { n: bytes_of(&rsa, "n"), e: bytes_of(&rsa, "e") }
        .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        .unwrap();
    for (key, jwk, spki) in [(&*EC, ec, &ec_spki[..]), (&*RSA, rsa, rsa_spki.as_ref())] {
        let pem = pem::encode(&pem::Pem::new("PUBLIC KEY", spki));
        for secret in [pem.as_bytes(), spki, jwk.to_string().as_bytes()] {
            let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
            for alg in ["HS256", key.algorithm().as_str()] {
                let input = unsigned_input(&format!(r#"{{"alg":"{alg}"}}"#));
                let tag = hmac::sign(&secret, input.as_bytes());
                let refused = check(&with_signature(&input, tag.as_ref()), key);
                assert!(
                    matches!(refused, Err(JwsError::UnsupportedAlgorithm(_) | JwsError::Signature)),
                    "{alg}"
                );
            }
        }
    }
}

#[test]
fn keys_and_addresses_inside_the_token_are_not_used() {
    let attacker = SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8()).unwrap();
    for member in [
        json!({ "jwk": attacker.public_key().to_jwk() }),
        json!({ "jku": "https://attacker.example/jwks.json" }),
        json!({ "x5u": "http://169.254.169.254/" }),
        json!({ "x5c": ["MIIB"] }),
    ] {
        let mut header = member;
        header["kid"] = json!("k");
        let forged = attacker.sign_compact(&header, b"{}");
        assert!(matches!(check(&forged, &EC), Err(JwsError::Signature)));
        let set = set_of(&[jwk(&EC, &json!({ "kid": "k" }))]);
        assert!(matches!(set.verify(&Jws::parse(&forged).unwrap()), Err(JwsError::Signature)));
        // They do no harm to a token that is signed as it should be.
        assert!(check(&EC.sign_compact(&header, b"{}"), &EC).is_ok());
    }
}

#[test]
fn algorithm_of_another_key_type() {
    let token = RSA.sign_compact(&json!({ "kid": "k" }), b"{}");
    let ec_only = set_of(&[jwk(&EC, &json!({ "kid": "k" }))]);
    let jws = Jws::parse(&token).unwrap();
    assert!(matches!(ec_only.verify(&jws), Err(JwsError::AlgorithmMismatch { .. })));
    assert!(matches!(check(&token, &EC), Err(JwsError::AlgorithmMismatch { .. })));
    assert!(matches!(check(&forge(r#"{"alg":"ES256"}"#, b"{}", &RSA), &EC), Err(JwsError::Signature)));
    assert!(matches!(check(&forge(r#"{"alg":"RS256"}"#, b"{}", &EC), &RSA), Err(JwsError::Signature)));
}

#[test]
fn ecdsa_signatures_of_the_wrong_kind() {
    let (input, signature) = good(&EC);
    let order = hex::decode(ORDER).unwrap();
    let zero = [0; 32];
    for forged in [
        [zero, zero].concat(), // CVE-2022-21449
        [&zero[..], &signature[32..]].concat(),
        [&signature[..32], &zero[..]].concat(),
        [&order[..], &order[..]].concat(),
        signature[..63].to_vec(),
        [&signature[..], &[0]].concat(),
        [&[0], &signature[..32], &[0], &signature[32..]].concat(),
        [&signature[32..], &signature[..32]].concat(),
        der(&signature),
    ] {
        let refused = check(&with_signature(&input, &forged), &EC);
        assert!(matches!(refused, Err(JwsError::Signature)), "{forged:02x?}");
    }
}

/// The same signature as a DER sequence of two integers.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let mut body: Vec<u8> = number.iter().copied().skip_while(|&byte| byte == 0).collect();
        if body[0] >= 0x80 {
            body.insert(0, 0);
        }
        [&[2, u8::try_from(body.len()).unwrap()], &body[..]].concat()
    };
    let body = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [&[0x30, u8::try_from(body.len()).unwrap()], &body[..]].concat()
}

/// RFC 7518 section 3.4 asks for no low `s`: a signer may produce either.
#[test]
fn high_and_low_s_are_both_valid() {
    let (input, signature) = good(&EC);
    let order = hex::decode(ORDER).unwrap();
    let mut twin = signature.clone();
    let mut borrow = 0;
    for index in (0..32).rev() {
        let difference = i16::from(order[index]) - i16::from(signature[32 + index]) - borrow;
        borrow = i16::from(difference < 0);
        twin[32 + index] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    assert_ne!(twin, signature);
    assert!(check(&with_signature(&input, &twin), &EC).is_ok());
}

#[test]
fn rsa_signatures_of_the_wrong_length() {
    let (input, signature) = good(&RSA);
    for forged in [
        signature[..255].to_vec(),
        [&[0], &signature[..]].concat(),
        [&signature[..], &[0]].concat(),
        vec![0; 256],
    ] {
        assert!(matches!(check(&with_signature(&input, &forged), &RSA), Err(JwsError::Signature)));
    }
}

#[test]
fn extensions_are_refused_even_when_signed() {
    let refused = |members: &str| check(&forge(&format!(r#"{{"alg":"ES256",{members}}}"#), b"{}", &EC), &EC);
    for crit in
        [r#""crit":["exp"],"exp":1"#, r#""crit":[]"#, r#""crit":null"#, r#""crit":["b64"],"b64":false"#]
    {
        assert!(matches!(refused(crit), Err(JwsError::CriticalHeader)), "{crit}");
    }
    for b64 in [r#""b64":false"#, r#""b64":true"#] {
        assert!(matches!(refused(b64), Err(JwsError::UnencodedPayload)), "{b64}");
    }
    assert!(matches!(refused(r#""zip":"DEF""#), Err(JwsError::Compressed)));
}

#[test]
fn headers_that_can_be_read_in_two_ways() {
    let json = |header: &str| match check(&forge(header, b"{}", &EC), &EC) {
        Err(JwsError::HeaderJson(cause)) => cause,
        other => panic!("{header}: {other:?}"),
    };
    assert!(matches!(json(r#"{"alg":"ES256","alg":"none"}"#), JsonError::DuplicateMember(_)));
    assert!(matches!(json(r#"{"alg":"none","\u0061lg":"ES256"}"#), JsonError::DuplicateMember(_)));
    assert!(matches!(json(r#"{"alg":"ES256","x":{"a":1,"a":1}}"#), JsonError::DuplicateMember(_)));
    let nested = format!(r#"{{"alg":"ES256","x":{}{}}}"#, "[".repeat(40), "]".repeat(40));
    assert!(matches!(json(&nested), JsonError::TooDeep));
    for malformed in ["", "ES256", "{}{}", r#"{"alg":"ES256"} x"#, r#"{"alg":"ES256""#, "\u{feff}{}"] {
        assert!(matches!(json(malformed), JsonError::Syntax(_)), "{malformed}");
    }
}

#[test]
fn headers_of_the_wrong_shape() {
    let refused = |header: &str| check(&forge(header, b"{}", &EC), &EC).unwrap_err();
    for header in ["[]", "null", r#""ES256""#, "1"] {
        assert!(matches!(refused(header), JwsError::HeaderNotAnObject), "{header}");
    }
    assert!(matches!(refused("{}"), JwsError::MissingAlg));
    assert!(matches!(refused(r#"{"ALG":"ES256"}"#), JwsError::MissingAlg));
    for (header, member) in [
        (r#"{"alg":["ES256"]}"#, "alg"),
        (r#"{"alg":null}"#, "alg"),
        (r#"{"alg":"ES256","kid":1}"#, "kid"),
        (r#"{"alg":"ES256","kid":{"a":"b"}}"#, "kid"),
        (r#"{"alg":"ES256","typ":true}"#, "typ"),
    ] {
        assert!(
            matches!(refused(header), JwsError::HeaderMemberNotAString(name) if name == member),
            "{header}"
        );
    }
}

#[test]
fn texts_that_are_not_compact() {
    let (input, signature) = good(&EC);
    let token = with_signature(&input, &signature);
    for text in ["", ".", "a", "a.b", &input, &format!("{token}."), &format!("{token}.x"), "a.b.c.d.e"] {
        assert!(matches!(Jws::parse(text), Err(JwsError::NotCompact)), "{text}");
    }
    assert!(matches!(Jws::parse(".."), Err(JwsError::HeaderJson(_))));
    assert!(matches!(Jws::parse(&format!("{input}.")), Err(JwsError::NotSigned)));
    let json = json!({ "payload": "e30", "signatures": [] }).to_string();
    assert!(Jws::parse(&json).is_err());
}

#[test]
fn base64url_must_be_canonical() {
    let (input, signature) = good(&EC);
    let (header, payload) = input.split_once('.').unwrap();
    let signature = b64url_encode(&signature);
    for text in [format!("{header}=.{payload}.{signature}"), format!(" {header}.{payload}.{signature}")] {
        assert!(matches!(Jws::parse(&text), Err(JwsError::HeaderEncoding(_))), "{text}");
    }
    for payload in ["e30=", "e3 0", "e30\n", "e31", "e+0", "é30"] {
        let text = format!("{header}.{payload}.{signature}");
        assert!(matches!(Jws::parse(&text), Err(JwsError::PayloadEncoding(_))), "{text}");
    }
    for signature in
        [format!("{signature}=="), format!("{signature}\r\n"), signature.replace(['-', '_'], "/") + "/"]
    {
        let text = format!("{header}.{payload}.{signature}");
        assert!(matches!(Jws::parse(&text), Err(JwsError::SignatureEncoding(_))), "{text}");
    }
}

#[test]
fn length_is_limited() {
    let token = EC.sign_compact(&json!({}), &vec![b' '; MAX_JWS_LEN]);
    assert!(matches!(Jws::parse(&token), Err(JwsError::TooLong { max: MAX_JWS_LEN, .. })));
    assert!(Jws::parse_within(&token, token.len()).unwrap().verify(EC.public_key()).is_ok());
    assert!(matches!(Jws::parse_within(&token, token.len() - 1), Err(JwsError::TooLong { .. })));
    assert!(matches!(Jws::parse(&"a".repeat(1 << 20)), Err(JwsError::TooLong { .. })));
}

#[test]
fn kid_is_compared_and_nothing_else() {
    let set = set_of(&[jwk(&EC, &json!({ "kid": "k" })), jwk(&RSA, &json!({}))]);
    for kid in ["../../etc/passwd", "' OR 1=1 --", "K", "k ", "", "https://attacker.example/k", "k\u{0}"] {
        let token = EC.sign_compact(&json!({ "kid": kid }), b"{}");
        let refused = set.verify(&Jws::parse(&token).unwrap()).unwrap_err();
        assert!(matches!(refused, JwsError::UnknownKid(named) if named == kid));
    }
    let token = EC.sign_compact(&json!({}), b"{}");
    assert!(matches!(set.verify(&Jws::parse(&token).unwrap()), Err(JwsError::MissingKid)));
}

#[test]
fn messages_can_be_shown() {
    let message = |header: &str| check(&forge(header, b"{}", &EC), &EC).unwrap_err().to_string();
    assert_eq!(message(r#"{"alg":"none"}"#), "algorithm `none` is not accepted; use RS256 or ES256");
    assert_eq!(message(r#"{"alg":"RS256"}"#), "the token says RS256, but the key is for ES256");
    assert_eq!(message(r#"{"alg":"a\nb"}"#), "algorithm `a\\nb` is not accepted; use RS256 or ES256");
    assert_eq!(
        message(r#"{"alg":"ES256","alg":"ES256"}"#),
        "the token's header is refused: JSON object has the member `alg` twice"
    );
    assert_eq!(
        Jws::parse("e30=.e30.AA").unwrap_err().to_string(),
        "the token's header is not canonical base64url without padding: Invalid padding"
    );
}
