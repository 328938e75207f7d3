//! Encrypted messages: published vectors, round trips, and what is refused.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use jose::jwe::{
    ContentEncryption, DecryptionKey, EncryptionKey, InvalidScalar, JweError, Message, RecipientKeyError,
    decrypt,
};
use jose::{JwkError, PublicKey, b64url_decode, b64url_encode};
use proptest::prelude::*;
use serde_json::{Value, json};

const MAX_LEN: usize = 16 * 1024;

const PLAIN: Message<'_> =
    Message { enc: ContentEncryption::A128Gcm, compressed: false, typ: None, cty: None };

/// Alice's ephemeral key and Bob's static key of RFC 7518, appendix C.
const ALICE_D: &str = "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo";
const BOB_D: &str = "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw";

fn alice_epk() -> Value {
    json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
        "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"
    })
}

fn key(d: &str) -> DecryptionKey {
    DecryptionKey::from_scalar(&b64url_decode(d).unwrap().try_into().unwrap()).unwrap()
}

fn bob() -> DecryptionKey {
    key(BOB_D)
}

fn to_bob() -> EncryptionKey {
    EncryptionKey::from_jwk(&bob().public_jwk()).unwrap()
}

/// A random source that gives these bytes again and again, each time one more in the last.
fn random(start: [u8; 32]) -> impl FnMut(&mut [u8]) {
    let mut state = start;
    move |bytes| {
        bytes.copy_from_slice(&state[..bytes.len()]);
        state[31] = state[31].wrapping_add(1);
    }
}

fn alice_random() -> impl FnMut(&mut [u8]) {
    random(b64url_decode(ALICE_D).unwrap().try_into().unwrap())
}

fn header(jwe: &str) -> Value {
    serde_json::from_slice(&b64url_decode(jwe.split('.').next().unwrap()).unwrap()).unwrap()
}

/// A token with any header and content, made without this crate: under the key that appendix C derives.
fn forge(header: &str, plaintext: &[u8]) -> String {
    let header = b64url_encode(header.as_bytes());
    let derived = b64url_decode("VqqN6vgjbSBcIijNcacQGg").unwrap();
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &derived).unwrap());
    let mut content = plaintext.to_vec();
    let nonce = Nonce::assume_unique_for_key([3; 12]);
    cipher.seal_in_place_append_tag(nonce, Aad::from(header.as_bytes()), &mut content).unwrap();
    let (ciphertext, tag) = content.split_at(content.len() - 16);
    format!("{header}..{}.{}.{}", b64url_encode(&[3; 12]), b64url_encode(ciphertext), b64url_encode(tag))
}

/// The header of appendix C with some members replaced, or removed by null.
fn appendix_c(changes: &Value) -> Value {
    let mut header =
        json!({ "alg": "ECDH-ES", "enc": "A128GCM", "apu": "QWxpY2U", "apv": "Qm9i", "epk": alice_epk() });
    for (name, value) in changes.as_object().unwrap() {
        header[name] = value.clone();
        if value.is_null() {
            header.as_object_mut().unwrap().remove(name);
        }
    }
    header
}

fn refusal(changes: &Value) -> JweError {
    decrypt(&forge(&appendix_c(changes).to_string(), b"{}"), &bob(), MAX_LEN).unwrap_err()
}

#[test]
fn rfc_7518_appendix_c() {
    let jwe = forge(&appendix_c(&json!({})).to_string(), b"message");
    assert_eq!(decrypt(&jwe, &bob(), MAX_LEN).unwrap(), b"message");
    // What the key is derived from is all bound.
    for changes in [json!({ "apu": "Qm9i" }), json!({ "apv": null }), json!({ "enc": "A256GCM" })] {
        assert!(matches!(refusal(&changes), JweError::Decryption), "{changes}");
    }
}

#[test]
fn the_ephemeral_key_is_drawn() {
    let jwe = to_bob().encrypt(&PLAIN, b"message", &mut alice_random());
    assert_eq!(header(&jwe)["epk"], alice_epk());
    assert_eq!(decrypt(&jwe, &bob(), MAX_LEN).unwrap(), b"message");
    assert_eq!(jwe.split('.').nth(1), Some(""));
}

