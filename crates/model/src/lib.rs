//! The words of Bestow as types: ids, states and the rules that need no input or output.
//!
//! Nothing here reads a clock, draws randomness or touches a database: [`Clock`] and [`Entropy`] are handed in.

mod access;
mod anchoring;
mod catalog;
mod credential;
mod email;
mod id;
mod key;
mod ledger;
mod listing;
mod offer;
mod presentation;
mod search;
mod source;
mod time;
mod wallet;
mod words;

pub use access::{Actor, ActorKind, ApiKey, ApiKeyStatus, AuditAction, AuditEvent, Origin, Role};
pub use anchoring::{AnchorPolicy, Anchoring, Finality, Marks, PolicyError, SlotOrder, SlotState};
pub use catalog::{
    DuplicateScope, Format, Issuer, PartnerKeys, Program, ProgramClosed, Schema, Tenant, UnknownFormat,
    credential_types,
};
pub use credential::{Consent, Credential, Holder, Holding, InvalidTransition, OnDuplicate, VcStatus};
pub use email::{Email, EmailError};
pub use id::{
    ApiKeyId, AuditEventId, CollectionId, CoreClaimHash, CredentialId, HashError, HolderId, ImageId,
    IssuerId, JobId, KeyId, OfferId, PresentationId, ProfileId, ProgramId, SchemaId, SearchId, TenantId,
    UserId, canonical_uuid, random_uuid,
};
pub use key::{KeyPurpose, KeyState, StoredKey};
pub use ledger::{LeafOp, LogLeaf};
pub use listing::{
    Column, ColumnKind, Comparator, Condition, Direction, Filter, InvalidLiteral, Link, ListRequest,
    Listable, Literal, Operator, Sort,
};
pub use offer::{
    Collection, DataType, Image, ImageKind, IssuanceState, Offer, OfferClaim, OfferClaimed, OfferRevocation,
    OrganisationProfile, Stamps,
};
pub use presentation::{PresentationDefinition, PresentationRequest, PresentationState};
pub use search::search_words;
pub use source::{Clock, Entropy};
pub use time::Timestamp;
pub use wallet::{
    CardDisplay, ClaimSubject, DisplayError, Logo, OfferDraft, ProgramDisplay, ProofAlgorithm, TxCodeMode,
    WalletPolicy,
};
pub use words::UnknownState;
