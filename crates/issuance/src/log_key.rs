//! Opening the deployment's log.

use std::sync::Arc;

use anchor::{Log, LogOpenError};
use keys::{MasterKey, log_key, new_key};
use model::{Clock, Entropy, KeyPurpose, KeyState};
use store::{Store, StoreError};
use tlog::key::KeyName;

use crate::EngineError;

/// The owner of the log's key ([`model::StoredKey::owner`]).
pub const LOG_KEY_OWNER: &str = "log";

/// Why the log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenLogError {
    /// The origin is no name of a key.
    #[error(
        "the log's origin `{0}` must have no spaces or plus signs: set log.origin, for example to example.com/log"
    )]
    Origin(String),
    /// The key.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogOpenError),
}

/// Opens the log of the deployment, whose name is fixed when it is opened for the first time: `origin` is only asked then.
/// Its key is made then, too.
pub async fn open_log(
    origin: &str,
    store: &Arc<Store>,
    master: &MasterKey,
    clock: Arc<dyn Clock>,
    entropy: &dyn Entropy,
) -> Result<Log, OpenLogError> {
    let origin = store.deployment_value("log.origin", origin).await.map_err(EngineError::from)?;
    let name: KeyName = origin.parse().map_err(|_| OpenLogError::Origin(origin.clone()))?;
    let stored = match current(store).await? {
        Some(key) => key,
        None => {
            let key = new_key(master, LOG_KEY_OWNER, KeyPurpose::Log, KeyState::Current, entropy);
            match store.insert_key(&key, clock.now()).await {
                // Another replica was faster.
                Ok(()) | Err(StoreError::Exists(_)) => {}
                Err(error) => return Err(EngineError::from(error).into()),
            }
            current(store).await?.ok_or_else(|| EngineError::inconsistent("the log has no key"))?
        }
    };
    let signer = log_key(master, &stored, name).map_err(EngineError::from)?;
    Ok(Log::open(origin, signer, Arc::clone(store), clock).await?)
}

async fn current(store: &Store) -> Result<Option<model::StoredKey>, EngineError> {
    let keys = store.keys(LOG_KEY_OWNER).await?;
    Ok(keys.into_iter().find(|key| key.state == KeyState::Current))
}
