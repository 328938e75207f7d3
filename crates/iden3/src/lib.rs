//! iden3 primitives: field, Poseidon, BabyJubJub, sparse Merkle tree, core claim, identifiers and DIDs.
//!
//! Everything here is a pure function of its arguments and equals, bit for bit, what the iden3 SDKs compute
//! (<https://docs.iden3.io/protocol/spec/>).
//!
//! - [`field`]: the BN254 scalar field [`Fr`] and its byte encodings.
//! - [`poseidon`]: the circom-compatible Poseidon hash.
//! - [`babyjubjub`]: an issuer's key pair.
//! - [`claim`]: the core claim, the eight field elements that every credential is anchored by.
//! - [`smt`]: the sparse Merkle tree of claims.
//! - [`id`], [`did`]: the 31-byte identifier and its spelling as a DID.
//! - [`identity`]: an issuer's genesis identity.

pub mod babyjubjub;
mod blake512;
pub mod claim;
pub mod did;
pub mod field;
pub mod id;
pub mod identity;
pub mod poseidon;
pub mod smt;

pub use babyjubjub::{PrivateKey, PublicKey};
pub use claim::CoreClaim;
pub use did::DidMethod;
pub use field::Fr;
pub use id::Id;
pub use identity::Identity;
