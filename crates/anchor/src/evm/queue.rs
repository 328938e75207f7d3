//! What operators see of the chain, and order.

use std::sync::Arc;

use evm::registry;
use evm::{Address, Call, Tag, Transaction, address};
use model::SlotOrder;
use store::{EvmSlot, EvmState, Store};

use super::chain::{CONTRACT_VALUE, Chain, EvmError};

/// The queue of a chain, as the database has it.
#[derive(Clone, Debug)]
pub struct Queue {
    /// What the worker last saw; absent if it never looked.
    pub state: Option<EvmState>,
    /// The newest transactions, newest first.
    pub slots: Vec<EvmSlot>,
    /// How many leaves the chain covers, with whatever confirmations.
    pub covered: i64,
}

impl Queue {
    /// Reads the queue with its newest `limit` transactions. Asks no node.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(store: &Store, limit: i64) -> Result<Self, EvmError> {
        let Some(state) = store.evm_state().await? else {
            return Ok(Self { state: None, slots: Vec::new(), covered: 0 });
        };
        let place = state.place();
        Ok(Self {
            slots: store.newest_evm_slots(&place, limit).await?,
            covered: store.evm_covered(&place, i64::MAX).await?,
            state: Some(state),
        })
    }

    /// Orders something of the oldest pending transaction, or of the one with this nonce; the nonce, or `None` if there is no
    /// such transaction. The worker does it at its next turn.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn order(
        store: &Store,
        nonce: Option<i64>,
        order: SlotOrder,
        fee: Option<i64>,
    ) -> Result<Option<i64>, EvmError> {
        let Some(state) = store.evm_state().await? else { return Ok(None) };
        let slots = store.open_evm_slots(&state.place()).await?;
        let wanted = |slot: &&EvmSlot| {
            slot.state == model::SlotState::Pending && nonce.is_none_or(|nonce| slot.nonce == nonce)
        };
        let Some(slot) = slots.iter().find(wanted) else { return Ok(None) };
        let taken = store.order_evm_slot(slot.id, order, fee).await?;
        Ok(taken.then_some(slot.nonce))
    }
}

impl Chain {
    /// Deploys the contract and remembers its address; waits for its block at most `seconds`, by `wait`, which waits one
    /// second.
    ///
    /// # Errors
    /// When the node does not answer or refuses, or no block takes the transaction in time.
    pub async fn deploy<F: Future<Output = ()>>(
        &self,
        store: &Arc<Store>,
        seconds: u32,
        wait: impl Fn() -> F,
    ) -> Result<Address, EvmError> {
        let (chain_id, block) = (self.chain_id().await?, self.newest_block().await?);
        let input = registry::deploy_input();
        let call = Call { from: Some(self.publisher()), to: None, input: input.clone() };
        let gas = self.rpc.estimate_gas(&call).await?;
        let allowed = u128::from(self.settings.max_fee);
        let priority = self.rpc.priority_fee().await?.min(allowed);
        let base = block.base_fee.unwrap_or(0);
        let transaction = Transaction {
            chain_id,
            nonce: self.rpc.transaction_count(&self.publisher(), Tag::Latest).await?,
            max_fee_per_gas: base.saturating_mul(2).saturating_add(priority).min(allowed),
            max_priority_fee_per_gas: priority,
            gas_limit: gas.saturating_add(gas / 4),
            to: None,
            input,
        };
        let signed = transaction.sign(&self.signer);
        self.rpc.send_raw(&signed.raw).await?;
        for _ in 0..=seconds {
            if let Some(receipt) = self.rpc.receipt(&signed.hash).await? {
                let contract = receipt.contract.filter(|_| receipt.succeeded);
                let contract = contract.ok_or(EvmError::Number("receipt of the new contract"))?;
                store.set_value(CONTRACT_VALUE, &address::text(&contract)).await?;
                return Ok(contract);
            }
            wait().await;
        }
        Err(EvmError::Refused {
            nonce: transaction.nonce as i64,
            why: format!("no block took the new contract within {seconds} s (transaction {})", signed.hash),
        })
    }
}
