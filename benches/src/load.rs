//! Drives a server over keep-alive connections and keeps what it saw.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use http_body_util::{BodyExt, Full};
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A request, complete with its `Host`; cloning it shares the body and the header values.
pub(crate) type Request = hyper::Request<Full<Bytes>>;

/// A server that has not answered by then hangs.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// How much is kept of a body that tells about a failure.
const FAILURE_BODY_CHARS: usize = 400;

/// The key under which failures without an answer are counted.
const NO_ANSWER: &str = "no answer";

/// What a connection does again and again: a request, or several, each of which needs the answer before it.
pub(crate) trait Task: Clone + Send + Sync + 'static {
    /// Does it, and gives the body of the last answer.
    fn perform(self, connection: &mut Connection) -> impl Future<Output = Result<Bytes, Refused>> + Send;
}

impl Task for Request {
    async fn perform(self, connection: &mut Connection) -> Result<Bytes, Refused> {
        connection.ask(self).await
    }
}

/// Why a task did not succeed.
pub(crate) struct Refused {
    /// What was wrong: the HTTP status, or [`NO_ANSWER`], and at which step if there are several.
    kind: String,
    /// The body or error that says more.
    details: String,
}

impl Refused {
    /// An answer that is a good one but for what is in it.
    pub(crate) fn unexpected(body: &Bytes) -> Self {
        Self { kind: "unexpected body".to_owned(), details: beginning(body) }
    }

    /// The same, at this step.
    pub(crate) fn at(self, step: &str) -> Self {
        Self { kind: format!("{step} {}", self.kind), ..self }
    }

    fn unanswered(why: &impl ToString) -> Self {
        Self { kind: NO_ANSWER.to_owned(), details: why.to_string() }
    }
}

/// When a run ends: by whichever comes first.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    /// After so many tasks.
    pub(crate) requests: usize,
    /// When so much time has passed.
    pub(crate) time: Duration,
}

/// Tasks that did not succeed in the same way.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// How many.
    pub(crate) count: u64,
    /// The first one's body or error.
    pub(crate) first: String,
}

/// What a run saw.
#[derive(Default)]
pub(crate) struct Outcome {
    /// The time from sending to the last byte of the (last) answer, of each success, in microseconds.
    pub(crate) latencies: Vec<u32>,
    /// The bodies of the successes, if they were asked for, each with its task's position.
    bodies: Vec<(usize, Bytes)>,
    /// By what was wrong.
    pub(crate) failures: BTreeMap<String, Failure>,
    /// From the first task to the last answer.
    pub(crate) elapsed: Duration,
}

impl Outcome {
    /// How many tasks succeeded.
    pub(crate) fn succeeded(&self) -> u64 {
        self.latencies.len() as u64
    }

    /// How many tasks were begun.
    pub(crate) fn sent(&self) -> u64 {
        self.succeeded() + self.failed()
    }

    fn failed(&self) -> u64 {
        self.failures.values().map(|failure| failure.count).sum()
    }

    /// What the first failure said, for a message.
    pub(crate) fn first_failure(&self) -> String {
        let first = self.failures.iter().next();
        first.map(|(kind, failure)| format!("{kind}: {}", failure.first)).unwrap_or_default()
    }

    fn fail(&mut self, key: String, count: u64, first: impl FnOnce() -> String) {
        let failure = self.failures.entry(key).or_insert_with(|| Failure { count: 0, first: first() });
        failure.count += count;
    }

    /// Counts a task that did not succeed.
    pub(crate) fn refuse(&mut self, Refused { kind, details }: Refused) {
        self.fail(kind, 1, || details);
    }

    /// Adds what another connection saw.
    pub(crate) fn merge(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.bodies.extend(other.bodies);
        for (key, failure) in other.failures {
            self.fail(key, failure.count, || failure.first);
        }
    }
}

/// The tasks that all connections share. They are done in turn, from the start again after the last.
struct Queue<T> {
    tasks: Vec<T>,
    next: AtomicUsize,
    limit: usize,
    deadline: Instant,
    keep_bodies: bool,
}

impl<T: Task> Queue<T> {
    fn take(&self) -> Option<(usize, T)> {
        if Instant::now() >= self.deadline {
            return None;
        }
        let position = self.next.fetch_add(1, Ordering::Relaxed);
        (position < self.limit).then(|| (position, self.tasks[position % self.tasks.len()].clone()))
    }
}

