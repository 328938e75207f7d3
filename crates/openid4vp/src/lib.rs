//! The verifier's side of OpenID for Verifiable Presentations 1.0 (OpenID4VP): what is asked of a wallet, what it answers,
//! and whether the answer is what was asked for. Pure: times, keys and random values are handed in.
//!
//! * [`dcql`]: the query (section 6), and whether what was presented satisfies it.
//! * [`path`]: claims path pointers (section 7).
//! * [`condition`]: yes-or-no questions about the claims of an answer. They are ours, not the specification's.
//! * [`request`]: the authorization request (section 5), signed, by reference or by value.
//! * [`response`]: the form that a wallet posts (section 8), in the clear or encrypted.
//! * [`transaction_data`]: what the person approves beside presenting (sections 5.1 and 8.4, appendix B.3.3.1).
//!
//! This crate verifies no credential: the caller does so, with the formats' own crate, and hands in the claims that it
//! found authentic.

pub mod condition;
pub mod dcql;
pub mod path;
pub mod request;
pub mod response;
pub mod transaction_data;

mod decimal;
mod time;
