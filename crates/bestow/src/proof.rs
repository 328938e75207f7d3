//! Checking a proof file: what `bestow verify-proof` and `bestow demo` show.

pub(crate) mod chain;

use std::collections::BTreeSet;

use anyhow::{Context, anyhow, ensure};
use model::{LogLeaf, Timestamp};
use tlog::hash::leaf_hash;
use tlog::key::VerifierKey;
use tlog::tlog_proof::TlogProof;
use verify::{Listed, ProofExtra, listed, verify_commitments};

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
    /// What a status list says of the credential, if the proof is of one and a credential was given.
    pub(crate) listed: Option<Listed>,
    /// What the proof carries beside itself.
    pub(crate) extra: ProofExtra,
    proof: TlogProof,
}

impl Shown {
    /// When it happened, by the issuer's clock.
    pub(crate) fn at(&self) -> Timestamp {
        Timestamp::from_seconds(self.leaf.at)
    }

    /// Checks that so many of the witnesses have signed the checkpoint; the names of those that have.
    pub(crate) fn cosigned(&self, witnesses: &Witnesses) -> anyhow::Result<Vec<String>> {
        witnesses.of(self.proof.checkpoint())
    }
}

/// Checks that the log with this key holds the proof's leaf, that the leaf stands for the core claim that the proof carries, and
/// the core claim for its documents; or the leaf for the status list. If a credential is given, it must be one of the
/// documents, or have an entry in the list. Needs no network.
pub(crate) fn check(proof: &str, key: &VerifierKey, credential: Option<&str>) -> anyhow::Result<Shown> {
    let proof: TlogProof = proof.parse().context("this is no proof file")?;
    let extra: ProofExtra = serde_json::from_slice(proof.extra())
        .map_err(|error| anyhow!("the proof's extra data are not what Bestow writes: {error}"))?;
    // A log's key is named after the log.
    let leaf = leaf_hash(extra.leaf.as_bytes());
    let checkpoint = proof.verify(&leaf, key.name().as_str(), key)?;
    let (tree_size, origin) = (checkpoint.size(), checkpoint.origin().to_owned());
    let leaf = verify_commitments(&extra, credential)?;
    let listed = match credential {
        Some(credential) => listed(&extra, credential)?,
        None => None,
    };
    Ok(Shown { leaf, index: proof.index(), tree_size, origin, listed, extra, proof })
}

/// Whose cosignatures count, and how many of them are wanted.
#[derive(Debug)]
pub(crate) struct Witnesses {
    keys: Vec<VerifierKey>,
    wanted: usize,
}

impl Witnesses {
    /// Of these witnesses so many are wanted, or all of them. A witness that is named twice is one.
    pub(crate) fn new(keys: &[VerifierKey], wanted: Option<usize>) -> anyhow::Result<Self> {
        let keys: BTreeSet<&VerifierKey> = keys.iter().collect();
        let wanted = wanted.unwrap_or(keys.len());
        ensure!(
            wanted <= keys.len(),
            "--witnesses {wanted} can never be had of {} witnesses: name each with --witness",
            keys.len()
        );
        Ok(Self { keys: keys.into_iter().cloned().collect(), wanted })
    }

    /// Whether any were named.
    pub(crate) fn are_asked(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The names of those that have signed a checkpoint, which must be as many as are wanted.
    pub(crate) fn of(&self, checkpoint: &tlog::checkpoint::SignedCheckpoint) -> anyhow::Result<Vec<String>> {
        let signed = checkpoint.cosignatures(&self.keys)?;
        ensure!(
            signed.len() >= self.wanted,
            "the checkpoint has {} cosignatures of the witnesses that were named; {} are wanted",
            signed.len(),
            self.wanted
        );
        Ok(signed.into_iter().map(|signature| signature.key.name().to_string()).collect())
    }
}
