//! Opening the deployment's witness.

use std::sync::Arc;

use anchor::{Witness, WitnessOpenError};
use keys::{MasterKey, witness_key};
use model::{Clock, Entropy, KeyPurpose};
use store::Store;
use tlog::key::{KeyName, VerifierKey};

use crate::EngineError;
use crate::deployment_key::deployment_key;

/// The owner of the witness's key ([`model::StoredKey::owner`]).
pub const WITNESS_KEY_OWNER: &str = "witness";

/// Why the witness cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenWitnessError {
    /// The name is no name of a key.
    #[error(
        "the witness's name `{0}` must have no spaces or plus signs: set witness.name, for example to example.com/witness"
    )]
    Name(String),
    /// The key.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The logs that it is to follow.
    #[error(transparent)]
    Witness(#[from] WitnessOpenError),
}

/// Opens the witness of the deployment, which follows the logs of these keys. Its name is fixed when it is opened for the first
/// time: `name` is only asked then. Its key is made then, too.
pub async fn open_witness(
    name: &str,
    logs: Vec<VerifierKey>,
    store: &Arc<Store>,
    master: &MasterKey,
    clock: Arc<dyn Clock>,
    entropy: &dyn Entropy,
) -> Result<Witness, OpenWitnessError> {
    let parse = |name: &str| name.parse::<KeyName>().map_err(|_| OpenWitnessError::Name(name.to_owned()));
    // A name that is none must not be fixed.
    parse(name)?;
    let name = store.deployment_value("witness.name", name).await.map_err(EngineError::from)?;
    let stored =
        deployment_key(WITNESS_KEY_OWNER, KeyPurpose::Witness, store, master, &*clock, entropy).await?;
    let cosigner = witness_key(master, &stored, parse(&name)?).map_err(EngineError::from)?;
    Ok(Witness::new(cosigner, logs, Arc::clone(store), clock)?)
}
