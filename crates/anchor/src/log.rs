//! Reading the log: checkpoint, tiles and proofs.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Clock, Timestamp};
use store::{LogHead, LogTile, Store, StoreError};
use tlog::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use tlog::entries;
use tlog::hash::{EMPTY_ROOT, Hash};
use tlog::key::VerifierKey;
use tlog::note::NoteSigner;
use tlog::prove::{ProofError, ProofPlan};
use tlog::tile::{EntryBundle, Tile, TilePath};
use tlog::tlog_proof::{TlogProof, TlogProofError};
use tlog::writer::WriterError;

use crate::guard::Behind;

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
    /// A tile or a bundle below the published size is not in the database.
    #[error("{0} of the log is missing: restore it from a backup")]
    Missing(String),
    /// The log was given up while this process had it open.
    #[error(
        "the log {0} is no longer in the database: it was given up for another one. Restart this process"
    )]
    Gone(String),
    /// The database is an older one, or of another history: nothing is signed.
    #[error(transparent)]
    Behind(#[from] Behind),
    /// There are places that remember the log, and none of them answers.
    #[error(
        "nothing is signed before one of the places that remember the log answers, since the database may have been restored \
         from an older backup: {0}"
    )]
    Silent(String),
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

/// The database's key of a tile or a bundle.
pub(crate) fn tile_key(path: &TilePath) -> (i64, i64) {
    match path {
        TilePath::Tile(tile) => place(tile),
        TilePath::Entries(bundle) => (ENTRIES, bundle.index() as i64),
    }
}

/// The bytes at a path out of those that the database has for its place, if it has as many.
pub(crate) fn cut(path: &TilePath, stored: &[u8]) -> Result<Option<Vec<u8>>, AnchorError> {
    Ok(match path {
        TilePath::Tile(tile) => stored.get(..tile.byte_len()).map(<[u8]>::to_vec),
        TilePath::Entries(bundle) => leading_entries(stored, *bundle)?,
    })
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
        head.ok_or_else(|| AnchorError::Gone(self.origin.clone()))
    }

    /// The published checkpoint, its signature checked.
    pub(crate) async fn head(&self) -> Result<SignedCheckpoint, AnchorError> {
        self.read(&self.stored_head().await?)
    }

    /// A stored head, its signature checked.
    fn read(&self, head: &LogHead) -> Result<SignedCheckpoint, AnchorError> {
        let signed: SignedCheckpoint = head.checkpoint.parse()?;
        signed.verify(&self.origin, &self.key)?;
        Ok(signed)
    }

    /// The bytes at a tile path, if the log has come that far.
    pub async fn tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, AnchorError> {
        let Some(stored) = self.store.log_tiles(&[tile_key(&path)]).await?.pop() else { return Ok(None) };
        cut(&path, &stored.data)
    }

    /// A proof that the leaf at `index` is in the published log, with `extra` carried along: by the checkpoint that most
    /// witnesses have signed, of those that cover the leaf.
    ///
    /// # Errors
    /// When the log has not come that far, or its tiles are damaged.
    pub async fn prove(&self, index: u64, extra: Vec<u8>) -> Result<TlogProof, AnchorError> {
        let head = match self.store.best_cosigned_head(index as i64).await? {
            Some((_, cosigned)) => self.read(&cosigned)?,
            None => self.head().await?,
        };
        let path = self.inclusion(index, head.unverified().size()).await?;
        Ok(TlogProof::new(index, path, extra, head)?)
    }

    /// The sibling hashes that lead from the leaf at `index` to the root of the tree of `size` leaves, from the leaf up
    /// (RFC 9162, section 2.1.3).
    ///
    /// # Errors
    /// When the tree has no such leaf, or its tiles are missing or damaged.
    pub async fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, AnchorError> {
        self.resolve(&ProofPlan::inclusion(index, size)?).await
    }

    /// The hashes that show that the tree of `new` leaves begins with that of `old` leaves (RFC 9162, section 2.1.4).
    ///
    /// # Errors
    /// When `old` is larger than `new`, or tiles are missing or damaged.
    pub async fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, AnchorError> {
        self.resolve(&ProofPlan::consistency(old, new)?).await
    }

    /// The root hash that the log had with `size` leaves; it must have come that far.
    ///
    /// # Errors
    /// When tiles are missing or damaged.
    pub async fn root_at(&self, size: u64) -> Result<Hash, AnchorError> {
        let hashes = self.resolve(&ProofPlan::root(size)).await?;
        Ok(hashes.first().copied().unwrap_or(EMPTY_ROOT))
    }

    async fn resolve(&self, plan: &ProofPlan) -> Result<Vec<Hash>, AnchorError> {
        let places: Vec<_> = plan.tiles().iter().map(place).collect();
        let tiles = by_place(self.store.log_tiles(&places).await?);
        Ok(plan.resolve(|tile| tiles.get(&place(tile)))?)
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
