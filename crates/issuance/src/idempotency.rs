//! `Idempotency-Key`: a retry with the same key and request gets the first answer.

use verify::sha256;

/// An `Idempotency-Key` header and what it came with, as SHA-256.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdempotencyKey {
    pub(crate) key_hash: [u8; 32],
    pub(crate) body_hash: [u8; 32],
}

impl IdempotencyKey {
    /// A key that came with this body. Keys of different scopes are different keys.
    pub(crate) fn new(scope: &str, key: &str, body: &[u8]) -> Self {
        Self { key_hash: sha256(&[scope.as_bytes(), key.as_bytes()].concat()), body_hash: sha256(body) }
    }
}
