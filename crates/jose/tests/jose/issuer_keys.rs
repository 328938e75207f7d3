//! Keys of issuers whom nobody told what to use: P-384 and P-521, and sets in which names are hints.

use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    KeyPair,
};
use std::sync::LazyLock;

use crate::support::{EC, ED25519, RSA, SECP256K1, jwk};
use jose::{
    Algorithm, JwkError, JwkSet, Jws, JwsError, MAX_TRIED_KEYS, PublicKey, SigningKey, b64url_decode,
    b64url_encode,
};
use serde_json::{Value, json};

/// A key pair that only others have.
struct Theirs {
    algorithm: Algorithm,
    crv: &'static str,
    pair: EcdsaKeyPair,
}

fn theirs(algorithm: Algorithm, crv: &'static str, signing: &'static EcdsaSigningAlgorithm) -> Theirs {
    Theirs { algorithm, crv, pair: EcdsaKeyPair::generate(signing).unwrap() }
}

static P384: LazyLock<Theirs> =
    LazyLock::new(|| theirs(Algorithm::Es384, "P-384", &ECDSA_P384_SHA384_FIXED_SIGNING));
static P521: LazyLock<Theirs> =
    LazyLock::new(|| theirs(Algorithm::Es512, "P-521", &ECDSA_P521_SHA512_FIXED_SIGNING));

impl Theirs {
    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = point[1..].split_at(point.len() / 2);
        json!({ "kty": "EC", "crv": self.crv, "x": b64url_encode(x), "y": b64url_encode(y) })
    }

    #[expect(clippy::disallowed_methods, reason = "the nonce of a signature is the provider's own")]
    fn sign(&self, header: &Value, payload: &[u8]) -> String {
        let header = b64url_encode(header.to_string().as_bytes());
        let input = format!("{header}.{}", b64url_encode(payload));
        let signature = self.pair.sign(&aws_lc_rs::rand::SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", b64url_encode(signature.as_ref()))
    }
}

/// RFC 7515, appendix A.4.1.
fn rfc_7515_key() -> Value {
    json!({
        "kty": "EC",
        "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"
    })
}

const RFC_7515_TOKEN: &str = concat!(
    "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.",
    "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2Y",
    "BJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"
);

#[test]
fn rfc_7515_appendix_a4() {
    let key = PublicKey::from_jwk(&rfc_7515_key()).unwrap();
    let jws = Jws::parse(RFC_7515_TOKEN).unwrap();
    jws.verify(&key).unwrap();
    assert_eq!(jws.payload(), b"Payload");
    assert_eq!(key.algorithm(), Algorithm::Es512);
    assert_eq!(jws.header().algorithm(), None, "partners do not use it");

    let other = RFC_7515_TOKEN.replace("UGF5bG9hZA", "UGF5bG9hZB");
    assert!(matches!(Jws::parse(&other), Err(JwsError::PayloadEncoding(_))));
    let other = RFC_7515_TOKEN.replace("UGF5bG9hZA", "UGF5bG9hZQ");
    assert!(matches!(Jws::parse(&other).unwrap().verify(&key), Err(JwsError::Signature)));
}

