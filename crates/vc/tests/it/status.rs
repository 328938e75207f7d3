//! Status lists in both published forms.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use jose::{Jws, JwsError, b64url_encode};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use vc::PayloadError;
use vc::status::{
    BitstringError, BitstringStatusList, DecodeError, MAX_SIZE, MIN_BITSTRING_SIZE, StatusBits, StatusError,
    StatusListToken, TokenError,
};

use crate::common::{ISSUER, STRANGER};

fn with_bits(size: u32, set: &[u32]) -> StatusBits {
    let mut bits = StatusBits::new(size).unwrap();
    set.iter().for_each(|index| bits.set(*index, true).unwrap());
    bits
}

/// draft-ietf-oauth-status-list, section 4.1 and its first test vector.
#[test]
fn token_status_list_example() {
    let bits = with_bits(16, &[0, 3, 4, 5, 7, 8, 9, 13, 15]);
    assert_eq!(bits.as_bytes(), [0xb9, 0xa3]);
    assert_eq!(bits.to_lst(), "eNrbuRgAAhcBXQ");
    assert_eq!(StatusBits::from_lst("eNrbuRgAAhcBXQ", 16).unwrap(), bits);
}

/// draft-ietf-oauth-status-list, test vectors for status list encoding: 2^20 entries of one bit.
#[test]
fn token_status_list_test_vector_of_one_bit() {
    let lst = "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAA\
               AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAA\
               AAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb";
    let set = [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345];
    let bits = with_bits(1 << 20, &set);
    assert_eq!(StatusBits::from_lst(lst, 1 << 20).unwrap(), bits);
    assert_eq!(StatusBits::from_lst(&bits.to_lst(), 1 << 20).unwrap(), bits);
    assert_eq!(StatusBits::from_lst(lst, (1 << 20) - 8).unwrap_err(), DecodeError::TooLarge);
}

/// The empty list of the W3C recommendation's examples: 16 KiB of zeros.
#[test]
fn bitstring_status_list_example() {
    let encoded = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA";
    let bits = StatusBits::from_encoded_list(encoded, MIN_BITSTRING_SIZE).unwrap();
    assert_eq!(bits, StatusBits::new(MIN_BITSTRING_SIZE).unwrap());
}

/// Bitstring Status List v1.0, section 3.3: index 0 is the left-most bit, and so the most significant.
#[test]
fn bitstring_begins_at_the_most_significant_bit() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&[0b1000_0000, 0b0000_0001]).unwrap();
    let encoded = format!("u{}", b64url_encode(&encoder.finish().unwrap()));
    assert_eq!(StatusBits::from_encoded_list(&encoded, 16).unwrap(), with_bits(16, &[0, 15]));
}

#[test]
fn a_bomb_is_not_unpacked() {
    let zeros = vec![0; 64 << 20];
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(&zeros).unwrap();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&zeros).unwrap();
    let lst = b64url_encode(&zlib.finish().unwrap());
    let encoded = format!("u{}", b64url_encode(&gzip.finish().unwrap()));
    for limit in [1 << 17, u32::MAX] {
        assert_eq!(StatusBits::from_lst(&lst, limit).unwrap_err(), DecodeError::TooLarge);
        assert_eq!(StatusBits::from_encoded_list(&encoded, limit).unwrap_err(), DecodeError::TooLarge);
    }
}

#[test]
fn malformed_lists_are_refused() {
    for (lst, error) in [
        ("", DecodeError::Compression),
        ("eNrbuRgAAhcBXQ==", DecodeError::Encoding),
        ("eNrbuRgAAhcBXA", DecodeError::Compression),
        ("eNrbuRgAAhcB", DecodeError::Compression),
        ("AAAA", DecodeError::Compression),
        ("eNoDAAAAAAE", DecodeError::Empty),
    ] {
        assert_eq!(StatusBits::from_lst(lst, 16).unwrap_err(), error, "{lst}");
    }
    for (encoded, error) in [
        ("H4sIAAAAAAAAA", DecodeError::Encoding),
        ("zH4sIAAAAAAAAA", DecodeError::Encoding),
        ("uH4sIAAAAAAAA", DecodeError::Compression),
        ("u", DecodeError::Compression),
    ] {
        assert_eq!(StatusBits::from_encoded_list(encoded, 16).unwrap_err(), error, "{encoded}");
    }
}

