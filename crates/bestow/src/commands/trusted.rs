//! Those whose word counts, as options name them: keys of logs and witnesses, addresses on a chain.

use evm::{Address, address};
use tlog::key::{KeyError, SignatureType, VerifierKey};

/// The verifier key of a log.
pub(crate) fn log_key(text: &str) -> Result<VerifierKey, String> {
    key_of(text, SignatureType::Ed25519, "it is the key of a witness, not of a log")
}

/// The verifier key of a witness.
pub(crate) fn witness_key(text: &str) -> Result<VerifierKey, String> {
    // A log that signs its own checkpoint is no witness of itself.
    key_of(text, SignatureType::Cosignature, "it is the key of a log, not of a witness")
}

fn key_of(text: &str, wanted: SignatureType, other: &str) -> Result<VerifierKey, String> {
    let key: VerifierKey = text.trim().parse().map_err(|error: KeyError| error.to_string())?;
    if key.signature_type() == wanted { Ok(key) } else { Err(other.to_owned()) }
}

/// An address on an EVM chain.
pub(crate) fn evm_address(text: &str) -> Result<Address, String> {
    address::parse(text.trim()).map_err(|error| error.to_string())
}
