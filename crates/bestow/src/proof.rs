//! Checking a proof file offline: what `bestow verify-proof` and `bestow demo` show.

use anyhow::{Context, anyhow};
use model::{LogLeaf, Timestamp};
use tlog::hash::leaf_hash;
use tlog::key::VerifierKey;
use tlog::tlog_proof::TlogProof;
use verify::{ProofExtra, verify_commitments};

/// What a proof shows to whoever trusts the log's key.
#[derive(Debug)]
pub(crate) struct Shown {
    /// What happened, to which core claim, when, by whose word.
    pub(crate) leaf: LogLeaf,
    /// The leaf's place in the log, from 0.
    pub(crate) index: u64,
    /// How many leaves the log had.
    pub(crate) tree_size: u64,
    /// The log.
    pub(crate) origin: String,
}

impl Shown {
    /// When it happened, by the issuer's clock.
    pub(crate) fn at(&self) -> Timestamp {
        Timestamp::from_seconds(self.leaf.at)
    }
}

/// Checks that the log with this key holds the proof's leaf, that the leaf stands for the core claim that the proof carries, and
/// the core claim for its documents; and, if a credential is given, that it is one of them. Needs no network.
pub(crate) fn check(proof: &str, key: &VerifierKey, credential: Option<&str>) -> anyhow::Result<Shown> {
    let proof: TlogProof = proof.parse().context("this is no proof file")?;
    let extra: ProofExtra = serde_json::from_slice(proof.extra())
        .map_err(|error| anyhow!("the proof's extra data are not what Bestow writes: {error}"))?;
    // A log's key is named after the log.
    let leaf = leaf_hash(extra.leaf.as_bytes());
    let checkpoint = proof.verify(&leaf, key.name().as_str(), key)?;
    let leaf = verify_commitments(&extra, credential)?;
    Ok(Shown {
        leaf,
        index: proof.index(),
        tree_size: checkpoint.size(),
        origin: checkpoint.origin().to_owned(),
    })
}
