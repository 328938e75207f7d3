//! `did:web` identifiers with the issuer's DID document, and the `did:jwk` and `did:key` of holders.
//!
//! Of strangers' DID documents, [`web_url`] says where one is, and [`key_of_document`] finds keys in it.

mod document;
mod jwk;
mod key;
mod point;
mod resolve;
mod web;
mod web_url;

pub use document::{DocumentError, MAX_DOCUMENT_SIZE, MAX_METHODS, Purpose, key_of_document, parse_document};
pub use jwk::did_jwk;
pub use key::did_key;
pub use resolve::{DidKeyError, MAX_DID_URL_SIZE, resolve_key};
pub use web::{DidError, VerificationMethod, did_web, document};
pub use web_url::{MAX_DID_SIZE, web_url};
