//! Why a wallet is refused, in the words of OpenID4VCI 1.0 (sections 6.3, 8.3.1, 9.3, 11.3), RFC 6749, 6750 and 9449.

use store::StoreError;

use crate::EngineError;
use crate::offers::OfferError;

/// Why a wallet is refused. The text is for whoever writes the wallet.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WalletError {
    /// No such issuer.
    #[error("There is no credential issuer here.")]
    UnknownIssuer,
    /// Nothing to claim; the reason for people is the one of the other dialect.
    #[error("{0}")]
    NotClaimable(OfferError),
    /// A token request is not as it should be.
    #[error("{0}")]
    InvalidRequest(String),
    /// The code, or what goes with it, is none that is accepted.
    #[error("{0}")]
    InvalidGrant(String),
    /// Another grant.
    #[error("The only grant type is urn:ietf:params:oauth:grant-type:pre-authorized_code.")]
    UnsupportedGrantType,
    /// What is asked for in detail is not to be had, or not as it should be (RFC 9396, section 5).
    #[error("{0}")]
    InvalidDetails(String),
    /// The DPoP proof is none.
    #[error("{0}")]
    InvalidDpop(String),
    /// There is no access token.
    #[error("The request has no access token: send it as Authorization: Bearer or DPoP.")]
    MissingToken,
    /// The access token is bound to a key, and was presented as one that is not.
    #[error("The access token is bound to a key: send it as Authorization: DPoP, with a DPoP proof.")]
    ProofRequired,
    /// The access token is none that is accepted here.
    #[error("{0}")]
    InvalidToken(String),
    /// A credential request is not as it should be.
    #[error("{0}")]
    InvalidCredentialRequest(String),
    /// No such configuration.
    #[error("There is no such credential configuration here.")]
    UnknownConfiguration,
    /// No such identifier.
    #[error("There is no such credential identifier here.")]
    UnknownIdentifier,
    /// No such type: the drafts that ask by type.
    #[error("The offer is for no credential of this type.")]
    UnsupportedType,
    /// No such format: the drafts that ask by format.
    #[error("The offer is for no credential of this format.")]
    UnsupportedFormat,
    /// A proof of a key is none.
    #[error("{0}")]
    InvalidProof(String),
    /// A nonce is none of ours, over, or used.
    #[error("{0}")]
    InvalidNonce(String),
    /// The answer cannot be encrypted as asked, or the request was not.
    #[error("{0}")]
    InvalidEncryption(String),
    /// There is no credential to be had.
    #[error("{0}")]
    Denied(String),
    /// No such transaction.
    #[error("There is no such transaction, or its credential was fetched already.")]
    InvalidTransaction,
    /// No such notification id.
    #[error("This token was given no such notification_id.")]
    InvalidNotificationId,
    /// A notification is not as it should be.
    #[error("{0}")]
    InvalidNotification(String),
    /// Our fault.
    #[error("Server-side failure. Retry with exponential backoff.")]
    Internal(EngineError),
}

impl WalletError {
    /// The code that the specification gives it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownIssuer | Self::InvalidRequest(_) => "invalid_request",
            Self::NotClaimable(_) | Self::InvalidGrant(_) => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidDetails(_) => "invalid_authorization_details",
            Self::InvalidDpop(_) => "invalid_dpop_proof",
            Self::MissingToken | Self::ProofRequired | Self::InvalidToken(_) => "invalid_token",
            Self::InvalidCredentialRequest(_) => "invalid_credential_request",
            Self::UnknownConfiguration => "unknown_credential_configuration",
            Self::UnknownIdentifier => "unknown_credential_identifier",
            Self::UnsupportedType => "unsupported_credential_type",
            Self::UnsupportedFormat => "unsupported_credential_format",
            Self::InvalidProof(_) => "invalid_proof",
            Self::InvalidNonce(_) => "invalid_nonce",
            Self::InvalidEncryption(_) => "invalid_encryption_parameters",
            Self::Denied(_) => "credential_request_denied",
            Self::InvalidTransaction => "invalid_transaction_id",
            Self::InvalidNotificationId => "invalid_notification_id",
            Self::InvalidNotification(_) => "invalid_notification_request",
            Self::Internal(_) => "server_error",
        }
    }

    pub(crate) fn proof(what: impl Into<String>) -> Self {
        Self::InvalidProof(what.into())
    }
}

impl From<EngineError> for WalletError {
    fn from(error: EngineError) -> Self {
        Self::Internal(error)
    }
}

impl From<StoreError> for WalletError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<OfferError> for WalletError {
    fn from(error: OfferError) -> Self {
        match error {
            OfferError::Internal(error) => Self::Internal(error),
            other => Self::NotClaimable(other),
        }
    }
}
