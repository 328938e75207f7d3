//! Everything that the iden3 JavaScript libraries computed for one issuer, its keys and a credential.

#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test may")]

use ark_ff::AdditiveGroup;
use iden3::claim::{self, MerklizedRoot, Subject};
use iden3::did::DidError;
use iden3::id::IdError;
use iden3::{CoreClaim, DidMethod, Fr, Id, Identity, PrivateKey, field, poseidon};
use serde_json::Value;

fn oracle() -> Value {
    serde_json::from_str(include_str!("vectors/oracle.json")).unwrap()
}

fn primitives() -> Value {
    serde_json::from_str(include_str!("vectors/primitives.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn decimal(value: &Value) -> Fr {
    field::from_decimal(text(value)).unwrap()
}

fn little_endian_hex(element: &Fr) -> String {
    hex::encode(field::to_le_bytes(element))
}

fn issuer() -> Identity {
    let mut seed = [0; 32];
    hex::decode_to_slice(text(&oracle()["seedHex"]), &mut seed).unwrap();
    Identity::genesis(&PrivateKey::from_bytes(seed).public_key(), &DidMethod::air_test())
}

fn assert_claim(claim: &CoreClaim, expected: &Value) {
    let slots: Vec<Fr> = expected["slots"].as_array().unwrap().iter().map(decimal).collect();
    assert_eq!(claim.slots().as_slice(), slots);
    assert_eq!(claim.to_hex(), text(&expected["hex"]));
    assert_eq!(CoreClaim::from_hex(text(&expected["hex"])).as_ref(), Ok(claim));
    assert_eq!(claim.h_index(), decimal(&expected["hi"]));
    assert_eq!(claim.h_value(), decimal(&expected["hv"]));
    assert_eq!(claim.hash(), decimal(&expected["claimHash"]));
}

#[test]
fn poseidon_of_every_width() {
    for (vector, count) in primitives()["poseidon"].as_array().unwrap().iter().zip(1u64..) {
        let inputs: Vec<Fr> = (1..=count).map(Fr::from).collect();
        assert_eq!(poseidon::hash(&inputs), Ok(decimal(vector)), "{count} inputs");
    }
    assert_eq!(poseidon::hash(&[]), Err(poseidon::InputCountError(0)));
    assert_eq!(poseidon::hash(&[Fr::ZERO; 17]), Err(poseidon::InputCountError(17)));
    assert_eq!(poseidon::hash(&[1, 2].map(Fr::from)), Ok(poseidon::hash_n(&[1, 2].map(Fr::from))));
}

#[test]
fn genesis_identity() {
    let (issuer, oracle) = (issuer(), oracle());
    assert_eq!(issuer.did(), text(&oracle["did"]));
    assert_eq!(issuer.id().to_field(), decimal(&oracle["idBigInt"]));
    assert_claim(issuer.auth_claim(), &oracle["authClaim"]);

    let state = &oracle["authCred"]["proof"][0]["issuerData"]["state"];
    assert_eq!(little_endian_hex(&issuer.claims_tree().root()), text(&state["claimsTreeRoot"]));
    assert_eq!(little_endian_hex(&issuer.state()), text(&state["value"]));
    assert_eq!(Id::from_did(issuer.did(), &[DidMethod::air_test()]), Ok(issuer.id()));
}

#[test]
fn auth_schema_hash() {
    let hash = claim::schema_hash("https://schema.iden3.io/core/jsonld/auth.jsonld", "AuthBJJCredential");
    assert_eq!(hash, claim::AUTH_SCHEMA_HASH);
    assert_eq!(hex::encode(hash), "cca3371a6cb1b715004407e325bd993c");
}

#[test]
fn credential_claim() {
    let oracle = oracle();
    let credential = &oracle["cred"];
    let expected = &oracle["credClaim"];
    let holder =
        Id::from_did(text(&credential["credentialSubject"]["id"]), &[DidMethod::air_test()]).unwrap();
    let schema_hash = claim::schema_hash("https://issuer.example/ctx/kyc.jsonld", "KYC");
    let root = decimal(&expected["slots"][6]);
    let claim = CoreClaim::builder(schema_hash)
        .subject(Subject::Index(holder))
        .merklized_root(MerklizedRoot::Value(root))
        .expiration(Some(1_893_456_000))
        .revocation_nonce(12_345)
        .build()
        .unwrap();
    assert_claim(&claim, expected);
    assert_eq!(
        hex::encode(claim.core_claim_hash()),
        "016f7d17a8b53f667e41053571d0adb09a6deff098a0a298659897b1e2f47c9b"
    );

    assert_eq!(claim.schema_hash(), schema_hash);
    assert_eq!(claim.subject(), Subject::Index(holder));
    assert_eq!(claim.merklized_root(), MerklizedRoot::Value(root));
    assert_eq!(claim.expiration(), Some(1_893_456_000));
    assert_eq!(claim.revocation_nonce(), 12_345);
    assert_eq!(claim.version(), 0);
    assert!(!claim.is_updatable());
    assert_eq!(claim.value_digest(), None);
}

#[test]
fn identifiers_of_dids() {
    for vector in primitives()["ids"].as_array().unwrap() {
        let did = text(&vector["did"]);
        let id = Id::from_did(did, &[DidMethod::air_test()]);
        if vector.get("error").is_some() {
            assert!(matches!(id, Err(DidError::Id(IdError::Checksum { .. }))), "{did}");
        } else {
            let id = id.unwrap();
            assert_eq!(id.to_string(), text(&vector["id"]), "{did}");
            assert_eq!(id.to_field(), decimal(&vector["int"]), "{did}");
        }
    }
}

/// The DID in the product's public documentation is a real one with its first digit changed.
#[test]
fn the_documented_example_did_has_a_wrong_checksum() {
    let methods = [DidMethod::air_test()];
    assert_eq!(
        Id::from_did("did:air:id:test:5P44fsVUhPctDTWH2Nz26pZJFsg6CqyiAELTGeVQDB", &methods),
        Err(DidError::Id(IdError::Checksum { found: 0x0e5a, expected: 0x0cff }))
    );
    assert!(Id::from_did("did:air:id:test:4P44fsVUhPctDTWH2Nz26pZJFsg6CqyiAELTGeVQDB", &methods).is_ok());
}
