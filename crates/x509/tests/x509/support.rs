//! Authorities and what they certify.

use pem::Pem;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    SignatureAlgorithm, date_time_ymd,
};
use serde_json::Value;
use x509::{Chain, ChainError, TrustAnchors};

/// An authority with its key.
pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

/// What is certified is valid from 2024 to 2034 unless a test says otherwise; this is in 2026.
pub(crate) const NOW: i64 = 1_780_000_000;
/// The beginning of 2024 and of 2034.
pub(crate) const BEGIN: i64 = 1_704_067_200;
pub(crate) const END: i64 = 2_019_686_400;

/// A certificate for somebody, which no authority has signed yet.
pub(crate) fn certificate(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2034, 1, 1);
    params
}

pub(crate) fn with(
    mut params: CertificateParams,
    change: impl FnOnce(&mut CertificateParams),
) -> CertificateParams {
    change(&mut params);
    params
}

/// A certificate for an authority.
pub(crate) fn authority(name: &str) -> CertificateParams {
    with(certificate(name), |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained))
}

pub(crate) fn key() -> KeyPair {
    key_for(&PKCS_ECDSA_P256_SHA256)
}

pub(crate) fn key_for(algorithm: &'static SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(algorithm).unwrap()
}

/// An authority that certifies itself.
pub(crate) fn root(name: &str) -> Authority {
    CertifiedIssuer::self_signed(authority(name), key()).unwrap()
}

/// An authority that another one certifies.
pub(crate) fn under(issuer: &Authority, params: CertificateParams) -> Authority {
    CertifiedIssuer::signed_by(params, key(), issuer).unwrap()
}

/// The DER of a certificate with a key of its own.
pub(crate) fn signed(issuer: &Authority, params: &CertificateParams) -> Vec<u8> {
    params.signed_by(&key(), issuer).unwrap().der().to_vec()
}

pub(crate) fn pem(certificates: &[&[u8]]) -> String {
    certificates.iter().map(|der| pem::encode(&Pem::new("CERTIFICATE", *der))).collect()
}

pub(crate) fn anchors(roots: &[&Authority]) -> TrustAnchors {
    let roots: Vec<&[u8]> = roots.iter().map(|root| root.der().as_ref()).collect();
    TrustAnchors::from_pem(&pem(&roots)).unwrap()
}

pub(crate) fn chain(certificates: &[&[u8]]) -> Chain {
    Chain::from_pem(&pem(certificates)).unwrap()
}

/// The value of `x5c`.
pub(crate) fn x5c(texts: impl IntoIterator<Item = impl Into<Value>>) -> Vec<Value> {
    texts.into_iter().map(Into::into).collect()
}

/// What becomes of a chain whose verifier trusts one authority.
pub(crate) fn verify(root: &Authority, certificates: &[&[u8]]) -> Result<(), ChainError> {
    anchors(&[root]).verify(&chain(certificates), NOW)
}
