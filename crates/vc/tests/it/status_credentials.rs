//! Strangers' status list credentials.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use jose::{JwsError, b64url_encode};
use proptest::prelude::*;
use serde_json::{Value, json};
use vc::status::{
    BitstringStatusList, CredentialList, DecodeError, ListError, MAX_SIZE, MIN_BITSTRING_SIZE, StatusBits,
    peek,
};

use crate::common::{ISSUER, STRANGER};

const MIN_BYTES: usize = MIN_BITSTRING_SIZE as usize / 8;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn multibase(bytes: &[u8]) -> String {
    format!("u{}", b64url_encode(&gzip(bytes)))
}

/// A list of data model 2.0 that begins with `bytes`.
fn version_2(bytes: &[u8]) -> Value {
    let mut list = bytes.to_vec();
    list.resize(MIN_BYTES * 8, 0);
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": "https://issuer.example/status/3",
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": "did:example:12345",
        "validFrom": "2021-04-05T14:27:40Z",
        "validUntil": "2031-04-05T14:27:40Z",
        "credentialSubject": {
            "id": "https://issuer.example/status/3#list",
            "type": "BitstringStatusList",
            "ttl": 500_000,
            "statusPurpose": "revocation",
            "encodedList": multibase(&list),
        },
    })
}

/// A list of data model 1.1, as the older generation has it.
fn version_1() -> Value {
    json!({
        "iss": "did:example:12345",
        "jti": "https://issuer.example/status/3",
        "sub": "https://issuer.example/status/3#list",
        "nbf": 1_617_632_860,
        "exp": 1_900_000_000,
        "vc": {
            "@context": ["https://www.w3.org/2018/credentials/v1", "https://w3id.org/vc/status-list/2021/v1"],
            "id": "https://issuer.example/status/3",
            "type": ["VerifiableCredential", "StatusList2021Credential"],
            "issuer": { "id": "did:example:12345", "name": "An issuer" },
            "issuanceDate": "2021-04-05T14:27:40Z",
            "credentialSubject": {
                "id": "https://issuer.example/status/3#list",
                "type": "StatusList2021",
                "statusPurpose": "suspension",
                "encodedList": b64url_encode(&gzip(&[0b0100_0000, 0])),
            },
        },
    })
}

fn sign(typ: &str, payload: &Value) -> String {
    ISSUER.sign_compact(&json!({ "typ": typ, "kid": "#key-1" }), payload.to_string().as_bytes())
}

fn verify(typ: &str, payload: &Value) -> Result<CredentialList, ListError> {
    CredentialList::verify(&sign(typ, payload), ISSUER.public_key(), MAX_SIZE)
}

#[test]
fn a_list_of_data_model_2() {
    let list = verify("vc+jwt", &version_2(&[0b0010_0001])).unwrap();
    assert_eq!(list.id.as_deref(), Some("https://issuer.example/status/3"));
    assert_eq!(
        (list.issuer.as_str(), list.purposes.join(" ")),
        ("did:example:12345", "revocation".to_owned())
    );
    assert_eq!((list.valid_from, list.valid_until), (Some(1_617_632_860), Some(1_933_165_660)));
    assert_eq!(list.ttl, Some(500));
    let set: Vec<u32> = (0..100).filter(|index| list.status("revocation", *index, 1).unwrap() == 1).collect();
    assert_eq!(set, [2, 7]);
}

#[test]
fn a_list_of_data_model_1() {
    for typ in ["JWT", "jwt"] {
        let list = verify(typ, &version_1()).unwrap();
        assert_eq!(
            (list.issuer.as_str(), list.purposes.join(" ")),
            ("did:example:12345", "suspension".to_owned())
        );
        assert_eq!(
            (list.valid_from, list.valid_until, list.ttl),
            (Some(1_617_632_860), Some(1_900_000_000), None)
        );
        let statuses: Vec<u8> = (0..16).map(|index| list.status("suspension", index, 1).unwrap()).collect();
        assert_eq!(statuses[..3], [0, 1, 0]);
    }
    let without_typ = ISSUER.sign_compact(&json!({}), version_1().to_string().as_bytes());
    CredentialList::verify(&without_typ, ISSUER.public_key(), MAX_SIZE).unwrap();
}

