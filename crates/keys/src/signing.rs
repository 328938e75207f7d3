//! The kinds of keys, made and opened.

use std::sync::Arc;

use iden3::babyjubjub::PrivateKey;
use model::{Entropy, KeyId, KeyPurpose, KeyState, StoredKey};
use tlog::cosignature::Cosigner;
use tlog::key::KeyName;
use tlog::note::NoteSigner;

use crate::{MasterKey, OpenError, Secret};

/// Why a stored key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It does not open.
    #[error("key {kid}: {problem}")]
    Open {
        /// Which.
        kid: KeyId,
        /// Why not.
        problem: OpenError,
    },
    /// It opens to something that is no key of its kind.
    #[error("key {kid} opens to something that is no {purpose} key")]
    Content {
        /// Which.
        kid: KeyId,
        /// What it should be.
        purpose: KeyPurpose,
    },
}

/// An issuer's key that signs credentials (ES256).
#[derive(Clone, Debug)]
pub struct CredentialKey {
    /// Its `kid`: the RFC 7638 thumbprint, base64url.
    pub kid: KeyId,
    /// Where it is in its life.
    pub state: KeyState,
    /// The key.
    pub key: Arc<jose::SigningKey>,
}

fn context(kid: &KeyId, owner: &str, purpose: KeyPurpose) -> String {
    format!("bestow/key/{owner}/{purpose}/{kid}")
}

/// Makes a key for `owner` and seals it.
pub fn new_key(
    master: &MasterKey,
    owner: &str,
    purpose: KeyPurpose,
    state: KeyState,
    entropy: &dyn Entropy,
) -> StoredKey {
    let (kid, public, secret) = match purpose {
        KeyPurpose::Credential => {
            let pkcs8 = jose::SigningKey::generate_es256_pkcs8();
            let key = jose::SigningKey::from_pkcs8_der(&pkcs8).expect("made a moment ago");
            let kid = jose::b64url_encode(&key.public_key().thumbprint());
            (kid, key.public_key().to_jwk().to_string(), Secret::new(pkcs8))
        }
        KeyPurpose::Identity
        | KeyPurpose::Status
        | KeyPurpose::Log
        | KeyPurpose::Witness
        | KeyPurpose::Evm => {
            let secret = entropy.bytes::<32>().to_vec();
            (format!("{purpose}-{}", hex::encode(entropy.bytes::<16>())), String::new(), Secret::new(secret))
        }
    };
    sealed(master, owner, purpose, state, (kid, public), &secret, entropy)
}

/// Seals a key that was made elsewhere and publishes nothing: 32 bytes.
pub fn sealed_key(
    master: &MasterKey,
    owner: &str,
    purpose: KeyPurpose,
    state: KeyState,
    secret: &Secret<Vec<u8>>,
    entropy: &dyn Entropy,
) -> StoredKey {
    let kid = format!("{purpose}-{}", hex::encode(entropy.bytes::<16>()));
    sealed(master, owner, purpose, state, (kid, String::new()), secret, entropy)
}

fn sealed(
    master: &MasterKey,
    owner: &str,
    purpose: KeyPurpose,
    state: KeyState,
    (kid, public): (String, String),
    secret: &Secret<Vec<u8>>,
    entropy: &dyn Entropy,
) -> StoredKey {
    let kid = KeyId::from(kid);
    let sealed = master.seal(&context(&kid, owner, purpose), secret.expose(), entropy);
    StoredKey { kid, owner: owner.to_owned(), purpose, state, public, sealed }
}

/// The secret of a stored key: PKCS#8 for a credential key, 32 bytes for the others.
pub fn open_key(master: &MasterKey, stored: &StoredKey) -> Result<Secret<Vec<u8>>, KeyError> {
    master
        .open(&context(&stored.kid, &stored.owner, stored.purpose), &stored.sealed)
        .map_err(|problem| KeyError::Open { kid: stored.kid.clone(), problem })
}

fn open_32(master: &MasterKey, stored: &StoredKey, purpose: KeyPurpose) -> Result<[u8; 32], KeyError> {
    let secret = open_key(master, stored)?;
    match secret.expose().as_slice().try_into() {
        Ok(bytes) if stored.purpose == purpose => Ok(bytes),
        _ => Err(KeyError::Content { kid: stored.kid.clone(), purpose }),
    }
}

impl CredentialKey {
    /// Opens a stored credential key.
    pub fn open(master: &MasterKey, stored: &StoredKey) -> Result<Self, KeyError> {
        let secret = open_key(master, stored)?;
        let key = jose::SigningKey::from_pkcs8_der(secret.expose())
            .map_err(|_| KeyError::Content { kid: stored.kid.clone(), purpose: KeyPurpose::Credential })?;
        Ok(Self { kid: stored.kid.clone(), state: stored.state, key: Arc::new(key) })
    }
}

/// Opens the key of an issuer's iden3 identity.
pub fn identity_key(master: &MasterKey, stored: &StoredKey) -> Result<PrivateKey, KeyError> {
    open_32(master, stored, KeyPurpose::Identity).map(PrivateKey::from_bytes)
}

/// Opens the key that hides the order of an issuer's status list indexes.
pub fn status_key(master: &MasterKey, stored: &StoredKey) -> Result<Secret<[u8; 32]>, KeyError> {
    open_32(master, stored, KeyPurpose::Status).map(Secret::new)
}

/// Opens the key that signs the log's checkpoints, under the log's name.
pub fn log_key(master: &MasterKey, stored: &StoredKey, name: KeyName) -> Result<NoteSigner, KeyError> {
    open_32(master, stored, KeyPurpose::Log).map(|seed| NoteSigner::new(name, &seed))
}

/// Opens the key that cosigns other logs' checkpoints, under the witness's name.
pub fn witness_key(master: &MasterKey, stored: &StoredKey, name: KeyName) -> Result<Cosigner, KeyError> {
    open_32(master, stored, KeyPurpose::Witness).map(|seed| Cosigner::new(name, &seed))
}

/// Opens the key that signs transactions on an EVM chain: a secp256k1 scalar.
pub fn evm_key(master: &MasterKey, stored: &StoredKey) -> Result<Secret<[u8; 32]>, KeyError> {
    open_32(master, stored, KeyPurpose::Evm).map(Secret::new)
}
