//! Asking a witness to cosign, and being asked (tlog-witness, "add-checkpoint").
//!
//! | message | form here |
//! |---|---|
//! | the request's body | [`AddCheckpoint`] |
//! | 200: cosignature lines | [`format_cosignatures`], [`parse_cosignatures`] |
//! | 409: the size that the witness knows | [`format_size`], [`parse_size`] |
//!
//! What a witness may sign is [`decide`]d here. That it remembers what it signed, for ever and before anybody
//! hears of it, is for the caller to keep.

use std::fmt;
use std::str::FromStr;

use crate::checkpoint::{Checkpoint, CheckpointError, MAX_CHECKPOINT_LEN, SignedCheckpoint};
use crate::hash::{EMPTY_ROOT, Hash, HashError};
use crate::key::VerifierKey;
use crate::note::{MAX_SIGNATURES, NoteError, NoteSignature};
use crate::text::parse_decimal;
use crate::verify::{VerifyError, verify_consistency};

/// The most hashes in a consistency proof.
pub const MAX_PROOF_LINES: usize = 63;

/// The longest request, in bytes: a checkpoint, and as much again for the proof and the signatures.
pub const MAX_REQUEST_LEN: usize = 2 * MAX_CHECKPOINT_LEN;

/// The longest answer, in bytes, that is read: a post-quantum signature takes three kibibytes.
pub const MAX_ANSWER_LEN: usize = 1 << 16;

/// The media type of a 409, whose body is a size.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// Asks a witness to cosign a checkpoint, **nothing of which is checked yet**. Text form: the body of the
/// request. It formats to exactly the bytes that it was parsed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size of the checkpoint that the witness cosigned last; 0 for none.
    pub old_size: u64,
    /// Why the log has grown from that size to the checkpoint's: the hashes of a consistency proof, at most
    /// [`MAX_PROOF_LINES`]; none when the old size is 0 or that of the checkpoint.
    pub proof: Vec<Hash>,
    /// What to cosign.
    pub checkpoint: SignedCheckpoint,
}

/// Why a text is no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddCheckpointError {
    /// The text is longer than [`MAX_REQUEST_LEN`].
    #[error("the request has {0} bytes, more than {MAX_REQUEST_LEN}")]
    TooLong(usize),
    /// There is no empty line, behind which the checkpoint would stand.
    #[error("the request has no empty line before the checkpoint")]
    NoSeparator,
    /// The first line is not that of the old size.
    #[error("the first line of the request is `old <size>`, in decimal and without leading zeroes")]
    OldSize,
    /// There are more than [`MAX_PROOF_LINES`] hashes.
    #[error("a consistency proof has at most {MAX_PROOF_LINES} hashes")]
    ProofTooLong,
    /// A line of the proof is not a hash.
    #[error("a hash of the consistency proof is malformed: {0}")]
    Proof(#[from] HashError),
    /// The checkpoint is malformed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// What a witness remembers of a log: the head that it cosigned last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// How many leaves the log had.
    pub size: u64,
    /// The Merkle tree hash over them.
    pub root: Hash,
}

/// What a witness is to remember, and then may cosign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The head to remember.
    pub head: Known,
    /// The checkpoint with the signatures of its log alone: what shows, if it comes to that, that the log itself
    /// said so.
    pub checkpoint: SignedCheckpoint,
}

/// Why a witness does not cosign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The witness follows no log of this origin.
    #[error("this witness does not cosign for the log {0:?}")]
    UnknownLog(String),
    /// No key of the log signed the checkpoint, or a signature of one does not verify.
    #[error("the checkpoint is not signed by its log: {0}")]
    Unsigned(#[from] NoteError),
    /// The old size is larger than the checkpoint's.
    #[error("the old size {old} is larger than the size {new} of the checkpoint")]
    Shrinking {
        /// The old size that the request names.
        old: u64,
        /// The size of its checkpoint.
        new: u64,
    },
    /// The witness cosigned another size last, or another root of the same size.
    #[error("the last checkpoint that was cosigned has size {size}: prove that this one follows from it")]
    Conflict {
        /// The size that the witness cosigned last; 0 for none.
        size: u64,
    },
    /// The proof does not show that the log only grew.
    #[error("the checkpoint does not follow from the one that was cosigned last: {0}")]
    Inconsistent(#[from] VerifyError),
}

/// Why the answer of a witness is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The answer is longer than [`MAX_ANSWER_LEN`], or has more lines than a note may have signatures.
    #[error("the answer is longer than cosignatures are")]
    TooLong,
    /// A line is not a signature line, or the cosignature does not verify.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// None of the lines is of the witness that was asked.
    #[error("the answer holds no cosignature of {0}")]
    Missing(String),
    /// The answer is not a size in decimal on a line.
    #[error("the answer is not a size")]
    Size,
}

impl FromStr for AddCheckpoint {
    type Err = AddCheckpointError;

