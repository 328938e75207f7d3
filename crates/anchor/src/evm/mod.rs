//! Anchoring on an EVM chain: the log's heads in a contract that lets no log shrink.
//!
//! One process sends, picked by a lease whose epoch fences all that it writes. A nonce is taken and the signed transaction is
//! in the database before a node sees it, so whoever comes after a crash finds it, looks what became of it, and sends it
//! again if nothing did. That may happen too often: the contract takes each size once, and refuses it the second time.
//!
//! | module | what |
//! |---|---|
//! | `chain` | which chain, which contract, which key |
//! | `worker` | one turn: look, mend, send, and say how far it is |
//! | `observe` | what became of the transactions that are on their way |
//! | `send` | signing, replacing, sending |
//! | `queue` | what operators see and order |

mod chain;
mod observe;
mod queue;
mod send;
mod worker;

pub use chain::{CONTRACT_VALUE, Chain, ChainSettings, EvmError};
pub use queue::Queue;
pub use worker::EvmAnchor;
