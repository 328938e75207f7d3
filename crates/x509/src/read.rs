//! From texts to certificates.

use pki_types::CertificateDer;
use webpki::EndEntityCert;

use crate::error::CertificateError;
use crate::{MAX_CERTIFICATE_LEN, MAX_PEM_LEN};

/// The certificates of a PEM text (RFC 7468, section 5), at most `max` of them and at least one. Text between the
/// blocks is passed over.
pub(crate) fn certificates_of_pem(
    text: &str,
    max: usize,
) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    if text.len() > MAX_PEM_LEN {
        return Err(CertificateError::PemTooLong(text.len()));
    }
    let begun = text.matches("-----BEGIN ").count();
    check_count(begun, max)?;
    let blocks = pem::parse_many(text).map_err(|cause| CertificateError::Pem(cause.to_string()))?;
    // What looks to the parser like no block at all ends its work without an error.
    if blocks.len() != begun {
        return Err(CertificateError::Pem(format!("block {} has no end", blocks.len() + 1)));
    }
    let certificates = blocks.into_iter().enumerate().map(|(index, block)| match block.tag() {
        "CERTIFICATE" => sized(index, block.into_contents()),
        other => Err(CertificateError::PemLabel(other.escape_debug().take(64).collect())),
    });
    certificates.collect()
}

pub(crate) fn check_count(count: usize, max: usize) -> Result<(), CertificateError> {
    match count {
        0 => Err(CertificateError::Empty),
        count if count > max => Err(CertificateError::TooMany { count, max }),
        _ => Ok(()),
    }
}

/// A certificate within the limit of its size. Its number for messages begins with 1.
pub(crate) fn sized(index: usize, der: Vec<u8>) -> Result<CertificateDer<'static>, CertificateError> {
    if der.len() > MAX_CERTIFICATE_LEN {
        return Err(CertificateError::TooLong { number: index + 1 });
    }
    Ok(CertificateDer::from(der))
}

/// The fields of a certificate.
pub(crate) fn parsed<'a>(
    index: usize,
    certificate: &'a CertificateDer<'a>,
) -> Result<EndEntityCert<'a>, CertificateError> {
    EndEntityCert::try_from(certificate).map_err(|cause| CertificateError::unreadable(index, &cause))
}
