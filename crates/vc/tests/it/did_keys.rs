//! `did:jwk` and `did:key`: published examples, round trips, and what is refused.

use jose::{JwkError, PublicKey, SigningKey, b64url_encode};
use proptest::prelude::*;
use serde_json::{Value, json};
use vc::did::{DidKeyError, MAX_DID_URL_SIZE, did_jwk, did_key, resolve_key};

/// The example of the did:jwk method for P-256.
const DID_JWK: &str = "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9";

/// An example of the did:key method for each kind of key.
const ED25519: &str = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
const SECP256K1: &str = "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme";
const P256: &str = "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169";
const P384: &str = "did:key:z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9";
const P521: &str = "did:key:z2J9gaYxrKVpdoG9A4gRnmpnRCcxU6agDtFVVBVdn1JedouoZN7SzcyREXXzWgt3gGiwpoHq7K68X4m32D8HgzG8wv3sY5j7";

fn refusal(did_url: &str) -> DidKeyError {
    resolve_key(did_url).unwrap_err()
}

fn of_jwk(jwk: &Value) -> String {
    format!("did:jwk:{}", b64url_encode(jwk.to_string().as_bytes()))
}

fn of_bytes(bytes: &[u8]) -> String {
    format!("did:key:z{}", bs58::encode(bytes).into_string())
}

#[test]
fn the_example_of_did_jwk() {
    let jwk = json!({
        "crv": "P-256",
        "kty": "EC",
        "x": "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0",
        "y": "_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE"
    });
    for url in [DID_JWK.to_owned(), format!("{DID_JWK}#0")] {
        let (key, did) = resolve_key(&url).unwrap();
        assert_eq!(key.to_jwk(), jwk);
        assert_eq!(did, DID_JWK);
        assert_eq!(did_jwk(&key), DID_JWK);
    }
}

#[test]
fn the_examples_of_did_key() {
    for (did, jwk) in [
        (
            ED25519,
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik" }),
        ),
        (
            SECP256K1,
            json!({
                "kty": "EC",
                "crv": "secp256k1",
                "x": "h0wVx_2iDlOcblulc8E5iEw1EYh5n1RYtLQfeSTyNc0",
                "y": "O2EATIGbu6DezKFptj5scAIRntgfecanVNXxat1rnwE"
            }),
        ),
        (
            P256,
            json!({
                "kty": "EC",
                "crv": "P-256",
                "x": "fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI",
                "y": "hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU"
            }),
        ),
    ] {
        let id = did.strip_prefix("did:key:").unwrap();
        for url in [did.to_owned(), format!("{did}#{id}")] {
            let (key, without_fragment) = resolve_key(&url).unwrap();
            assert_eq!(key.to_jwk(), jwk);
            assert_eq!(without_fragment, did);
            assert_eq!(did_key(&key).unwrap(), did);
        }
    }
}

/// The examples of the method for the larger curves.
#[test]
fn the_larger_curves() {
    for (did, crv, size) in [(P384, "P-384", 48), (P521, "P-521", 66)] {
        let (key, _) = resolve_key(did).unwrap();
        let jwk = key.to_jwk();
        assert_eq!(jwk["crv"], crv);
        for name in ["x", "y"] {
            assert_eq!(jose::b64url_decode(jwk[name].as_str().unwrap()).unwrap().len(), size);
        }
        assert_eq!(did_key(&key).unwrap(), did);
        assert_eq!(resolve_key(&did_jwk(&key)).unwrap().0, key);
    }
}

#[test]
fn a_did_of_every_kind_of_key_gives_it_back() {
    for pkcs8 in [
        SigningKey::generate_es256_pkcs8(),
        SigningKey::generate_es256k_pkcs8(),
        SigningKey::generate_eddsa_pkcs8(),
    ] {
        let key = SigningKey::from_pkcs8_der(&pkcs8).unwrap().public_key().clone();
        for did in [did_jwk(&key), did_key(&key).unwrap()] {
            assert_eq!(resolve_key(&did).unwrap(), (key.clone(), did));
        }
    }
    let rsa = SigningKey::from_pkcs8_der(&SigningKey::generate_rs256_pkcs8()).unwrap();
    assert_eq!(did_key(rsa.public_key()), None);
    let did = did_jwk(rsa.public_key());
    assert_eq!(&resolve_key(&did).unwrap().0, rsa.public_key());
}

