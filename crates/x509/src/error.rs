//! Why certificates are refused.

use jiff::Timestamp;
use pki_types::UnixTime;
use webpki::Error;

use crate::{MAX_CERTIFICATE_LEN, MAX_PEM_LEN};

/// Why a text is not the certificates that are wanted. Certificates are numbered from 1 in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// There is no certificate.
    #[error("there is no certificate")]
    Empty,
    /// There are more certificates than are read.
    #[error("there are {count} certificates; at most {max} are read")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many are read.
        max: usize,
    },
    /// A certificate is no JSON string.
    #[error("certificate {number} is not a string")]
    NotText {
        /// Which one.
        number: usize,
    },
    /// A certificate is not in base64.
    #[error("certificate {number} is not in base64 with padding; base64url is not used here")]
    Base64 {
        /// Which one.
        number: usize,
    },
    /// A certificate is longer than any should be.
    #[error("certificate {number} is longer than {MAX_CERTIFICATE_LEN} bytes")]
    TooLong {
        /// Which one.
        number: usize,
    },
    /// A certificate cannot be read.
    #[error("certificate {number} is not an X.509 certificate of version 3 in DER ({cause})")]
    NotX509 {
        /// Which one.
        number: usize,
        /// What the parser says.
        cause: String,
    },
    /// A certificate has a critical extension that is not understood (RFC 5280, section 4.2).
    #[error("certificate {number} has a critical extension that is not supported")]
    CriticalExtension {
        /// Which one.
        number: usize,
    },
    /// The PEM text has this many bytes.
    #[error("the PEM text has {0} bytes; at most {MAX_PEM_LEN} are read")]
    PemTooLong(usize),
    /// The text is not PEM.
    #[error("not PEM: {0}")]
    Pem(String),
    /// The PEM text has a block with this label.
    #[error("the PEM text has a block `{0}`; only `CERTIFICATE` is expected")]
    PemLabel(String),
}

/// Why a chain does not lead to a trust anchor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// A certificate was valid until then, in seconds since 1970.
    #[error("a certificate of the chain expired at {}: renew it", moment(.0))]
    Expired(i64),
    /// A certificate is valid from then on, in seconds since 1970.
    #[error("a certificate of the chain is not valid before {}", moment(.0))]
    NotYetValid(i64),
    /// No trust anchor and no other certificate of the chain has issued the last one that was reached.
    #[error("the chain leads to no trusted authority: its issuer is unknown, or an intermediate is missing")]
    UnknownIssuer,
    /// A certificate has issued another without being that of an authority.
    #[error("a certificate of the chain was issued by one that is not a CA's")]
    NotACa,
    /// The first certificate is that of an authority.
    #[error("the first certificate of the chain is a CA's: put the one of the signing key first")]
    CaFirst,
    /// The signature of a certificate is not one by the key of its issuer.
    #[error("the signature of a certificate of the chain is invalid")]
    Signature,
    /// A certificate is signed in a way that is not accepted.
    #[error("a certificate of the chain is signed with an algorithm that is not accepted")]
    Algorithm,
    /// An authority issued a certificate for another authority where it must not.
    #[error("the chain is longer than one of its authorities allows")]
    PathLength,
    /// An authority issued a certificate for a name that it must not.
    #[error("a certificate of the chain is for a name that one of its authorities must not certify")]
    NameConstraint,
    /// There are more ways through the certificates than are tried.
    #[error("the chain has too many possible paths; send only the certificates that are needed")]
    TooComplex,
    /// Something else is wrong with a certificate, by its name.
    #[error("the chain is refused: {0}")]
    Other(String),
}

impl CertificateError {
    /// What `webpki` says of the certificate at this place, the first being 0.
    pub(crate) fn unreadable(index: usize, cause: &Error) -> Self {
        let number = index + 1;
        match cause {
            Error::UnsupportedCriticalExtension => Self::CriticalExtension { number },
            other => Self::NotX509 { number, cause: other.to_string() },
        }
    }
}

/// A moment in RFC 3339.
fn moment(seconds: &i64) -> String {
    Timestamp::from_second(*seconds).map_or_else(|_| format!("second {seconds}"), |moment| moment.to_string())
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

impl From<Error> for ChainError {
    fn from(cause: Error) -> Self {
        match cause {
            Error::CertExpired { not_after, .. } => Self::Expired(seconds(not_after)),
            Error::CertNotValidYet { not_before, .. } => Self::NotYetValid(seconds(not_before)),
            Error::UnknownIssuer => Self::UnknownIssuer,
            Error::EndEntityUsedAsCa => Self::NotACa,
            Error::CaUsedAsEndEntity => Self::CaFirst,
            Error::InvalidSignatureForPublicKey => Self::Signature,
            Error::UnsupportedSignatureAlgorithmContext(_)
            | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Self::Algorithm,
            Error::PathLenConstraintViolated => Self::PathLength,
            Error::NameConstraintViolation => Self::NameConstraint,
            Error::MaximumPathBuildCallsExceeded
            | Error::MaximumPathDepthExceeded
            | Error::MaximumSignatureChecksExceeded
            | Error::MaximumNameConstraintComparisonsExceeded => Self::TooComplex,
            other => Self::Other(other.to_string()),
        }
    }
}
