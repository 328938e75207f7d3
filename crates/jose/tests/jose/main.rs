//! What strangers may send, and what becomes of it.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test itself may")]

mod attacks;
mod holder_keys;
mod issuer_keys;
mod jwe;
mod jwk_sets;
mod signing;
mod spki;
mod support;
mod wycheproof;