#[test]
fn other_texts_of_a_jwk_are_other_dids_of_the_same_key() {
    let key = resolve_key(DID_JWK).unwrap().0;
    let mut jwk = key.to_jwk();
    jwk["use"] = json!("sig");
    jwk["kid"] = json!("mine");
    let did = of_jwk(&jwk);
    assert_eq!(resolve_key(&format!("{did}#0")).unwrap(), (key, did));
}

#[test]
fn fragments_name_the_only_key() {
    let id = P256.strip_prefix("did:key:").unwrap();
    let other = ED25519.strip_prefix("did:key:").unwrap();
    for url in [
        format!("{DID_JWK}#"),
        format!("{DID_JWK}#1"),
        format!("{DID_JWK}#0#0"),
        format!("{P256}#"),
        format!("{P256}#0"),
        format!("{P256}#{other}"),
        format!("{P256}#{P256}"),
        format!("{P256}#{id}#{id}"),
    ] {
        assert!(matches!(refusal(&url), DidKeyError::Fragment(_)), "{url}");
    }
    assert_eq!(
        refusal(&format!("{DID_JWK}#1")).to_string(),
        "the DID has one key: name it with the fragment #0, or leave the fragment out"
    );
}

#[test]
fn other_methods_and_texts_are_refused() {
    for text in
        ["", "did", "did:web:example.com", "did:ebsi:z1", "DID:KEY:z6Mk", "did:jwk", "#0", " did:key:z"]
    {
        assert!(matches!(refusal(text), DidKeyError::Method), "{text}");
    }
    assert!(matches!(refusal("did:key:"), DidKeyError::Multibase));
    let id = P256.strip_prefix("did:key:").unwrap();
    for text in
        [format!("did:key:u{id}"), format!("did:key:1.1:{id}"), format!("{P256}?a=b"), format!("{P256}0")]
    {
        assert!(matches!(refusal(&text), DidKeyError::Multibase), "{text}");
    }
    for text in [format!("{DID_JWK}="), format!("{DID_JWK}?a=b"), format!("{DID_JWK}/0")] {
        assert!(matches!(refusal(&text), DidKeyError::Encoding(_)), "{text}");
    }
}

#[test]
fn length_is_limited() {
    let long = format!("did:jwk:{}", "A".repeat(MAX_DID_URL_SIZE));
    assert!(matches!(refusal(&long), DidKeyError::TooLong(2056)));
    assert!(matches!(refusal(&long[..MAX_DID_URL_SIZE]), DidKeyError::Json(_)));
    assert!(matches!(refusal(&format!("did:key:z{}", "1".repeat(1000))), DidKeyError::KeyKind));
}

