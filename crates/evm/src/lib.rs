//! Speaks to an EVM chain: a JSON-RPC client, EIP-1559 transactions, and the contract in which log heads are kept.
//!
//! The crate has no clock, no randomness and no state: who sends what, when, and with which nonce is its caller's to decide
//! and to remember. Signatures are deterministic, and the HTTP client is handed in.
//!
//! | module | what | specification |
//! |---|---|---|
//! | [`Rpc`] | asking a node | Ethereum JSON-RPC (execution-apis), JSON-RPC 2.0 |
//! | [`RpcError`], [`Refusal`] | what nodes answer instead, in the words of several | |
//! | [`Signer`], [`Transaction`] | signed transactions of type 2 | EIP-1559, EIP-2718, EIP-2, RFC 6979 |
//! | [`Address`], [`address`], [`B256`] | accounts and hashes, and their texts | EIP-55 |
//! | [`registry`] | the contract: calls, events, errors | `contract/CheckpointRegistry.sol` |

pub mod address;
mod answer;
mod error;
mod hexadecimal;
pub mod registry;
mod rpc;
mod signer;
mod transaction;
mod transport;
mod word;

pub use answer::{Block, Log, Receipt};
pub use error::{Refusal, RpcError};
pub use rpc::{Call, LogFilter, Rpc, Tag, UrlError};
pub use signer::{Signer, SignerError};
pub use transaction::{Decoded, Signed, Transaction, TransactionError};
pub use word::{Address, B256, HashError, keccak256};