/// The sender's side by another path: its key is derived here, and the content is opened with the cipher itself.
#[test]
fn what_is_encrypted_has_the_form_of_the_specification() {
    let message =
        Message { enc: ContentEncryption::A256Gcm, compressed: false, typ: Some("t"), cty: Some("json") };
    let jwe = to_bob().encrypt(&message, b"message", &mut alice_random());
    let mut expected = json!({ "alg": "ECDH-ES", "enc": "A256GCM", "typ": "t", "cty": "json" });
    expected["epk"] = alice_epk();
    expected["kid"] = bob().public_jwk()["kid"].clone();
    assert_eq!(header(&jwe), expected);
    let parts: Vec<Vec<u8>> = jwe.split('.').map(|part| b64url_decode(part).unwrap()).collect();
    assert_eq!(parts.iter().map(Vec::len).skip(1).collect::<Vec<_>>(), [0, 12, 7, 16]);

    let mut content = [&parts[3][..], &parts[4]].concat();
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derive_for_a256gcm()).unwrap());
    let nonce = Nonce::try_assume_unique_for_key(&parts[2]).unwrap();
    let aad = Aad::from(jwe.split('.').next().unwrap());
    assert_eq!(cipher.open_in_place(nonce, aad, &mut content).unwrap(), b"message");
}

/// RFC 7518, section 4.6.2, written as appendix C shows it: with the `Z` of that appendix and empty parties.
fn derive_for_a256gcm() -> Vec<u8> {
    let z = [
        158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218,
        128, 106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
    ];
    let other_info = [&[0, 0, 0, 7][..], b"A256GCM", &[0, 0, 0, 0], &[0, 0, 0, 0], &[0, 0, 1, 0]].concat();
    let round = [&[0, 0, 0, 1][..], &z, &other_info].concat();
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &round).as_ref().to_vec()
}

