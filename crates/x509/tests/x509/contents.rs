//! What a certificate says of its holder.

use jose::{Algorithm, JwkError, Jws, SigningKey, SpkiError, b64url_encode};
use rcgen::{
    CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512,
    PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize, SanType,
};
use serde_json::json;

use crate::support::{NOW, anchors, certificate, chain, key_for, root, signed, under, x5c};
use x509::Chain;

/// The chain of a certificate that says this of the holder of a key.
fn chain_for(params: &CertificateParams, key: &KeyPair) -> Chain {
    chain(&[params.self_signed(key).unwrap().der()])
}

#[test]
fn keys_of_all_kinds() {
    let rsa = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    for (key, algorithm) in [
        (key_for(&PKCS_ECDSA_P256_SHA256), Algorithm::Es256),
        (key_for(&PKCS_ECDSA_P384_SHA384), Algorithm::Es384),
        (key_for(&PKCS_ECDSA_P521_SHA512), Algorithm::Es512),
        (key_for(&PKCS_ED25519), Algorithm::EdDsa),
        (rsa, Algorithm::Rs256),
    ] {
        let read = chain_for(&certificate("Issuer"), &key).leaf_key().unwrap();
        assert_eq!(read.algorithm(), algorithm);
        if let Ok(signing) = SigningKey::from_pkcs8_der(&key.serialize_der()) {
            assert_eq!(&read, signing.public_key());
        }
    }
}

/// As a verifier signs its request, and as a wallet checks it.
#[test]
fn a_token_with_x5c() {
    let root = root("Root");
    let key = SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8()).unwrap();
    let pkcs8 = SigningKey::generate_es256_pkcs8();
    let certified = KeyPair::try_from(&pkcs8[..]).unwrap();
    let own = SigningKey::from_pkcs8_der(&pkcs8).unwrap();
    let leaf = certificate("Verifier").signed_by(&certified, &root).unwrap();
    let chain = chain(&[leaf.der()]);
    assert_eq!(&chain.leaf_key().unwrap(), own.public_key());

    for (signer, verifies) in [(&own, true), (&key, false)] {
        let token = signer.sign_compact(&json!({ "x5c": chain.to_x5c() }), b"{}");
        let jws = Jws::parse(&token).unwrap();
        let read = Chain::from_x5c(jws.header().member("x5c").unwrap().as_array().unwrap()).unwrap();
        assert_eq!(read, chain);
        assert_eq!(anchors(&[&root]).verify(&read, NOW), Ok(()));
        assert_eq!(jws.verify(&read.leaf_key().unwrap()).is_ok(), verifies);
    }
}

#[test]
fn the_hash_is_that_of_the_leaf() {
    let root = root("Root");
    let leaf = signed(&root, &certificate("Verifier"));
    let hash = chain(&[&leaf, root.der()]).leaf_sha256();
    assert_eq!(hash, chain(&[&leaf]).leaf_sha256());
    assert_ne!(hash, chain(&[root.der(), &leaf]).leaf_sha256());
    let expected = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &leaf);
    assert_eq!(hash, expected.as_ref());
    assert_eq!(b64url_encode(&hash).len(), 43);
}

#[test]
fn names_of_the_holder() {
    let mut params = certificate("common.example");
    let none = chain_for(&params, &key_for(&PKCS_ECDSA_P256_SHA256));
    assert_eq!((none.dns_names(), none.uris()), (vec![], vec![]), "a common name is no DNS name");
    params.subject_alt_names = vec![
        SanType::DnsName("Verifier.Example.org".try_into().unwrap()),
        SanType::URI("https://issuer.example/Path?a=b".try_into().unwrap()),
        SanType::Rfc822Name("people@example.org".try_into().unwrap()),
        SanType::IpAddress([192, 0, 2, 1].into()),
        SanType::DnsName("*.example.net".try_into().unwrap()),
        SanType::DnsName("not a name".try_into().unwrap()),
        SanType::URI("did:web:issuer.example".try_into().unwrap()),
    ];
    let named = chain_for(&params, &key_for(&PKCS_ECDSA_P256_SHA256));
    assert_eq!(named.dns_names(), ["verifier.example.org", "*.example.net"]);
    assert_eq!(named.uris(), ["https://issuer.example/Path?a=b", "did:web:issuer.example"]);
}

/// Names of an authority are not those of whom it certifies.
#[test]
fn only_the_leaf_has_a_say() {
    let root = root("Root");
    let mut params = crate::support::authority("Intermediate");
    params.subject_alt_names = vec![
        SanType::DnsName("ca.example.org".try_into().unwrap()),
        SanType::URI("https://ca.example.org".try_into().unwrap()),
    ];
    let intermediate = under(&root, params);
    let leaf = signed(&intermediate, &certificate("Issuer"));
    let chain = chain(&[&leaf, intermediate.der()]);
    assert_eq!((chain.dns_names(), chain.uris()), (vec![], vec![]));
}

#[test]
fn roots_can_be_left_out() {
    let root = root("Root");
    let intermediate = under(&root, crate::support::authority("Intermediate"));
    let leaf = signed(&intermediate, &certificate("Issuer"));
    let whole = chain(&[&leaf, intermediate.der(), root.der()]);
    let short = whole.clone().without_roots();
    assert_eq!(short.to_x5c(), whole.to_x5c()[..2]);
    assert_eq!(anchors(&[&root]).verify(&short, NOW), Ok(()));
    assert_eq!(short.clone().without_roots(), short);
    let alone = chain(&[root.der()]);
    assert_eq!(alone.clone().without_roots(), alone, "the leaf stays, whoever has signed it");
}

#[test]
fn a_certificate_for_a_key_that_is_not_accepted() {
    // The kind of key is changed from P-256 to secp256k1; nobody looks at the signature here.
    let der = certificate("Issuer").self_signed(&key_for(&PKCS_ECDSA_P256_SHA256)).unwrap().der().to_vec();
    let mut weak = certificate("Issuer").self_signed(&key_for(&PKCS_ED25519)).unwrap().der().to_vec();
    let p256 = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
    let at = der.windows(p256.len()).position(|window| window == p256).unwrap();
    let mut other = der.clone();
    other[at + 9] = 0x06;
    assert_eq!(chain(&[&other]).leaf_key(), Err(SpkiError::UnsupportedKind));
    let ed25519 = b"\x06\x03\x2b\x65\x70\x03\x21\x00";
    let at = weak.windows(ed25519.len()).position(|window| window == ed25519).unwrap() + ed25519.len();
    weak[at..at + 32].fill(0);
    assert_eq!(chain(&[&weak]).leaf_key(), Err(SpkiError::Refused(JwkError::WeakEd25519)));
    assert_eq!(Chain::from_x5c(&x5c(chain(&[&der]).to_x5c())).unwrap().to_x5c().len(), 1);
}
