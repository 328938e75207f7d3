//! Proofs that something is in the log: what a stranger checks.

use anchor::Log;
use model::{Anchoring, CoreClaimHash, CredentialId, LeafOp, TenantId, Timestamp};
use store::LedgerEntry;
use verify::{EvmRecord, ListBits, ProofExtra, ProofSubject};

use crate::EngineError;
use crate::engine::Engine;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// No such credential, or nothing of that kind to prove.
    #[error("unknown")]
    Unknown,
    /// The leaf waits for what its issuer's policy asks.
    #[error("not anchored yet")]
    NotYet,
    /// Our fault.
    #[error(transparent)]
    Internal(#[from] EngineError),
}

/// How much a proof must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofDepth {
    /// That the leaf is in the log.
    Logged,
    /// That it is anchored as its issuer wants it.
    Anchored,
}

impl Engine {
    /// The proof that a tenant's credential was issued, or revoked, as a tlog-proof file; it carries the transaction on the chain
    /// if there is one.
    pub async fn credential_proof(
        &self,
        log: &Log,
        tenant: &TenantId,
        hash: CoreClaimHash,
        op: LeafOp,
        depth: ProofDepth,
    ) -> Result<String, ProofError> {
        let issued = self.issued_documents(tenant, hash).await?.ok_or(ProofError::Unknown)?;
        let entry = self.store.leaf(tenant, &issued.id, op).await.map_err(EngineError::from)?;
        let entry = entry.ok_or(ProofError::Unknown)?;
        let commitments = issued
            .documents
            .iter()
            .map(|(name, document)| (name.clone(), hex::encode(document.commitment)))
            .collect();
        let subject = ProofSubject::Credential { core_claim: issued.core_claim, commitments };
        self.prove_entry(log, entry, subject, depth).await
    }

    /// The proof of how the status list of a tenant's credential was at `at`: the newest leaf about it until then, with the list.
    pub async fn status_proof(
        &self,
        log: &Log,
        tenant: &TenantId,
        hash: CoreClaimHash,
        at: Timestamp,
    ) -> Result<String, ProofError> {
        let id = self.credential_id(tenant, hash).await?.ok_or(ProofError::Unknown)?;
        let found = self.store.status_list_of(tenant, &id).await.map_err(EngineError::from)?;
        let (issuer, list) = found.ok_or(ProofError::Unknown)?;
        let digest = |at| self.store.status_digest(&issuer, list, at);
        let Some((entry, bits)) = digest(at).await.map_err(EngineError::from)? else {
            // Of a time before the first leaf about the list there will never be one.
            let later = digest(Timestamp(i64::MAX)).await.map_err(EngineError::from)?;
            return Err(if later.is_some() { ProofError::Unknown } else { ProofError::NotYet });
        };
        self.prove_entry(log, entry, ProofSubject::List(ListBits { bits }), ProofDepth::Anchored).await
    }

    /// The id of a tenant's credential, or of what a wallet was given of one.
    pub(crate) async fn credential_id(
        &self,
        tenant: &TenantId,
        hash: CoreClaimHash,
    ) -> Result<Option<CredentialId>, EngineError> {
        if let Some(delivery) = self.store.delivery_by_hash(tenant, &hash).await? {
            return Ok(Some(delivery.id));
        }
        Ok(self.credential_status(tenant, hash).await?.map(|status| status.credential.id))
    }

    async fn prove_entry(
        &self,
        log: &Log,
        entry: LedgerEntry,
        subject: ProofSubject,
        depth: ProofDepth,
    ) -> Result<String, ProofError> {
        let index = entry.index.ok_or(ProofError::NotYet)?;
        if depth == ProofDepth::Anchored && entry.anchoring() == Anchoring::Waiting {
            return Err(ProofError::NotYet);
        }
        let evm = self.evm_record(log, &entry, index).await?;
        let extra = ProofExtra { leaf: entry.leaf, subject, evm };
        let extra = serde_json::to_vec(&extra).expect("text alone");
        let proof = log.prove(index.unsigned_abs(), extra).await.map_err(EngineError::from)?;
        Ok(proof.to_string())
    }

    /// The newest transaction on the chain that covers a leaf: one that counts by the issuer's policy if that asks for a chain.
    async fn evm_record(
        &self,
        log: &Log,
        entry: &LedgerEntry,
        index: i64,
    ) -> Result<Option<EvmRecord>, EngineError> {
        let Some(state) = self.store.evm_state().await? else { return Ok(None) };
        let most = entry.policy.evm.map_or(i64::MAX, |_| entry.marks.on_chain);
        let place = state.place();
        let Some(slot) = self.store.evm_anchor(&place, index, most).await? else { return Ok(None) };
        let Some(transaction) = slot.transaction else { return Ok(None) };
        let size = slot.size.unsigned_abs();
        let path = log.inclusion(index.unsigned_abs(), size).await?;
        Ok(Some(EvmRecord {
            chain_id: place.chain_id.unsigned_abs(),
            contract: place.contract,
            publisher: place.publisher,
            transaction,
            size,
            path: path.iter().map(ToString::to_string).collect(),
        }))
    }
}