#[test]
fn published_keys_can_be_encrypted_to() {
    let jwk = bob().public_jwk();
    assert_eq!(jwk["x"], "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ");
    assert_eq!(jwk["y"], "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck");
    assert_eq!((&jwk["use"], &jwk["alg"]), (&json!("enc"), &json!("ECDH-ES")));
    assert!(matches!(PublicKey::from_jwk(&jwk), Err(JwkError::Use(_))), "not for signatures");
    let mut bare = jwk.clone();
    for name in ["use", "alg", "kid"] {
        bare.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(jwk["kid"], b64url_encode(&PublicKey::from_jwk(&bare).unwrap().thumbprint()));
    let jwe = EncryptionKey::from_jwk(&bare).unwrap().encrypt(&PLAIN, b"", &mut alice_random());
    assert_eq!(header(&jwe).get("kid"), None);
    assert_eq!(decrypt(&jwe, &bob(), MAX_LEN).unwrap(), b"");
}

#[test]
fn keys_that_nothing_is_encrypted_to() {
    let refusal = |changes: Value| {
        let mut jwk = bob().public_jwk();
        jwk.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        EncryptionKey::from_jwk(&jwk).unwrap_err()
    };
    assert_eq!(refusal(json!({ "d": "x" })), RecipientKeyError::PrivateMembers(vec!["d"]));
    assert_eq!(refusal(json!({ "use": "sig" })), RecipientKeyError::Use("sig".to_owned()));
    for alg in ["ECDH-ES+A128KW", "RSA-OAEP-256", "dir", "ES256", ""] {
        assert_eq!(refusal(json!({ "alg": alg })), RecipientKeyError::Algorithm(alg.to_owned()));
    }
    for operations in [json!(["verify"]), json!("deriveKey"), json!(null)] {
        assert_eq!(refusal(json!({ "key_ops": operations })), RecipientKeyError::KeyOps);
    }
    let of_jwk = |changes| match refusal(changes) {
        RecipientKeyError::Jwk(cause) => cause,
        other => panic!("{other}"),
    };
    assert_eq!(of_jwk(json!({ "kid": 7 })), JwkError::NotAString("kid"));
    assert_eq!(of_jwk(json!({ "kty": "OKP" })).to_string(), "key type `OKP` is not accepted; use EC");
    for crv in ["secp256k1", "P-384", "X25519"] {
        let message = format!("curve `{crv}` is not accepted; use P-256");
        assert_eq!(of_jwk(json!({ "crv": crv })).to_string(), message);
    }
    let zeros = b64url_encode(&[0; 32]);
    assert_eq!(of_jwk(json!({ "x": zeros, "y": zeros })), JwkError::PointNotOnCurve("P-256"));
    assert_eq!(
        EncryptionKey::from_jwk(&json!([])).unwrap_err(),
        RecipientKeyError::Jwk(JwkError::NotAnObject)
    );
    for operations in [json!([]), json!(["deriveBits"]), json!(["deriveKey"])] {
        let mut jwk = bob().public_jwk();
        jwk["key_ops"] = operations;
        assert!(EncryptionKey::from_jwk(&jwk).is_ok());
    }
}

#[test]
fn scalars_are_below_the_order() {
    let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").unwrap();
    let order: [u8; 32] = order.try_into().unwrap();
    let mut largest = order;
    largest[31] -= 1;
    assert!(DecryptionKey::from_scalar(&largest).is_ok());
    for scalar in [[0; 32], order, [0xff; 32]] {
        assert_eq!(DecryptionKey::from_scalar(&scalar).unwrap_err(), InvalidScalar);
    }
    // The first draw is above the order, the second below it.
    let mut start = order;
    start[31] = 0xff;
    let jwe = to_bob().encrypt(&PLAIN, b"message", &mut random(start));
    assert_eq!(decrypt(&jwe, &bob(), MAX_LEN).unwrap(), b"message");
}

#[test]
#[should_panic(expected = "gives a valid number nearly always")]
fn a_source_without_randomness_does_not_hang() {
    let _ = to_bob().encrypt(&PLAIN, b"", &mut |bytes| bytes.fill(0));
}

#[test]
fn debug_output_shows_no_secret() {
    let shown = format!("{:?}", bob());
    assert!(shown.starts_with("DecryptionKey { public: PublicKey { "), "{shown}");
    assert!(!shown.contains(BOB_D) && shown.len() < 160, "{shown}");
}

#[test]
fn headers_that_ask_for_something_else() {
    for alg in ["ECDH-ES+A128KW", "RSA1_5", "RSA-OAEP", "dir", "A128KW", "PBES2-HS256+A128KW", "none", ""] {
        assert!(matches!(refusal(&json!({ "alg": alg })), JweError::Algorithm(named) if named == alg));
    }
    for enc in ["A128CBC-HS256", "A192GCM", "a128gcm", "none", ""] {
        let refused = refusal(&json!({ "enc": enc }));
        assert!(matches!(refused, JweError::UnsupportedEncryption(named) if named.0 == enc));
    }
    assert!(matches!(refusal(&json!({ "crit": ["exp"], "exp": 1 })), JweError::CriticalHeader));
    assert!(matches!(refusal(&json!({ "crit": [] })), JweError::CriticalHeader));
    assert!(matches!(refusal(&json!({ "zip": "GZ" })), JweError::Compression(_)));
    for name in ["alg", "enc", "epk"] {
        let changes = json!({ name: null });
        assert!(matches!(refusal(&changes), JweError::Missing(missing) if missing == name));
    }
    for name in ["alg", "enc", "zip", "apu", "apv"] {
        assert!(matches!(refusal(&json!({ name: 1 })), JweError::NotAString(wrong) if wrong == name));
    }
    assert!(matches!(refusal(&json!({ "apu": "=" })), JweError::Encoding { part: "apu", .. }));
    // Keys and addresses in the header are not used, and do no harm.
    let further = json!({ "jku": "https://attacker.example", "kid": "x", "x5c": [], "new": {} });
    let jwe = forge(&appendix_c(&further).to_string(), b"{}");
    assert_eq!(decrypt(&jwe, &bob(), MAX_LEN).unwrap(), b"{}");
}

#[test]
fn headers_that_can_be_read_in_two_ways() {
    for header in [r#"{"alg":"dir","alg":"ECDH-ES"}"#, "", "{}x", "\u{feff}{}"] {
        let refused = decrypt(&forge(header, b"{}"), &bob(), MAX_LEN);
        assert!(matches!(refused, Err(JweError::HeaderJson(_))), "{header}");
    }
    let refused = decrypt(&forge("[]", b"{}"), &bob(), MAX_LEN);
    assert!(matches!(refused, Err(JweError::HeaderNotAnObject)));
}

/// Points off the curve would let a sender find out our key bit by bit (RFC 8725, section 2.5).
#[test]
fn ephemeral_keys_off_the_curve() {
    let refused = |member: &str, value: Value| {
        let mut epk = alice_epk();
        epk[member] = value;
        match refusal(&json!({ "epk": epk })) {
            JweError::EphemeralKey(cause) => cause,
            other => panic!("{other}"),
        }
    };
    let point = JwkError::PointNotOnCurve("P-256");
    assert_eq!(refused("y", json!(b64url_encode(&[1; 32]))), point);
    assert_eq!(refused("x", json!(b64url_encode(&[0xff; 32]))), point);
    assert!(matches!(refused("x", json!("AA")), JwkError::CoordinateLength { len: 1, .. }));
    assert!(matches!(refused("crv", json!("P-384")), JwkError::UnsupportedCurve { .. }));
    assert!(matches!(refused("kty", json!("OKP")), JwkError::UnsupportedKeyType { .. }));
    assert!(matches!(refusal(&json!({ "epk": "x" })), JweError::EphemeralKey(JwkError::NotAnObject)));
    let mut leaky = alice_epk();
    leaky["d"] = json!(ALICE_D);
    assert!(matches!(refusal(&json!({ "epk": leaky })), JweError::EphemeralSecret));
}

#[test]
fn texts_that_are_not_compact() {
    let jwe = to_bob().encrypt(&PLAIN, b"message", &mut alice_random());
    for text in ["", "....x.", "a.b.c", &format!("{jwe}."), &jwe[..jwe.rfind('.').unwrap()]] {
        assert!(matches!(decrypt(text, &bob(), MAX_LEN), Err(JweError::NotCompact)), "{text}");
    }
    assert!(matches!(decrypt("....", &bob(), MAX_LEN), Err(JweError::HeaderJson(_))));
    let with = |index: usize, part: &str| {
        let mut parts: Vec<&str> = jwe.split('.').collect();
        parts[index] = part;
        decrypt(&parts.join("."), &bob(), MAX_LEN).unwrap_err()
    };
    assert!(matches!(with(1, "AA"), JweError::EncryptedKey));
    for len in [0, 8, 11, 13, 16] {
        assert!(matches!(with(2, &b64url_encode(&vec![3; len])), JweError::PartLength));
    }
    // A shorter tag would be easier to guess.
    for len in [0, 4, 12, 15, 17] {
        assert!(matches!(with(4, &b64url_encode(&vec![3; len])), JweError::PartLength));
    }
    for (index, name) in
        [(0, "header"), (2, "initialization vector"), (3, "ciphertext"), (4, "authentication tag")]
    {
        assert!(matches!(with(index, "A+=="), JweError::Encoding { part, .. } if part == name));
    }
}

#[test]
fn another_key_does_not_decrypt() {
    let jwe = to_bob().encrypt(&PLAIN, b"message", &mut alice_random());
    let refused = decrypt(&jwe, &key(ALICE_D), MAX_LEN).unwrap_err();
    assert!(matches!(refused, JweError::Decryption));
    assert_eq!(
        refused.to_string(),
        "the token does not decrypt: it is encrypted to another key, or was changed"
    );
}

#[test]
fn length_is_limited() {
    let jwe = to_bob().encrypt(&PLAIN, b"message", &mut alice_random());
    assert!(decrypt(&jwe, &bob(), jwe.len()).is_ok());
    assert!(matches!(decrypt(&jwe, &bob(), jwe.len() - 1), Err(JweError::TooLong { .. })));
}

/// RFC 8725, section 3.6, and CVE-2024-28180 of another library.
#[test]
fn decompression_is_limited() {
    let compressed = Message { compressed: true, ..PLAIN };
    let bomb = to_bob().encrypt(&compressed, &vec![0; 10 * MAX_LEN], &mut alice_random());
    assert!(bomb.len() < MAX_LEN);
    assert!(matches!(decrypt(&bomb, &bob(), MAX_LEN), Err(JweError::PlaintextTooLong(MAX_LEN))));
    assert_eq!(decrypt(&bomb, &bob(), 10 * MAX_LEN).unwrap(), vec![0; 10 * MAX_LEN]);
    assert_eq!(header(&bomb)["zip"], "DEF");
}

#[test]
fn plaintexts_that_are_not_deflate() {
    let stored = [1, 2, 0, 0xfd, 0xff, b'{', b'}']; // RFC 1951, section 3.2.4
    let inflated = |plaintext: &[u8]| {
        let header = appendix_c(&json!({ "zip": "DEF" })).to_string();
        decrypt(&forge(&header, plaintext), &bob(), MAX_LEN)
    };
    assert_eq!(inflated(&stored).unwrap(), b"{}");
    let zlib = [0x78, 0x9c, 0xab, 0xae, 0x05, 0x00, 0x01, 0x75, 0x00, 0xf9];
    for plaintext in [&stored[..6], &[&stored[..], &[0]].concat(), b"", b"{}", &zlib] {
        assert!(matches!(inflated(plaintext), Err(JweError::Deflate)), "{plaintext:02x?}");
    }
}

#[test]
fn names_of_content_encryption_round_trip() {
    for enc in ContentEncryption::ALL {
        assert_eq!(enc.to_string().parse(), Ok(enc));
    }
    let refused = "A192GCM".parse::<ContentEncryption>().unwrap_err();
    assert_eq!(refused.to_string(), "content encryption `A192GCM` is not accepted; use A128GCM or A256GCM");
}

proptest! {
    #[test]
    fn what_is_encrypted_decrypts(
        plaintext: Vec<u8>,
        seed: [u8; 32],
        scalar: [u8; 32],
        is_256: bool,
        compressed: bool,
        kid: Option<String>,
    ) {
        let Ok(ours) = DecryptionKey::from_scalar(&scalar) else { return Ok(()) };
        let mut jwk = ours.public_jwk();
        jwk["kid"] = json!(kid.clone().unwrap_or_default());
        let enc = ContentEncryption::ALL[usize::from(is_256)];
        let message = Message { enc, compressed, typ: None, cty: kid.as_deref() };
        let jwe = EncryptionKey::from_jwk(&jwk).unwrap().encrypt(&message, &plaintext, &mut random(seed));
        prop_assert_eq!(decrypt(&jwe, &ours, MAX_LEN).unwrap(), plaintext);
        prop_assert_eq!(&header(&jwe)["kid"], &jwk["kid"]);
    }

    #[test]
    fn a_changed_token_does_not_decrypt(
        at: prop::sample::Index,
        with in "[A-Za-z0-9_.=-]",
        compressed: bool,
    ) {
        let message = Message { compressed, ..PLAIN };
        let jwe = to_bob().encrypt(&message, br#"{"proof":"message"}"#, &mut alice_random());
        let mut changed = jwe.clone();
        let at = at.index(jwe.len());
        changed.replace_range(at..=at, &with);
        prop_assume!(changed != jwe);
        prop_assert!(decrypt(&changed, &bob(), MAX_LEN).is_err());
    }

    #[test]
    fn a_shortened_token_does_not_decrypt(at: prop::sample::Index) {
        let jwe = to_bob().encrypt(&PLAIN, b"message", &mut alice_random());
        prop_assert!(decrypt(&jwe[..at.index(jwe.len())], &bob(), MAX_LEN).is_err());
    }

    #[test]
    fn any_text_is_refused(text: String, parts in "([A-Za-z0-9_-]{0,8}[.]){4}[A-Za-z0-9_-]{0,8}") {
        prop_assert!(decrypt(&text, &bob(), MAX_LEN).is_err());
        prop_assert!(decrypt(&parts, &bob(), MAX_LEN).is_err());
    }

    #[test]
    fn any_compressed_bytes_are_inflated_within_the_limit(plaintext: Vec<u8>) {
        let header = appendix_c(&json!({ "zip": "DEF" })).to_string();
        if let Ok(inflated) = decrypt(&forge(&header, &plaintext), &bob(), MAX_LEN) {
            prop_assert!(inflated.len() <= MAX_LEN);
        }
    }
}