#[test]
fn size_and_index_are_checked() {
    for size in [0, 7, 12, MAX_SIZE + 8, u32::MAX] {
        assert_eq!(StatusBits::new(size).unwrap_err(), StatusError::Size, "{size}");
    }
    assert_eq!(StatusBits::from_bytes(Vec::new()).unwrap_err(), StatusError::Size);
    assert_eq!(StatusBits::from_bytes(vec![0; MAX_SIZE as usize / 8 + 1]).unwrap_err(), StatusError::Size);
    let mut bits = StatusBits::new(8).unwrap();
    assert_eq!(bits.get(8).unwrap_err(), StatusError::Index { index: 8, size: 8 });
    assert_eq!(bits.set(u32::MAX, true).unwrap_err(), StatusError::Index { index: u32::MAX, size: 8 });
    bits.set(7, true).unwrap();
    bits.set(7, false).unwrap();
    assert_eq!(bits, StatusBits::new(8).unwrap());
}

fn token() -> StatusListToken {
    StatusListToken {
        sub: "https://issuer.example/status/1".to_owned(),
        iat: 1_686_920_170,
        exp: Some(2_291_720_170),
        ttl: Some(43_200),
        bits: StatusBits::from_bytes(vec![0xb9, 0xa3]).unwrap(),
    }
}

#[test]
fn status_list_token_is_that_of_the_draft() {
    let compact = token().sign(&ISSUER, "12");
    let jws = Jws::parse(&compact).unwrap();
    assert_eq!(jws.header().typ.as_deref(), Some("statuslist+jwt"));
    assert_eq!(
        serde_json::from_slice::<Value>(jws.payload()).unwrap(),
        json!({
            "sub": "https://issuer.example/status/1",
            "iat": 1_686_920_170,
            "exp": 2_291_720_170_u32,
            "ttl": 43_200,
            "status_list": { "bits": 1, "lst": "eNrbuRgAAhcBXQ" },
        })
    );
    assert_eq!(StatusListToken::verify(&compact, ISSUER.public_key(), 16).unwrap(), token());
    let short = StatusListToken { exp: None, ttl: None, ..token() };
    let verified = StatusListToken::verify(&short.sign(&ISSUER, "12"), ISSUER.public_key(), 16).unwrap();
    assert_eq!(verified, short);
}

#[test]
fn other_tokens_are_refused() {
    let refusal = |typ: &str, payload: Value| {
        let compact = ISSUER.sign_compact(&json!({ "typ": typ }), payload.to_string().as_bytes());
        StatusListToken::verify(&compact, ISSUER.public_key(), 16).unwrap_err()
    };
    let list =
        |bits: Value, lst: &str| json!({ "sub": "x", "iat": 1, "status_list": { "bits": bits, "lst": lst } });
    assert!(matches!(refusal("JWT", list(json!(1), "eNrbuRgAAhcBXQ")), TokenError::Type));
    let refusal = |payload| refusal("statuslist+jwt", payload);
    assert!(matches!(refusal(list(json!(2), "eNrbuRgAAhcBXQ")), TokenError::BitsPerEntry(2)));
    assert!(matches!(
        refusal(list(json!("1"), "eNrbuRgAAhcBXQ")),
        TokenError::Payload(PayloadError::Shape(_))
    ));
    assert!(matches!(refusal(list(json!(1), "?")), TokenError::List(DecodeError::Encoding)));
    assert!(matches!(refusal(json!({ "sub": "x", "iat": 1 })), TokenError::Payload(PayloadError::Shape(_))));
    let outcome = StatusListToken::verify(&token().sign(&ISSUER, "12"), STRANGER.public_key(), 16);
    assert!(matches!(outcome, Err(TokenError::Jws(JwsError::Signature))));
}

fn status_list() -> BitstringStatusList {
    BitstringStatusList {
        id: "https://issuer.example/status/1".to_owned(),
        issuer: "did:web:issuer.example".to_owned(),
        valid_from: "2025-06-15T15:06:40Z".to_owned(),
        valid_until: Some("2025-06-16T15:06:40Z".to_owned()),
        bits: with_bits(MIN_BITSTRING_SIZE, &[94_567]),
    }
}

#[test]
fn status_list_credential_is_that_of_the_recommendation() {
    let compact = status_list().sign(&ISSUER, "did:web:issuer.example#key-1").unwrap();
    let jws = Jws::parse(&compact).unwrap();
    assert_eq!(jws.header().typ.as_deref(), Some("vc+jwt"));
    assert_eq!(
        serde_json::from_slice::<Value>(jws.payload()).unwrap(),
        json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "id": "https://issuer.example/status/1",
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": "did:web:issuer.example",
            "validFrom": "2025-06-15T15:06:40Z",
            "validUntil": "2025-06-16T15:06:40Z",
            "credentialSubject": {
                "id": "https://issuer.example/status/1#list",
                "type": "BitstringStatusList",
                "statusPurpose": "revocation",
                "encodedList": status_list().bits.to_encoded_list(),
            },
        })
    );
    let verify = |compact: &str| {
        BitstringStatusList::verify(compact, ISSUER.public_key(), MIN_BITSTRING_SIZE).unwrap()
    };
    assert_eq!(verify(&compact), status_list());
    let endless = BitstringStatusList { valid_until: None, ..status_list() };
    assert_eq!(verify(&endless.sign(&ISSUER, "key-1").unwrap()), endless);
}

