//! How far a credential's leaves are, and why one still waits.

use anchor::Log;
use model::{AnchorPolicy, CoreClaimHash, CredentialId, Holding, LeafOp, TenantId, VcStatus};
use store::{ChainPlace, EvmSlot, EvmState, LedgerEntry, WitnessState};
use tlog::checkpoint::SignedCheckpoint;
use tlog::key::VerifierKey;

use crate::EngineError;
use crate::engine::Engine;

/// How far a credential is anchored.
#[derive(Clone, Debug)]
pub struct AnchorReport {
    /// The credential's.
    pub hash: CoreClaimHash,
    /// `vcStatus`.
    pub status: VcStatus,
    /// What its issuer asks.
    pub policy: AnchorPolicy,
    /// That it was issued.
    pub issue: LeafReport,
    /// That it was revoked, if it was.
    pub revocation: Option<LeafReport>,
}

/// How far a leaf is.
#[derive(Clone, Debug, Default)]
pub struct LeafReport {
    /// Its place in the log.
    pub index: Option<i64>,
    /// The size of the log's published checkpoint, once that covers it.
    pub checkpoint: Option<i64>,
    /// The names of the witnesses whose signatures are on one checkpoint that covers it.
    pub cosignatures: Vec<String>,
    /// Why other witnesses did not sign: their names and what went wrong the last time.
    pub unsigned: Vec<(String, String)>,
    /// The transaction that covers it, or that is on its way with it.
    pub evm: Option<EvmReport>,
}

/// How far a leaf is on the chain.
#[derive(Clone, Debug, Default)]
pub struct EvmReport {
    /// EIP-155 chain id.
    pub chain_id: Option<i64>,
    /// The contract's address.
    pub contract: Option<String>,
    /// The address that sends.
    pub publisher: Option<String>,
    /// The transaction: that which was mined, else the newest that was signed.
    pub transaction: Option<String>,
    /// Its block.
    pub block: Option<i64>,
    /// How many blocks there are from its own on, as last seen.
    pub confirmations: i64,
    /// Whether its block does not vanish any more.
    pub is_final: bool,
    /// How often it was signed.
    pub attempts: usize,
    /// What keeps it, or the chain, from coming further.
    pub last_error: Option<String>,
}

/// Where the log's heads are published.
#[derive(Clone, Debug)]
pub struct LogAnchors {
    /// How many leaves the log's published checkpoint covers.
    pub size: i64,
    /// The keys of its witnesses, and how many leaves the newest checkpoint covers that each is known to have signed.
    pub witnesses: Vec<(VerifierKey, i64)>,
    /// The contract that holds its heads, if one does.
    pub chain: Option<ChainPlace>,
}

impl Engine {
    /// Where the log's heads are published.
    pub async fn log_anchors(&self, log: &Log) -> Result<LogAnchors, EngineError> {
        let head = self.store.log_head(log.origin()).await?;
        let known = self.store.witness_states().await?;
        let size_of = |key: &VerifierKey| {
            known.iter().find(|known| known.name == key.name().as_str()).map_or(0, |known| known.size)
        };
        let witnesses = self.settings.witnesses.iter().map(|key| (key.clone(), size_of(key))).collect();
        let place = self.store.evm_state().await?.map(|state| state.place());
        let chain = place.filter(|place| place.chain_id != 0 && !place.contract.is_empty());
        Ok(LogAnchors { size: head.map_or(0, |head| head.size), witnesses, chain })
    }

