//! Having witnesses: asking them to cosign each head (tlog-witness).
//!
//! A witness signs a head only if it follows from all it has signed before, so whoever trusts enough witnesses knows that
//! everybody is shown one history. What they signed is in the database before anybody is shown it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use model::Entropy;
use reqwest::StatusCode;
use store::{LogHead, WitnessState};
use tlog::checkpoint::SignedCheckpoint;
use tlog::key::VerifierKey;
use tlog::note::NoteSignature;
use tlog::witness::{AddCheckpoint, MAX_ANSWER_LEN, parse_size, verify_cosignature};
use tokio::sync::watch;

use crate::guard::{Seen, Silence, compare};
use crate::log::{AnchorError, Log};
use crate::turns::{Turn, Turns};

/// The longest wait before a witness that fails is asked again, in seconds.
const LONGEST_WAIT: i64 = 60;
/// The longest reason that is kept, in bytes.
const LONGEST_REASON: usize = 300;

/// A witness of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The submission prefix: `add-checkpoint` is below it.
    pub url: String,
    /// The key by which its cosignatures verify.
    pub key: VerifierKey,
}

/// Asks the witnesses for their signatures, turn by turn.
#[derive(Debug)]
pub struct Witnesses {
    log: Arc<Log>,
    peers: Vec<Peer>,
    client: reqwest::Client,
    timeout: Duration,
    turns: Turns,
}

/// Why a witness did not sign.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("{0}")]
    Failed(String),
    /// It has signed a larger log: the database was restored from a backup.
    #[error("it has signed a log of {0} leaves, more than there are here")]
    Ahead(u64),
}

/// A witness that signed, and what it signed with.
type Answer = Result<NoteSignature, Refused>;

impl Witnesses {
    /// Asks `peers` over `client`, which must follow no redirects; each has `timeout` to answer.
    pub fn new(
        log: Arc<Log>,
        peers: Vec<Peer>,
        client: reqwest::Client,
        timeout: Duration,
        interval: Duration,
        entropy: &dyn Entropy,
    ) -> Self {
        // Each witness is asked twice at most in a turn.
        let seconds = 2 * timeout.as_secs() as i64 + 2;
        let turns = Turns::new("witnesses", interval, &log.store, &log.clock, entropy);
        Self { log, peers, client, timeout, turns: turns.leasing_for(seconds).interruptible() }
    }

