//! Signing keys: envelope encryption at rest, and the typed keys that come out of it.
//!
//! Every key rests sealed: encrypted under a data key of its own, which is encrypted under the [`MasterKey`]. The kid, the
//! owner and the purpose are authenticated with it, so a sealed key cannot be put in another's place.

mod master;
mod secret;
mod signing;

pub use master::{MasterKey, MasterKeyError, OpenError};
pub use secret::Secret;
pub use signing::{
    CredentialKey, KeyError, evm_key, identity_key, log_key, new_key, open_key, sealed_key, status_key,
    witness_key,
};
