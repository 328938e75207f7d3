//! What can be wrong with a request of the credential-offers dialect. Each error has a stable code; the seed documents one of
//! them, `credential_offer_already_revoked`, and the others follow its form.

use model::ProgramClosed;
use store::StoreError;

use crate::EngineError;

/// What kind of answer an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is not as it should be (400).
    Invalid,
    /// Something that it names is not there (404).
    NotFound,
    /// The state of things does not allow it (409).
    Conflict,
    /// It was possible once (410).
    Gone,
    /// Something is too large (413).
    TooLarge,
    /// Something is of a type that we do not take (415).
    UnsupportedType,
    /// Too often (429).
    Limited {
        /// In how many seconds to try again.
        seconds: u64,
    },
    /// Our fault (500).
    Internal,
}

/// What is wrong with a request, or with one item of it. The text is for the caller.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OfferError {
    /// A value is not as it should be.
    #[error("{0}")]
    Invalid(String),
    /// No such offer, or one that the caller does not see.
    #[error("There is no such credential offer.")]
    NotFound,
    /// It was claimed.
    #[error("The credential offer has been claimed already.")]
    AlreadyClaimed,
    /// It was not claimed.
    #[error("The credential offer has not been claimed, so there is nothing to revoke: delete it instead.")]
    NotClaimed,
    /// It was revoked.
    #[error("The credential offer has been revoked already.")]
    AlreadyRevoked,
    /// It was not revoked.
    #[error("The credential offer has not been revoked.")]
    NotRevoked,
    /// Its credential would have expired by now.
    #[error("The credential offer has expired: its expirationDate is in the past.")]
    Expired,
    /// It has no address.
    #[error("The credential offer has no email: make it with one to send it by mail.")]
    EmailMissing,
    /// No such issuer.
    #[error("There is no issuer with this correlationId here.")]
    UnknownCorrelationId,
    /// No such program.
    #[error("There is no published credential with this credentialId at this correlationId.")]
    UnknownCredentialId,
    /// The program no longer issues.
    #[error("{0}")]
    ProgramClosed(#[from] ProgramClosed),
    /// The program has issued as many as it may.
    #[error("The credential has been issued as often as it may be.")]
    CapReached,
    /// No such profile.
    #[error("There is no organisation profile with this id.")]
    UnknownProfile,
    /// No profile at all.
    #[error("There is no organisation profile yet: create one, and it becomes the default.")]
    NoProfile,
    /// No such collection.
    #[error("There is no credential offer collection with this id.")]
    UnknownCollection,
    /// A required claim is missing.
    #[error("The claim `{0}` is required.")]
    ClaimMissing(String),
    /// The program has no such claim.
    #[error("The credential has no claim `{name}`. It has: {known}.")]
    ClaimNotSupported {
        /// The claim.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A claim is there twice.
    #[error("The claim `{0}` is there twice.")]
    ClaimDuplicate(String),
    /// A claim's value does not fit.
    #[error("The claim `{name}`: {problem}.")]
    ClaimInvalid {
        /// The claim.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The date lies in the past.
    #[error("The expirationDate is in the past.")]
    ExpirationDateInPast,
    /// No such image.
    #[error("There is no image with this id: upload it first.")]
    UnknownImage,
    /// An image is too large.
    #[error("The image is larger than {0} bytes.")]
    ImageTooLarge(usize),
    /// An image is of another type.
    #[error("{0}")]
    ImageType(String),
    /// An image cannot be read.
    #[error("{0}")]
    ImageInvalid(String),
    /// No such API key.
    #[error("There is no API key with this id.")]
    UnknownApiKey,
    /// The idempotency key came with another request.
    #[error("The Idempotency-Key was used for another request: use a new one.")]
    KeyReused,
    /// Another replica was busy with the same.
    #[error("The same request is being worked on: try again.")]
    Contended,
    /// A transaction code was tried too often.
    #[error(
        "The code that was sent by e-mail was wrong too often: wait as long as Retry-After says, and open the page again."
    )]
    TooManyTries {
        /// In how many seconds to try again.
        seconds: u64,
    },
    /// Asked too often.
    #[error("Two requests a minute are accepted from a user: wait as long as Retry-After says.")]
    RateLimited {
        /// In how many seconds to try again.
        seconds: u64,
    },
    /// Our fault.
    #[error("Server-side failure. Retry with exponential backoff.")]
    Internal(EngineError),
}

impl OfferError {
    /// A value is not as it should be.
    pub(crate) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid(what.into())
    }

    pub(crate) fn claim_invalid(name: &str, problem: impl Into<String>) -> Self {
        Self::ClaimInvalid { name: name.to_owned(), problem: problem.into() }
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_request",
            Self::NotFound => "credential_offer_not_found",
            Self::AlreadyClaimed => "credential_offer_already_claimed",
            Self::NotClaimed => "credential_offer_not_claimed",
            Self::AlreadyRevoked => "credential_offer_already_revoked",
            Self::NotRevoked => "credential_offer_not_revoked",
            Self::Expired => "credential_offer_expired",
            Self::EmailMissing => "credential_offer_email_missing",
            Self::UnknownCorrelationId => "correlation_id_not_supported",
            Self::UnknownCredentialId => "credential_id_not_supported",
            Self::ProgramClosed(_) => "credential_closed",
            Self::CapReached => "credential_cap_reached",
            Self::UnknownProfile | Self::NoProfile => "organisation_profile_not_found",
            Self::UnknownCollection => "credential_offer_collection_not_found",
            Self::ClaimMissing(_) => "claim_missing",
            Self::ClaimNotSupported { .. } => "claim_not_supported",
            Self::ClaimDuplicate(_) => "claim_duplicate",
            Self::ClaimInvalid { .. } => "claim_invalid",
            Self::ExpirationDateInPast => "expiration_date_in_past",
            Self::UnknownImage => "media_not_found",
            Self::ImageTooLarge(_) => "image_too_large",
            Self::ImageType(_) => "image_type_not_supported",
            Self::ImageInvalid(_) => "image_invalid",
            Self::UnknownApiKey => "api_key_not_found",
            Self::KeyReused => "idempotency_key_reused",
            Self::Contended => "conflict",
            Self::TooManyTries { .. } => "tx_code_exhausted",
            Self::RateLimited { .. } => "rate_limited",
            Self::Internal(_) => "internal_error",
        }
    }

    /// What kind of answer it is.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound
            | Self::UnknownCorrelationId
            | Self::UnknownProfile
            | Self::UnknownCollection
            | Self::UnknownImage
            | Self::UnknownApiKey => ErrorKind::NotFound,
            Self::AlreadyClaimed
            | Self::NotClaimed
            | Self::NotRevoked
            | Self::CapReached
            | Self::KeyReused
            | Self::Contended => ErrorKind::Conflict,
            Self::AlreadyRevoked | Self::Expired | Self::ProgramClosed(_) => ErrorKind::Gone,
            Self::ImageTooLarge(_) => ErrorKind::TooLarge,
            Self::ImageType(_) => ErrorKind::UnsupportedType,
            Self::TooManyTries { seconds } | Self::RateLimited { seconds } => {
                ErrorKind::Limited { seconds: *seconds }
            }
            Self::Internal(_) => ErrorKind::Internal,
            _ => ErrorKind::Invalid,
        }
    }
}

impl From<EngineError> for OfferError {
    fn from(error: EngineError) -> Self {
        Self::Internal(error)
    }
}

impl From<StoreError> for OfferError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}
