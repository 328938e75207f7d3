//! Claiming into a wallet (OpenID4VCI 1.0, and the drafts before it): invitation, token, proofs of keys, delivery.

mod access;
mod deferred;
mod deliver;
mod dpop;
mod encryption;
mod error;
mod invitation;
mod issuer;
mod nonce;
mod notification;
mod proof;
mod request;
mod share;
mod token;
mod tx_code;

pub use access::{AccessToken, Authorization, Scheme};
pub use deferred::Deferred;
pub use deliver::{Delivered, WalletAnswer};
pub use encryption::AnswerEncryption;
pub use error::WalletError;
pub use invitation::{ClaimInvitation, ClaimProgress, ClaimState};
pub use issuer::{ClaimName, IssuedConfiguration, WalletIssuer};
pub use nonce::NONCE_SECONDS;
pub use notification::NotificationEvent;
pub use proof::HolderKey;
pub use request::{CredentialRequest, Wanted, configuration_id};
pub use token::{TokenAnswer, TokenRequest};

/// How many keys one request may bring (OpenID4VCI 1.0, `batch_size`).
pub const BATCH_SIZE: usize = 10;
