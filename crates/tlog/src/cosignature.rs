//! What a witness signs: that it has seen a checkpoint, consistent with all it saw before, at a time
//! (tlog-cosignature, "Ed25519 signed message").

use crate::checkpoint::Checkpoint;
use crate::key::{KeyName, SEED_LEN, SIGNATURE_LEN, SignatureType, SigningKey, VerifierKey};
use crate::note::NoteSignature;

/// The latest time that a cosignature can carry, in seconds since 1970.
pub const MAX_TIMESTAMP: u64 = i64::MAX as u64;

/// Bytes of the timestamp (64 bits, big-endian) that stand before the signature proper.
const TIMESTAMP_LEN: usize = 8;

/// Signs checkpoints as a witness (signature type 0x04, "cosignature/v1").
///
/// A key must not be shared between witnesses, as the signed message does not name the witness.
#[derive(Debug)]
pub struct Cosigner(SigningKey);

/// Why a checkpoint cannot be cosigned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// The time is after [`MAX_TIMESTAMP`].
    #[error("a cosignature cannot carry the time {0}, which is after {MAX_TIMESTAMP}")]
    Timestamp(u64),
}

impl Cosigner {
    /// A witness of this name, with the Ed25519 key of this seed (the private key of RFC 8032 section 5.1.5).
    pub fn new(name: KeyName, seed: &[u8; SEED_LEN]) -> Self {
        Self(SigningKey::new(name, SignatureType::Cosignature, seed))
    }

    /// The public half, for those who check.
    pub fn verifier_key(&self) -> VerifierKey {
        self.0.verifier_key().clone()
    }

    /// Cosigns a checkpoint at `timestamp` (seconds since 1970, UTC). That it is consistent with every
    /// earlier one of the same log is for the caller to have checked.
    ///
    /// # Errors
    /// [`CosignatureError::Timestamp`] when the time is after [`MAX_TIMESTAMP`].
    pub fn cosign(&self, checkpoint: &Checkpoint, timestamp: u64) -> Result<NoteSignature, CosignatureError> {
        if timestamp > MAX_TIMESTAMP {
            return Err(CosignatureError::Timestamp(timestamp));
        }
        let mut signature = timestamp.to_be_bytes().to_vec();
        signature.extend_from_slice(&self.0.sign(&signed_message(timestamp, &checkpoint.to_string())));
        Ok(NoteSignature::new(self.0.verifier_key(), signature))
    }
}

/// Checks a cosignature over the text of a checkpoint note; gives its time when it is valid.
pub(crate) fn verify(key: &VerifierKey, text: &str, signature: &[u8]) -> Option<u64> {
    let (timestamp, signature) = signature.split_first_chunk::<TIMESTAMP_LEN>()?;
    let timestamp = u64::from_be_bytes(*timestamp);
    let valid = timestamp <= MAX_TIMESTAMP
        && signature.len() == SIGNATURE_LEN
        && key.verifies(&signed_message(timestamp, text), signature);
    valid.then_some(timestamp)
}

fn signed_message(timestamp: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {timestamp}\n{text}").into_bytes()
}
