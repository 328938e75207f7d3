//! Core claims: every part survives the slots, and nothing malformed gets in.

use ark_ff::{AdditiveGroup, PrimeField};
use iden3::claim::{ClaimBuilder, ClaimError, MerklizedRoot, Subject};
use iden3::field::FieldError;
use iden3::id::IdError;
use iden3::{CoreClaim, Fr, Id};
use proptest::prelude::*;

fn subject() -> impl Strategy<Value = Subject> {
    let id = any::<([u8; 2], [u8; 27])>().prop_map(|(kind, genesis)| Id::from_genesis(kind, genesis));
    prop_oneof![Just(Subject::Issuer), id.clone().prop_map(Subject::Index), id.prop_map(Subject::Value),]
}

fn merklized_root() -> impl Strategy<Value = MerklizedRoot> {
    let root = any::<[u8; 32]>().prop_map(|bytes| Fr::from_le_bytes_mod_order(&bytes));
    prop_oneof![
        Just(MerklizedRoot::None),
        root.clone().prop_map(MerklizedRoot::Index),
        root.prop_map(MerklizedRoot::Value),
    ]
}

fn plain() -> ClaimBuilder {
    CoreClaim::builder([0xab; 16])
}

/// The claim's hexadecimal form with one byte replaced.
fn with_byte(claim: &CoreClaim, at: usize, byte: u8) -> String {
    let mut bytes = claim.to_bytes();
    bytes[at] = byte;
    hex::encode(bytes)
}

proptest! {
    #[test]
    fn every_part_is_read_back(
        schema_hash: [u8; 16],
        version: u32,
        updatable: bool,
        subject in subject(),
        root in merklized_root(),
        expiration: Option<u64>,
        nonce: u64,
    ) {
        let claim = CoreClaim::builder(schema_hash)
            .version(version)
            .updatable(updatable)
            .subject(subject)
            .merklized_root(root)
            .expiration(expiration)
            .revocation_nonce(nonce)
            .build()
            .unwrap();
        let claim = CoreClaim::from_hex(&claim.to_hex()).unwrap();
        prop_assert_eq!(claim.schema_hash(), schema_hash);
        prop_assert_eq!(claim.version(), version);
        prop_assert_eq!(claim.is_updatable(), updatable);
        prop_assert_eq!(claim.subject(), subject);
        prop_assert_eq!(claim.merklized_root(), root);
        prop_assert_eq!(claim.expiration(), expiration);
        prop_assert_eq!(claim.revocation_nonce(), nonce);
    }

    #[test]
    fn a_digest_is_read_back(digest: [u8; 32]) {
        let claim = plain().value_digest(digest).build().unwrap();
        prop_assert_eq!(claim.value_digest(), Some(digest));
        prop_assert_eq!(CoreClaim::from_hex(&claim.to_hex()), Ok(claim));
    }

    #[test]
    fn a_changed_byte_is_refused_or_kept(subject in subject(), root in merklized_root(), at in 0usize..256, byte: u8) {
        let claim = plain().subject(subject).merklized_root(root).build().unwrap();
        let changed = with_byte(&claim, at, byte);
        if let Ok(read) = CoreClaim::from_hex(&changed) {
            prop_assert_eq!(read.to_hex(), changed);
            // The accessors rely on what was checked.
            let _ = (read.subject(), read.merklized_root(), read.value_digest());
        }
    }
}

#[test]
fn a_digest_is_two_big_endian_integers() {
    let mut digest = [0; 32];
    (digest[15], digest[31]) = (1, 2);
    let claim = plain().value_digest(digest).build().unwrap();
    assert_eq!(claim.slots()[6..], [Fr::from(1), Fr::from(2)]);
}

#[test]
fn other_value_data_is_not_a_digest() {
    let too_large = Fr::from(u128::MAX) + Fr::from(1);
    for data in [[too_large, Fr::ZERO], [Fr::ZERO, too_large]] {
        assert_eq!(plain().value_data(data).build().unwrap().value_digest(), None);
    }
    let root = MerklizedRoot::Value(Fr::from(1));
    assert_eq!(plain().merklized_root(root).build().unwrap().value_digest(), None);
}

#[test]
fn the_merklized_root_does_not_overwrite_data() {
    let (one, data) = (Fr::from(1), [Fr::from(1), Fr::ZERO]);
    let index = plain().index_data(data).merklized_root(MerklizedRoot::Index(one));
    assert_eq!(index.build(), Err(ClaimError::SlotTaken { slot: 2 }));
    let value = plain().value_data(data).merklized_root(MerklizedRoot::Value(one));
    assert_eq!(value.build(), Err(ClaimError::SlotTaken { slot: 6 }));
    assert!(plain().index_data(data).merklized_root(MerklizedRoot::Value(one)).build().is_ok());
}

#[test]
fn hexadecimal_is_strict() {
    let text = plain().build().unwrap().to_hex();
    assert!(CoreClaim::from_hex(&text).is_ok());
    let long = format!("{text}00");
    let not_hex = format!("zz{}", &text[2..]);
    let not_ascii = format!("{}\u{e9}", &text[2..]);
    for text in ["", &text[2..], &text[1..], &long, &text.to_uppercase(), &not_hex, &not_ascii] {
        assert_eq!(CoreClaim::from_hex(text), Err(ClaimError::NotHex));
    }
}

#[test]
fn slots_are_field_elements() {
    let claim = plain().build().unwrap();
    let error = ClaimError::Slot { slot: 3, source: FieldError::NotCanonical };
    assert_eq!(CoreClaim::from_hex(&with_byte(&claim, 3 * 32 + 31, 0xff)), Err(error));
}

#[test]
fn undefined_bits_are_refused() {
    let claim = plain().build().unwrap();
    let undefined = |slot| Err(ClaimError::UndefinedBits { slot });
    // Subject 1 and 4, merklized 3, and the flags, version and header bytes that are reserved.
    for (at, byte) in [(16, 1), (16, 4), (16, 3 << 5), (17, 1), (19, 0x80), (24, 1), (31, 1)] {
        assert_eq!(CoreClaim::from_hex(&with_byte(&claim, at, byte)), undefined(0), "byte {at}");
    }
    // An expiration without its flag, and bytes above it.
    for at in [4 * 32 + 8, 4 * 32 + 16, 4 * 32 + 31] {
        assert_eq!(CoreClaim::from_hex(&with_byte(&claim, at, 1)), undefined(4), "byte {at}");
    }
    // Subject slots that no flag announces.
    for slot in [1, 5] {
        assert_eq!(CoreClaim::from_hex(&with_byte(&claim, slot * 32, 1)), undefined(slot));
    }
}

#[test]
fn the_subject_is_an_identifier() {
    let id = Id::from_genesis([0x03, 0xd2], [7; 27]);
    for (subject, slot) in [(Subject::Index(id), 1), (Subject::Value(id), 5)] {
        let claim = plain().subject(subject).build().unwrap();
        let wrong_checksum = CoreClaim::from_hex(&with_byte(&claim, slot * 32 + 5, 8));
        assert!(matches!(wrong_checksum, Err(ClaimError::Subject(IdError::Checksum { .. }))));
        let too_large = CoreClaim::from_hex(&with_byte(&claim, slot * 32 + 31, 1));
        assert_eq!(too_large, Err(ClaimError::Subject(IdError::TooLarge)));
    }
}
