//! Verification: whether a credential or a presentation holds, of our own making or of a stranger's, and why.
//!
//! [`Verifier::verify`] reads a document that is an SD-JWT VC, a W3C credential or presentation (VCDM 1.1 as a
//! JWT; VCDM 2.0 secured with JOSE or SD-JWT), and makes every check that applies. Each
//! check has an [`Outcome`] and a reason for people; what could not be had makes a check indeterminate, never passed. What a
//! document only names (keys, status lists, schemas, the entry in the log) comes from [`Sources`], which are handed in: the
//! network, a folder, the deployment itself. So is the time.
//!
//! Nothing here knows HTTP or a database.

mod commitments;
mod credential;
mod document;
mod keys;
mod log;
mod policy;
mod presentation;
mod report;
mod schema;
mod shelf;
mod signature;
mod sources;
mod status;
mod verifier;

pub use commitments::{
    CommitmentError, EvmRecord, ListBits, Listed, ProofExtra, ProofSubject, commitment, digest_of, listed,
    sha256, verify_commitments,
};
pub use document::{MAX_LEN, kind_of};
pub use keys::LOG_SERVICE;
pub use policy::{Policy, TrustedIssuers};
pub use report::{Aspect, Check, Kind, Outcome, Report, State};
pub use sources::{Fetched, OwnEntry, Sources, Unavailable};
pub use verifier::{Request, Verifier};
