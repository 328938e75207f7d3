//! Signing, replacing, sending.

use evm::registry;
use evm::{B256, Call, Refusal, RpcError, Transaction};
use model::SlotOrder;
use store::{ChainPlace, EvmAttempt, EvmSlot};

use super::chain::EvmError;
use super::observe::Found;
use super::worker::{EvmAnchor, View};
use crate::guard::compare;
use crate::turns::Turn;

/// What is paid, in wei a gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fees {
    most: u64,
    priority: u64,
}

/// The least gas that a transaction may use: more than a first head costs in the contract (69,140), whatever was estimated.
const LEAST_GAS: u64 = 100_000;

/// What nodes ask a replacement to pay more: an eighth is enough for all of them.
fn raised(fee: u64) -> u64 {
    fee.saturating_add(fee / 8).saturating_add(1)
}

impl EvmAnchor {
    /// What a transaction should pay to be in one of the next blocks, as far as that is allowed.
    async fn fees(&self, view: &View) -> Result<Fees, EvmError> {
        let allowed = u128::from(self.chain.settings.max_fee);
        let base = view.block.base_fee.unwrap_or(0);
        if base > allowed {
            return Err(EvmError::Dear(base));
        }
        let priority = self.chain.rpc.priority_fee().await?.min(allowed);
        let most = base.saturating_mul(2).saturating_add(priority).min(allowed);
        // Both are at most what fits in the setting.
        Ok(Fees { most: most as u64, priority: priority.min(most) as u64 })
    }

    /// Signs the present head for a nonce.
    async fn sign(&self, view: &View, nonce: u64, fees: Fees) -> Result<EvmAttempt, EvmError> {
        let head = self.log.head().await?;
        let (size, root) = (head.unverified().size(), head.unverified().root());
        let input = registry::anchor_input(self.log.origin(), size, root.as_bytes());
        let from = Some(self.chain.publisher());
        let call = Call { from, to: Some(view.contract), input: input.clone() };
        // Estimated before a nonce is taken: what would fail takes none.
        let gas = self.chain.rpc.estimate_gas(&call).await?;
        let gas_limit = gas.saturating_add(gas / 4).max(LEAST_GAS);
        let transaction = Transaction {
            chain_id: view.place.chain_id as u64,
            nonce,
            max_fee_per_gas: fees.most.into(),
            max_priority_fee_per_gas: fees.priority.into(),
            gas_limit,
            to: Some(view.contract),
            input,
        };
        let signed = transaction.sign(&self.chain.signer);
        let fits = |number: u64, what| i64::try_from(number).map_err(|_| EvmError::Number(what));
        Ok(EvmAttempt {
            hash: format!("{}", signed.hash),
            size: size as i64,
            root: root.as_bytes().to_vec(),
            raw: signed.raw,
            max_fee: fits(fees.most, "fee")?,
            priority_fee: fits(fees.priority, "fee")?,
            gas_limit: fits(gas_limit, "gas")?,
            sent_block: None,
        })
    }

    /// Sends the newest head, if it is not on the chain and it is time.
    pub(super) async fn begin(&self, view: &View) -> Result<Turn, EvmError> {
        let store = &self.log.store;
        let head = self.log.head().await?;
        let size = head.unverified().size();
        let latest = self.chain.latest(&view.contract, self.log.origin()).await?;
        if let Some(seen) = self.chain.seen(&latest, &view.contract) {
            compare(&self.log, head.unverified(), &seen).await?;
        }
        let covered = store.evm_covered(&view.place, i64::MAX).await?;
        if latest.size < covered as u64 {
            let lost = store.reopen_evm_slots(&view.lease, &view.place, latest.size as i64).await?;
            tracing::error!(lost, "the chain has lost anchoring transactions that it had called final");
            return Ok(if lost > 0 { Turn::More } else { Turn::Done });
        }
        if size == latest.size {
            if (covered as u64) < size {
                self.adopt(view, size).await?;
                return Ok(Turn::More);
            }
            return Ok(Turn::Done);
        }
        if self.is_early(&view.place).await? {
            return Ok(Turn::Done);
        }
        let (nonce, now) = (view.nonce, self.log.clock.now());
        let attempt = self.sign(view, nonce, self.fees(view).await?).await?;
        store.insert_evm_slot(&view.lease, &view.place, nonce as i64, &attempt, now).await?;
        let slots = store.open_evm_slots(&view.place).await?;
        if let Some(slot) = slots.iter().find(|slot| slot.nonce == nonce as i64) {
            self.send(view, slot, &attempt).await?;
        }
        Ok(Turn::Done)
    }