/// StatusList2021 says base64 and means base64url; both are met, and so is multibase.
#[test]
fn the_older_lists_in_every_alphabet() {
    use base64_forms::{padded, standard};
    let bytes: Vec<u8> = (0..64).map(|index: u8| index.wrapping_mul(151)).collect();
    let compressed = gzip(&bytes);
    for encoded in [padded(&compressed), standard(&compressed), b64url_encode(&compressed), multibase(&bytes)]
    {
        let mut document = version_1();
        document["vc"]["credentialSubject"]["encodedList"] = json!(encoded);
        let list = verify("JWT", &document).unwrap();
        let read: Vec<u8> = (0..64).map(|index| list.status("suspension", index, 8).unwrap()).collect();
        assert_eq!(read, bytes, "{encoded}");
    }
}

mod base64_forms {
    use jose::b64url_encode;

    pub(super) fn padded(bytes: &[u8]) -> String {
        let text = b64url_encode(bytes);
        let padding = "=".repeat((4 - text.len() % 4) % 4);
        text + &padding
    }

    pub(super) fn standard(bytes: &[u8]) -> String {
        padded(bytes).replace('-', "+").replace('_', "/")
    }
}

#[test]
fn our_own_lists_are_read_alike() {
    let mut bits = StatusBits::new(MIN_BITSTRING_SIZE).unwrap();
    bits.set(94_567, true).unwrap();
    let ours = BitstringStatusList {
        id: "https://issuer.example/status/1".to_owned(),
        issuer: "did:web:issuer.example".to_owned(),
        valid_from: "2025-06-15T15:06:40Z".to_owned(),
        valid_until: None,
        bits,
    };
    let compact = ours.sign(&ISSUER, "key-1").unwrap();
    let list = CredentialList::verify(&compact, ISSUER.public_key(), MAX_SIZE).unwrap();
    let set = (0..MIN_BITSTRING_SIZE).filter(|index| list.status("revocation", *index, 1).unwrap() != 0);
    assert_eq!(set.collect::<Vec<_>>(), [94_567]);
    assert_eq!(list.valid_until, None);
}

#[test]
fn several_purposes_and_their_values() {
    let mut document = version_2(&[0b0110_1100, 0b1000_0000]);
    document["credentialSubject"]["statusPurpose"] = json!(["message", "refresh"]);
    let list = verify("vc+jwt", &document).unwrap();
    let statuses: Vec<u8> = (0..4).map(|index| list.status("message", index, 3).unwrap()).collect();
    assert_eq!(statuses, [3, 3, 1, 0]);
    assert_eq!(list.status("refresh", 0, 8).unwrap(), 0b0110_1100);
    let refused = list.status("revocation", 0, 1);
    assert!(matches!(refused, Err(ListError::Purpose { found, .. }) if found == ["message", "refresh"]));
}

#[test]
fn sizes_and_indexes_are_checked() {
    let list = verify("vc+jwt", &version_2(&[])).unwrap();
    for size in [0, 9, 255] {
        assert!(matches!(list.status("revocation", 0, size), Err(ListError::EntrySize(_))));
    }
    assert_eq!(list.status("revocation", MIN_BITSTRING_SIZE - 1, 8).unwrap(), 0);
    for (index, size) in [(MIN_BITSTRING_SIZE, 8), (MIN_BITSTRING_SIZE * 8, 1), (u32::MAX, 8)] {
        assert!(matches!(list.status("revocation", index, size), Err(ListError::Index { .. })));
    }
    let mut short = version_2(&[]);
    short["credentialSubject"]["encodedList"] = json!(multibase(&[0; MIN_BYTES]));
    let list = verify("vc+jwt", &short).unwrap();
    assert_eq!(list.status("revocation", 0, 1).unwrap(), 0);
    assert!(matches!(list.status("revocation", 0, 2), Err(ListError::TooShort(65_536))));
}

