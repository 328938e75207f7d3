//! Strangers' Token Status Lists: 1, 2, 4 and 8 bits for each credential.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use jose::{JwsError, b64url_encode};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use vc::status::{
    DecodeError, INVALID, ListError, MAX_SIZE, SUSPENDED, StatusBits, StatusListToken, TokenList, VALID, peek,
};

use crate::common::{ISSUER, STRANGER};

fn lst(bytes: &[u8]) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    b64url_encode(&encoder.finish().unwrap())
}

fn payload(bits: u8, lst: &str) -> Value {
    json!({ "sub": "https://issuer.example/list", "iat": 1, "status_list": { "bits": bits, "lst": lst } })
}

fn sign(payload: &Value) -> String {
    ISSUER.sign_compact(&json!({ "typ": "statuslist+jwt", "kid": "12" }), payload.to_string().as_bytes())
}

fn verify(payload: &Value) -> Result<TokenList, ListError> {
    TokenList::verify(&sign(payload), ISSUER.public_key(), MAX_SIZE)
}

fn statuses(list: &TokenList) -> Vec<u8> {
    (0..list.entries() as u32).map(|index| list.status(index).unwrap()).collect()
}

/// draft-ietf-oauth-status-list, section 4.1: both of its examples.
#[test]
fn examples_of_the_draft() {
    let one = verify(&payload(1, "eNrbuRgAAhcBXQ")).unwrap();
    assert_eq!(statuses(&one), [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
    let two = verify(&payload(2, "eNo76fITAAPfAgc")).unwrap();
    assert_eq!(statuses(&two), [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
    assert_eq!((VALID, INVALID, SUSPENDED), (0, 1, 2));
}

/// draft-ietf-oauth-status-list, test vectors for status list encoding: 2^20 entries of two and of four bits.
#[test]
fn test_vectors_of_the_draft() {
    let set = |bits, text: &str| -> Vec<(usize, u8)> {
        let statuses = statuses(&verify(&payload(bits, text.trim_end())).unwrap());
        assert_eq!(statuses.len(), 1 << 20);
        statuses.into_iter().enumerate().filter(|(_, status)| *status != 0).collect()
    };
    let two = [
        (0, 1),
        (1993, 2),
        (25460, 1),
        (159_495, 3),
        (495_669, 1),
        (554_353, 1),
        (645_645, 2),
        (723_232, 1),
        (854_545, 1),
        (934_534, 2),
        (1_000_345, 3),
    ];
    assert_eq!(set(2, include_str!("../vectors/token-status-list/two-bits.txt")), two);
    let four = [
        (0, 1),
        (1993, 2),
        (35460, 3),
        (459_495, 4),
        (595_669, 5),
        (754_353, 6),
        (845_645, 7),
        (923_232, 8),
        (924_445, 9),
        (934_534, 10),
        (1_000_345, 12),
        (1_004_534, 11),
        (1_030_203, 13),
        (1_030_204, 14),
        (1_030_205, 15),
    ];
    assert_eq!(set(4, include_str!("../vectors/token-status-list/four-bits.txt")), four);
}

#[test]
fn wider_entries() {
    let bytes = [0x21, 0xf3];
    assert_eq!(statuses(&verify(&payload(4, &lst(&bytes))).unwrap()), [1, 2, 3, 15]);
    assert_eq!(statuses(&verify(&payload(8, &lst(&bytes))).unwrap()), [0x21, 0xf3]);
}

#[test]
fn claims_are_read() {
    let mut document = payload(1, "eNrbuRgAAhcBXQ");
    document["iss"] = json!("https://issuer.example");
    document["exp"] = json!(1_900_000_000.5);
    document["ttl"] = json!(43_200);
    let list = verify(&document).unwrap();
    assert_eq!(list.sub, "https://issuer.example/list");
    assert_eq!(list.iss.as_deref(), Some("https://issuer.example"));
    assert_eq!((list.iat, list.exp, list.ttl), (1, Some(1_900_000_000), Some(43_200)));
    let least = verify(&payload(1, "eNrbuRgAAhcBXQ")).unwrap();
    assert_eq!((least.iss, least.exp, least.ttl), (None, None, None));
}

#[test]
fn our_own_lists_are_read_alike() {
    let mut bits = StatusBits::new(1 << 10).unwrap();
    bits.set(777, true).unwrap();
    let token = StatusListToken { sub: "x".to_owned(), iat: 1, exp: None, ttl: None, bits };
    let list = TokenList::verify(&token.sign(&ISSUER, "12"), ISSUER.public_key(), MAX_SIZE).unwrap();
    assert_eq!(list.entries(), 1 << 10);
    assert!((0..1 << 10).all(|index| list.status(index).unwrap() == u8::from(index == 777)));
}

#[test]
fn the_media_type_may_be_whole() {
    let sign = |typ: Value| {
        ISSUER.sign_compact(&json!({ "typ": typ }), payload(1, "eNrbuRgAAhcBXQ").to_string().as_bytes())
    };
    for typ in ["statuslist+jwt", "application/statuslist+jwt", "StatusList+JWT"] {
        TokenList::verify(&sign(json!(typ)), ISSUER.public_key(), MAX_SIZE).unwrap();
    }
    for typ in ["JWT", "vc+jwt", "statuslist+cwt", "image/statuslist+jwt", ""] {
        let outcome = TokenList::verify(&sign(json!(typ)), ISSUER.public_key(), MAX_SIZE);
        assert!(matches!(outcome, Err(ListError::Type(_))), "{typ}");
    }
}

#[test]
fn other_tokens_are_refused() {
    let outcome = TokenList::verify(&sign(&payload(1, "eNrbuRgAAhcBXQ")), STRANGER.public_key(), MAX_SIZE);
    assert!(matches!(outcome, Err(ListError::Jws(JwsError::Signature))));
    for bits in [0, 3, 5, 16] {
        let refused = verify(&payload(bits, "eNrbuRgAAhcBXQ"));
        assert!(matches!(refused, Err(ListError::EntrySize(found)) if found == u64::from(bits)));
    }
    for (pointer, value, claim) in [
        ("/sub", json!(1), "sub"),
        ("/sub", json!(null), "sub"),
        ("/iat", json!("1"), "iat"),
        ("/exp", json!("1"), "exp"),
        ("/ttl", json!(-1), "ttl"),
        ("/iss", json!(1), "iss"),
        ("/status_list/bits", json!("1"), "status_list.bits"),
        ("/status_list/lst", json!(1), "status_list.lst"),
    ] {
        let mut document = payload(1, "eNrbuRgAAhcBXQ");
        for name in ["exp", "ttl", "iss"] {
            document[name] = json!(1);
        }
        document["iss"] = json!("x");
        *document.pointer_mut(pointer).unwrap() = value;
        let refused = verify(&document);
        assert!(matches!(refused, Err(ListError::Claim(name)) if name == claim), "{pointer}: {refused:?}");
    }
    let refused = verify(&json!({ "sub": "x", "iat": 1 }));
    assert!(matches!(refused, Err(ListError::Claim("status_list"))));
    assert!(matches!(verify(&json!([])), Err(ListError::Payload(_))));
    for (text, error) in [
        ("?", DecodeError::Encoding),
        ("AAAA", DecodeError::Compression),
        ("eNoDAAAAAAE", DecodeError::Empty),
    ] {
        assert!(matches!(verify(&payload(1, text)), Err(ListError::List(found)) if found == error), "{text}");
    }
}

#[test]
fn indexes_end_with_the_list() {
    let list = verify(&payload(2, "eNo76fITAAPfAgc")).unwrap();
    for index in [12, u32::MAX] {
        let refused = list.status(index);
        assert!(matches!(refused, Err(ListError::Index { size: 12, .. })), "{refused:?}");
    }
}

#[test]
fn a_bomb_is_not_unpacked() {
    let bomb = payload(8, &lst(&vec![0; 64 << 20]));
    for limit in [1 << 17, u32::MAX] {
        let refused = TokenList::verify(&sign(&bomb), ISSUER.public_key(), limit);
        assert!(matches!(refused, Err(ListError::List(DecodeError::TooLarge))));
    }
}

#[test]
fn what_it_says_of_itself() {
    let mut document = payload(1, "eNrbuRgAAhcBXQ");
    let found = peek(&sign(&document)).unwrap();
    assert_eq!(found.header.kid.as_deref(), Some("12"));
    assert_eq!((found.subject.as_deref(), found.issuer), (Some("https://issuer.example/list"), None));
    document["iss"] = json!("https://issuer.example");
    assert_eq!(peek(&sign(&document)).unwrap().issuer.as_deref(), Some("https://issuer.example"));
    assert!(matches!(peek("a.b"), Err(ListError::Jws(_))));
    assert!(matches!(peek(&sign(&json!(1))), Err(ListError::Payload(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against the plain reading of section 4.1: the bits of the list in order, an entry's least significant bit first.
    #[test]
    fn entries_are_their_bits(bytes in vec(any::<u8>(), 1..64), width in 0..4_u32) {
        let width = 1_u8 << width;
        let list = verify(&payload(width, &lst(&bytes))).unwrap();
        let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1)).collect();
        let expected: Vec<u8> = bits
            .chunks(width.into())
            .map(|chunk| chunk.iter().rev().fold(0, |value, bit| value << 1 | bit))
            .collect();
        prop_assert_eq!(statuses(&list), expected);
    }
}
