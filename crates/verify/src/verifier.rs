//! The verifier: its sources, and what it remembers of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jose::JwkSet;
use moka::Expiry;
use moka::future::Cache;
use serde_json::Value;

use crate::log::Shown;
use crate::policy::Policy;
use crate::report::Report;
use crate::schema::Compiled;
use crate::shelf::Shelf;
use crate::sources::{Sources, Unavailable};
use crate::status::List;

/// How many documents are fetched for one verification at most.
const FETCHES: usize = 24;
/// For how long a document is used again if its server does not say, in seconds.
const FRESH_SECONDS: i64 = 60;
/// For how long a document is used again at most, in seconds: a key that was withdrawn counts no longer than that.
const FRESH_AT_MOST: i64 = 3_600;
/// How many documents of each kind are remembered.
const REMEMBERED: u64 = 1_000;
/// How many bytes of fetched texts are remembered.
const REMEMBERED_BYTES: u64 = 64 << 20;

/// Of how many documents of this deployment it is remembered that they are in the log, and for how long: cosignatures of
/// witnesses may come later.
const PROVEN: u64 = 10_000;
const PROVEN_FOR: Duration = Duration::from_secs(300);

/// What is to be verified.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The credential or presentation: a compact serialization, or the JSON of one.
    pub document: &'a str,
    /// The nonce that a proof of possession must have; any, if the verifier gave none.
    pub nonce: Option<&'a str>,
    /// Whom a proof of possession must be made for; anybody, if the verifier has no name here.
    pub audience: Option<&'a str>,
    /// Whether a proof of possession must be recent: one that answers a request of now.
    pub fresh: bool,
    /// A tlog-proof that was sent along.
    pub proof: Option<&'a str>,
    /// The present time, in seconds since the Unix epoch.
    pub now: i64,
}

impl Request<'_> {
    /// Whether a proof of possession must be there.
    pub(crate) fn asks_for_proof(&self) -> bool {
        self.nonce.is_some() || self.audience.is_some()
    }
}

/// How long a cached thing lives is said by the thing.
pub(crate) trait Lives {
    fn lives(&self) -> Duration;
}

struct AsItSays;

impl<V: Lives> Expiry<String, V> for AsItSays {
    fn expire_after_create(&self, _: &String, value: &V, _: Instant) -> Option<Duration> {
        Some(value.lives())
    }

    fn expire_after_update(
        &self,
        _: &String,
        value: &V,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(value.lives())
    }
}

/// A fetched text.
#[derive(Clone, Debug)]
struct Text {
    body: Arc<str>,
    lives: Duration,
}

impl Lives for Text {
    fn lives(&self) -> Duration {
        self.lives
    }
}

/// For how long something is used again, by what its server or its signer says.
pub(crate) fn lifetime(said: Option<i64>) -> Duration {
    Duration::from_secs(said.unwrap_or(FRESH_SECONDS).clamp(0, FRESH_AT_MOST).unsigned_abs())
}

/// Verifies credentials and presentations. One for many verifications: it remembers keys, status lists and schemas for as long
/// as their publishers allow.
#[derive(Debug)]
pub struct Verifier<S> {
    pub(crate) sources: S,
    texts: Cache<String, Text>,
    pub(crate) lists: Cache<String, Arc<List>>,
    pub(crate) read_lists: Shelf<Arc<List>>,
    pub(crate) key_sets: Shelf<JwkSet>,
    pub(crate) documents: Shelf<Value>,
    pub(crate) schemas: Shelf<Compiled>,
    /// What of this deployment was found in its log, by commitment.
    pub(crate) proven: moka::sync::Cache<[u8; 32], Arc<Shown>>,
}

/// One verification.
#[derive(Debug)]
pub(crate) struct Run<'a, S> {
    pub(crate) verifier: &'a Verifier<S>,
    pub(crate) request: Request<'a>,
    pub(crate) policy: &'a Policy,
    fetches: AtomicUsize,
}

impl<S: Sources> Verifier<S> {
    /// A verifier over these sources.
    pub fn new(sources: S) -> Self {
        let weight = |url: &String, text: &Text| (url.len() + text.body.len()).try_into().unwrap_or(u32::MAX);
        Self {
            sources,
            texts: Cache::builder()
                .max_capacity(REMEMBERED_BYTES)
                .weigher(weight)
                .expire_after(AsItSays)
                .build(),
            lists: Cache::builder().max_capacity(REMEMBERED).expire_after(AsItSays).build(),
            read_lists: Shelf::new(REMEMBERED),
            key_sets: Shelf::new(REMEMBERED),
            documents: Shelf::new(REMEMBERED),
            schemas: Shelf::new(REMEMBERED),
            proven: moka::sync::Cache::builder().max_capacity(PROVEN).time_to_live(PROVEN_FOR).build(),
        }
    }

    /// Where it finds what documents only name.
    pub fn sources(&self) -> &S {
        &self.sources
    }

    /// Verifies a document: what it is, by what keys, and whether each check holds.
    pub async fn verify(&self, request: Request<'_>, policy: &Policy) -> Report {
        let run = Run { verifier: self, request, policy, fetches: AtomicUsize::new(0) };
        // On the heap, as the steps below: what is nested in a document must not add up on a thread's stack.
        Box::pin(run.verify()).await
    }
}

impl<S: Sources> Run<'_, S> {
    /// Takes one fetch out of what a verification may make.
    pub(crate) fn spend(&self) -> Result<(), Unavailable> {
        if self.fetches.fetch_add(1, Ordering::Relaxed) < FETCHES {
            return Ok(());
        }
        Err(Unavailable(format!("the document names more than {FETCHES} others")))
    }

    /// The document at a URL of at most `limit` bytes, as long as it is fresh from memory.
    pub(crate) async fn fetch(&self, url: &str, limit: usize) -> Result<Arc<str>, Unavailable> {
        if let Some(text) = self.verifier.texts.get(url).await {
            return Ok(text.body);
        }
        self.spend()?;
        // Whoever asks at the same time shares the answer.
        let fetched = self.verifier.texts.try_get_with_by_ref(url, async {
            let fetched = self.verifier.sources.fetch(url, limit).await?;
            Ok::<_, Unavailable>(Text { body: fetched.body, lives: lifetime(fetched.fresh_seconds) })
        });
        match fetched.await {
            Ok(text) => Ok(text.body),
            Err(why) => Err((*why).clone()),
        }
    }
}
