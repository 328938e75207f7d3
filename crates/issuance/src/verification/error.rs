//! What can be wrong with a request of the verifier's dialect.

use store::StoreError;

use crate::{EngineError, ErrorKind};

/// What is wrong with a request. The text is for the caller.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PresentError {
    /// A value is not as it should be.
    #[error("{0}")]
    Invalid(String),
    /// No such template.
    #[error("There is no presentation definition with this definitionId here.")]
    UnknownDefinition,
    /// There is one already.
    #[error("There is a presentation definition with this definitionId already: change it with PUT.")]
    DefinitionExists,
    /// No such request.
    #[error("There is no presentation request with this correlationId here.")]
    UnknownRequest,
    /// Its time is over.
    #[error("The presentation request has expired: make another one.")]
    Expired,
    /// It was answered.
    #[error("The presentation request has been answered already: make another one.")]
    Answered,
    /// The tenant cannot sign requests.
    #[error(
        "The environment has no issuer whose key could sign the request: make one (bestow issuer create), or use the clientIdPrefix redirect_uri."
    )]
    NoSigner,
    /// There is no certificate.
    #[error(
        "The verifier has no certificate: the operator sets verifier.certificate_file and verifier.key_file, or the definition uses another clientIdPrefix."
    )]
    NoCertificate,
    /// A wallet's answer is not as it should be.
    #[error("{0}")]
    Refused(String),
    /// Our fault.
    #[error("Server-side failure. Retry with exponential backoff.")]
    Internal(EngineError),
}

impl PresentError {
    pub(super) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid(what.into())
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_request",
            Self::UnknownDefinition => "presentation_definition_not_found",
            Self::DefinitionExists => "presentation_definition_exists",
            Self::UnknownRequest => "presentation_not_found",
            Self::Expired => "presentation_expired",
            Self::Answered => "presentation_answered",
            Self::NoSigner => "signing_key_missing",
            Self::NoCertificate => "certificate_missing",
            Self::Refused(_) => "presentation_refused",
            Self::Internal(_) => "internal_error",
        }
    }

    /// What kind of answer it is.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid(_) | Self::Refused(_) => ErrorKind::Invalid,
            Self::UnknownDefinition | Self::UnknownRequest => ErrorKind::NotFound,
            Self::DefinitionExists | Self::Answered | Self::NoSigner | Self::NoCertificate => {
                ErrorKind::Conflict
            }
            Self::Expired => ErrorKind::Gone,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }
}

impl From<EngineError> for PresentError {
    fn from(error: EngineError) -> Self {
        Self::Internal(error)
    }
}

impl From<StoreError> for PresentError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}