#[test]
fn other_credentials_are_refused() {
    let outcome = CredentialList::verify(&sign("vc+jwt", &version_2(&[])), STRANGER.public_key(), MAX_SIZE);
    assert!(matches!(outcome, Err(ListError::Jws(JwsError::Signature))));
    assert!(matches!(verify("statuslist+jwt", &version_2(&[])), Err(ListError::Type(_))));
    assert!(matches!(verify("vc+jwt", &version_1()), Err(ListError::Claim("vc"))));
    assert!(matches!(verify("JWT", &version_2(&[])), Err(ListError::NotStatusList)));
    assert!(matches!(verify("vc+jwt", &json!(1)), Err(ListError::Payload(_))));
    let mut contradiction = version_1();
    contradiction["iss"] = json!("did:example:other");
    assert!(matches!(verify("JWT", &contradiction), Err(ListError::Contradiction(_))));
    let changed = |pointer: &str, value: Value| {
        let mut document = version_2(&[]);
        *document.pointer_mut(pointer).unwrap() = value;
        verify("vc+jwt", &document).unwrap_err()
    };
    for (pointer, value) in [
        ("/type", json!(["VerifiableCredential"])),
        ("/type", json!(["VerifiableCredential", "StatusList2021Credential"])),
        ("/credentialSubject/type", json!("StatusList2021")),
        ("/credentialSubject", json!([])),
    ] {
        assert!(matches!(changed(pointer, value), ListError::NotStatusList), "{pointer}");
    }
    for (pointer, value, claim) in [
        ("/issuer", json!(1), "issuer"),
        ("/validFrom", json!("yesterday"), "validFrom"),
        ("/validUntil", json!(1), "validUntil"),
        ("/credentialSubject/ttl", json!("1"), "ttl"),
        ("/credentialSubject/statusPurpose", json!([]), "statusPurpose"),
        ("/credentialSubject/statusPurpose", json!([1]), "statusPurpose"),
        ("/credentialSubject/encodedList", json!(1), "encodedList"),
    ] {
        assert!(matches!(changed(pointer, value), ListError::Claim(found) if found == claim), "{pointer}");
    }
    let without_multibase = json!(b64url_encode(&gzip(&[0; MIN_BYTES])));
    let refused = changed("/credentialSubject/encodedList", without_multibase);
    assert!(matches!(refused, ListError::List(DecodeError::Encoding)));
}

#[test]
fn a_bomb_is_not_unpacked() {
    let mut bomb = version_2(&[]);
    bomb["credentialSubject"]["encodedList"] = json!(multibase(&vec![0; 64 << 20]));
    for limit in [1 << 17, u32::MAX] {
        let refused = CredentialList::verify(&sign("vc+jwt", &bomb), ISSUER.public_key(), limit);
        assert!(matches!(refused, Err(ListError::List(DecodeError::TooLarge))));
    }
}

#[test]
fn what_it_says_of_itself() {
    for (typ, payload) in [("vc+jwt", version_2(&[])), ("JWT", version_1())] {
        let found = peek(&sign(typ, &payload)).unwrap();
        assert_eq!(found.header.kid.as_deref(), Some("#key-1"));
        assert_eq!(found.subject.as_deref(), Some("https://issuer.example/status/3"));
        assert_eq!(found.issuer.as_deref(), Some("did:example:12345"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Against the plain reading of section 3.2: the bits of the list in order, an entry's most significant bit first.
    #[test]
    fn entries_are_their_bits(bytes in prop::collection::vec(any::<u8>(), 32), size in 1..=8_u8) {
        let list = verify("vc+jwt", &version_2(&bytes)).unwrap();
        let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
        for (index, chunk) in (0..).zip(bits.chunks_exact(size.into())) {
            let expected = chunk.iter().fold(0, |value, bit| value << 1 | bit);
            prop_assert_eq!(list.status("revocation", index, size).unwrap(), expected);
        }
    }
}
