//! Checkpoints: signed heads of a log (tlog-checkpoint).

use std::fmt;
use std::str::FromStr;

use crate::hash::{Hash, HashError};
use crate::key::VerifierKey;
use crate::note::{NoteError, NoteSignature, NoteSigner, SignedNote, VerifiedSignature};
use crate::text::{has_control_characters, parse_decimal};
use crate::tile::MAX_TREE_SIZE;

/// The longest text of a checkpoint, in bytes; signatures do not count.
pub const MAX_CHECKPOINT_LEN: usize = 1 << 16;

/// The longest origin, in bytes: what tlog-cosignature can hold in its length-prefixed form.
pub const MAX_ORIGIN_LEN: usize = 255;

/// The head of a log, without signatures. Text form: origin, size in decimal, root in base64 and any
/// extensions, each on a line that ends in a newline; it is what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

/// A checkpoint with its signatures, **none of which is checked yet**. Text form: the signed note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: SignedNote,
}

/// Why a text is no checkpoint, or a checkpoint is not to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text is longer than [`MAX_CHECKPOINT_LEN`].
    #[error("the checkpoint has {0} bytes, more than {MAX_CHECKPOINT_LEN}")]
    TooLong(usize),
    /// The text has fewer than three lines, or the last one does not end.
    #[error("a checkpoint has lines for origin, size and root, each ending in a newline")]
    Lines,
    /// The origin is empty, too long, or has control characters.
    #[error("the origin of a checkpoint has 1 to {MAX_ORIGIN_LEN} bytes and no control characters")]
    Origin,
    /// The size is not a canonical decimal number, or above [`MAX_TREE_SIZE`].
    #[error("the size of a checkpoint is a decimal number up to {MAX_TREE_SIZE}, without leading zeroes")]
    Size,
    /// The root is not a hash.
    #[error("the root of the checkpoint is malformed: {0}")]
    Root(#[from] HashError),
    /// An extension line is empty or has control characters.
    #[error("an extension line of a checkpoint is not empty and has no control characters")]
    Extension,
    /// The note around the checkpoint is malformed, or its signatures are not as required.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The checkpoint is of another log.
    #[error("the checkpoint is of the log {found:?}, not of {expected:?}")]
    OriginMismatch {
        /// The log asked for.
        expected: String,
        /// The log that the checkpoint names.
        found: String,
    },
}

impl Checkpoint {
    /// The head of the log `origin`, of `size` leaves with this `root`, without extensions.
    ///
    /// # Errors
    /// When the origin is empty, too long or has control characters, or the size is above [`MAX_TREE_SIZE`].
    pub fn new(origin: impl Into<String>, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        let origin = origin.into();
        if !(1..=MAX_ORIGIN_LEN).contains(&origin.len()) || has_control_characters(&origin, &[]) {
            return Err(CheckpointError::Origin);
        }
        if size > MAX_TREE_SIZE {
            return Err(CheckpointError::Size);
        }
        Ok(Self { origin, size, root, extensions: Vec::new() })
    }

    /// The identity of the log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many leaves the log has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The Merkle tree hash over all the leaves.
    pub fn root(&self) -> &Hash {
        &self.root
    }

    /// The extension lines, whose meaning is up to the log.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        if text.len() > MAX_CHECKPOINT_LEN {
            return Err(CheckpointError::TooLong(text.len()));
        }
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Lines);
        };
        let size = parse_decimal(size).ok_or(CheckpointError::Size)?;
        let mut checkpoint = Self::new(origin, size, root.parse()?)?;
        for line in lines {
            if line.is_empty() || has_control_characters(line, &[]) {
                return Err(CheckpointError::Extension);
            }
            checkpoint.extensions.push(line.to_owned());
        }
        Ok(checkpoint)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl SignedCheckpoint {
    /// Signs a checkpoint as its log, whose key name should be the origin.
    ///
    /// A log must never sign two checkpoints that are inconsistent with each other; that is for the caller to
    /// keep.
    pub fn sign(checkpoint: Checkpoint, signer: &NoteSigner) -> Self {
        let text = checkpoint.to_string();
        let signature = signer.sign(&text);
        let note = SignedNote::new(text, vec![signature])
            .expect("a checkpoint is an acceptable note text and far shorter than a note may be");
        Self { checkpoint, note }
    }

    /// The same checkpoint with one more signature, such as that of a witness, as the last.
    ///
    /// # Errors
    /// When there would be too many signatures.
    pub fn with_signature(self, signature: NoteSignature) -> Result<Self, CheckpointError> {
        Ok(Self { checkpoint: self.checkpoint, note: self.note.with_signature(signature)? })
    }

    /// The same checkpoint with those signatures alone that claim to be of these keys; all of them if none does.
    pub(crate) fn signed_by(&self, keys: &[VerifierKey]) -> Self {
        Self { checkpoint: self.checkpoint.clone(), note: self.note.signed_by(keys) }
    }

    /// What the checkpoint says, whoever may have signed it. To rely on it, use [`SignedCheckpoint::verify`].
    pub fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note with all its signatures.
    pub fn note(&self) -> &SignedNote {
        &self.note
    }

    /// Checks that the checkpoint is of the log `origin` and signed by the key of that log.
    ///
    /// # Errors
    /// [`CheckpointError::OriginMismatch`] for another log, [`CheckpointError::Note`] without a valid
    /// signature of the key.
    pub fn verify(&self, origin: &str, log_key: &VerifierKey) -> Result<&Checkpoint, CheckpointError> {
        if self.checkpoint.origin != origin {
            return Err(CheckpointError::OriginMismatch {
                expected: origin.to_owned(),
                found: self.checkpoint.origin.clone(),
            });
        }
        self.note.verify(std::slice::from_ref(log_key))?;
        Ok(&self.checkpoint)
    }

    /// The valid cosignatures of these witnesses, each witness at most once. How many are enough is for the
    /// caller to say.
    ///
    /// # Errors
    /// [`CheckpointError::Note`] when a cosignature of one of the witnesses does not verify.
    pub fn cosignatures<'k>(
        &self,
        witnesses: &'k [VerifierKey],
    ) -> Result<Vec<VerifiedSignature<'k>>, CheckpointError> {
        Ok(self.note.verified_signatures(witnesses)?)
    }
}

impl FromStr for SignedCheckpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let note: SignedNote = text.parse()?;
        Ok(Self { checkpoint: note.text().parse()?, note })
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}
