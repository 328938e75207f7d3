//! Signing keys as they rest: sealed.

use crate::KeyId;
use crate::words::words;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// Signs an issuer's credentials (ES256).
    Credential,
    /// Is an issuer's iden3 identity (BabyJubJub).
    Identity,
    /// Hides the order of status list indexes.
    Status,
    /// Signs the log's checkpoints (Ed25519).
    Log,
    /// Signs other logs' checkpoints as their witness (Ed25519).
    Witness,
    /// Signs transactions on an EVM chain (secp256k1).
    Evm,
}

words!(KeyPurpose {
    Credential = "credential",
    Identity = "identity",
    Status = "status",
    Log = "log",
    Witness = "witness",
    Evm = "evm",
});

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Published, not yet used.
    Next,
    /// In use.
    Current,
    /// No longer used; still published, so that what it signed still verifies.
    Previous,
}

words!(KeyState { Next = "next", Current = "current", Previous = "previous" });

/// A key as the database keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// `kid`.
    pub kid: KeyId,
    /// An issuer's id, or `log`, `witness`, `evm`.
    pub owner: String,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// Where it is in its life.
    pub state: KeyState,
    /// What is published of it; empty for a secret that publishes nothing.
    pub public: String,
    /// The secret part, encrypted.
    pub sealed: Vec<u8>,
}
