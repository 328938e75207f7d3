//! Why a Partner JWT is refused.

use model::{EmailError, Timestamp};

use crate::{EngineError, FetchError};

/// Why a request is not authenticated. Each text says which of the possible causes it was and what to do; none says anything
/// about another tenant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartnerAuthError {
    /// No header.
    #[error("Missing x-partner-auth header: send a signed Partner JWT in it, without \"Bearer\".")]
    Missing,
    /// A `Bearer` prefix.
    #[error("x-partner-auth holds the bare Partner JWT: remove the \"Bearer\" prefix.")]
    Bearer,
    /// Not a JWS that we read.
    #[error("Invalid x-partner-auth: {0}. Send a compact JWS (header.payload.signature).")]
    NotJws(String),
    /// Neither RS256 nor ES256.
    #[error("Unsupported algorithm in the Partner JWT: {0}. Sign with RS256 or ES256.")]
    Algorithm(String),
    /// No `kid`.
    #[error("Missing kid header in the Partner JWT: set it to the key's id in your JWKS.")]
    MissingKid,
    /// No `typ`, or another one.
    #[error("Missing typ header in the Partner JWT: set typ to \"JWT\".")]
    MissingTyp,
    /// The payload is not a JSON object.
    #[error("The Partner JWT's payload is not a JSON object of claims: {0}.")]
    Payload(String),
    /// No `partnerId`, or not a text.
    #[error("Missing claim in the Partner JWT: partnerId, a string, your Partner ID.")]
    MissingPartnerId,
    /// A `partnerId` that nobody has.
    #[error("Unknown partnerId in the Partner JWT: check your Partner ID.")]
    UnknownPartner,
    /// The tenant has registered no keys.
    #[error("No JWKS is registered for this partner: register a JWKS URL or document first.")]
    NoKeys,
    /// The JWKS cannot be had.
    #[error(
        "JWKS endpoint unreachable: {0}. Your JWKS URL must answer over public https with a JSON Web Key Set."
    )]
    Unreachable(FetchError),
    /// The JWKS is none.
    #[error("The registered JWKS is not a JSON Web Key Set: {0}.")]
    BadJwks(String),
    /// No such key in the JWKS.
    #[error(
        "kid not found: your JWKS has no usable signing key \"{0}\". Publish the key before you sign with it."
    )]
    UnknownKid(String),
    /// The algorithm is not the key's.
    #[error(
        "The Partner JWT's algorithm does not fit the key: the token says {token}, the key is for {key}."
    )]
    Misfit {
        /// The algorithm of the token.
        token: String,
        /// The algorithm of the key.
        key: String,
    },
    /// The signature is not of that key.
    #[error("Invalid signature: the Partner JWT was not signed by the key that its kid names in your JWKS.")]
    Signature,
    /// No `exp`.
    #[error(
        "Missing claim in the Partner JWT: exp, the time of expiry in seconds since 1970 (5 minutes from now)."
    )]
    MissingExp,
    /// `exp` is not a number.
    #[error("The Partner JWT's exp claim must be a number: seconds since 1970-01-01T00:00:00Z.")]
    ExpType,
    /// Past `exp`.
    #[error("Token expired at {} (it is now {}): sign a fresh Partner JWT, and check your clock.", .at.rfc3339(), .now.rfc3339())]
    Expired {
        /// When it expired.
        at: Timestamp,
        /// What time it is here.
        now: Timestamp,
    },
    /// `exp` too far away.
    #[error("The Partner JWT lives too long: exp may be at most {0} s ahead.")]
    TooLong(i64),
    /// `nbf` or `iat` in the future.
    #[error("The Partner JWT's {claim} claim is in the future or no number (it is now {}): check your clock.", .now.rfc3339())]
    NotYet {
        /// Which claim.
        claim: &'static str,
        /// What time it is here.
        now: Timestamp,
    },
    /// `scope` without `issue`.
    #[error(
        "The Partner JWT's scope claim must hold \"issue\" (a space-separated list, for example \"issue on-behalf\")."
    )]
    Scope,
    /// No `email`.
    #[error("Missing claim in the Partner JWT: email, the address of the person to issue to.")]
    MissingEmail,
    /// `email` is none.
    #[error("The Partner JWT's email claim {0}.")]
    Email(EmailError),
}

/// Why a request cannot be authenticated: the caller's fault, or ours.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The caller's.
    #[error(transparent)]
    Refused(#[from] PartnerAuthError),
    /// Ours.
    #[error(transparent)]
    Internal(#[from] EngineError),
}
