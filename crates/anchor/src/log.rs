//! Reading the log: checkpoint, tiles and proofs.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Clock, Timestamp};
use store::{LogHead, LogTile, Store, StoreError};
use tlog::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use tlog::entries;
use tlog::hash::EMPTY_ROOT;
use tlog::key::VerifierKey;
use tlog::note::NoteSigner;
use tlog::prove::{ProofError, ProofPlan};
use tlog::tile::{EntryBundle, Tile, TilePath};
use tlog::tlog_proof::{TlogProof, TlogProofError};
use tlog::writer::WriterError;

/// The level under which the database keeps entry bundles.
pub(crate) const ENTRIES: i64 = -1;

/// Why the log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum LogOpenError {
    /// The name of the signing key is not the origin.
    #[error("the log's key is named `{key}`, but the log is `{origin}`")]
    Name {
        /// The key's name.
        key: String,
        /// The log's origin.
        origin: String,
    },
    /// The database.
    #[error(transparent)]
    Anchor(#[from] AnchorError),
}

/// What can go wrong with the log. The text is for operators.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stored head is no checkpoint of this log signed by its key.
    #[error("the stored checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The stored tiles do not make the tree that the checkpoint signs: refuse to go on rather than sign another history.
    #[error(
        "the stored tiles do not have the root of the stored checkpoint of size {0}: restore them from a backup"
    )]
    Root(u64),
    /// A tile is missing or damaged.
    #[error(transparent)]
    Tiles(#[from] WriterError),
    /// No proof can be made.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A proof cannot be written down.
    #[error(transparent)]
    Form(#[from] TlogProofError),
    /// A leaf is longer than an entry bundle takes.
    #[error("entry bundle: {0}")]
    Entries(#[from] entries::EntryBundleError),
}

/// The log of a deployment.
#[derive(Debug)]
pub struct Log {
    pub(crate) origin: String,
    pub(crate) signer: NoteSigner,
    pub(crate) key: VerifierKey,
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The database's key of a tile.
pub(crate) fn place(tile: &Tile) -> (i64, i64) {
    (i64::from(tile.level()), tile.index() as i64)
}

/// Tiles by their database key.
pub(crate) fn by_place(tiles: Vec<LogTile>) -> HashMap<(i64, i64), Vec<u8>> {
    tiles.into_iter().map(|tile| ((tile.level, tile.place), tile.data)).collect()
}

impl Log {
    /// Opens the log `origin`, whose checkpoints `signer` signs; an empty one is signed if there is none yet.
    pub async fn open(
        origin: String,
        signer: NoteSigner,
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LogOpenError> {
        let key = signer.verifier_key();
        if key.name().as_str() != origin {
            return Err(LogOpenError::Name { key: key.name().to_string(), origin });
        }
        let log = Self { origin, signer, key, store, clock };
        let empty = Checkpoint::new(log.origin.as_str(), 0, EMPTY_ROOT).map_err(AnchorError::from)?;
        let checkpoint = SignedCheckpoint::sign(empty, &log.signer).note().to_string();
        let head = LogHead { size: 0, checkpoint };
        log.store.start_log(&log.origin, &head, log.clock.now()).await.map_err(AnchorError::from)?;
        log.head().await?;
        Ok(log)
    }

    /// The log's name, the first line of its checkpoints.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The key by which anybody checks its checkpoints (C2SP signed-note verifier key).
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.key
    }

    /// The published checkpoint, as a signed note.
    pub async fn checkpoint(&self) -> Result<String, AnchorError> {
        Ok(self.stored_head().await?.checkpoint)
    }

    pub(crate) async fn stored_head(&self) -> Result<LogHead, AnchorError> {
        let head = self.store.log_head(&self.origin).await?;
        head.ok_or(AnchorError::Store(StoreError::Raced("the log's head")))
    }

    /// The published checkpoint, its signature checked.
    pub(crate) async fn head(&self) -> Result<SignedCheckpoint, AnchorError> {
        let signed: SignedCheckpoint = self.stored_head().await?.checkpoint.parse()?;
        signed.verify(&self.origin, &self.key)?;
        Ok(signed)
    }

    /// The bytes at a tile path, if the log has come that far.
    pub async fn tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, AnchorError> {
        let key = match path {
            TilePath::Tile(tile) => place(&tile),
            TilePath::Entries(bundle) => (ENTRIES, bundle.index() as i64),
        };
        let Some(stored) = self.store.log_tiles(&[key]).await?.pop() else { return Ok(None) };
        Ok(match path {
            TilePath::Tile(tile) => stored.data.get(..tile.byte_len()).map(<[u8]>::to_vec),
            TilePath::Entries(bundle) => leading_entries(&stored.data, bundle)?,
        })
    }

    /// A proof that the leaf at `index` is in the published log, with `extra` carried along.
    pub async fn prove(&self, index: u64, extra: Vec<u8>) -> Result<TlogProof, AnchorError> {
        let head = self.head().await?;
        let plan = ProofPlan::inclusion(index, head.unverified().size())?;
        let places: Vec<_> = plan.tiles().iter().map(place).collect();
        let tiles = by_place(self.store.log_tiles(&places).await?);
        let path = plan.resolve(|tile| tiles.get(&place(tile)))?;
        Ok(TlogProof::new(index, path, extra, head)?)
    }

    /// How many leaves wait for a checkpoint, and since when the oldest does.
    pub async fn pending(&self) -> Result<(i64, Option<Timestamp>), AnchorError> {
        Ok(self.store.pending_summary().await?)
    }
}

/// The first entries of a stored bundle, if it has as many.
fn leading_entries(stored: &[u8], bundle: EntryBundle) -> Result<Option<Vec<u8>>, AnchorError> {
    let entries = entries::decode(stored)?;
    match entries.get(..usize::from(bundle.width())) {
        Some(leading) => Ok(Some(entries::encode(leading)?)),
        None => Ok(None),
    }
}
