//! The words of Bestow as types: ids, states and the rules that need no input or output.
//!
//! Nothing here reads a clock, draws randomness or touches a database: [`Clock`] and [`Entropy`] are handed in.

mod catalog;
mod credential;
mod email;
mod id;
mod key;
mod source;
mod time;
mod words;

pub use catalog::{
    DuplicateScope, Format, Issuer, PartnerKeys, Program, ProgramClosed, Schema, Tenant, UnknownFormat,
};
pub use credential::{
    Anchoring, Consent, Credential, Holder, Holding, InvalidTransition, LeafOp, LogLeaf, OnDuplicate,
    VcStatus,
};
pub use email::{Email, EmailError};
pub use id::{
    CoreClaimHash, CredentialId, HashError, HolderId, IssuerId, KeyId, ProgramId, SchemaId, TenantId,
};
pub use key::{KeyPurpose, KeyState, StoredKey};
pub use source::{Clock, Entropy};
pub use time::Timestamp;
pub use words::UnknownState;