#[test]
fn jwks_that_are_no_public_key() {
    let mut leaky = resolve_key(DID_JWK).unwrap().0.to_jwk();
    leaky["d"] = json!("secret");
    let refused = refusal(&of_jwk(&leaky));
    assert_eq!(
        refused.to_string(),
        "the did:jwk holds the private members d of its key: make a new key and keep them secret"
    );
    assert!(!format!("{refused:?}").contains("secret\""));
    assert!(matches!(refusal("did:jwk:"), DidKeyError::Json(_)));
    let twice = b64url_encode(br#"{"kty":"EC","kty":"EC"}"#);
    assert!(matches!(refusal(&format!("did:jwk:{twice}")), DidKeyError::Json(_)));
    assert!(matches!(refusal(&of_jwk(&json!([]))), DidKeyError::Key(JwkError::NotAnObject)));
    let encryption = json!({ "kty": "OKP", "crv": "X25519", "x": "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08", "use": "enc" });
    assert!(matches!(refusal(&of_jwk(&encryption)), DidKeyError::Key(JwkError::Use(_))));
}

#[test]
fn did_keys_that_hold_no_key() {
    let p256 = |point: &[u8]| refusal(&of_bytes(&[&[0x80, 0x24], point].concat()));
    let x = [&[0x02][..], &[0; 31], &[5]].concat();
    assert!(resolve_key(&of_bytes(&[&[0x80, 0x24], &x[..]].concat())).is_ok());
    // Not a point: no y has the square that this x gives.
    let no_point = [&[0x02][..], &[0; 31], &[1]].concat();
    // The field's prime, which is 0 written in another way; and 0 is the x of a point.
    let prime = hex_bytes("02ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    assert!(resolve_key(&of_bytes(&[&[0x80, 0x24, 0x02], &[0; 32][..]].concat())).is_ok());
    for point in [&no_point[..], &prime, &x[..32], &[], &[&[0x04], &x[1..]].concat()] {
        assert!(matches!(p256(point), DidKeyError::Point), "{point:02x?}");
    }
    let uncompressed = [&[0x04][..], &[1; 64]].concat();
    assert!(matches!(p256(&uncompressed), DidKeyError::Point));
    let too_long = [&[0x04][..], &[1; 96]].concat();
    assert!(matches!(p256(&too_long), DidKeyError::KeyKind));
    for bytes in [&[][..], &[0x80], &[0xec, 0x01, 1], &[0x85, 0x24, 1], &[0x80, 0xa4, 0x00, 2]] {
        assert!(matches!(refusal(&of_bytes(bytes)), DidKeyError::KeyKind), "{bytes:02x?}");
    }
    let short = of_bytes(&[&[0xed, 0x01], &[9; 31][..]].concat());
    assert!(matches!(refusal(&short), DidKeyError::Key(JwkError::CoordinateLength { .. })));
    let weak = of_bytes(&[&[0xed, 0x01, 1], &[0; 31][..]].concat());
    assert!(matches!(refusal(&weak), DidKeyError::Key(JwkError::WeakEd25519)));
}

fn hex_bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

proptest! {
    /// The cryptographic library decompresses points too, and has checked the uncompressed one.
    #[test]
    fn points_are_decompressed_as_the_library_does(x: [u8; 32], more: [u8; 32], is_odd: bool, curve in 0..4_usize) {
        use aws_lc_rs::signature::{
            ECDSA_P256_SHA256_FIXED, ECDSA_P256K1_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
            ParsedPublicKey,
        };
        let (codec, size, algorithm) = [
            ([0x80, 0x24], 32, &ECDSA_P256_SHA256_FIXED),
            ([0xe7, 0x01], 32, &ECDSA_P256K1_SHA256_FIXED),
            ([0x81, 0x24], 48, &ECDSA_P384_SHA384_FIXED),
            ([0x82, 0x24], 66, &ECDSA_P521_SHA512_FIXED),
        ][curve];
        // The numbers of P-521 have 521 bits.
        let digits = [&[0, more[0] & 1][..], &x, &more].concat();
        let x = if size == 66 { &digits[..] } else { &digits[2..2 + size] };
        let point = [&[2 + u8::from(is_odd)][..], x].concat();
        let did = of_bytes(&[&codec, &point[..]].concat());
        let resolved = resolve_key(&did);
        prop_assert_eq!(resolved.is_ok(), ParsedPublicKey::new(algorithm, &point).is_ok());
        if let Ok((key, _)) = resolved {
            prop_assert_eq!(did_key(&key), Some(did));
        }
    }

    #[test]
    fn a_key_of_our_own_making_comes_back(is_k1: bool) {
        let pkcs8 = if is_k1 { SigningKey::generate_es256k_pkcs8() } else { SigningKey::generate_es256_pkcs8() };
        let key: PublicKey = SigningKey::from_pkcs8_der(&pkcs8).unwrap().public_key().clone();
        prop_assert_eq!(resolve_key(&did_key(&key).unwrap()).unwrap().0, key);
    }

    #[test]
    fn any_text_is_resolved_or_refused(text: String, id in "[A-Za-z0-9_-]{0,80}") {
        prop_assert!(resolve_key(&text).is_err());
        let _ = resolve_key(&format!("did:jwk:{id}"));
        let _ = resolve_key(&format!("did:key:z{id}"));
    }
}
