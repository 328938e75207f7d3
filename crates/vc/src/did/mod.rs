//! `did:web` identifiers with the issuer's DID document, and the `did:jwk` and `did:key` of holders.

mod jwk;
mod key;
mod point;
mod resolve;
mod web;

pub use jwk::did_jwk;
pub use key::did_key;
pub use resolve::{DidKeyError, MAX_DID_URL_SIZE, resolve_key};
pub use web::{DidError, VerificationMethod, did_web, document};
