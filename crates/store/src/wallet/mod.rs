//! Claiming into wallets: codes, tokens, deliveries.

mod code;
mod credential;
mod deferred;
mod delivery;
mod token;

pub use code::{ClaimCode, CodeExchange};
pub use credential::HeldCredential;
pub use deferred::DeferredIssuance;
pub use delivery::{Delivery, DeliveryPlan, NewDelivery};
pub(crate) use delivery::{insert_delivery, issuance_done, revoke_deliveries, revoked_copies};
pub use token::NewToken;
