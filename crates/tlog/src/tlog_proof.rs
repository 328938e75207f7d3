//! A proof that an entry is in a log, in one file that verifies offline (tlog-proof).

use std::fmt;
use std::str::FromStr;

use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::hash::{Hash, HashError};
use crate::key::VerifierKey;
use crate::note::MAX_NOTE_LEN;
use crate::text::{decode_base64, encode_base64, parse_decimal};
use crate::verify::{VerifyError, verify_inclusion};

/// The most hashes in an inclusion path: one for each bit of the largest tree size.
pub const MAX_PATH_LEN: usize = 63;

/// The most extra data, in bytes.
pub const MAX_EXTRA_LEN: usize = 1 << 16;

/// The longest proof file, in bytes: a note, and room for the lines before it.
pub const MAX_PROOF_LEN: usize = MAX_NOTE_LEN + 2 * MAX_EXTRA_LEN;

/// The first line of every proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1\n";

/// A proof file, **not checked yet**. It formats to exactly the bytes that it was parsed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    index: u64,
    path: Vec<Hash>,
    extra: Vec<u8>,
    checkpoint: SignedCheckpoint,
}

/// Why a text is no proof, or a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// The text is longer than [`MAX_PROOF_LEN`].
    #[error("the proof has {0} bytes, more than {MAX_PROOF_LEN}")]
    TooLong(usize),
    /// The first line is not the one of this version.
    #[error("the first line of a proof is c2sp.org/tlog-proof@v1")]
    Header,
    /// There is no empty line, behind which the checkpoint would stand.
    #[error("the proof has no empty line before the checkpoint")]
    NoSeparator,
    /// The extra data are not base64, are empty though the line is there, or are more than [`MAX_EXTRA_LEN`].
    #[error("extra data are 1 to {MAX_EXTRA_LEN} bytes in padded standard base64")]
    Extra,
    /// The line of the index is missing or malformed.
    #[error("a proof has a line `index <n>`, with n in decimal and without leading zeroes")]
    Index,
    /// A line of the path is not a hash.
    #[error("a hash of the inclusion path is malformed: {0}")]
    Path(#[from] HashError),
    /// The path has more than [`MAX_PATH_LEN`] hashes.
    #[error("an inclusion path has at most {MAX_PATH_LEN} hashes")]
    PathTooLong,
    /// The checkpoint is malformed, of another log, or not signed by it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The entry is not where the proof says.
    #[error("the entry is not proven to be in the log")]
    Inclusion(#[from] VerifyError),
}

impl TlogProof {
    /// A proof that the leaf at `index` is in the tree of the checkpoint, by the `path` of sibling hashes.
    ///
    /// `extra` is opaque to the format and protected by nothing; empty means none.
    ///
    /// # Errors
    /// When the path or the extra data are too long. Nothing is verified.
    pub fn new(
        index: u64,
        path: Vec<Hash>,
        extra: Vec<u8>,
        checkpoint: SignedCheckpoint,
    ) -> Result<Self, TlogProofError> {
        if path.len() > MAX_PATH_LEN {
            return Err(TlogProofError::PathTooLong);
        }
        if extra.len() > MAX_EXTRA_LEN {
            return Err(TlogProofError::Extra);
        }
        Ok(Self { index, path, extra, checkpoint })
    }

    /// The claimed index of the leaf, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The sibling hashes, from the leaf up.
    pub fn path(&self) -> &[Hash] {
        &self.path
    }

    /// The extra data, empty when there are none. They stay untrusted even when the proof holds.
    pub fn extra(&self) -> &[u8] {
        &self.extra
    }

    /// The checkpoint with its signatures, among which [witnesses](SignedCheckpoint::cosignatures) may be.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Checks that the log `origin`, which signs with `log_key`, has the entry with this [leaf
    /// hash](crate::hash::leaf_hash); gives the checkpoint that says so (tlog-proof, "Verifying a tlog
    /// proof", steps 2 and 4).
    ///
    /// # Errors
    /// [`TlogProofError::Checkpoint`] when the checkpoint is not of that log, [`TlogProofError::Inclusion`]
    /// when the entry is not in the tree.
    pub fn verify(
        &self,
        leaf: &Hash,
        origin: &str,
        log_key: &VerifierKey,
    ) -> Result<&Checkpoint, TlogProofError> {
        let checkpoint = self.checkpoint.verify(origin, log_key)?;
        verify_inclusion(leaf, self.index, checkpoint.size(), &self.path, checkpoint.root())?;
        Ok(checkpoint)
    }
}

impl FromStr for TlogProof {
    type Err = TlogProofError;

    fn from_str(text: &str) -> Result<Self, TlogProofError> {
        if text.len() > MAX_PROOF_LEN {
            return Err(TlogProofError::TooLong(text.len()));
        }
        let body = text.strip_prefix(HEADER).ok_or(TlogProofError::Header)?;
        let (proof, checkpoint) = body.split_once("\n\n").ok_or(TlogProofError::NoSeparator)?;
        let mut lines = proof.split('\n').peekable();
        let extra_line = lines.peek().and_then(|line| line.strip_prefix("extra "));
        let extra = extra_line.map(parse_extra).transpose()?.unwrap_or_default();
        if extra_line.is_some() {
            lines.next();
        }
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index.and_then(parse_decimal).ok_or(TlogProofError::Index)?;
        // One more than allowed is enough to see that there are too many.
        let path = lines.take(MAX_PATH_LEN + 1).map(str::parse).collect::<Result<Vec<Hash>, _>>()?;
        Self::new(index, path, extra, checkpoint.parse()?)
    }
}

fn parse_extra(encoded: &str) -> Result<Vec<u8>, TlogProofError> {
    decode_base64(encoded).filter(|extra| !extra.is_empty()).ok_or(TlogProofError::Extra)
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADER)?;
        if !self.extra.is_empty() {
            writeln!(f, "extra {}", encode_base64(&self.extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
