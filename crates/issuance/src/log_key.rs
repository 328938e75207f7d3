//! Opening the deployment's log.

use std::sync::Arc;

use anchor::{Log, LogOpenError};
use keys::{MasterKey, log_key};
use model::{Clock, Entropy, KeyPurpose};
use store::Store;
use tlog::key::KeyName;

use crate::EngineError;
use crate::deployment_key::deployment_key;

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
    let stored = deployment_key(LOG_KEY_OWNER, KeyPurpose::Log, store, master, &*clock, entropy).await?;
    let signer = log_key(master, &stored, name).map_err(EngineError::from)?;
    Ok(Log::open(origin, signer, Arc::clone(store), clock).await?)
}
