//! What was issued, and the proof that it is in the log: what a stranger checks.

use std::collections::BTreeMap;

use anchor::Log;
use iden3::CoreClaim;
use model::{CoreClaimHash, CredentialId, Format, LeafOp, LogLeaf, TenantId};
use serde::{Deserialize, Serialize};
use store::{Delivery, StatusQuery};

use crate::EngineError;
use crate::engine::Engine;
use crate::mint::{commitment_name, digest_of, sha256};

/// A credential as it was handed out.
#[derive(Clone, Debug)]
pub struct IssuedDocuments {
    /// `vcId`.
    pub id: model::CredentialId,
    /// The core claim: eight field elements, 32 bytes little-endian each, in hex.
    pub core_claim: String,
    /// The signed documents, by the names of their commitments: the format, with a number behind it for further copies.
    pub documents: BTreeMap<String, CommittedDocument>,
}

/// A signed document and what the core claim's digest says of it.
#[derive(Clone, Debug)]
pub struct CommittedDocument {
    /// The document, byte for byte as issued.
    pub document: String,
    /// SHA-256 of its JWS payload.
    pub commitment: [u8; 32],
}

/// What a proof file carries beside the proof, so that it can be checked with nothing else at hand: the leaf, the core claim
/// whose hash the leaf holds, and what the core claim's digest is made of. JSON, in the `extra` line of the tlog-proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProofExtra {
    /// The leaf's bytes.
    pub leaf: String,
    /// The core claim, in hex.
    pub core_claim: String,
    /// SHA-256 of each document's JWS payload in hex, by format; by format and number for further copies.
    pub commitments: BTreeMap<String, String>,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// No such credential, or it was not revoked.
    #[error("unknown")]
    Unknown,
    /// The leaf waits for a checkpoint.
    #[error("not anchored yet")]
    NotYet,
    /// Our fault.
    #[error(transparent)]
    Internal(#[from] EngineError),
}

/// Why a proof file and a credential do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitmentError {
    /// The extra data are not of our form.
    #[error("the proof's extra data are not what Bestow writes: {0}")]
    Form(String),
    /// The leaf holds another hash.
    #[error("the core claim does not have the hash that the leaf holds")]
    Hash,
    /// The core claim commits to other documents.
    #[error("the core claim does not commit to these documents")]
    Digest,
    /// The credential is none of the documents.
    #[error("the credential is none of those that the core claim commits to")]
    Document,
}

/// SHA-256 of the payload of a compact JWS, alone or at the head of an SD-JWT.
fn commitment(document: &str) -> Option<[u8; 32]> {
    let payload = document.split('~').next()?.split('.').nth(1)?;
    jose::b64url_decode(payload).ok().map(|payload| sha256(&payload))
}

/// Checks that the leaf of a proof stands for the core claim, and the core claim for the documents; and, if a credential is
/// given, that it is one of them. The leaf's place in the log is checked by [`tlog`], not here.
pub fn verify_commitments(extra: &ProofExtra, credential: Option<&str>) -> Result<LogLeaf, CommitmentError> {
    let form = |what: &dyn std::fmt::Display| CommitmentError::Form(what.to_string());
    let leaf: LogLeaf = serde_json::from_str(&extra.leaf).map_err(|error| form(&error))?;
    let claim = CoreClaim::from_hex(&extra.core_claim).map_err(|error| form(&error))?;
    if CoreClaimHash(claim.core_claim_hash()).to_string() != leaf.hash {
        return Err(CommitmentError::Hash);
    }
    let mut commitments = BTreeMap::new();
    for (name, digest) in &extra.commitments {
        let mut bytes = [0; 32];
        hex::decode_to_slice(digest, &mut bytes).map_err(|error| form(&error))?;
        commitments.insert(name.clone(), bytes);
    }
    if claim.value_digest() != Some(digest_of(&commitments)) {
        return Err(CommitmentError::Digest);
    }
    if let Some(credential) = credential {
        let found = commitment(credential.trim()).ok_or(CommitmentError::Document)?;
        if !commitments.values().any(|committed| *committed == found) {
            return Err(CommitmentError::Document);
        }
    }
    Ok(leaf)
}

fn committed(
    id: &CredentialId,
    texts: impl IntoIterator<Item = (String, String)>,
) -> Result<BTreeMap<String, CommittedDocument>, EngineError> {
    let broken = || EngineError::inconsistent(format!("credential {id}: a document is no JWS"));
    let read = |(name, document): (String, String)| {
        let commitment = commitment(&document).ok_or_else(broken)?;
        Ok((name, CommittedDocument { document, commitment }))
    };
    texts.into_iter().map(read).collect()
}

fn delivered_documents(delivery: Delivery) -> Result<IssuedDocuments, EngineError> {
    let broken =
        || EngineError::inconsistent(format!("delivery {}: its documents cannot be read", delivery.id));
    let format: Format = delivery.format.parse().map_err(|_| broken())?;
    let texts: Vec<String> = serde_json::from_str(&delivery.documents).map_err(|_| broken())?;
    let named = texts.into_iter().enumerate().map(|(place, text)| (commitment_name(format, place), text));
    let documents = committed(&delivery.id, named)?;
    Ok(IssuedDocuments { id: delivery.id, core_claim: hex::encode(delivery.core_claim), documents })
}

impl Engine {
    /// A tenant's credential in each of its formats; what a wallet was given, if the hash is that of a delivery.
    pub async fn issued_documents(
        &self,
        tenant: &TenantId,
        hash: CoreClaimHash,
    ) -> Result<Option<IssuedDocuments>, EngineError> {
        if let Some(delivery) = self.store.delivery_by_hash(tenant, &hash).await? {
            return Ok(Some(delivered_documents(delivery)?));
        }
        let query = StatusQuery { tenant: tenant.clone(), hash };
        let Some(found) = self.store.credential_status(query).await? else { return Ok(None) };
        let id = found.credential.id;
        let Some(issued) = self.store.issued_credential(tenant, &id).await? else { return Ok(None) };
        let texts: BTreeMap<String, String> = serde_json::from_str(&issued.documents)
            .map_err(|_| EngineError::inconsistent(format!("credential {id}: its documents are not JSON")))?;
        let documents = committed(&id, texts)?;
        Ok(Some(IssuedDocuments { id, core_claim: hex::encode(issued.core_claim), documents }))
    }

    /// The proof that a tenant's credential was issued, or revoked, as a tlog-proof file.
    pub async fn credential_proof(
        &self,
        log: &Log,
        tenant: &TenantId,
        hash: CoreClaimHash,
        op: LeafOp,
    ) -> Result<String, ProofError> {
        let issued = self.issued_documents(tenant, hash).await?.ok_or(ProofError::Unknown)?;
        let leaf = self.store.leaf(tenant, &issued.id, op).await.map_err(EngineError::from)?;
        let (index, leaf) = leaf.ok_or(ProofError::Unknown)?;
        let index = index.ok_or(ProofError::NotYet)?;
        let commitments = issued
            .documents
            .iter()
            .map(|(name, document)| (name.clone(), hex::encode(document.commitment)))
            .collect();
        let extra = ProofExtra { leaf, core_claim: issued.core_claim, commitments };
        let extra = serde_json::to_vec(&extra).expect("text alone");
        let proof = log.prove(index.unsigned_abs(), extra).await.map_err(EngineError::from)?;
        Ok(proof.to_string())
    }
}