    /// Whether the newest transaction is too young for another one.
    pub(super) async fn is_early(&self, place: &ChainPlace) -> Result<bool, EvmError> {
        let Some(newest) = self.log.store.newest_evm_slots(place, 1).await?.pop() else { return Ok(false) };
        let earliest = newest.created_at.plus_seconds(self.chain.settings.seconds_between);
        Ok(self.log.clock.now() < earliest)
    }

    /// Does for a pending slot what there is to do: send it, send it again, sign it anew, give it up.
    pub(super) async fn push(&self, view: &View, slot: &EvmSlot) -> Result<(), EvmError> {
        let Some(newest) = slot.attempts.last() else { return Ok(()) };
        let waited = newest.sent_block.map_or(0, |block| (view.height() - block).max(0) as u64);
        let late = waited >= self.chain.settings.replace_after;
        match slot.ordered {
            Some(SlotOrder::Skip) => {
                let why = Found::Lost("an operator skipped it".to_owned());
                return self.settle(view, slot, &why).await;
            }
            Some(SlotOrder::Replace) => return self.replace(view, slot, newest).await,
            Some(SlotOrder::Retry) => return self.send(view, slot, newest).await,
            None => {}
        }
        if late && slot.nonce > view.nonce as i64 {
            // The chain waits for a lower nonce that nobody has: this one would hang for ever.
            let why = format!("the chain is at nonce {}, and never came to this one", view.nonce);
            return self.settle(view, slot, &Found::Lost(why)).await;
        }
        if late {
            return self.replace(view, slot, newest).await;
        }
        let hash = newest.hash.parse::<B256>().unwrap_or_default();
        if newest.sent_block.is_some() && self.chain.rpc.knows_transaction(&hash).await? {
            return Ok(());
        }
        self.send(view, slot, newest).await
    }

    /// Signs a slot anew, for the newest head and with higher fees, and sends it.
    async fn replace(&self, view: &View, slot: &EvmSlot, newest: &EvmAttempt) -> Result<(), EvmError> {
        let allowed = self.chain.settings.max_fee;
        let now = self.fees(view).await?;
        let ordered = slot.ordered_fee.map_or(0, i64::unsigned_abs);
        let (old, priority) = (newest.max_fee.unsigned_abs(), newest.priority_fee.unsigned_abs());
        let most = raised(old).max(now.most).max(ordered);
        if most > allowed {
            let why =
                format!("it pays {old} wei a gas, and more than that is not allowed (evm.max_fee_gwei)");
            self.log.store.evm_slot_failed(&view.lease, slot.id, &why).await?;
            return Err(EvmError::Refused { nonce: slot.nonce, why });
        }
        let fees = Fees { most, priority: raised(priority).max(now.priority).min(most) };
        let attempt = self.sign(view, slot.nonce as u64, fees).await?;
        self.log.store.insert_evm_attempt(&view.lease, slot.id, &attempt, self.log.clock.now()).await?;
        metrics::counter!("bestow_evm_replaced_total").increment(1);
        tracing::info!(nonce = slot.nonce, fee = most, "an anchoring transaction was signed anew");
        self.send(view, slot, &attempt).await
    }

    /// Gives a node a transaction that is in the database.
    async fn send(&self, view: &View, slot: &EvmSlot, attempt: &EvmAttempt) -> Result<(), EvmError> {
        let refused = match self.chain.rpc.send_raw(&attempt.raw).await {
            Ok(_) => None,
            Err(error) => match error.refusal() {
                None => return Err(error.into()),
                // What became of it the next turn finds out.
                Some(Refusal::AlreadyKnown) => None,
                Some(refusal) => Some((refusal, error)),
            },
        };
        let Some((refusal, error)) = refused else {
            metrics::counter!("bestow_evm_sent_total").increment(1);
            return Ok(self.log.store.evm_sent(&view.lease, slot.id, &attempt.hash, view.height()).await?);
        };
        let why = match (&refusal, error) {
            (_, RpcError::Refused { message, .. }) => message,
            (_, error) => error.to_string(),
        };
        self.log.store.evm_slot_failed(&view.lease, slot.id, &why).await?;
        match refusal {
            Refusal::Underpriced => {
                // The next turn signs it anew.
                self.log.store.order_evm_slot(slot.id, SlotOrder::Replace, None).await?;
            }
            Refusal::InsufficientFunds => {
                let (address, balance) = (view.place.publisher.clone(), view.balance.clone());
                return Err(EvmError::Funds { address, balance });
            }
            _ => {}
        }
        Err(EvmError::Refused { nonce: slot.nonce, why })
    }
}