#[test]
fn other_status_list_credentials_are_refused() {
    let short = BitstringStatusList { bits: StatusBits::new(1024).unwrap(), ..status_list() };
    assert!(matches!(short.payload(), Err(BitstringError::TooShort(1024))));

    let valid: Value = serde_json::from_slice(&status_list().payload().unwrap()).unwrap();
    let refusal = |typ: &str, pointer: &str, value: Value| {
        let mut credential = valid.clone();
        *credential.pointer_mut(pointer).unwrap() = value;
        let compact = ISSUER.sign_compact(&json!({ "typ": typ }), credential.to_string().as_bytes());
        BitstringStatusList::verify(&compact, ISSUER.public_key(), MIN_BITSTRING_SIZE).unwrap_err()
    };
    assert!(matches!(refusal("JWT", "/id", json!("x")), BitstringError::Type));
    let refusal = |pointer, value| refusal("vc+jwt", pointer, value);
    for (pointer, value) in [
        ("/type", json!(["VerifiableCredential"])),
        ("/credentialSubject/type", json!("StatusList2021")),
        ("/credentialSubject/statusPurpose", json!("suspension")),
    ] {
        assert!(matches!(refusal(pointer, value), BitstringError::NotRevocationList), "{pointer}");
    }
    assert!(matches!(refusal("/issuer", json!(1)), BitstringError::Payload(PayloadError::Shape(_))));
    let short = json!(StatusBits::new(1024).unwrap().to_encoded_list());
    assert!(matches!(refusal("/credentialSubject/encodedList", short), BitstringError::TooShort(1024)));
    let outcome = BitstringStatusList::verify(
        &status_list().sign(&ISSUER, "key-1").unwrap(),
        STRANGER.public_key(),
        MIN_BITSTRING_SIZE,
    );
    assert!(matches!(outcome, Err(BitstringError::Jws(JwsError::Signature))));
}

/// The largest list, without any redundancy to compress, must still be readable once signed.
#[test]
fn the_largest_list_survives_its_signature() {
    let mut state = 1u64;
    let noise = (0..MAX_SIZE / 8).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    });
    let bits = StatusBits::from_bytes(noise.collect()).unwrap();
    let token = StatusListToken { bits: bits.clone(), ..token() };
    let verified =
        StatusListToken::verify(&token.sign(&ISSUER, "12"), ISSUER.public_key(), MAX_SIZE).unwrap();
    assert!(verified.bits == bits);
    let list = BitstringStatusList { bits, ..status_list() };
    let compact = list.sign(&ISSUER, "key-1").unwrap();
    assert!(BitstringStatusList::verify(&compact, ISSUER.public_key(), MAX_SIZE).unwrap() == list);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_forms_agree_on_every_index(bytes in vec(any::<u8>(), 1..200), changes in vec((any::<u32>(), any::<bool>()), 0..20)) {
        let mut bits = StatusBits::from_bytes(bytes).unwrap();
        let size = bits.size();
        let mut expected: Vec<bool> = (0..size).map(|index| bits.get(index).unwrap()).collect();
        for (index, revoked) in changes {
            let index = index % size;
            bits.set(index, revoked).unwrap();
            expected[index as usize] = revoked;
        }
        let token = StatusBits::from_lst(&bits.to_lst(), size).unwrap();
        let bitstring = StatusBits::from_encoded_list(&bits.to_encoded_list(), size).unwrap();
        prop_assert_eq!(token.size(), size);
        prop_assert_eq!(bitstring.size(), size);
        for (index, revoked) in (0..size).zip(expected) {
            prop_assert_eq!(token.get(index).unwrap(), revoked);
            prop_assert_eq!(bitstring.get(index).unwrap(), revoked);
        }
    }

    #[test]
    fn reading_never_panics(text in "u?[A-Za-z0-9_-]{0,40}") {
        let _ = StatusBits::from_lst(&text, MAX_SIZE);
        let _ = StatusBits::from_encoded_list(&text, MAX_SIZE);
    }
}
