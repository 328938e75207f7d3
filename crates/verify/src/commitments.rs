//! What ties a document to a leaf of the log: the leaf holds the hash of a core claim, and the core claim commits to the
//! payloads of the documents.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use iden3::CoreClaim;
use model::{CoreClaimHash, LogLeaf};
use serde::{Deserialize, Serialize};

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

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// SHA-256 of the payload of a compact JWS, alone or at the head of an SD-JWT: what a core claim commits to.
pub fn commitment(document: &str) -> Option<[u8; 32]> {
    let payload = document.split('~').next()?.split('.').nth(1)?;
    jose::b64url_decode(payload).ok().map(|payload| sha256(&payload))
}

/// The digest that the core claim carries: SHA-256 over the [`commitment`] of each document, in the order of their names.
pub fn digest_of(commitments: &BTreeMap<String, [u8; 32]>) -> [u8; 32] {
    sha256(&commitments.values().flatten().copied().collect::<Vec<u8>>())
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
