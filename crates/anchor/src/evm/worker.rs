//! One turn: look at the chain, mend what hangs, send what is new, and say how far it is.

use std::sync::Arc;
use std::time::Duration;

use evm::{Address, Block, Tag, address};
use model::{Entropy, SlotState};
use store::{ChainPlace, EvmSlot, EvmState, Lease, StoreError};
use tokio::sync::watch;

use super::chain::{Chain, EvmError};
use crate::guard::{Seen, Silence};
use crate::log::{AnchorError, Log};
use crate::turns::{Turn, Turns};

/// How long the lease lasts: longer than looking at a slot and sending takes.
const LEASE_SECONDS: i64 = 30;
/// The longest wait after failures in a row.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// Publishes the log's heads on a chain, turn by turn.
#[derive(Debug)]
pub struct EvmAnchor {
    pub(super) log: Arc<Log>,
    pub(super) chain: Arc<Chain>,
    turns: Turns,
}

/// What one turn knows of the chain.
#[derive(Debug)]
pub(super) struct View {
    pub(super) lease: Lease,
    pub(super) place: ChainPlace,
    pub(super) contract: Address,
    pub(super) block: Block,
    pub(super) final_block: u64,
    pub(super) balance: String,
    /// How many transactions of our key are in blocks: the next nonce.
    pub(super) nonce: u64,
}

/// Whether a node has a pending slot's newest transaction, and nothing was ordered.
fn is_waiting(slot: &EvmSlot) -> bool {
    slot.ordered.is_none() && slot.attempts.last().is_some_and(|newest| newest.sent_block.is_some())
}

impl View {
    pub(super) fn height(&self) -> i64 {
        self.block.number as i64
    }
}

impl EvmAnchor {
    /// Publishes `log` on `chain`; looks at it once in `interval` while there is something to see.
    pub fn new(log: Arc<Log>, chain: Arc<Chain>, interval: Duration, entropy: &dyn Entropy) -> Self {
        let turns = Turns::new("evm", interval, &log.store, &log.clock, entropy)
            .pausing_at_most(LONGEST_WAIT)
            .leasing_for(LEASE_SECONDS)
            .interruptible();
        Self { log, chain, turns }
    }

