//! SD-JWT (RFC 9901) and SD-JWT VC (draft-ietf-oauth-sd-jwt-vc): issuance and verification.
//!
//! An SD-JWT is `<issuer-signed JWT>~<disclosure>~...~<disclosure>~`, with a Key Binding JWT after the last tilde
//! when a holder presents it. A disclosure is base64url of the JSON array `[salt, name, value]` (a member of an
//! object) or `[salt, value]` (an element of an array); the signed payload holds its SHA-256 digest only.
//!
//! [`SdJwtVc::build`] makes every top-level member of the subject's claims selectively disclosable, as a whole: a
//! nested object is one disclosure. [`SdJwt::process`] reads any structure that the RFC allows.
//!
//! A holder presents with [`present()`] and [`bind`]; a verifier checks that with [`SdJwt::verify_key_binding`].
//! [`from_json`] reads the JSON serialisations.

mod disclosure;
mod issue;
mod key_binding;
mod present;
mod process;
mod serialization;

pub use disclosure::DisclosureError;
pub use issue::{IssueError, SdJwtVc, TokenStatus, Unsigned, check_claims, is_reserved};
pub use key_binding::{HolderKeyError, KEY_BINDING_TYP, KeyBinding, KeyBindingError, holder_key};
pub use present::{KeyBindingClaims, PathStep, bind, key_binding_payload, present};
pub use process::{ProcessError, SdJwt, Verified};
pub use serialization::{CompactForm, MAX_SIGNATURES, SerializationError, from_json};

/// `typ` of an issuer-signed JWT that is an SD-JWT VC (draft-ietf-oauth-sd-jwt-vc, "JOSE Header").
pub const TYP: &str = "dc+sd-jwt";

/// The longest SD-JWT that is read, in bytes, with its disclosures and Key Binding JWT.
pub const MAX_SIZE: usize = 1 << 20;

/// The most disclosures that one SD-JWT may have, written or read.
pub const MAX_DISCLOSURES: usize = 1024;

/// How many objects and arrays may lie inside one another, with the payload itself as the first and disclosures put
/// in their places.
pub const MAX_DEPTH: usize = jose::MAX_JSON_DEPTH;

/// The only digest algorithm that is understood, and the default of RFC 9901, section 4.1.1.
const SD_ALG: &str = "sha-256";

/// Claims that SD-JWT VC forbids to disclose selectively ("Registered JWT Claims"): a verifier acts on them, so a holder
/// must not be able to leave them out.
const NOT_DISCLOSABLE: [&str; 8] = ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"];

/// Member names that RFC 9901 (section 4.1) reserves in every object, at any depth.
const DIGESTS_KEY: &str = "_sd";
const ARRAY_DIGEST_KEY: &str = "...";
