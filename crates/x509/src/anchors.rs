//! Whom we believe.

use std::time::Duration;

use pki_types::{TrustAnchor, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter, anchor_from_trusted_cert,
};

use crate::MAX_ANCHORS;
use crate::chain::Chain;
use crate::error::{CertificateError, ChainError};
use crate::read::certificates_of_pem;

/// The authorities whose word is taken for who holds a key: names, keys and name constraints (RFC 5280, section
/// 6.1.1). The validity of their certificates is not looked at: an anchor is trusted for as long as it is listed.
#[derive(Debug, Clone)]
pub struct TrustAnchors {
    anchors: Vec<TrustAnchor<'static>>,
}

impl TrustAnchors {
    /// Reads a bundle: blocks `CERTIFICATE` of a PEM text (RFC 7468, section 5) in any order.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] if the text is no PEM, is longer than [`MAX_PEM_LEN`](crate::MAX_PEM_LEN), has a block of
    /// another kind, has no certificate or more than [`MAX_ANCHORS`], or if one cannot be read.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        let certificates = certificates_of_pem(text, MAX_ANCHORS)?;
        let anchors = certificates.iter().enumerate().map(|(index, certificate)| {
            anchor_from_trusted_cert(certificate)
                .map(|anchor| anchor.to_owned())
                .map_err(|cause| CertificateError::unreadable(index, &cause))
        });
        Ok(Self { anchors: anchors.collect::<Result<_, _>>()? })
    }

    /// Whether there is a path from the chain's first certificate to one of the anchors at a moment, in seconds since
    /// 1970 (RFC 5280, section 6.1). The chain may hold the anchor's own certificate and need not; its certificates
    /// after the first are taken in any order, and those that are not needed do no harm.
    ///
    /// Extended key usages (RFC 5280, section 4.2.1.12) are not compared with anything: the specifications of
    /// credentials name none, and the authorities of wallets and issuers use their own. So an authority that also
    /// certifies web servers vouches for these as issuers too: list those that certify issuers.
    ///
    /// # Errors
    ///
    /// [`ChainError`] if there is no path; it names the obstacle that says most.
    pub fn verify(&self, chain: &Chain, now_unix_seconds: i64) -> Result<(), ChainError> {
        // Nothing that is valid today was valid before 1970.
        let now = Duration::from_secs(u64::try_from(now_unix_seconds).unwrap_or(0));
        let leaf = chain.leaf();
        let path = leaf.verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &self.anchors,
            chain.others(),
            UnixTime::since_unix_epoch(now),
            AnyUsage,
            None,
            None,
        );
        path.map(|_| ()).map_err(ChainError::from)
    }
}

/// Any extended key usage, or none, if they can be read.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, mut usages: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        usages.try_for_each(|usage| usage.map(|_| ()))
    }
}
