//! Public keys in the form that certificates hold.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519 as ED25519_ALGORITHM,
    EcdsaVerificationAlgorithm, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    VerificationAlgorithm,
};
use proptest::prelude::*;

use crate::support::{EC, ED25519, RSA, SECP256K1};
use jose::{Algorithm, JwkError, PublicKey, SpkiError, b64url_decode, b64url_encode};
use serde_json::{Value, json};

fn bytes_of(jwk: &Value, name: &str) -> Vec<u8> {
    b64url_decode(jwk[name].as_str().unwrap()).unwrap()
}

fn encoded(algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> Vec<u8> {
    let key = ParsedPublicKey::new(algorithm, key).unwrap();
    AsDer::<PublicKeyX509Der<'_>>::as_der(&key).unwrap().as_ref().to_vec()
}

fn rsa(jwk: &Value) -> Vec<u8> {
    let components = RsaPublicKeyComponents { n: bytes_of(jwk, "n"), e: bytes_of(jwk, "e") };
    components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).unwrap().as_ref().to_vec()
}

/// An EC key with its uncompressed point.
fn point(jwk: &Value) -> Vec<u8> {
    [vec![4], bytes_of(jwk, "x"), bytes_of(jwk, "y")].concat()
}

/// What the provider writes of one key of each kind, with the key.
fn all() -> Vec<(Vec<u8>, PublicKey)> {
    let ec = |algorithm: &'static EcdsaVerificationAlgorithm, key: &PublicKey| {
        (encoded(algorithm, &point(&key.to_jwk())), key.clone())
    };
    // The generator of the curve (SEC 2, section 2.5.1).
    let p384 = PublicKey::from_jwk(&json!({
        "kty": "EC",
        "crv": "P-384",
        "x": "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",
        "y": "NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"
    }))
    .unwrap();
    // RFC 7515, appendix A.4.1.
    let p521 = PublicKey::from_jwk(&json!({
        "kty": "EC",
        "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"
    }))
    .unwrap();
    let ed25519 = ED25519.public_key();
    vec![
        ec(&ECDSA_P256_SHA256_FIXED, EC.public_key()),
        ec(&ECDSA_P384_SHA384_FIXED, &p384),
        ec(&ECDSA_P521_SHA512_FIXED, &p521),
        (encoded(&ED25519_ALGORITHM, &bytes_of(&ed25519.to_jwk(), "x")), ed25519.clone()),
        (rsa(&RSA.public_key().to_jwk()), RSA.public_key().clone()),
    ]
}

#[test]
fn what_the_provider_writes_is_read() {
    for (document, key) in all() {
        assert_eq!(PublicKey::from_spki_der(&document), Ok(key));
    }
}

/// The key of RFC 8410, section 10.1.
#[test]
fn rfc_8410_section_10() {
    let document = pem::parse(
        "-----BEGIN PUBLIC KEY-----\n\
         MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
         -----END PUBLIC KEY-----\n",
    )
    .unwrap();
    let key = PublicKey::from_spki_der(document.contents()).unwrap();
    assert_eq!(key.algorithm(), Algorithm::EdDsa);
    assert_eq!(
        hex::encode(bytes_of(&key.to_jwk(), "x")),
        "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"
    );
}

#[test]
fn nothing_may_be_cut_off_or_added() {
    for (document, _) in all() {
        for len in 0..document.len() {
            assert!(PublicKey::from_spki_der(&document[..len]).is_err());
        }
        let longer = [&document[..], &[0]].concat();
        assert_eq!(PublicKey::from_spki_der(&longer), Err(SpkiError::Malformed));
    }
}

/// An element with this tag. Its length is written in the shortest form.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).unwrap();
    let [high, low] = len.to_be_bytes();
    let head = match len {
        0..=0x7f => vec![tag, low],
        0x80..=0xff => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [head, content.to_vec()].concat()
}

/// A document around the content of an AlgorithmIdentifier and a key.
fn spki(identifier: &str, key: &[u8]) -> Vec<u8> {
    let identifier = element(0x30, &hex::decode(identifier).unwrap());
    element(0x30, &[identifier, element(0x03, &[&[0], key].concat())].concat())
}

const P256: &str = "06072a8648ce3d020106082a8648ce3d030107";
const RSA_ENCRYPTION: &str = "06092a864886f70d0101010500";

#[test]
fn kinds_that_are_not_accepted() {
    let refusal =
        |identifier: &str, key: &[u8]| PublicKey::from_spki_der(&spki(identifier, key)).unwrap_err();
    let p256 = point(&EC.public_key().to_jwk());
    assert!(PublicKey::from_spki_der(&spki(P256, &p256)).is_ok());
    for identifier in [
        "06072a8648ce3d020106052b8104000a",           // secp256k1
        "06072a8648ce3d0201",                         // a curve that is implied
        "06072a8648ce3d02010500",                     // a curve that is inherited
        "06072a8648ce3d020106082a8648ce3d0301070500", // something after the curve
        "06092a864886f70d010101",                     // RSA without NULL
        "06092a864886f70d01010a",                     // RSA for PSS alone
        "06032b656e",                                 // X25519
        "06032b6571",                                 // Ed448
        "06032b65700500",                             // Ed25519 with parameters
        "06072a8648ce380401",                         // DSA
        "",
    ] {
        assert_eq!(refusal(identifier, &p256), SpkiError::UnsupportedKind, "{identifier}");
    }
    let k1 = point(&SECP256K1.public_key().to_jwk());
    assert_eq!(refusal(P256, &k1), SpkiError::Refused(JwkError::PointNotOnCurve("P-256")));
    let mut compressed = p256[..33].to_vec();
    compressed[0] = 2 + (p256[64] & 1);
    for bad in [&compressed[..], &p256[..64], &[], &[0], &[&p256[..], &[0]].concat()] {
        assert_eq!(refusal(P256, bad), SpkiError::Point("P-256"));
    }
    assert_eq!(refusal("06032b6570", &[7; 31]), SpkiError::Malformed);
    assert_eq!(refusal("06032b6570", &[0; 32]), SpkiError::Refused(JwkError::WeakEd25519));
}

