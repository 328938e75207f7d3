//! Which chain, which contract, which key.

use evm::registry::{self, Head, RegistryError};
use evm::{Address, Block, Rpc, RpcError, Signer, Tag, address};
use store::{ChainPlace, Store, StoreError};
use tlog::hash::Hash;

use crate::guard::Seen;
use crate::log::AnchorError;

/// The deployment's value under which the address of the contract rests that was deployed from here.
pub const CONTRACT_VALUE: &str = "evm.contract";

/// What an operator decides about the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainSettings {
    /// EIP-155 chain id that the node must have; whichever it has if absent.
    pub chain_id: Option<u64>,
    /// The contract; the one that was deployed from here if absent.
    pub contract: Option<Address>,
    /// The least time between two transactions, in seconds: what caps the cost of a day.
    pub seconds_between: i64,
    /// After how many blocks a transaction that is in none is signed anew with higher fees.
    pub replace_after: u64,
    /// The most that is paid, in wei a gas.
    pub max_fee: u64,
    /// After how many confirmations a block counts as final on chains that do not say so themselves.
    pub final_after: u64,
}

/// A chain, as our key sees it.
#[derive(Clone, Debug)]
pub struct Chain {
    pub(crate) rpc: Rpc,
    pub(crate) signer: Signer,
    pub(crate) settings: ChainSettings,
}

/// Why the log is not further on the chain. The text is for operators.
#[derive(Debug, thiserror::Error)]
pub enum EvmError {
    /// The node.
    #[error("the chain's node: {0}")]
    Rpc(#[from] RpcError),
    /// The contract.
    #[error("the contract: {0}")]
    Registry(#[from] RegistryError),
    /// The log, or the database.
    #[error(transparent)]
    Anchor(#[from] AnchorError),
    /// The node is of another chain.
    #[error("the node is of chain {found}, not of {expected}: correct evm.rpc_url or evm.chain_id")]
    WrongChain {
        /// What was wanted.
        expected: u64,
        /// What the node says.
        found: u64,
    },
    /// No contract is known.
    #[error("no contract is known: run `bestow anchor deploy`, or set evm.contract")]
    NoContract,
    /// The node has no newest block.
    #[error("the chain's node knows no block yet")]
    NoBlock,
    /// The node is behind what it or another one said before.
    #[error(
        "the node says that the next nonce is {says}, but nonce {mined} is in a block: it is behind; waiting"
    )]
    Behind {
        /// What it says.
        says: u64,
        /// What was mined.
        mined: i64,
    },
    /// The chain asks for more than may be paid.
    #[error(
        "a transaction costs {0} wei a gas now, more than evm.max_fee_gwei allows: waiting until it is cheaper"
    )]
    Dear(u128),
    /// A transaction cannot be paid.
    #[error("{address} has {balance} wei, which does not pay for a transaction: send it more")]
    Funds {
        /// Our address.
        address: String,
        /// What it has.
        balance: String,
    },
    /// A transaction was refused.
    #[error("nonce {nonce}: {why}")]
    Refused {
        /// Which.
        nonce: i64,
        /// Why.
        why: String,
    },
    /// The contract holds this head, by a transaction that cannot be found.
    #[error(
        "the contract holds this head already, by a transaction that is not found in the last {0} blocks; the next head covers it"
    )]
    Lost(u64),
    /// A number of the chain does not fit.
    #[error("the chain's {0} is beyond reason")]
    Number(&'static str),
}

impl From<StoreError> for EvmError {
    fn from(error: StoreError) -> Self {
        Self::Anchor(error.into())
    }
}

impl Chain {
    /// A chain by a node, a key, and what was decided.
    pub const fn new(rpc: Rpc, signer: Signer, settings: ChainSettings) -> Self {
        Self { rpc, signer, settings }
    }

    /// The address that sends.
    pub fn publisher(&self) -> Address {
        self.signer.address()
    }

    /// The node's host, for people.
    pub fn host(&self) -> &str {
        self.rpc.host()
    }

    /// What the address has, in wei.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn balance(&self) -> Result<String, EvmError> {
        Ok(self.rpc.balance(&self.publisher(), Tag::Latest).await?.to_string())
    }

    /// The chain's id, which must be the one that was asked for.
    ///
    /// # Errors
    /// [`EvmError::WrongChain`], or when the node does not answer.
    pub async fn chain_id(&self) -> Result<u64, EvmError> {
        let found = self.rpc.chain_id().await?;
        match self.settings.chain_id {
            Some(expected) if expected != found => Err(EvmError::WrongChain { expected, found }),
            _ => Ok(found),
        }
    }

    /// The contract that the settings name, or that was deployed from here.
    ///
    /// # Errors
    /// [`EvmError::NoContract`], or when the database does not answer.
    pub async fn contract(&self, store: &Store) -> Result<Address, EvmError> {
        if let Some(contract) = self.settings.contract {
            return Ok(contract);
        }
        let stored = store.stored_value(CONTRACT_VALUE).await?.ok_or(EvmError::NoContract)?;
        address::parse(&stored).map_err(|_| EvmError::NoContract)
    }

    /// On which chain and in which contract this is, as the database knows it.
    pub(crate) fn place(&self, chain_id: u64, contract: &Address) -> Result<ChainPlace, EvmError> {
        Ok(ChainPlace {
            chain_id: i64::try_from(chain_id).map_err(|_| EvmError::Number("id"))?,
            contract: address::text(contract),
            publisher: address::text(&self.publisher()),
        })
    }

    /// The newest head of the log `origin` in the contract.
    pub(crate) async fn latest(&self, contract: &Address, origin: &str) -> Result<Head, EvmError> {
        Ok(registry::latest(&self.rpc, contract, origin, &self.publisher(), Tag::Latest).await?)
    }

    /// What the contract has seen of the log, if anything.
    pub(crate) fn seen(&self, latest: &Head, contract: &Address) -> Option<Seen> {
        let place = format!("the contract {} on the chain", address::text(contract));
        let root = Some(Hash::from(latest.root));
        (latest.size > 0).then_some(Seen { place, size: latest.size, root })
    }

    pub(crate) async fn newest_block(&self) -> Result<Block, EvmError> {
        self.rpc.block(Tag::Latest).await?.ok_or(EvmError::NoBlock)
    }

    /// The newest block that does not vanish any more: what the chain calls final, or what is old enough if it says nothing.
    pub(crate) async fn final_block(&self, newest: u64) -> Result<u64, EvmError> {
        match self.rpc.block(Tag::Finalized).await {
            Ok(Some(block)) => Ok(block.number.min(newest)),
            // The chain has the word, and nothing is final yet.
            Ok(None) => Ok(0),
            Err(RpcError::Refused { .. }) => Ok(newest.saturating_sub(self.settings.final_after)),
            Err(error) => Err(error.into()),
        }
    }
}