#[test]
fn a_key_survives_its_jwk() {
    for theirs in [&*P384, &*P521] {
        let key = PublicKey::from_jwk(&theirs.jwk()).unwrap();
        assert_eq!(key.algorithm(), theirs.algorithm);
        assert_eq!(key.to_jwk(), theirs.jwk());
        assert_eq!(serde_json::from_str::<Value>(&key.canonical_jwk()).unwrap(), theirs.jwk());
        assert!(key.canonical_jwk().starts_with(&format!(r#"{{"crv":"{}","kty":"EC","x":""#, theirs.crv)));
        let again = PublicKey::from_jwk(&key.to_jwk()).unwrap();
        assert_eq!((&again, again.thumbprint()), (&key, key.thumbprint()));
    }
}

#[test]
fn each_key_verifies_its_own_algorithm_only() {
    for theirs in [&*P384, &*P521] {
        let key = PublicKey::from_jwk(&theirs.jwk()).unwrap();
        for name in ["ES256", "ES384", "ES512", "ES256K"] {
            let token = theirs.sign(&json!({ "alg": name }), b"{}");
            let outcome = Jws::parse(&token).unwrap().verify(&key);
            if name == theirs.algorithm.as_str() {
                outcome.unwrap();
            } else {
                assert!(matches!(outcome, Err(JwsError::AlgorithmMismatch { .. })), "{name}");
            }
            let elsewhere = Jws::parse(&token).unwrap().verify(EC.public_key());
            assert!(elsewhere.is_err(), "{name}");
        }
    }
}

#[test]
fn signatures_of_another_form() {
    let key = PublicKey::from_jwk(&rfc_7515_key()).unwrap();
    let (input, signature) = RFC_7515_TOKEN.rsplit_once('.').unwrap();
    let signature = b64url_decode(signature).unwrap();
    let mut longer = signature.clone();
    longer.insert(0, 0);
    let (r, s) = signature.split_at(66);
    for bad in [&signature[1..], &longer, &[s, r].concat(), &[0; 132], &[0xff; 132]] {
        assert!(!key.verify(Algorithm::Es512, input.as_bytes(), bad));
    }
    assert!(key.verify(Algorithm::Es512, input.as_bytes(), &signature));
}

#[test]
fn impossible_keys() {
    let refusal = |theirs: &Theirs, name: &str, value: &[u8]| {
        let mut jwk = theirs.jwk();
        jwk[name] = json!(b64url_encode(value));
        PublicKey::from_jwk(&jwk).unwrap_err()
    };
    for (theirs, expected) in [(&*P384, 48), (&*P521, 66)] {
        for len in [0, 32, expected - 1, expected + 1] {
            let refused = refusal(theirs, "x", &vec![1; len]);
            assert_eq!(refused, JwkError::CoordinateLength { member: "x", len, curve: theirs.crv, expected });
        }
        for byte in [0, 1, 0xff] {
            let refused = refusal(theirs, "y", &vec![byte; expected]);
            assert_eq!(refused, JwkError::PointNotOnCurve(theirs.crv));
        }
        let mut jwk = theirs.jwk();
        jwk["alg"] = json!("ES256");
        let declared = PublicKey::from_jwk(&jwk).unwrap_err();
        assert_eq!(
            declared,
            JwkError::AlgorithmMismatch { declared: Algorithm::Es256, key: theirs.algorithm }
        );
    }
    assert_eq!(
        refusal(&P521, "x", &[1; 65]).to_string(),
        "the JWK's member `x` has 65 bytes; a coordinate on P-521 has 66, leading zeros included"
    );
}

/// The keys of all six kinds, each with its token and its JWK without a name.
fn all_six(header: &Value) -> Vec<(String, Value)> {
    let ours = [&*EC, &*RSA, &*SECP256K1, &*ED25519]
        .map(|key| (key.sign_compact(header, b"{}"), key.public_key().to_jwk()));
    let theirs = [&*P384, &*P521].map(|key| {
        let mut header = header.clone();
        header["alg"] = json!(key.algorithm.as_str());
        (key.sign(&header, b"{}"), key.jwk())
    });
    ours.into_iter().chain(theirs).collect()
}

fn document(keys: &[Value]) -> Vec<u8> {
    json!({ "keys": keys }).to_string().into_bytes()
}

fn strangers(keys: &[Value], algorithms: &[Algorithm]) -> JwkSet {
    JwkSet::parse_with(&document(keys), algorithms).unwrap()
}

#[test]
fn a_set_of_a_stranger_takes_what_it_is_asked_for() {
    let six = all_six(&json!({}));
    let keys: Vec<Value> = six.iter().map(|(_, key)| key.clone()).collect();
    let set = strangers(&keys, &Algorithm::ALL);
    assert_eq!((set.keys.len(), set.warnings.len()), (6, 0));
    for (token, key) in &six {
        assert_eq!(&set.verify(&Jws::parse(token).unwrap()).unwrap().key.to_jwk(), key);
    }
    let some = strangers(&keys, &[Algorithm::Es384, Algorithm::Es256]);
    assert_eq!(
        some.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "a key without `kid` is ignored: key type `RSA` is not accepted; use EC",
            "a key without `kid` is ignored: curve `secp256k1` is not accepted; use P-256 or P-384",
            "a key without `kid` is ignored: key type `OKP` is not accepted; use EC",
            "a key without `kid` is ignored: curve `P-521` is not accepted; use P-256 or P-384",
        ]
    );
    let verified = six.iter().filter(|(token, _)| some.verify(&Jws::parse(token).unwrap()).is_ok());
    assert_eq!(verified.count(), 2);
    let refused = some.verify(&Jws::parse(&six[1].0).unwrap()).unwrap_err();
    assert!(matches!(refused, JwsError::UnsupportedAlgorithm(_)));
}

#[test]
fn a_set_of_a_partner_takes_what_it_always_did() {
    let six = all_six(&json!({ "kid": "k" }));
    let keys: Vec<Value> = six
        .iter()
        .map(|(_, key)| {
            let mut key = key.clone();
            key["kid"] = json!("k");
            key
        })
        .collect();
    let set = JwkSet::parse(&document(&keys)).unwrap();
    assert_eq!((set.keys.len(), set.warnings.len()), (2, 4));
    assert_eq!(set.warnings[2].to_string(), "key `k` is ignored: curve `P-384` is not accepted; use P-256");
    for (index, (token, _)) in six.iter().enumerate() {
        assert_eq!(set.verify(&Jws::parse(token).unwrap()).is_ok(), index < 2);
    }
    let nameless = all_six(&json!({}));
    let refused = set.verify(&Jws::parse(&nameless[0].0).unwrap());
    assert!(matches!(refused, Err(JwsError::MissingKid)));
}

#[test]
fn names_are_hints_in_a_set_of_a_stranger() {
    let stranger = SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8()).unwrap();
    let named = |key: &SigningKey, kid: &str| jwk(key, &json!({ "kid": kid }));
    let outcome = |keys: &[Value], header: Value| {
        let set = strangers(keys, &Algorithm::ALL);
        set.verify(&Jws::parse(&EC.sign_compact(&header, b"{}")).unwrap()).map(|key| key.key.clone())
    };
    let ours = EC.public_key();
    let nameless = ours.to_jwk();

    // A token without a name is tried with every key that fits.
    assert_eq!(&outcome(&[named(&stranger, "a"), named(&EC, "b")], json!({})).unwrap(), ours);
    let refused = outcome(&[named(&stranger, "a"), named(&RSA, "b")], json!({})).unwrap_err();
    assert!(matches!(refused, JwsError::Signature));
    let refused = outcome(&[named(&RSA, "b")], json!({})).unwrap_err();
    assert_eq!(refused.to_string(), "no usable key of the set is for ES256");
    assert!(matches!(outcome(&[], json!({})), Err(JwsError::NoFittingKey(Algorithm::Es256))));

    // A name that the set knows decides; else the keys without names are tried, and no others.
    let kid = json!({ "kid": "k" });
    assert!(matches!(
        outcome(&[named(&stranger, "k"), nameless.clone()], kid.clone()),
        Err(JwsError::Signature)
    ));
    assert_eq!(&outcome(&[named(&stranger, "a"), nameless], kid.clone()).unwrap(), ours);
    assert!(matches!(outcome(&[named(&EC, "a")], kid.clone()), Err(JwsError::UnknownKid(_))));
    assert!(matches!(outcome(&[RSA.public_key().to_jwk()], kid.clone()), Err(JwsError::UnknownKid(_))));
    let misfit = outcome(&[named(&RSA, "k"), named(&RSA, "k")], kid);
    assert!(matches!(misfit, Err(JwsError::AlgorithmMismatch { .. })));
}

#[test]
fn a_stranger_may_not_have_us_try_many_keys() {
    let mut keys = vec![RSA.public_key().to_jwk(); 60];
    keys.extend(vec![EC.public_key().to_jwk(); MAX_TRIED_KEYS]);
    let verify = |keys: &[Value], header: &Value| {
        let set = strangers(keys, &Algorithm::ALL);
        set.verify(&Jws::parse(&EC.sign_compact(header, b"{}")).unwrap()).map(|_| ())
    };
    for header in [json!({}), json!({ "kid": "k" })] {
        verify(&keys, &header).unwrap();
    }
    keys.push(EC.public_key().to_jwk());
    for header in [json!({}), json!({ "kid": "k" })] {
        assert!(matches!(verify(&keys, &header), Err(JwsError::TooManyKeys(17))));
    }
    let one_name = vec![jwk(&EC, &json!({ "kid": "k" })); MAX_TRIED_KEYS + 1];
    assert!(matches!(verify(&one_name, &json!({ "kid": "k" })), Err(JwsError::TooManyKeys(17))));
}
