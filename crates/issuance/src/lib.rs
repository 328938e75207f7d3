//! The engine: one module a verb.
//!
//! Every dialect (issue on behalf, and those to come) parses its own wire format, calls one verb of [`Engine`], and renders
//! its own wire format. What is a rule about credentials is here and nowhere else.

mod admin;
mod audit;
mod catalog;
mod credential_status;
mod engine;
mod error;
mod fetch;
mod housekeeping;
mod idempotency;
mod issue_on_behalf;
mod issued;
mod issuer;
mod jobs;
mod log_key;
mod messages;
mod mint;
mod offers;
mod partner;
mod positions;
mod publish;
mod revoke;
mod subject;
mod verification;
mod wallet;

pub use admin::{AdminError, NewIssuer, NewProgram, NewTenant};
pub use credential_status::Status;
pub use engine::{Engine, Parts, Settings};
pub use error::EngineError;
pub use fetch::{FetchError, Fetched, GuardedClient};
pub use issue_on_behalf::{IssueError, IssueRequest, Issued};
pub use issued::{CommittedDocument, IssuedDocuments, ProofError};
pub use log_key::{LOG_KEY_OWNER, OpenLogError, open_log};
pub use offers::{
    Caller, CallerError, ClaimInput, CreateOffers, CreatedApiKey, CreatedOffers, CredentialTemplate,
    ErrorKind, FailedOffer, ImageUpload, NewApiKey, NewProfile, OfferError, OfferItem, RevokeItem,
    RevokedOffers, Shared, TemplateField,
};
pub use partner::{AuthenticateError, JwksSettings, Partner, PartnerAuthError, TokenSettings};
pub use publish::ListFormat;
pub use revoke::Revoked;
pub use subject::{SchemaError, Violation};
pub use verification::{
    Asked, DefinitionInput, NewRequest, PresentError, PresentationAnswer, PresentationPage,
    PresentationStatus, PublicDefinition, RequestObject, Shown, ShownCredential, Terms, Verification,
    VerificationSettings, VerifierCertificate,
};
pub use wallet::{
    AccessToken, AnswerEncryption, Authorization, BATCH_SIZE, ClaimInvitation, ClaimName, ClaimProgress,
    ClaimState, CredentialRequest, Deferred, Delivered, HolderKey, IssuedConfiguration, NONCE_SECONDS,
    NotificationEvent, Scheme, TokenAnswer, TokenRequest, WalletAnswer, WalletError, WalletIssuer, Wanted,
    configuration_id,
};