#[test]
fn rsa_keys_that_are_refused() {
    let jwk = RSA.public_key().to_jwk();
    let (n, e) = (bytes_of(&jwk, "n"), bytes_of(&jwk, "e"));
    let signed = |number: &[u8]| [&[0], number].concat();
    let read = |n: &[u8], e: &[u8]| {
        let numbers = [element(0x02, n), element(0x02, e)].concat();
        PublicKey::from_spki_der(&spki(RSA_ENCRYPTION, &element(0x30, &numbers)))
    };
    assert_eq!(read(&signed(&n), &e).as_ref(), Ok(RSA.public_key()));
    let malformed = Err(SpkiError::Malformed);
    assert_eq!(read(&n, &e), malformed, "a negative modulus");
    assert_eq!(read(&signed(&signed(&n)), &e), malformed, "a modulus not in the shortest form");
    assert_eq!(read(&signed(&n), &signed(&e)), malformed, "an exponent not in the shortest form");
    assert_eq!(read(&signed(&n), &[0]), malformed);
    assert_eq!(read(&signed(&n), &[]), malformed);
    let refused = |n: &[u8], e: &[u8]| match read(n, e) {
        Err(SpkiError::Refused(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&signed(&[0xff; 128]), &e), JwkError::RsaSize(1024));
    assert_eq!(refused(&[&[0x7f], &[0xff; 255][..]].concat(), &e), JwkError::RsaSize(2047));
    assert_eq!(refused(&signed(&n), &[1]), JwkError::RsaExponent);
    assert_eq!(refused(&signed(&n), &[2]), JwkError::RsaExponent);
    let three = [element(2, &signed(&n)), element(2, &e), element(2, &e)].concat();
    assert_eq!(PublicKey::from_spki_der(&spki(RSA_ENCRYPTION, &element(0x30, &three))), malformed);
    assert_eq!(PublicKey::from_spki_der(&spki(RSA_ENCRYPTION, &[5, 0])), malformed);
}

#[test]
fn lengths_and_bits_have_one_form() {
    let identifier = element(0x30, &hex::decode(P256).unwrap());
    let bits = element(0x03, &[&[0][..], &point(&EC.public_key().to_jwk())].concat());
    let content = [&identifier[..], &bits].concat();
    let len = u8::try_from(content.len()).unwrap();
    assert!(PublicKey::from_spki_der(&[&[0x30, len][..], &content].concat()).is_ok());
    for head in
        [&[0x30, 0x81, len][..], &[0x30, 0x82, 0, len], &[0x30, 0x80], &[0x31, len], &[0x30, 0x83, 0, 0, len]]
    {
        assert_eq!(PublicKey::from_spki_der(&[head, &content].concat()), Err(SpkiError::Malformed));
    }
    let mut unused = bits;
    unused[2] = 1;
    let document = element(0x30, &[identifier, unused].concat());
    assert_eq!(PublicKey::from_spki_der(&document), Err(SpkiError::Malformed));
}

#[test]
fn messages_can_be_shown() {
    assert_eq!(
        PublicKey::from_spki_der(&spki("06032b6571", &[7; 57])).unwrap_err().to_string(),
        "the public key is of a kind that is not accepted; use EC on P-256, P-384 or P-521, RSA or Ed25519"
    );
    assert_eq!(
        PublicKey::from_spki_der(&spki(P256, &[])).unwrap_err().to_string(),
        "the public key is not an uncompressed point on P-256"
    );
}

proptest! {
    #[test]
    fn anything_is_read_or_refused(document: Vec<u8>) {
        prop_assert!(PublicKey::from_spki_der(&document).is_err());
    }

    /// Whatever is read is what the provider would have written.
    #[test]
    fn there_is_one_form(index in 0_usize..5, at: prop::sample::Index, byte: u8) {
        let (mut document, key) = all().swap_remove(index);
        let at = at.index(document.len());
        let changed = document[at] != byte;
        document[at] = byte;
        match PublicKey::from_spki_der(&document) {
            Ok(read) => prop_assert_eq!(read == key, !changed),
            Err(_) => prop_assert!(changed),
        }
    }

    #[test]
    fn a_key_for_ed25519_survives(key in any::<[u8; 32]>()) {
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": b64url_encode(&key) });
        let read = PublicKey::from_spki_der(&spki("06032b6570", &key));
        match PublicKey::from_jwk(&jwk) {
            Ok(expected) => prop_assert_eq!(read, Ok(expected)),
            Err(reason) => prop_assert_eq!(read, Err(SpkiError::Refused(reason))),
        }
    }
}
