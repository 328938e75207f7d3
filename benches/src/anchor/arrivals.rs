//! An open loop: requests for credentials are sent when they are due, whatever became of those before them, and some of
//! the credentials are watched until they are `ONCHAIN`.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::header::HeaderValue;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::sleep_until;

use crate::load::{Connection, Outcome, Refused, Request};
use crate::partner::Partner;
use crate::run::core_claim_hash;

/// Where the sequence of pauses begins; any number would do, and the same one makes runs comparable.
const SEED: u64 = 0x6265_7374_6f77;

/// What is sent, when, and what is watched of it.
pub(super) struct Plan {
    pub(super) partner: Partner,
    pub(super) server: SocketAddr,
    /// One for each request, each of a person of its own.
    pub(super) tokens: Vec<HeaderValue>,
    /// When each request is due, from the start.
    pub(super) due: Vec<Duration>,
    /// Every which credential is watched.
    pub(super) sample_every: usize,
    /// How often a watched credential's status is asked for.
    pub(super) poll_every: Duration,
    /// How long a credential may wait until it counts as forgotten.
    pub(super) patience: Duration,
}

/// What became of it.
pub(super) struct Arrived {
    /// The answers to the requests for credentials.
    pub(super) issuing: Outcome,
    /// By how many microseconds each request was sent too late.
    pub(super) late: Vec<u32>,
    /// How long watched credentials took from the answer to `ONCHAIN`.
    pub(super) anchoring: Outcome,
}

type Watch = JoinHandle<Result<u32, Refused>>;

/// Moments from which so many requests come at a mean rate a second, as those of people who don't know of one another do (a
/// Poisson process): evenly spaced ones could fall into step with the log or with a chain's blocks.
pub(super) fn arrivals(count: usize, per_second: f64) -> Vec<Duration> {
    let mut state = SEED;
    let mut at = 0.0;
    let moments = (0..count).map(|_| {
        at -= (1.0 - uniform(&mut state)).ln() / per_second;
        Duration::from_secs_f64(at)
    });
    moments.collect()
}

/// The next number in [0, 1) of a sequence (SplitMix64): it need only look random.
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^= word >> 31;
    (word >> 11) as f64 / (1_u64 << 53) as f64
}

/// Sends all requests over so many connections, and waits until the watched credentials are `ONCHAIN`.
///
/// # Errors
///
/// If the server cannot be reached.
pub(super) async fn send(plan: Plan, connections: usize) -> anyhow::Result<Arrived> {
    let mut open = Vec::with_capacity(connections);
    for number in 0..connections {
        let mut connection = Connection::to(plan.server, number);
        connection.ready().await?;
        open.push(connection);
    }
    let start = Instant::now();
    let shared =
        Arc::new(Shared { plan, start, next: AtomicUsize::new(0), watchers: Mutex::new(Vec::new()) });
    let senders: Vec<_> =
        open.into_iter().map(|connection| tokio::spawn(work(connection, Arc::clone(&shared)))).collect();
    let mut arrived =
        Arrived { issuing: Outcome::default(), late: Vec::new(), anchoring: Outcome::default() };
    let mut watches = Vec::new();
    for sender in senders {
        let (issuing, late, watched) = sender.await?;
        arrived.issuing.merge(issuing);
        arrived.late.extend(late);
        watches.extend(watched);
    }
    arrived.issuing.elapsed = start.elapsed();
    for watch in watches {
        match watch.await? {
            Ok(microseconds) => arrived.anchoring.latencies.push(microseconds),
            Err(refused) => arrived.anchoring.refuse(refused),
        }
    }
    arrived.anchoring.elapsed = start.elapsed();
    Ok(arrived)
}

/// What all connections share.
struct Shared {
    plan: Plan,
    start: Instant,
    next: AtomicUsize,
    /// Connections for questions about statuses that nobody uses at the moment.
    watchers: Mutex<Vec<Connection>>,
}

