//! From a certificate to an authority.

use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertifiedIssuer, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    KeyPair, NameConstraints, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512,
    PKCS_ED25519, PKCS_RSA_SHA256, SanType, date_time_ymd,
};
use std::sync::LazyLock;

use crate::support::{
    Authority, BEGIN, END, NOW, anchors, authority, certificate, chain, key, key_for, pem, root, signed,
    under, verify, with, x5c,
};
use x509::{CertificateError, Chain, ChainError, TrustAnchors};

/// A root, an authority under it, and what that one certifies.
struct Three {
    root: Authority,
    intermediate: Authority,
    leaf: Vec<u8>,
}

static THREE: LazyLock<Three> = LazyLock::new(|| {
    let root = root("Root");
    let intermediate = under(&root, authority("Intermediate"));
    let leaf = signed(&intermediate, &certificate("Issuer"));
    Three { root, intermediate, leaf }
});

#[test]
fn a_path_over_an_intermediate() {
    let Three { root, intermediate, leaf } = &*THREE;
    assert_eq!(verify(root, &[leaf, intermediate.der()]), Ok(()));
    assert_eq!(verify(root, &[leaf, intermediate.der(), root.der()]), Ok(()), "the root may be there");
    assert_eq!(verify(root, &[leaf, root.der(), intermediate.der()]), Ok(()), "in any order");
    assert_eq!(verify(intermediate, &[leaf]), Ok(()), "an intermediate may be the anchor");
    let direct = signed(root, &certificate("Issuer"));
    assert_eq!(verify(root, &[&direct]), Ok(()));
}

#[test]
fn one_of_several_anchors_is_enough() {
    let Three { root, intermediate, leaf } = &*THREE;
    let others = [crate::support::root("Root"), crate::support::root("Another")];
    let all = anchors(&[&others[0], &others[1], root]);
    assert_eq!(all.verify(&chain(&[leaf, intermediate.der()]), NOW), Ok(()));
}

#[test]
fn foreign_anchors() {
    let Three { root, intermediate, leaf } = &*THREE;
    let foreign = crate::support::root("Foreign");
    assert_eq!(verify(&foreign, &[leaf, intermediate.der()]), Err(ChainError::UnknownIssuer));
    // That the chain brings its root doesn't make it trusted.
    let whole: [&[u8]; 3] = [leaf, intermediate.der(), root.der()];
    assert_eq!(verify(&foreign, &whole), Err(ChainError::UnknownIssuer));
    // The name of a root is not its key.
    let namesake = crate::support::root("Root");
    assert_eq!(verify(&namesake, &[leaf, intermediate.der()]), Err(ChainError::Signature));
}

#[test]
fn a_missing_intermediate() {
    let Three { root, leaf, .. } = &*THREE;
    assert_eq!(verify(root, &[leaf]), Err(ChainError::UnknownIssuer));
    let another = under(root, authority("Another"));
    assert_eq!(verify(root, &[leaf, another.der()]), Err(ChainError::UnknownIssuer));
}

#[test]
fn an_intermediate_that_is_no_ca() {
    let root = root("Root");
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        let holder = under(&root, with(certificate("Holder"), |params| params.is_ca = is_ca));
        let leaf = signed(&holder, &certificate("Victim"));
        assert_eq!(verify(&root, &[&leaf, holder.der()]), Err(ChainError::NotACa));
    }
}

#[test]
fn a_ca_is_no_signer() {
    let Three { root, intermediate, .. } = &*THREE;
    assert_eq!(verify(root, &[intermediate.der()]), Err(ChainError::CaFirst));
    assert_eq!(verify(root, &[root.der()]), Err(ChainError::CaFirst));
}

#[test]
fn path_lengths() {
    let root = root("Root");
    let constrained = |depth| {
        let is_ca = IsCa::Ca(BasicConstraints::Constrained(depth));
        under(&root, with(authority("Intermediate"), |params| params.is_ca = is_ca))
    };
    for (depth, outcome) in [(0, Err(ChainError::PathLength)), (1, Ok(()))] {
        let upper = constrained(depth);
        let lower = under(&upper, authority("Lower"));
        let leaf = signed(&lower, &certificate("Issuer"));
        assert_eq!(verify(&root, &[&leaf, lower.der(), upper.der()]), outcome);
    }
}

#[test]
fn long_paths_end() {
    let root = root("Root");
    let mut authorities = vec![under(&root, authority("Authority 0"))];
    for number in 1..7 {
        let next = under(&authorities[number - 1], authority(&format!("Authority {number}")));
        authorities.push(next);
    }
    let outcome = |count: usize| {
        let leaf = signed(&authorities[count - 1], &certificate("Issuer"));
        let certificates: Vec<&[u8]> = [&leaf[..]]
            .into_iter()
            .chain(authorities[..count].iter().rev().map(|authority| authority.der().as_ref()))
            .collect();
        verify(&root, &certificates)
    };
    assert_eq!(outcome(6), Ok(()));
    assert_eq!(outcome(7), Err(ChainError::TooComplex));
}

#[test]
fn certificates_have_their_time() {
    let Three { root, intermediate, leaf } = &*THREE;
    let (anchors, chain) = (anchors(&[root]), chain(&[leaf, intermediate.der()]));
    for (now, outcome) in [
        (i64::MIN, Err(ChainError::NotYetValid(BEGIN))),
        (-1, Err(ChainError::NotYetValid(BEGIN))),
        (BEGIN - 1, Err(ChainError::NotYetValid(BEGIN))),
        (BEGIN, Ok(())),
        (NOW, Ok(())),
        (END, Ok(())),
        (END + 1, Err(ChainError::Expired(END))),
        (i64::MAX, Err(ChainError::Expired(END))),
    ] {
        assert_eq!(anchors.verify(&chain, now), outcome, "{now}");
    }
}

