//! Credential formats (SD-JWT VC, W3C JWT VC) and status lists; knows no database and no HTTP.
//!
//! * [`sd_jwt`]: SD-JWT (RFC 9901) and SD-JWT VC, issued and verified.
//! * [`jwt_vc`]: W3C Verifiable Credentials 1.1 as a JWT, issued and verified.
//! * [`jwt_vp`]: the presentations of data model 1.1 as a JWT, made and verified.
//! * [`vcdm2`]: W3C Verifiable Credentials 2.0 and presentations, secured with JOSE and SD-JWT, signed and verified.
//! * [`status`]: one revocation bitmap, published as a Token Status List and as a Bitstring Status List; and the lists of
//!   others.
//! * [`did`]: `did:web` identifiers with the issuer's DID document, and the `did:jwk` and `did:key` of holders.
//!
//! Credentials are issued in two steps. The first builds the payload bytes, so that they can be hashed, logged
//! and stored; the second signs exactly those bytes. Times and random bytes are handed in by the caller.

pub mod did;
pub mod jwt_vc;
pub mod jwt_vp;
pub mod sd_jwt;
pub mod status;
pub mod vcdm2;

mod date;
mod expected;
mod json;
mod validity;

pub use expected::{Expected, Mismatch};
pub use json::PayloadError;
pub use validity::{DateError, Validity, validity};