    /// Works until `stop` turns true.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        self.turns.run(stop, || self.turn()).await;
    }

    /// Asks those witnesses that have not signed the present head, and are not left in peace after a failure.
    ///
    /// # Errors
    /// When the database does not answer, or a witness has signed a larger log than there is here.
    pub async fn turn(&self) -> Result<Turn, AnchorError> {
        let head = self.log.head().await?;
        let size = head.unverified().size();
        let mut states = self.due(size).await?;
        if size == 0 || states.is_empty() {
            return Ok(Turn::Done);
        }
        let Some(lease) = self.turns.lease().await? else { return Ok(Turn::Done) };
        let asked = states.iter().map(|(peer, state)| self.ask(peer, state.size.unsigned_abs(), &head));
        let answers = join_all(asked).await;
        let now = self.log.clock.now();
        let mut signed = self.signed_so_far(&head).await?;
        let mut ahead: Option<Seen> = None;
        for ((peer, state), answer) in states.iter_mut().zip(answers) {
            state.tried_at = now.0;
            match answer {
                Ok(signature) => {
                    (state.size, state.failures, state.last_error) = (size as i64, 0, None);
                    signed = signed.with_signature(signature)?;
                }
                Err(why) => {
                    if let Refused::Ahead(size) = why {
                        ahead = Some(seen(peer, size));
                    }
                    failed(peer, state, &why);
                }
            }
        }
        let keys: Vec<VerifierKey> = self.peers.iter().map(|peer| peer.key.clone()).collect();
        let count = signed.cosignatures(&keys)?.len() as i64;
        let states: Vec<WitnessState> = states.into_iter().map(|(_, state)| state).collect();
        let cosigned = LogHead { size: size as i64, checkpoint: signed.note().to_string() };
        self.log
            .store
            .record_witnesses(&lease, &states, (count > 0).then_some((count, &cosigned)), now)
            .await?;
        metrics::gauge!("bestow_log_cosignatures").set(count as f64);
        if let Some(seen) = ahead {
            compare(&self.log, head.unverified(), &seen).await?;
        }
        Ok(Turn::Done)
    }

    /// The witnesses that are to be asked for a head of this size, and how far they are.
    async fn due(&self, size: u64) -> Result<Vec<(&Peer, WitnessState)>, AnchorError> {
        let known = self.log.store.witness_states().await?;
        let now = self.log.clock.now();
        let state = |peer: &Peer| {
            let name = peer.key.name().as_str();
            let found = known.iter().find(|state| state.name == name).cloned();
            found.unwrap_or_else(|| WitnessState { name: name.to_owned(), ..WitnessState::default() })
        };
        let rested = |state: &WitnessState| {
            let wait = (1 << state.failures.clamp(1, 7) >> 1).min(LONGEST_WAIT) * 1_000_000;
            state.failures == 0 || now.0 >= state.tried_at + wait
        };
        let all = self.peers.iter().map(|peer| (peer, state(peer)));
        Ok(all.filter(|(_, state)| state.size != size as i64 && rested(state)).collect())
    }

    /// The head with the cosignatures that it has already.
    async fn signed_so_far(&self, head: &SignedCheckpoint) -> Result<SignedCheckpoint, AnchorError> {
        let stored = self.log.store.cosigned_head(1).await?;
        match stored.filter(|stored| stored.size as u64 == head.unverified().size()) {
            Some(stored) => Ok(stored.checkpoint.parse()?),
            None => Ok(head.clone()),
        }
    }

    /// Asks one witness, which is thought to have signed `known` leaves last; again if it says that it is elsewhere.
    async fn ask(&self, peer: &Peer, known: u64, head: &SignedCheckpoint) -> Answer {
        let failed = |error: &dyn std::fmt::Display| Refused::Failed(error.to_string());
        let size = head.unverified().size();
        let mut old = known.min(size);
        for _ in 0..2 {
            let (status, body) = self.submit(peer, old, head).await?;
            match status {
                StatusCode::OK => {
                    let verified = verify_cosignature(head, &body, &peer.key);
                    return verified.map(|(signature, _)| signature).map_err(|error| failed(&error));
                }
                StatusCode::CONFLICT => {
                    let seen = parse_size(&body).map_err(|error| failed(&error))?;
                    if seen > size {
                        return Err(Refused::Ahead(seen));
                    }
                    if seen == old {
                        return Err(failed(&"it has signed another head of this size"));
                    }
                    old = seen;
                }
                status => {
                    let reason = body.lines().next().unwrap_or_default();
                    return Err(failed(&format!("it answered {}: {reason}", status.as_u16())));
                }
            }
        }
        Err(failed(&"it names another size each time"))
    }

    async fn submit(
        &self,
        peer: &Peer,
        old_size: u64,
        head: &SignedCheckpoint,
    ) -> Result<(StatusCode, String), Refused> {
        let failed = |error: &dyn std::fmt::Display| Refused::Failed(error.to_string());
        let size = head.unverified().size();
        let proof = self.log.consistency(old_size, size).await.map_err(|error| failed(&error))?;
        let body = AddCheckpoint { old_size, proof, checkpoint: head.clone() }.to_string();
        let url = format!("{}/add-checkpoint", peer.url.trim_end_matches('/'));
        let request = self.client.post(url).header("content-type", "text/plain; charset=utf-8");
        // The URL is the operator's, and may hold a secret: only what went wrong is told.
        let unreachable = |error: reqwest::Error| failed(&error.without_url());
        let mut response = request.body(body).timeout(self.timeout).send().await.map_err(unreachable)?;
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            answer.extend_from_slice(&chunk);
            if answer.len() > MAX_ANSWER_LEN {
                return Err(failed(&"its answer is too long"));
            }
        }
        let answer = String::from_utf8(answer).map_err(|_| failed(&"its answer is no text"))?;
        Ok((response.status(), answer))
    }

    /// What a witness has signed last; `None` if it knows nothing of this log.
    pub(crate) async fn seen_by(&self, peer: &Peer) -> Result<Option<Seen>, Silence> {
        let silence = |error: &dyn std::fmt::Display| format!("the witness {}: {error}", peer.key.name());
        let head = self.log.head().await.map_err(|error| silence(&error))?;
        if head.unverified().size() == 0 {
            // There is nothing that could be asked for; a log that was ever cosigned has leaves.
            return Ok(None);
        }
        // Whoever knows the log names its size; whoever does not may sign it as a new one.
        match self.submit(peer, 0, &head).await {
            Ok((StatusCode::OK, _)) => Ok(None),
            Ok((StatusCode::CONFLICT, body)) => {
                let size = parse_size(&body).map_err(|error| silence(&error))?;
                Ok(Some(seen(peer, size)))
            }
            Ok((status, _)) => Err(silence(&format_args!("it answered {}", status.as_u16()))),
            Err(error) => Err(silence(&error)),
        }
    }

    /// The witnesses.
    pub fn peers(&self) -> &[Peer] {
        &self.peers
    }
}

fn seen(peer: &Peer, size: u64) -> Seen {
    Seen { place: format!("the witness {}", peer.key.name()), size, root: None }
}

fn failed(peer: &Peer, state: &mut WitnessState, why: &Refused) {
    let mut reason: String = why.to_string().chars().filter(|c| !c.is_control()).collect();
    reason.truncate(reason.floor_char_boundary(LONGEST_REASON));
    metrics::counter!("bestow_witness_failures_total").increment(1);
    tracing::warn!(witness = %peer.key.name(), reason, "a witness did not sign the log's head");
    state.failures += 1;
    state.last_error = Some(reason);
}