/// Does each task once, and gives the bodies of the answers in the order of the tasks.
///
/// # Errors
///
/// If the server cannot be reached, or a task did not succeed.
pub(crate) async fn fetch<T: Task>(
    server: SocketAddr,
    connections: usize,
    tasks: Vec<T>,
) -> anyhow::Result<Vec<Bytes>> {
    let limit = Limit { requests: tasks.len(), time: Duration::MAX };
    let mut outcome = drive(server, connections, tasks, limit, true).await?;
    if !outcome.failures.is_empty() {
        bail!("{} of {} failed; {}", outcome.failed(), outcome.sent(), outcome.first_failure());
    }
    outcome.bodies.sort_unstable_by_key(|(position, _)| *position);
    Ok(outcome.bodies.into_iter().map(|(_, body)| body).collect())
}

/// Does the tasks in turn, again and again, until the limit.
///
/// # Errors
///
/// If the server cannot be reached.
pub(crate) async fn press<T: Task>(
    server: SocketAddr,
    connections: usize,
    tasks: Vec<T>,
    limit: Limit,
) -> anyhow::Result<Outcome> {
    drive(server, connections, tasks, limit, false).await
}

async fn drive<T: Task>(
    server: SocketAddr,
    connections: usize,
    tasks: Vec<T>,
    limit: Limit,
    keep_bodies: bool,
) -> anyhow::Result<Outcome> {
    let mut open = Vec::with_capacity(connections);
    for number in 0..connections {
        let mut connection = Connection::to(server, number);
        connection.ready().await?;
        open.push(connection);
    }
    let start = Instant::now();
    let queue = Arc::new(Queue {
        limit: if tasks.is_empty() { 0 } else { limit.requests },
        tasks,
        next: AtomicUsize::new(0),
        // A time beyond what a clock can hold is no limit in practice.
        deadline: start + limit.time.min(Duration::from_secs(24 * 3600)),
        keep_bodies,
    });
    let workers: Vec<_> =
        open.into_iter().map(|connection| tokio::spawn(work(connection, Arc::clone(&queue)))).collect();
    let mut outcome = Outcome::default();
    for worker in workers {
        outcome.merge(worker.await??);
    }
    outcome.elapsed = start.elapsed();
    Ok(outcome)
}

/// One connection's share: the next task is begun when the last is done.
async fn work<T: Task>(mut connection: Connection, queue: Arc<Queue<T>>) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    while let Some((position, task)) = queue.take() {
        connection.ready().await?;
        let begun = Instant::now();
        match task.perform(&mut connection).await {
            Ok(body) => {
                outcome.latencies.push(begun.elapsed().as_micros().try_into().unwrap_or(u32::MAX));
                if queue.keep_bodies {
                    outcome.bodies.push((position, body));
                }
            }
            Err(refused) => outcome.refuse(refused),
        }
    }
    Ok(outcome)
}

fn beginning(body: &Bytes) -> String {
    String::from_utf8_lossy(body).chars().take(FAILURE_BODY_CHARS).collect()
}

/// A keep-alive connection, with one request in flight at most.
pub(crate) struct Connection {
    server: SocketAddr,
    number: usize,
    /// None before the first request, and when the last one got no answer.
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    /// A connection that is opened when it is needed.
    pub(crate) const fn to(server: SocketAddr, number: usize) -> Self {
        Self { server, number, sender: None }
    }

    /// Which of a run's connections this is, from 0.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Sends a request and reads the answer to its end: the body, if it says that all is well.
    pub(crate) async fn ask(&mut self, request: Request) -> Result<Bytes, Refused> {
        let sender = self.ready().await.map_err(|error| Refused::unanswered(&error))?;
        let answer = async {
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            Ok::<_, hyper::Error>((status, answer.into_body().collect().await?.to_bytes()))
        };
        let refused = match timeout(ANSWER_WITHIN, answer).await {
            Ok(Ok((StatusCode::OK | StatusCode::CREATED, body))) => return Ok(body),
            Ok(Ok((status, body))) => {
                return Err(Refused { kind: status.as_str().to_owned(), details: beginning(&body) });
            }
            Ok(Err(error)) => Refused::unanswered(&error),
            Err(_) => Refused::unanswered(&format!("none within {ANSWER_WITHIN:?}")),
        };
        self.sender = None;
        Err(refused)
    }

