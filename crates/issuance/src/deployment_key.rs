//! Keys that belong to the whole deployment: one of each purpose, made when it is first asked for.

use keys::{MasterKey, Secret, new_key, sealed_key};
use model::{Clock, Entropy, KeyPurpose, KeyState, StoredKey};
use store::{Store, StoreError};

use crate::EngineError;

/// The owner of the key that sends transactions ([`model::StoredKey::owner`]).
pub const EVM_KEY_OWNER: &str = "evm";

async fn current(store: &Store, owner: &str) -> Result<Option<StoredKey>, EngineError> {
    let keys = store.keys(owner).await?;
    Ok(keys.into_iter().find(|key| key.state == KeyState::Current))
}

/// The current key of `owner`, made if there is none yet.
pub(crate) async fn deployment_key(
    owner: &str,
    purpose: KeyPurpose,
    store: &Store,
    master: &MasterKey,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<StoredKey, EngineError> {
    if let Some(key) = current(store, owner).await? {
        return Ok(key);
    }
    let key = new_key(master, owner, purpose, KeyState::Current, entropy);
    match store.insert_key(&key, clock.now()).await {
        // Another replica was faster.
        Ok(()) | Err(StoreError::Exists(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let made = current(store, owner).await?;
    made.ok_or_else(|| EngineError::inconsistent(format!("there is no key of `{owner}`")))
}

/// The key that sends transactions on an EVM chain, made if there is none yet.
pub async fn open_evm_key(
    store: &Store,
    master: &MasterKey,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<evm::Signer, EngineError> {
    let key = deployment_key(EVM_KEY_OWNER, KeyPurpose::Evm, store, master, clock, entropy).await?;
    let secret = keys::evm_key(master, &key)?;
    evm::Signer::from_bytes(secret.expose()).map_err(|error| EngineError::inconsistent(format!("{error}")))
}

/// Takes the key that sends transactions over from elsewhere; `false` if there is one already.
pub async fn import_evm_key(
    secret: &Secret<[u8; 32]>,
    store: &Store,
    master: &MasterKey,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<bool, EngineError> {
    if current(store, EVM_KEY_OWNER).await?.is_some() {
        return Ok(false);
    }
    let secret = Secret::new(secret.expose().to_vec());
    let key = sealed_key(master, EVM_KEY_OWNER, KeyPurpose::Evm, KeyState::Current, &secret, entropy);
    match store.insert_key(&key, clock.now()).await {
        Ok(()) => Ok(true),
        Err(StoreError::Exists(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
