//! The engine: one module a verb.
//!
//! Every dialect (issue on behalf, and those to come) parses its own wire format, calls one verb of [`Engine`], and renders
//! its own wire format. What is a rule about credentials is here and nowhere else.

mod admin;
mod anchoring;
mod audit;
mod catalog;
mod credential_status;
mod deployment_key;
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
mod proof;
mod publish;
mod revoke;
mod status_digest;
mod subject;
mod verification;
mod wallet;
mod witness_key;

pub use admin::{AdminError, NewIssuer, NewProgram, NewTenant};
pub use anchoring::{AnchorReport, EvmReport, LeafReport, LogAnchors};
pub use credential_status::Status;
pub use deployment_key::{EVM_KEY_OWNER, import_evm_key, open_evm_key};
pub use engine::{Engine, Parts, Settings};
pub use error::EngineError;
pub use fetch::{FetchError, Fetched, GuardedClient};
pub use issue_on_behalf::{IssueError, IssueRequest, Issued};
pub use issued::{CommittedDocument, IssuedDocuments};
pub use log_key::{LOG_KEY_OWNER, OpenLogError, open_log};
pub use offers::{
    Caller, CallerError, ClaimInput, CreateOffers, CreatedApiKey, CreatedOffers, CredentialTemplate,
    ErrorKind, FailedOffer, ImageUpload, NewApiKey, NewProfile, OfferError, OfferItem, RevokeItem,
    RevokedOffers, Shared, TemplateField,
};
pub use partner::{AuthenticateError, JwksSettings, Partner, PartnerAuthError, TokenSettings};
pub use proof::{ProofDepth, ProofError};
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
pub use witness_key::{OpenWitnessError, WITNESS_KEY_OWNER, open_witness};