    fn from_str(text: &str) -> Result<Self, AddCheckpointError> {
        if text.len() > MAX_REQUEST_LEN {
            return Err(AddCheckpointError::TooLong(text.len()));
        }
        // The checkpoint has an empty line of its own: the first one separates.
        let (head, checkpoint) = text.split_once("\n\n").ok_or(AddCheckpointError::NoSeparator)?;
        let mut lines = head.split('\n');
        let old_size = lines.next().and_then(|line| parse_decimal(line.strip_prefix("old ")?));
        let old_size = old_size.ok_or(AddCheckpointError::OldSize)?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == MAX_PROOF_LINES {
                return Err(AddCheckpointError::ProofTooLong);
            }
            proof.push(line.parse()?);
        }
        Ok(Self { old_size, proof, checkpoint: checkpoint.parse()? })
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl Known {
    /// What is known of a log of which nothing was cosigned: that it began without leaves.
    pub const NOTHING: Self = Self { size: 0, root: EMPTY_ROOT };

    /// The head of a checkpoint.
    pub fn of(checkpoint: &Checkpoint) -> Self {
        Self { size: checkpoint.size(), root: *checkpoint.root() }
    }
}

impl Refusal {
    /// The HTTP status that says so.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Shrinking { .. } => 400,
            Self::Unsigned(_) => 403,
            Self::UnknownLog(_) => 404,
            Self::Conflict { .. } => 409,
            Self::Inconsistent(_) => 422,
        }
    }
}

/// Whether a witness that cosigned `known` last of this log (`None`: nothing yet), and follows logs by
/// `log_keys`, may cosign the checkpoint of this request.
///
/// A key is one of the log whose origin is the key's name; a log may have several. The checks are made in the
/// order of the specification.
///
/// # Errors
/// [`Refusal`], whose [`status`](Refusal::status) is that of the answer.
pub fn decide(
    known: Option<&Known>,
    request: &AddCheckpoint,
    log_keys: &[VerifierKey],
) -> Result<Accepted, Refusal> {
    let checkpoint = request.checkpoint.unverified();
    let origin = checkpoint.origin();
    let keys: Vec<VerifierKey> =
        log_keys.iter().filter(|key| key.name().as_str() == origin).cloned().collect();
    if keys.is_empty() {
        return Err(Refusal::UnknownLog(origin.to_owned()));
    }
    request.checkpoint.note().verify(&keys)?;
    let head = Known::of(checkpoint);
    if request.old_size > head.size {
        return Err(Refusal::Shrinking { old: request.old_size, new: head.size });
    }
    let known = known.unwrap_or(&Known::NOTHING);
    let split = request.old_size == head.size && known.root != head.root;
    if request.old_size != known.size || split {
        return Err(Refusal::Conflict { size: known.size });
    }
    verify_consistency(known.size, head.size, &known.root, &head.root, &request.proof)?;
    Ok(Accepted { head, checkpoint: request.checkpoint.signed_by(&keys) })
}

/// The body of a 200: a line for each cosignature.
pub fn format_cosignatures(cosignatures: &[NoteSignature]) -> String {
    cosignatures.iter().map(ToString::to_string).collect()
}

/// Reads the body of a 200: at least one cosignature, **none of which is checked yet**.
///
/// # Errors
/// [`AnswerError`] when it is too long, or anything but signature lines.
pub fn parse_cosignatures(body: &str) -> Result<Vec<NoteSignature>, AnswerError> {
    if body.len() > MAX_ANSWER_LEN || body.split_inclusive('\n').count() > MAX_SIGNATURES {
        return Err(AnswerError::TooLong);
    }
    if body.is_empty() {
        return Err(NoteError::NoSignatures.into());
    }
    Ok(body.split_inclusive('\n').map(str::parse).collect::<Result<_, _>>()?)
}

/// The cosignature of this witness over a checkpoint out of the body of a 200, checked; and its time, in seconds
/// since 1970 (UTC). Lines of others are ignored, as the specification asks.
///
/// # Errors
/// [`AnswerError`] when the body is malformed, or has no valid cosignature of the witness.
pub fn verify_cosignature(
    checkpoint: &SignedCheckpoint,
    body: &str,
    witness: &VerifierKey,
) -> Result<(NoteSignature, u64), AnswerError> {
    let missing = || AnswerError::Missing(witness.name().to_string());
    let mut lines = parse_cosignatures(body)?.into_iter();
    let line = lines.find(|line| line.is_by(witness)).ok_or_else(missing)?;
    let verified = line.verify(witness, checkpoint.note().text())?;
    Ok((line, verified.timestamp.ok_or_else(missing)?))
}

/// The body of a 409.
pub fn format_size(size: u64) -> String {
    format!("{size}\n")
}

/// Reads the body of a 409: the size of the checkpoint that the witness cosigned last; 0 for none.
///
/// # Errors
/// [`AnswerError::Size`] when it is anything else.
pub fn parse_size(body: &str) -> Result<u64, AnswerError> {
    body.strip_suffix('\n').and_then(parse_decimal).ok_or(AnswerError::Size)
}
