//! Publishes log heads: the embedded transparency log.
//!
//! Leaves wait in the database. One process at a time, the sequencer, puts them into the Merkle tree in batches, signs a
//! checkpoint, and makes tiles, places and checkpoint durable in one transaction; only then is anything published. A lease
//! with a fencing epoch picks the sequencer, and the transaction names the size that it starts from: a process that is
//! killed, or that wakes up after another took over, can neither fork the log nor leave a gap in it.

mod evm;
mod export;
mod guard;
mod log;
mod recover;
mod sequencer;
mod turns;
mod witness;
mod witnesses;

pub use evm::{CONTRACT_VALUE, Chain, ChainSettings, EvmAnchor, EvmError, Queue};
pub use export::{Export, ExportError, export_folder};
pub use guard::{Behind, Guard, Place, Seen};
pub use log::{AnchorError, Log, LogOpenError};
pub use recover::{ExportMirror, Mirror, MirrorError, RecoverError, Recovered, recover, restart};
pub use sequencer::Sequencer;
pub use turns::{Turn, Turns};
pub use witness::{Witness, WitnessError, WitnessOpenError};
pub use witnesses::{Peer, Witnesses};
