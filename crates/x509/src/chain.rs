//! What a chain says.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jose::{PublicKey, SpkiError};
use pki_types::CertificateDer;
use serde_json::Value;
use webpki::EndEntityCert;

use crate::error::CertificateError;
use crate::read::{certificates_of_pem, check_count, parsed, sized};
use crate::{MAX_CERTIFICATE_LEN, MAX_CHAIN_CERTIFICATES};

/// Readable certificates, the holder's first; each of the others should be that of the issuer of the one before it.
/// Nothing in them may be believed before [`TrustAnchors::verify`] has succeeded.
///
/// [`TrustAnchors::verify`]: crate::TrustAnchors::verify
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// From 1 to [`MAX_CHAIN_CERTIFICATES`], each of which `rustls-webpki` can read.
    certificates: Vec<CertificateDer<'static>>,
}

impl Chain {
    /// Reads the value of `x5c`: texts, each the DER of a certificate in base64 with padding, not in base64url (RFC
    /// 7515, section 4.1.6).
    ///
    /// # Errors
    ///
    /// [`CertificateError`] if there is none or are more than [`MAX_CHAIN_CERTIFICATES`], or if one is no such text,
    /// longer than [`MAX_CERTIFICATE_LEN`], or no X.509 certificate of version 3.
    pub fn from_x5c(x5c: &[Value]) -> Result<Self, CertificateError> {
        check_count(x5c.len(), MAX_CHAIN_CERTIFICATES)?;
        let certificates = x5c.iter().enumerate().map(|(index, text)| {
            let number = index + 1;
            let text = text.as_str().ok_or(CertificateError::NotText { number })?;
            if text.len() > MAX_CERTIFICATE_LEN.div_ceil(3) * 4 {
                return Err(CertificateError::TooLong { number });
            }
            sized(index, STANDARD.decode(text).map_err(|_| CertificateError::Base64 { number })?)
        });
        Self::new(certificates.collect::<Result<_, _>>()?)
    }

    /// Reads blocks `CERTIFICATE` of a PEM text (RFC 7468, section 5), the holder's first.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] as for [`Chain::from_x5c`], or if the text is no PEM, is longer than
    /// [`MAX_PEM_LEN`](crate::MAX_PEM_LEN), or has a block of another kind.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        Self::new(certificates_of_pem(text, MAX_CHAIN_CERTIFICATES)?)
    }

    fn new(certificates: Vec<CertificateDer<'static>>) -> Result<Self, CertificateError> {
        for (index, certificate) in certificates.iter().enumerate() {
            parsed(index, certificate)?;
        }
        Ok(Self { certificates })
    }

    /// The chain as the value of `x5c`.
    #[must_use]
    pub fn to_x5c(&self) -> Vec<String> {
        self.certificates.iter().map(|certificate| STANDARD.encode(certificate)).collect()
    }

    /// The chain without the certificates, but for the leaf, that name themselves as their issuers. Those who verify a
    /// chain have their own copy of such a root; the OpenID4VC High Assurance Interoperability Profile 1.0 forbids
    /// sending it.
    #[must_use]
    pub fn without_roots(mut self) -> Self {
        let mut is_leaf = true;
        self.certificates.retain(|certificate| {
            let fields = fields(certificate);
            std::mem::take(&mut is_leaf) || fields.issuer() != fields.subject()
        });
        self
    }

    /// The holder's key.
    ///
    /// # Errors
    ///
    /// [`SpkiError`] if the key is of a kind, or of a size, that signatures are not verified with.
    pub fn leaf_key(&self) -> Result<PublicKey, SpkiError> {
        PublicKey::from_spki_der(&self.leaf().subject_public_key_info())
    }

    /// The SHA-256 digest of the DER of the holder's certificate, in base64url the identifier after `x509_hash:`
    /// (OpenID4VP 1.0, section 5.9.3).
    #[must_use]
    pub fn leaf_sha256(&self) -> [u8; 32] {
        digest(&SHA256, &self.certificates[0]).as_ref().try_into().expect("SHA-256 gives 32 bytes")
    }

    /// The DNS names of the holder in lower case: entries `dNSName` of the subject alternative names (RFC 5280, section
    /// 4.2.1.6), as compared with the identifier after `x509_san_dns:`. One may begin with `*.`, which stands for one
    /// label in TLS and for nothing in OpenID4VP. Entries that cannot be DNS names are left out.
    #[must_use]
    pub fn dns_names(&self) -> Vec<String> {
        self.leaf().valid_dns_names().map(str::to_ascii_lowercase).collect()
    }

    /// The addresses of the holder: entries `uniformResourceIdentifier` of the subject alternative names, as they are
    /// written. An issuer in `iss` is compared with them.
    #[must_use]
    pub fn uris(&self) -> Vec<String> {
        self.leaf().valid_uri_names().map(str::to_owned).collect()
    }

    pub(crate) fn leaf(&self) -> EndEntityCert<'_> {
        fields(&self.certificates[0])
    }

    pub(crate) fn others(&self) -> &[CertificateDer<'static>] {
        &self.certificates[1..]
    }
}

fn fields<'a>(certificate: &'a CertificateDer<'a>) -> EndEntityCert<'a> {
    parsed(0, certificate).expect("the certificates of a chain were read")
}
