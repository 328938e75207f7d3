//! Being a witness of other logs: remembering their heads, and cosigning what follows from them.

use std::sync::Arc;

use model::Clock;
use store::{Store, StoreError, WitnessHead};
use tlog::cosignature::Cosigner;
use tlog::hash::{HASH_LEN, Hash};
use tlog::key::{SignatureType, VerifierKey};
use tlog::witness::{AddCheckpoint, AddCheckpointError, Known, Refusal, decide, format_cosignatures};

/// Why there can be no such witness.
#[derive(Debug, thiserror::Error)]
pub enum WitnessOpenError {
    /// A key is not one that signs as a log.
    #[error("`{0}` is no key of a log but of a witness: name the key that the log publishes")]
    NotALog(VerifierKey),
}

/// Why a checkpoint was not cosigned. [`WitnessError::Malformed`] and [`WitnessError::Refused`] are for who asked; the others
/// are for operators.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The request is none.
    #[error(transparent)]
    Malformed(#[from] AddCheckpointError),
    /// The witness must not.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database. Nothing was signed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the database remembers of the log is no head. Nothing was signed.
    #[error(
        "what is recorded of the log {0:?} is damaged: restore the table witness_log, or start a witness of another name"
    )]
    Damaged(String),
    /// The clock gives a time that no cosignature can carry.
    #[error("the clock is wrong, it says {0} seconds since 1970: set it")]
    Clock(i64),
}

/// A witness (C2SP tlog-witness): it cosigns the checkpoints of the logs that it follows, as long as each follows from the
/// one before.
///
/// What it is about to sign is recorded first, by an update that names the head that it follows from. So whatever it has ever
/// signed of a log is one history, also if it was killed in between, or runs in several processes over one database.
#[derive(Debug)]
pub struct Witness {
    cosigner: Cosigner,
    key: VerifierKey,
    logs: Vec<VerifierKey>,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
}

impl Witness {
    /// A witness that signs by `cosigner`, and follows the logs of these keys. The origin of a log is the name of its key; a
    /// log may have several keys.
    ///
    /// # Errors
    /// When a key is of a witness instead.
    pub fn new(
        cosigner: Cosigner,
        logs: Vec<VerifierKey>,
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, WitnessOpenError> {
        if let Some(key) = logs.iter().find(|key| key.signature_type() != SignatureType::Ed25519) {
            return Err(WitnessOpenError::NotALog(key.clone()));
        }
        Ok(Self { key: cosigner.verifier_key(), cosigner, logs, store, clock })
    }

    /// The witness's name.
    pub fn name(&self) -> &str {
        self.key.name().as_str()
    }

    /// The key by which anybody checks its cosignatures (type 0x04).
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.key
    }

    /// The keys of the logs that it follows.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// Answers a request (the body of an `add-checkpoint`) with cosignature lines (the body of a 200).
    ///
    /// A request that was answered already is answered again when it names the size that was cosigned last: a client whose
    /// answer was lost learns that size from the refusal.
    ///
    /// # Errors
    /// [`WitnessError`]; whatever it is, nothing was signed.
    pub async fn add_checkpoint(&self, body: &str) -> Result<String, WitnessError> {
        let request: AddCheckpoint = body.parse()?;
        let origin = request.checkpoint.unverified().origin();
        let known = self.known(origin).await?;
        let accepted = decide(known.as_ref(), &request, &self.logs).inspect_err(|why| tell(&request, why))?;
        // The time comes after what is known and before what is recorded: it is one at which no larger log had been accepted.
        let now = self.clock.now();
        let timestamp = u64::try_from(now.seconds()).ok().filter(|seconds| *seconds > 0);
        let timestamp = timestamp.ok_or(WitnessError::Clock(now.seconds()))?;
        let to = WitnessHead {
            size: accepted.head.size as i64,
            root: accepted.head.root.as_bytes().to_vec(),
            checkpoint: accepted.checkpoint.to_string(),
        };
        let from = known.as_ref().map(|known| (known.size as i64, known.root.as_ref()));
        match self.store.witness_advance(origin, from, &to, now).await {
            Ok(()) => {}
            // Another request was faster.
            Err(StoreError::Raced(_)) => {
                let size = self.known(origin).await?.map_or(0, |known| known.size);
                return Err(Refusal::Conflict { size }.into());
            }
            Err(error) => return Err(error.into()),
        }
        let cosignature = self.cosigner.cosign(request.checkpoint.unverified(), timestamp);
        let cosignature = cosignature.map_err(|_| WitnessError::Clock(now.seconds()))?;
        metrics::counter!("bestow_witness_cosignatures_total").increment(1);
        Ok(format_cosignatures(&[cosignature]))
    }

    async fn known(&self, origin: &str) -> Result<Option<Known>, WitnessError> {
        // A log that nobody follows needs no trip to the database.
        if !self.logs.iter().any(|key| key.name().as_str() == origin) {
            return Ok(None);
        }
        let Some(head) = self.store.witness_head(origin).await? else { return Ok(None) };
        let damaged = || WitnessError::Damaged(origin.to_owned());
        let root: [u8; HASH_LEN] = head.root.try_into().map_err(|_| damaged())?;
        let size = u64::try_from(head.size).map_err(|_| damaged())?;
        Ok(Some(Known { size, root: Hash::from(root) }))
    }
}

/// Somebody should look at a log that signed what does not follow from what it signed before: it tells two histories, or it
/// lost its way. A wrong proof alone is told in the same words, as a witness cannot tell them apart.
fn tell(request: &AddCheckpoint, refusal: &Refusal) {
    let checkpoint = request.checkpoint.unverified();
    let (size, root) = (checkpoint.size(), checkpoint.root());
    let split =
        matches!(refusal, Refusal::Conflict { size: known } if *known == size && request.old_size == size);
    if split || matches!(refusal, Refusal::Inconsistent(_)) {
        let log = checkpoint.origin();
        tracing::warn!(log, size, %root, %refusal, "a log signed what does not follow from what was cosigned last");
    }
}
