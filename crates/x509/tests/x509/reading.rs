//! Texts that are certificates, and texts that are not.

use pem::Pem;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOW, certificate, chain, pem, root, signed, x5c};
use x509::{
    CertificateError, Chain, MAX_ANCHORS, MAX_CERTIFICATE_LEN, MAX_CHAIN_CERTIFICATES, MAX_PEM_LEN,
    TrustAnchors,
};

fn leaf() -> Vec<u8> {
    signed(&root("Root"), &certificate("Issuer"))
}

#[test]
fn a_chain_survives_both_forms() {
    let root = root("Root");
    let leaf = signed(&root, &certificate("Issuer"));
    let chain = chain(&[&leaf, root.der()]);
    let texts = chain.to_x5c();
    assert_eq!(texts.len(), 2);
    assert_eq!(Chain::from_x5c(&x5c(texts)), Ok(chain));
}

#[test]
fn counts_are_limited() {
    let text = chain(&[&leaf()]).to_x5c().remove(0);
    let of = |count: usize| Chain::from_x5c(&x5c(vec![text.clone(); count]));
    assert_eq!(of(0), Err(CertificateError::Empty));
    assert!(of(MAX_CHAIN_CERTIFICATES).is_ok());
    assert_eq!(of(9), Err(CertificateError::TooMany { count: 9, max: 8 }));
    let leaf = leaf();
    assert_eq!(Chain::from_pem(&pem(&[&leaf[..]; 9])), Err(CertificateError::TooMany { count: 9, max: 8 }));
    assert!(TrustAnchors::from_pem(&pem(&[&leaf[..]; 9])).is_ok());
    let many = pem(&[&leaf[..]; MAX_ANCHORS + 1]);
    assert_eq!(
        TrustAnchors::from_pem(&many).unwrap_err(),
        CertificateError::TooMany { count: MAX_ANCHORS + 1, max: MAX_ANCHORS }
    );
}

#[test]
fn lengths_are_limited() {
    let mut params = certificate("Issuer");
    let filler = |len| rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![0; len]);
    params.custom_extensions = vec![filler(MAX_CERTIFICATE_LEN - 512)];
    let root = root("Root");
    let long = signed(&root, &params);
    assert!(long.len() <= MAX_CERTIFICATE_LEN && long.len() > MAX_CERTIFICATE_LEN - 512);
    assert!(Chain::from_x5c(&x5c(chain(&[&long]).to_x5c())).is_ok());

    params.custom_extensions = vec![filler(MAX_CERTIFICATE_LEN)];
    let text = pem(&[&signed(&root, &params)]);
    assert_eq!(Chain::from_pem(&text), Err(CertificateError::TooLong { number: 1 }));
    assert_eq!(TrustAnchors::from_pem(&text).unwrap_err(), CertificateError::TooLong { number: 1 });
    // Both just over the limit, and so long that it isn't even decoded.
    for len in [(MAX_CERTIFICATE_LEN + 1).div_ceil(3) * 4, 1 << 20] {
        let refused = Chain::from_x5c(&x5c(["A".repeat(len)]));
        assert_eq!(refused, Err(CertificateError::TooLong { number: 1 }), "{len}");
    }
    let text = " ".repeat(MAX_PEM_LEN + 1);
    assert_eq!(Chain::from_pem(&text), Err(CertificateError::PemTooLong(MAX_PEM_LEN + 1)));
    assert_eq!(TrustAnchors::from_pem(&text).unwrap_err(), CertificateError::PemTooLong(MAX_PEM_LEN + 1));
}

#[test]
fn members_that_are_no_certificates() {
    let good = chain(&[&leaf()]).to_x5c().remove(0);
    let refusal = |second: Value| Chain::from_x5c(&[json!(good), second]).unwrap_err();
    for value in [json!(null), json!(1), json!([good]), json!({})] {
        assert_eq!(refusal(value), CertificateError::NotText { number: 2 });
    }
    let url_safe = good.replace('+', "-").replace('/', "_").replace('=', "");
    for text in [url_safe.as_str(), "%", "MIIB\n", "M", &pem(&[&leaf()])] {
        assert_eq!(refusal(json!(text)), CertificateError::Base64 { number: 2 }, "{text}");
    }
    for text in ["", "AAAA", "MAA=", "MIIB"] {
        let refused = refusal(json!(text));
        assert!(matches!(refused, CertificateError::NotX509 { number: 2, .. }), "{text}: {refused}");
        assert!(refused.to_string().starts_with("certificate 2 is not an X.509 certificate of version 3"));
    }
}

#[test]
fn certificates_that_are_cut_or_longer() {
    let leaf = leaf();
    for len in 0..leaf.len() {
        assert!(Chain::from_pem(&pem(&[&leaf[..len]])).is_err(), "{len}");
    }
    assert!(Chain::from_pem(&pem(&[&[&leaf[..], &[0]].concat()])).is_err());
}

#[test]
fn pem_that_is_something_else() {
    for text in ["", "garbage", "-----END CERTIFICATE-----"] {
        assert_eq!(Chain::from_pem(text), Err(CertificateError::Empty), "{text}");
        assert_eq!(TrustAnchors::from_pem(text).unwrap_err(), CertificateError::Empty, "{text}");
    }
    let good = pem(&[&leaf()]);
    for label in ["PRIVATE KEY", "TRUSTED CERTIFICATE", "certificate"] {
        let text = good.clone() + &pem::encode(&Pem::new(label, leaf()));
        let refused = Chain::from_pem(&text).unwrap_err();
        assert_eq!(refused, CertificateError::PemLabel(label.to_owned()));
        assert_eq!(TrustAnchors::from_pem(&text).unwrap_err(), refused);
    }
    let cut = good.clone() + &good[..good.len() - 30];
    let unfinished = good.clone() + "-----BEGIN CERTIFICATE-----\nMIIB";
    let not_base64 = good + "-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n";
    for text in [cut, unfinished, not_base64] {
        assert!(matches!(Chain::from_pem(&text), Err(CertificateError::Pem(_))), "{text}");
        assert!(matches!(TrustAnchors::from_pem(&text), Err(CertificateError::Pem(_))), "{text}");
    }
    let text = pem(&[&leaf(), b"garbage"]);
    assert!(matches!(Chain::from_pem(&text), Err(CertificateError::NotX509 { number: 2, .. })));
    let anchors = TrustAnchors::from_pem(&text);
    assert!(matches!(anchors, Err(CertificateError::NotX509 { number: 2, .. })));
}

#[test]
fn bundles_have_comments() {
    let root = root("Root");
    let text = format!("# Root\nSubject: CN=Root\n\n{}\n# end\n", pem(&[root.der()]).replace('\n', "\r\n"));
    let anchors = TrustAnchors::from_pem(&text).unwrap();
    assert_eq!(anchors.verify(&chain(&[&signed(&root, &certificate("Issuer"))]), NOW), Ok(()));
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes: Vec<u8>) {
        prop_assert!(Chain::from_pem(&pem(&[&bytes])).is_err());
        prop_assert!(TrustAnchors::from_pem(&pem(&[&bytes])).is_err());
    }

    #[test]
    fn any_text_is_refused(text: String) {
        prop_assert!(Chain::from_pem(&text).is_err());
        prop_assert!(Chain::from_x5c(&[json!(text)]).is_err());
    }
}