#[test]
fn every_certificate_of_a_path_has_its_time() {
    let Three { root, .. } = &*THREE;
    let old = with(authority("Old"), |params| params.not_after = date_time_ymd(2025, 1, 1));
    let old = under(root, old);
    let leaf = signed(&old, &certificate("Issuer"));
    assert_eq!(verify(root, &[&leaf, old.der()]), Err(ChainError::Expired(1_735_689_600)));
    let new = with(authority("New"), |params| params.not_before = date_time_ymd(2030, 1, 1));
    let new = under(root, new);
    let leaf = signed(&new, &certificate("Issuer"));
    assert_eq!(verify(root, &[&leaf, new.der()]), Err(ChainError::NotYetValid(1_893_456_000)));
    // An anchor is trusted as long as it is listed.
    let past = with(authority("Past"), |params| params.not_after = date_time_ymd(2025, 1, 1));
    let past = CertifiedIssuer::self_signed(past, key()).unwrap();
    assert_eq!(verify(&past, &[&signed(&past, &certificate("Issuer"))]), Ok(()));
}

#[test]
fn any_extended_key_usage() {
    let root = root("Root");
    for usage in [
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::CodeSigning,
        ExtendedKeyUsagePurpose::Other(vec![1, 0, 18013, 5, 1, 6]), // mdoc reader authentication
    ] {
        let mut params = certificate("Issuer");
        params.extended_key_usages = vec![usage.clone()];
        assert_eq!(verify(&root, &[&signed(&root, &params)]), Ok(()), "{usage:?}");
    }
    // An empty list, and one that is none (RFC 5280, section 4.2.1.12: at least one KeyPurposeId).
    for content in [vec![0x30, 0], vec![0x30, 2, 5, 0]] {
        let mut params = certificate("Issuer");
        params.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 37], content)];
        let outcome = verify(&root, &[&signed(&root, &params)]);
        assert!(matches!(outcome, Err(ChainError::Other(_))), "{outcome:?}");
    }
}

#[test]
fn names_that_an_authority_must_not_certify() {
    let root = root("Root");
    let constraints = NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.org".to_owned())],
        excluded_subtrees: vec![],
    };
    let params = with(authority("Intermediate"), |params| params.name_constraints = Some(constraints));
    let intermediate = under(&root, params);
    for (name, outcome) in
        [("verifier.example.org", Ok(())), ("verifier.example.com", Err(ChainError::NameConstraint))]
    {
        let mut params = certificate("Verifier");
        params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
        let leaf = signed(&intermediate, &params);
        assert_eq!(verify(&root, &[&leaf, intermediate.der()]), outcome);
    }
}

#[test]
fn critical_extensions() {
    let root = root("Root");
    for critical in [false, true] {
        let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
        extension.set_criticality(critical);
        let leaf =
            signed(&root, &with(certificate("Issuer"), |params| params.custom_extensions = vec![extension]));
        match Chain::from_pem(&pem(&[&leaf])) {
            Ok(chain) => {
                assert!(!critical);
                assert_eq!(anchors(&[&root]).verify(&chain, NOW), Ok(()));
            }
            Err(refused) => {
                assert!(critical);
                assert_eq!(refused, CertificateError::CriticalExtension { number: 1 });
            }
        }
    }
}

#[test]
fn authorities_with_keys_of_all_kinds() {
    let kinds = [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ECDSA_P521_SHA512, &PKCS_ED25519];
    let keys = kinds.map(key_for);
    let rsa = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    for key in keys.into_iter().chain([rsa]) {
        let kind = key.algorithm();
        let root = CertifiedIssuer::self_signed(authority("Root"), key).unwrap();
        let mut leaf = signed(&root, &certificate("Issuer"));
        assert_eq!(verify(&root, &[&leaf]), Ok(()), "{kind:?}");
        *leaf.last_mut().unwrap() ^= 1;
        assert_eq!(verify(&root, &[&leaf]), Err(ChainError::Signature), "{kind:?}");
    }
}

#[test]
fn messages_can_be_shown() {
    let text = |error: ChainError| error.to_string();
    assert_eq!(
        text(ChainError::Expired(END)),
        "a certificate of the chain expired at 2034-01-01T00:00:00Z: renew it"
    );
    assert_eq!(
        text(ChainError::NotYetValid(BEGIN)),
        "a certificate of the chain is not valid before 2024-01-01T00:00:00Z"
    );
    assert_eq!(text(ChainError::Expired(i64::MAX)).matches("second 9223372036854775807").count(), 1);
}

#[test]
fn chains_and_anchors_are_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + std::fmt::Debug>() {}
    shared::<Chain>();
    shared::<TrustAnchors>();
}

proptest! {
    /// Whatever byte of a certificate of the path changes, the path is gone.
    #[test]
    fn a_changed_certificate_leads_nowhere(
        in_leaf: bool,
        at: prop::sample::Index,
        change in 1_u8..,
    ) {
        let Three { root, intermediate, leaf } = &*THREE;
        let mut certificates = [leaf.clone(), intermediate.der().to_vec()];
        let changed = &mut certificates[usize::from(!in_leaf)];
        let at = at.index(changed.len());
        changed[at] ^= change;
        let [leaf, intermediate] = &certificates;
        if let Ok(chain) = Chain::from_pem(&pem(&[leaf, intermediate])) {
            prop_assert!(anchors(&[root]).verify(&chain, NOW).is_err());
            prop_assert_eq!(Chain::from_x5c(&x5c(chain.to_x5c())), Ok(chain));
        }
    }
}
