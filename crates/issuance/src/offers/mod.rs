//! Credential offers (seed 003): made in bulk, found, shared, claimed, deleted, revoked.

mod api_keys;
mod caller;
pub(crate) mod claims;
mod collections;
mod create;
mod delete;
mod error;
mod images;
mod profiles;
mod read;
mod revoke;
pub(crate) mod share;
mod templates;

pub use api_keys::{CreatedApiKey, NewApiKey};
pub use caller::{Caller, CallerError};
pub use claims::ClaimInput;
pub use create::{CreateOffers, CreatedOffers, FailedOffer, OfferItem};
pub use error::{ErrorKind, OfferError};
pub use images::ImageUpload;
pub use profiles::NewProfile;
pub use revoke::{RevokeItem, RevokedOffers};
pub use share::Shared;
pub use templates::{CredentialTemplate, TemplateField};
