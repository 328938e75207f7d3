//! What became of the transactions that are on their way.

use evm::registry::{self, Anchored};
use evm::{B256, Receipt};
use model::SlotState;
use store::{EvmAttempt, EvmSlot, SlotChange};

use super::chain::EvmError;
use super::worker::{EvmAnchor, View};

/// What a slot was found to be.
pub(super) enum Found {
    /// As it was.
    Same,
    /// In a block: the transaction's hash, the block, how many leaves it covers.
    Mined(String, u64, i64),
    /// In no block any more.
    Reorganised,
    /// Never to be in one.
    Lost(String),
}

/// The hash of an attempt, as we wrote it.
fn hash_of(attempt: &EvmAttempt) -> Option<B256> {
    attempt.hash.parse().ok()
}

impl EvmAnchor {
    /// Looks what became of each slot that may still change, and records it. The chain may have grown since it was looked at: its
    /// height follows what the receipts say.
    pub(super) async fn observe(&self, view: &mut View) -> Result<(), EvmError> {
        for slot in self.log.store.open_evm_slots(&view.place).await? {
            let found = match slot.state {
                SlotState::Mined => self.look_at_mined(view, &slot).await?,
                _ => self.look_at_pending(view, &slot).await?,
            };
            self.settle(view, &slot, &found).await?;
            if let Found::Mined(_, block, _) = found {
                view.block.number = view.block.number.max(block);
            }
        }
        Ok(())
    }

    /// Records what a slot was found to be.
    pub(super) async fn settle(&self, view: &View, slot: &EvmSlot, found: &Found) -> Result<(), EvmError> {
        let change = |to, mined, error| SlotChange { id: slot.id, from: slot.state, to, mined, error };
        let change = match found {
            Found::Same => return Ok(()),
            Found::Mined(hash, block, size) => {
                let to = if *block <= view.final_block { SlotState::Final } else { SlotState::Mined };
                let same = (slot.state, slot.transaction.as_deref(), slot.block);
                if same == (to, Some(hash.as_str()), Some(*block as i64)) {
                    return Ok(());
                }
                change(to, Some((hash.as_str(), *block as i64, *size)), None)
            }
            Found::Reorganised => {
                metrics::counter!("bestow_evm_reorganised_total").increment(1);
                tracing::warn!(
                    nonce = slot.nonce,
                    block = slot.block,
                    "the chain dropped the block of an anchoring transaction"
                );
                // What was found in the contract, and not signed here, cannot be sent again.
                let to = if slot.attempts.is_empty() { SlotState::GivenUp } else { SlotState::Pending };
                change(to, None, Some("the chain was reorganised, and its block is gone"))
            }
            Found::Lost(why) => {
                tracing::warn!(nonce = slot.nonce, why, "an anchoring transaction is given up");
                change(SlotState::GivenUp, None, Some(why.as_str()))
            }
        };
        Ok(self.log.store.change_evm_slots(&view.lease, &[change], self.log.clock.now()).await?)
    }

    async fn look_at_mined(&self, view: &View, slot: &EvmSlot) -> Result<Found, EvmError> {
        let hash = slot.transaction.as_deref().and_then(|hash| hash.parse::<B256>().ok());
        let Some(hash) = hash else { return Ok(Found::Reorganised) };
        match self.chain.rpc.receipt(&hash).await? {
            Some(receipt) if self.anchors(view, &receipt) == Some(slot.size) => Ok(Found::Mined(
                slot.transaction.clone().unwrap_or_default(),
                receipt.block_number,
                slot.size,
            )),
            _ => Ok(Found::Reorganised),
        }
    }

    async fn look_at_pending(&self, view: &View, slot: &EvmSlot) -> Result<Found, EvmError> {
        for attempt in slot.attempts.iter().rev() {
            let Some(hash) = hash_of(attempt) else { continue };
            let Some(receipt) = self.chain.rpc.receipt(&hash).await? else { continue };
            return Ok(match self.anchors(view, &receipt) {
                Some(size) => Found::Mined(attempt.hash.clone(), receipt.block_number, size),
                None => Found::Lost(format!("it was reverted in block {}", receipt.block_number)),
            });
        }
        if view.nonce as i64 > slot.nonce {
            return Ok(Found::Lost("another transaction of our key took its nonce".to_owned()));
        }
        Ok(Found::Same)
    }

    /// How many leaves of our log a receipt says were anchored by us; `None` if it was reverted.
    fn anchors(&self, view: &View, receipt: &Receipt) -> Option<i64> {
        let origin = registry::origin_id(self.log.origin());
        let ours = |event: &Anchored| event.origin == origin && event.publisher == self.chain.publisher();
        let logs = receipt.logs.iter().filter(|log| log.address == view.contract);
        let event = logs.filter_map(Anchored::from_log).find(ours)?;
        receipt.succeeded.then_some(event.size as i64)
    }

    /// A head is in the contract, and no slot says so: finds the transaction that brought it there.
    pub(super) async fn adopt(&self, view: &View, size: u64) -> Result<(), EvmError> {
        for slot in self.log.store.newest_evm_slots(&view.place, ADOPTABLE).await? {
            if slot.state == SlotState::GivenUp
                && let found @ Found::Mined(..) = self.look_at_pending(view, &slot).await?
            {
                self.settle(view, &slot, &found).await?;
                if slot.attempts.iter().any(|attempt| attempt.size as u64 == size) {
                    return Ok(());
                }
            }
        }
        let from = view.block.number.saturating_sub(SEARCHED);
        let publisher = self.chain.publisher();
        let events = registry::anchored_events(
            &self.chain.rpc,
            &view.contract,
            self.log.origin(),
            Some(&publisher),
            from,
            view.block.number,
        );
        let event = events.await?.into_iter().find(|event| event.size == size);
        let event = event.ok_or(EvmError::Lost(SEARCHED))?;
        let (hash, block) = (format!("{}", event.transaction), event.block as i64);
        let now = self.log.clock.now();
        let mined = (hash.as_str(), block, size as i64);
        Ok(self.log.store.insert_found_evm_slot(&view.lease, &view.place, mined, now).await?)
    }
}

/// How many slots that were given up are looked at again.
const ADOPTABLE: i64 = 20;
/// How many blocks are searched for a transaction that is not known here: a week on a chain with a block in twelve seconds.
const SEARCHED: u64 = 50_400;
