//! Publishes log heads: the embedded transparency log.
//!
//! Leaves wait in the database. One process at a time, the sequencer, puts them into the Merkle tree in batches, signs a
//! checkpoint, and makes tiles, places and checkpoint durable in one transaction; only then is anything published. A lease
//! with a fencing epoch picks the sequencer, and the transaction names the size that it starts from: a process that is
//! killed, or that wakes up after another took over, can neither fork the log nor leave a gap in it.

mod log;
mod sequencer;

pub use log::{AnchorError, Log, LogOpenError};
pub use sequencer::Sequencer;