    /// How far a tenant's credential is anchored, and what it waits for.
    pub async fn anchor_report(
        &self,
        log: &Log,
        tenant: &TenantId,
        hash: CoreClaimHash,
    ) -> Result<Option<AnchorReport>, EngineError> {
        let Some(found) = self.credential_status(tenant, hash).await? else { return Ok(None) };
        let id = &found.credential.id;
        let Some(issue) = self.store.leaf(tenant, id, LeafOp::Issue).await? else {
            return Err(EngineError::inconsistent(format!("credential {id} has no leaf")));
        };
        let policy = issue.policy;
        let revocation = match found.credential.holding {
            Holding::Revoked => self.revocation_report(log, tenant, id).await?,
            _ => None,
        };
        let issue = self.leaf_report(log, &issue).await?;
        Ok(Some(AnchorReport { hash, status: found.status, policy, issue, revocation }))
    }

    async fn revocation_report(
        &self,
        log: &Log,
        tenant: &TenantId,
        id: &CredentialId,
    ) -> Result<Option<LeafReport>, EngineError> {
        match self.store.leaf(tenant, id, LeafOp::Revoke).await? {
            Some(entry) => Ok(Some(self.leaf_report(log, &entry).await?)),
            None => Ok(None),
        }
    }

    async fn leaf_report(&self, log: &Log, entry: &LedgerEntry) -> Result<LeafReport, EngineError> {
        let mut report = LeafReport { index: entry.index, ..LeafReport::default() };
        if let Some(index) = entry.index {
            let head = self.store.log_head(log.origin()).await?;
            report.checkpoint = head.map(|head| head.size).filter(|size| *size > index);
        }
        if entry.policy.witnesses > 0 {
            self.report_witnesses(entry, &mut report).await?;
        }
        if entry.policy.evm.is_some() {
            report.evm = Some(self.report_chain(entry).await?);
        }
        Ok(report)
    }

    async fn report_witnesses(
        &self,
        entry: &LedgerEntry,
        report: &mut LeafReport,
    ) -> Result<(), EngineError> {
        let states = self.store.witness_states().await?;
        if let Some(index) = entry.index
            && let Some((_, head)) = self.store.best_cosigned_head(index).await?
        {
            let signed: SignedCheckpoint = head
                .checkpoint
                .parse()
                .map_err(|error| EngineError::inconsistent(format!("a cosigned checkpoint: {error}")))?;
            let by = |state: &&WitnessState| {
                signed.note().signatures().iter().any(|line| line.name().as_str() == state.name)
            };
            report.cosignatures = states.iter().filter(by).map(|state| state.name.clone()).collect();
        }
        let waiting = states.into_iter().filter(|state| !report.cosignatures.contains(&state.name));
        report.unsigned = waiting.filter_map(|state| Some((state.name, state.last_error?))).collect();
        Ok(())
    }

    async fn report_chain(&self, entry: &LedgerEntry) -> Result<EvmReport, EngineError> {
        let Some(state) = self.store.evm_state().await? else { return Ok(EvmReport::default()) };
        let place = state.place();
        let slot = match entry.index {
            None => None,
            // What counts already, else what is on its way.
            Some(index) => match self.store.evm_anchor(&place, index, entry.marks.on_chain).await? {
                Some(slot) => Some(slot),
                None => self.store.evm_slot_covering(&place, index).await?,
            },
        };
        Ok(chain_report(state, slot))
    }
}

fn chain_report(state: EvmState, slot: Option<EvmSlot>) -> EvmReport {
    let known = state.chain_id != 0;
    let mut report = EvmReport {
        chain_id: known.then_some(state.chain_id),
        contract: known.then_some(state.contract),
        publisher: Some(state.publisher),
        last_error: state.last_error,
        ..EvmReport::default()
    };
    if let Some(slot) = slot {
        report.block = slot.block;
        // Its own block is one, whatever the height was when somebody last looked.
        report.confirmations = slot.block.map_or(0, |block| (state.block - block + 1).max(1));
        report.is_final = slot.state == model::SlotState::Final;
        report.attempts = slot.attempts.len();
        report.last_error = slot.last_error.or(report.last_error);
        report.transaction =
            slot.transaction.or_else(|| slot.attempts.last().map(|newest| newest.hash.clone()));
    }
    report
}