    /// Works until `stop` turns true.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        self.turns.run(stop, || self.turn()).await;
    }

    /// One turn. Nothing is asked of the node while nothing is on its way and nothing waits.
    ///
    /// # Errors
    /// When something keeps the log from coming further; it is recorded, and the next turn tries again.
    pub async fn turn(&self) -> Result<Turn, EvmError> {
        let state = self.log.store.evm_state().await?;
        if self.is_idle(state.as_ref()).await? {
            return Ok(Turn::Done);
        }
        if let Some(state) = &state
            && self.nothing_new(state).await?
        {
            return Ok(Turn::Done);
        }
        let Some(lease) = self.turns.lease().await? else { return Ok(Turn::Done) };
        match self.work(&lease, state.as_ref()).await {
            // Another process took over in between.
            Err(EvmError::Anchor(AnchorError::Store(StoreError::Raced(what)))) => {
                tracing::info!(what, "another process is anchoring the log");
                Ok(Turn::Done)
            }
            Err(error) => {
                self.record_failure(&lease, state, &error).await?;
                Err(error)
            }
            Ok(done) => {
                if state.is_some_and(|before| before.last_error.is_some()) {
                    self.log.store.evm_went_well(&lease).await?;
                }
                Ok(done)
            }
        }
    }

    async fn is_idle(&self, state: Option<&EvmState>) -> Result<bool, EvmError> {
        let store = &self.log.store;
        let size = self.log.stored_head().await?.size;
        let Some(state) = state else { return Ok(size == 0) };
        let publisher = address::text(&self.chain.publisher());
        let contract = match self.chain.contract(store).await {
            Ok(contract) => address::text(&contract),
            Err(EvmError::NoContract) => return Ok(size == 0),
            Err(error) => return Err(error),
        };
        let place = ChainPlace { chain_id: state.chain_id, contract, publisher };
        if state.last_error.is_some() || store.evm_covered(&place, i64::MAX).await? < size {
            return Ok(false);
        }
        if !store.open_evm_slots(&place).await?.is_empty() {
            return Ok(false);
        }
        for level in store.evm_levels().await? {
            if store.evm_mark(level).await? < size {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the chain is where it was, and there is nothing to do but to wait for its next block, or until it is time to send:
    /// one question to the node instead of five.
    async fn nothing_new(&self, state: &EvmState) -> Result<bool, EvmError> {
        let store = &self.log.store;
        let place = state.place();
        if state.last_error.is_some() || address::text(&self.chain.contract(store).await?) != place.contract {
            return Ok(false);
        }
        for level in store.evm_levels().await? {
            // An issuer may just have asked for it.
            if store.evm_mark(level).await? == 0 {
                return Ok(false);
            }
        }
        let mut open = store.open_evm_slots(&place).await?;
        open.retain(|slot| slot.state == SlotState::Pending);
        let waits = if open.is_empty() {
            let size = self.log.stored_head().await?.size;
            store.evm_covered(&place, i64::MAX).await? >= size || self.is_early(&place).await?
        } else {
            open.iter().all(is_waiting)
        };
        Ok(waits && self.chain.newest_block().await?.hash.to_string() == state.block_hash)
    }

    /// What the contract has seen of the log, if there is a contract and it has seen anything.
    pub(crate) async fn seen(&self) -> Result<Option<Seen>, Silence> {
        let ask = async {
            let contract = self.chain.contract(&self.log.store).await?;
            let latest = self.chain.latest(&contract, self.log.origin()).await?;
            Ok(self.chain.seen(&latest, &contract))
        };
        match ask.await {
            Err(EvmError::NoContract) => Ok(None),
            answer => answer.map_err(|error: EvmError| error.to_string()),
        }
    }

    async fn look(&self, lease: &Lease) -> Result<View, EvmError> {
        let chain = &self.chain;
        let chain_id = chain.chain_id().await?;
        let contract = chain.contract(&self.log.store).await?;
        let block = chain.newest_block().await?;
        Ok(View {
            lease: lease.clone(),
            place: chain.place(chain_id, &contract)?,
            contract,
            final_block: chain.final_block(block.number).await?,
            balance: chain.balance().await?,
            // Before the receipts: what is in a block now has one later, too.
            nonce: chain.rpc.transaction_count(&chain.publisher(), Tag::Latest).await?,
            block,
        })
    }

    async fn work(&self, lease: &Lease, before: Option<&EvmState>) -> Result<Turn, EvmError> {
        let mut view = self.look(lease).await?;
        let store = &self.log.store;
        let looked_at = view.block.number;
        self.observe(&mut view).await?;
        // How far it is does not depend on whether more can be sent.
        self.record(&view, before).await?;
        let slots = store.open_evm_slots(&view.place).await?;
        let (pending, mined): (Vec<EvmSlot>, Vec<EvmSlot>) =
            slots.into_iter().partition(|slot| slot.state == SlotState::Pending);
        metrics::gauge!("bestow_evm_pending").set(pending.len() as f64);
        if let Some(newest) = mined.iter().map(|slot| slot.nonce).max()
            && view.nonce as i64 <= newest
        {
            // A block came in between: look again.
            if view.block.number > looked_at {
                return Ok(Turn::More);
            }
            return Err(EvmError::Behind { says: view.nonce, mined: newest });
        }
        for slot in &pending {
            self.push(&view, slot).await?;
        }
        if pending.is_empty() {
            return self.begin(&view).await;
        }
        Ok(Turn::Done)
    }

    /// Records what was seen, and how far the chain is by each level that an issuer asks for. What failed before has not gone well
    /// yet.
    async fn record(&self, view: &View, before: Option<&EvmState>) -> Result<(), EvmError> {
        let store = &self.log.store;
        let mut marks = Vec::new();
        for level in store.evm_levels().await? {
            let block = if level == 0 { view.final_block as i64 } else { view.height() - level + 1 };
            let size = store.evm_covered(&view.place, block).await?;
            if store.evm_mark(level).await? != size {
                marks.push((level, size));
            }
        }
        let state = EvmState {
            chain_id: view.place.chain_id,
            contract: view.place.contract.clone(),
            publisher: view.place.publisher.clone(),
            block: view.height(),
            block_hash: view.block.hash.to_string(),
            final_block: view.final_block as i64,
            balance: view.balance.clone(),
            failures: before.map_or(0, |before| before.failures),
            last_error: before.and_then(|before| before.last_error.clone()),
            looked_at: self.log.clock.now().0,
        };
        metrics::gauge!("bestow_evm_block").set(view.block.number as f64);
        let same =
            before.is_some_and(|before| EvmState { looked_at: state.looked_at, ..before.clone() } == state);
        if !same || !marks.is_empty() {
            store.record_evm(&view.lease, &state, &marks).await?;
        }
        Ok(())
    }

    async fn record_failure(
        &self,
        lease: &Lease,
        before: Option<EvmState>,
        error: &EvmError,
    ) -> Result<(), EvmError> {
        metrics::counter!("bestow_evm_errors_total").increment(1);
        // Looking may have got further than before.
        let before = self.log.store.evm_state().await?.or(before);
        let unknown = || EvmState {
            chain_id: 0,
            contract: String::new(),
            publisher: address::text(&self.chain.publisher()),
            block: 0,
            block_hash: String::new(),
            final_block: 0,
            balance: "0".to_owned(),
            failures: 0,
            last_error: None,
            looked_at: 0,
        };
        let mut state = before.unwrap_or_else(unknown);
        state.failures += 1;
        state.last_error = Some(error.to_string());
        state.looked_at = self.log.clock.now().0;
        match self.log.store.record_evm(lease, &state, &[]).await {
            Err(StoreError::Raced(_)) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
