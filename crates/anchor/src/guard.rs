//! The rollback guard: a database that went back in time signs nothing.
//!
//! A log's only memory is its database. Restored from an older backup, it would give leaves new places at sizes that
//! published checkpoints have already used: a fork. So before a process extends the log it asks the places outside the
//! database that remember it, and refuses if one of them has seen more, or something else.

use std::sync::Arc;

use futures_util::future::join_all;
use tlog::checkpoint::Checkpoint;
use tlog::hash::Hash;

use crate::evm::EvmAnchor;
use crate::export::Export;
use crate::log::{AnchorError, Log};
use crate::witnesses::Witnesses;

/// The deployment's value that says why the log is not extended.
const HALTED: &str = "log.halted";

/// What a place outside the database has seen of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which place, for people: `the folder /var/lib/bestow/log`.
    pub place: String,
    /// How many leaves the log had.
    pub size: u64,
    /// Its root hash then, if the place knows it.
    pub root: Option<Hash>,
}

/// The database is behind what somebody else has seen of its log, or is of another history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "nothing is signed: {place} has the log {origin} with {seen} leaves, the database has {here} leaves{}. The database was \
     restored from an older backup, or two of them were written to. To go on, restore a newer backup; or take back what is \
     missing with `bestow log recover --from URL|FOLDER`, naming a mirror or a copy of the log; or, if it is lost \
     everywhere, give the log up with `bestow log restart --origin NAME`",
    if *parted { " and another history" } else { "" }
)]
pub struct Behind {
    /// Who has seen it.
    pub place: String,
    /// The log's name.
    pub origin: String,
    /// How many leaves it had there.
    pub seen: u64,
    /// How many the database has.
    pub here: u64,
    /// Whether the two trees differ also where both have leaves.
    pub parted: bool,
}

/// Why a place says nothing, for people.
pub(crate) type Silence = String;

/// A place outside the database that remembers the log.
#[derive(Clone, Debug)]
pub enum Place {
    /// The log's export.
    Export(Arc<Export>),
    /// A witness: the one at this place among those that there are.
    Witness(Arc<Witnesses>, usize),
    /// The contract on a chain.
    Chain(Arc<EvmAnchor>),
}

impl Place {
    /// What it has seen, if it has seen anything.
    async fn seen(&self) -> Result<Option<Seen>, Silence> {
        match self {
            Self::Export(export) => {
                let signed = export.seen().await.map_err(|error| error.to_string())?;
                Ok(signed.map(|signed| {
                    let checkpoint = signed.unverified();
                    Seen {
                        place: export.place().to_owned(),
                        size: checkpoint.size(),
                        root: Some(*checkpoint.root()),
                    }
                }))
            }
            Self::Witness(witnesses, place) => match witnesses.peers().get(*place) {
                Some(peer) => witnesses.seen_by(peer).await,
                None => Ok(None),
            },
            Self::Chain(anchor) => anchor.seen().await,
        }
    }
}

/// Asks the places that remember the log.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    places: Vec<Place>,
}

impl Guard {
    /// Asks these; without any, whatever the database says goes.
    pub const fn new(places: Vec<Place>) -> Self {
        Self { places }
    }

    /// Compares the database with all that answers, and with what this process remembers; the published checkpoint, if it
    /// is the newest that anybody knows. One place that answers is enough.
    ///
    /// # Errors
    /// [`AnchorError::Behind`] if anybody has seen more or something else, [`AnchorError::Silent`] if there are places and
    /// none answers; others for the database.
    pub(crate) async fn check(&self, log: &Log, remembered: Option<Seen>) -> Result<Checkpoint, AnchorError> {
        let answers = join_all(self.places.iter().map(Place::seen)).await;
        // Read after the answers: whatever they have seen was in the database before.
        let head = log.head().await?.unverified().clone();
        let mut silent: Vec<Silence> = Vec::new();
        for answer in answers.into_iter().chain([Ok(remembered)]) {
            match answer {
                Ok(Some(seen)) => compare(log, &head, &seen).await?,
                Ok(None) => {}
                Err(silence) => silent.push(silence),
            }
        }
        if !self.places.is_empty() && silent.len() == self.places.len() {
            return Err(AnchorError::Silent(silent.join("; ")));
        }
        for silence in &silent {
            tracing::warn!(
                place = silence,
                "a place that remembers the log does not answer; another one did"
            );
        }
        Ok(head)
    }
}

impl Log {
    /// Why the log is not extended, if it is not: the text of [`AnchorError::Behind`] or [`AnchorError::Silent`], as the
    /// sequencer last found out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn halt(&self) -> Result<Option<String>, AnchorError> {
        Ok(self.store.stored_value(HALTED).await?)
    }

    /// Records why the log is not extended, or that it is; writes nothing if that is recorded already.
    pub(crate) async fn set_halt(&self, reason: Option<&str>) -> Result<(), AnchorError> {
        if self.halt().await?.as_deref() != reason {
            match reason {
                Some(reason) => self.store.set_value(HALTED, reason).await?,
                None => self.store.clear_value(HALTED).await?,
            }
        }
        Ok(())
    }
}

/// Whether the database's log begins with what somebody has seen.
///
/// # Errors
/// [`AnchorError::Behind`] if it does not; others for the database.
pub(crate) async fn compare(log: &Log, head: &Checkpoint, seen: &Seen) -> Result<(), AnchorError> {
    let behind = |parted| Behind {
        place: seen.place.clone(),
        origin: log.origin.clone(),
        seen: seen.size,
        here: head.size(),
        parted,
    };
    if seen.size > head.size() {
        return Err(behind(false).into());
    }
    let Some(root) = seen.root else { return Ok(()) };
    let here = if seen.size == head.size() { *head.root() } else { log.root_at(seen.size).await? };
    if here == root { Ok(()) } else { Err(behind(true).into()) }
}