/// One connection's share: it takes the next request, waits until that is due, and sends it.
async fn work(mut connection: Connection, shared: Arc<Shared>) -> (Outcome, Vec<u32>, Vec<Watch>) {
    let plan = &shared.plan;
    let (mut outcome, mut late, mut watches) = (Outcome::default(), Vec::new(), Vec::new());
    loop {
        let position = shared.next.fetch_add(1, Ordering::Relaxed);
        let (Some(due), Some(token)) = (plan.due.get(position), plan.tokens.get(position)) else { break };
        let due = shared.start + *due;
        sleep_until(due.into()).await;
        let begun = Instant::now();
        late.push(microseconds(begun - due));
        match connection.ask(plan.partner.issue(token.clone())).await {
            Ok(body) => {
                let accepted = Instant::now();
                outcome.latencies.push(microseconds(accepted - begun));
                if position.is_multiple_of(plan.sample_every) {
                    let (shared, token) = (Arc::clone(&shared), token.clone());
                    watches.push(tokio::spawn(async move { shared.watch(token, &body, accepted).await }));
                }
            }
            Err(refused) => outcome.refuse(refused),
        }
    }
    (outcome, late, watches)
}

impl Shared {
    /// Asks for a credential's status until it is `ONCHAIN`: how many microseconds after it was accepted.
    async fn watch(&self, token: HeaderValue, issued: &Bytes, accepted: Instant) -> Result<u32, Refused> {
        let hash = core_claim_hash(issued).map_err(|_| Refused::unexpected(issued).at("issue"))?;
        let request = self.plan.partner.status(token, &hash);
        let request = request.map_err(|_| Refused::unexpected(issued).at("issue"))?;
        let idle = self.idle().pop();
        let mut connection = idle.unwrap_or_else(|| Connection::to(self.plan.server, 0));
        let seen = self.poll(&mut connection, &request, accepted).await;
        self.idle().push(connection);
        seen
    }

    async fn poll(
        &self,
        connection: &mut Connection,
        request: &Request,
        accepted: Instant,
    ) -> Result<u32, Refused> {
        loop {
            let asked = Instant::now();
            let body = connection.ask(request.clone()).await.map_err(|refused| refused.at("status"))?;
            if is_anchored(&body) {
                return Ok(microseconds(accepted.elapsed()));
            }
            if accepted.elapsed() > self.plan.patience {
                return Err(Refused::unexpected(&body).at("not ONCHAIN in time:"));
            }
            sleep_until((asked + self.plan.poll_every).into()).await;
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_anchored(status: &Bytes) -> bool {
    serde_json::from_slice::<Value>(status).is_ok_and(|status| status["vcStatus"] == "ONCHAIN")
}

fn microseconds(time: Duration) -> u32 {
    time.as_micros().try_into().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use hyper::body::Bytes;

    use super::{arrivals, is_anchored};

    #[test]
    fn arrivals_have_the_rate_and_no_rhythm() {
        let moments = arrivals(20_000, 100.0);
        assert!(moments.is_sorted());
        let last = moments.last().unwrap().as_secs_f64();
        assert!((190.0..210.0).contains(&last), "{last}");
        // Of the pauses of a Poisson process, one in e is longer than the mean.
        let long = moments.windows(2).filter(|pair| (pair[1] - pair[0]).as_secs_f64() > 0.01).count();
        assert!((6_900..7_800).contains(&long), "{long}");
        assert_eq!(moments[..10], arrivals(10, 100.0));
    }

    #[test]
    fn only_onchain_is_anchored() {
        let anchored = |text: &'static str| is_anchored(&Bytes::from_static(text.as_bytes()));
        assert!(anchored(r#"{"vcStatus":"ONCHAIN"}"#));
        assert!(!anchored(r#"{"vcStatus":"WAIT_ONCHAIN"}"#));
        assert!(!anchored("ONCHAIN"));
    }
}