    /// Waits until a request can be sent; opens a connection if there is none, or the server has closed it.
    pub(crate) async fn ready(&mut self) -> anyhow::Result<&mut SendRequest<Full<Bytes>>> {
        let mut sender = self.sender.take();
        if let Some(open) = &mut sender
            && open.ready().await.is_err()
        {
            sender = None;
        }
        let sender = match sender {
            Some(open) => open,
            None => self.open().await?,
        };
        Ok(self.sender.insert(sender))
    }

    async fn open(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let server = self.server;
        let stream = TcpStream::connect(server).await.with_context(|| format!("connecting to {server}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Its error, if any, is also that of the request in flight.
        tokio::spawn(connection);
        Ok(sender)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use hyper::body::Bytes;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::{Connection, Limit, NO_ANSWER, Refused, Request, Task, fetch, press};

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";
    const BUSY: &str = "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 4\r\n\r\nbusy";

    /// A server of which each connection gives these answers and then closes.
    async fn serve(answers: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(answer(stream, answers));
            }
        });
        address
    }

    async fn answer(mut stream: TcpStream, answers: &'static [&'static str]) {
        let mut request = [0; 4096];
        for answer in answers {
            if stream.read(&mut request).await.unwrap() == 0 {
                return;
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        // Take the request that is to stay without an answer, so that closing is the answer to it.
        let _ = stream.read(&mut request).await;
    }

    #[tokio::test]
    async fn sends_each_request_once_and_keeps_the_bodies() {
        let server = serve(&[OK; 100]).await;
        let bodies = fetch(server, 3, vec![Request::default(); 10]).await.unwrap();
        assert_eq!(bodies, ["fine"; 10]);
    }

    #[tokio::test]
    async fn a_failure_is_one_of_all() {
        let server = serve(&[OK, BUSY]).await;
        let error = fetch(server, 1, vec![Request::default(); 2]).await.unwrap_err();
        assert_eq!(error.to_string(), "1 of 2 failed; 429: busy");
    }

    /// Needs two answers.
    #[derive(Clone)]
    struct Twice;

    impl Task for Twice {
        async fn perform(self, connection: &mut Connection) -> Result<Bytes, Refused> {
            connection.ask(Request::default()).await.map_err(|refused| refused.at("first"))?;
            let body = connection.ask(Request::default()).await.map_err(|refused| refused.at("second"))?;
            if body == "fine" { Ok(body) } else { Err(Refused::unexpected(&body).at("second")) }
        }
    }

    #[tokio::test]
    async fn a_task_may_take_several_requests() {
        let server = serve(&[OK, OK, OK, BUSY, BUSY, OK]).await;
        let limit = Limit { requests: 4, time: Duration::MAX };
        let outcome = press(server, 1, vec![Twice], limit).await.unwrap();
        assert_eq!((outcome.sent(), outcome.succeeded()), (4, 1));
        let counts: Vec<(&str, u64)> =
            outcome.failures.iter().map(|(kind, failure)| (kind.as_str(), failure.count)).collect();
        assert_eq!(counts, [("first 429", 1), ("second 429", 1), ("second no answer", 1)]);
    }

    #[tokio::test]
    async fn counts_failures_and_goes_on() {
        let server = serve(&[OK, BUSY, OK]).await;
        let limit = Limit { requests: 8, time: Duration::MAX };
        let outcome = press(server, 1, vec![Request::default()], limit).await.unwrap();
        assert_eq!((outcome.sent(), outcome.succeeded()), (8, 4));
        let busy = &outcome.failures["429"];
        assert_eq!((busy.count, busy.first.as_str()), (2, "busy"));
        assert_eq!(outcome.failures[NO_ANSWER].count, 2);
        assert!(outcome.bodies.is_empty());
    }

    #[tokio::test]
    async fn stops_in_time() {
        let server = serve(&[OK; 100]).await;
        let limit = Limit { requests: usize::MAX, time: Duration::ZERO };
        let outcome = press(server, 2, vec![Request::default()], limit).await.unwrap();
        assert_eq!(outcome.sent(), 0);
    }
}
