//! Drives a server over keep-alive connections and keeps what it saw.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
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

/// When a run ends: by whichever comes first.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    /// After so many requests.
    pub(crate) requests: usize,
    /// When so much time has passed.
    pub(crate) time: Duration,
}

/// Requests that did not succeed in the same way.
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
    /// The time from sending to the last byte of the answer, of each 200, in microseconds.
    pub(crate) latencies: Vec<u32>,
    /// The bodies of the 200s, if they were asked for, each with its request's position.
    pub(crate) bodies: Vec<(usize, Bytes)>,
    /// By HTTP status, or [`NO_ANSWER`].
    pub(crate) failures: BTreeMap<String, Failure>,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
}

impl Outcome {
    /// How many requests got a 200.
    pub(crate) fn succeeded(&self) -> u64 {
        self.latencies.len() as u64
    }

    /// How many requests were sent.
    pub(crate) fn sent(&self) -> u64 {
        self.succeeded() + self.failures.values().map(|failure| failure.count).sum::<u64>()
    }

    fn fail(&mut self, key: String, count: u64, first: impl FnOnce() -> String) {
        let failure = self.failures.entry(key).or_insert_with(|| Failure { count: 0, first: first() });
        failure.count += count;
    }

    fn merge(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.bodies.extend(other.bodies);
        for (key, failure) in other.failures {
            self.fail(key, failure.count, || failure.first);
        }
    }
}

/// The requests that all connections share. They are sent in turn, from the start again after the last.
struct Queue {
    requests: Vec<Request>,
    next: AtomicUsize,
    limit: usize,
    deadline: Instant,
    keep_bodies: bool,
}

impl Queue {
    fn take(&self) -> Option<(usize, Request)> {
        if Instant::now() >= self.deadline {
            return None;
        }
        let position = self.next.fetch_add(1, Ordering::Relaxed);
        (position < self.limit).then(|| (position, self.requests[position % self.requests.len()].clone()))
    }
}

/// Sends each request once and keeps the bodies of the 200s.
///
/// # Errors
///
/// If the server cannot be reached.
pub(crate) async fn fetch(
    server: SocketAddr,
    connections: usize,
    requests: Vec<Request>,
) -> anyhow::Result<Outcome> {
    let limit = Limit { requests: requests.len(), time: Duration::MAX };
    drive(server, connections, requests, limit, true).await
}

/// Sends the requests in turn, again and again, until the limit.
///
/// # Errors
///
/// If the server cannot be reached.
pub(crate) async fn press(
    server: SocketAddr,
    connections: usize,
    requests: Vec<Request>,
    limit: Limit,
) -> anyhow::Result<Outcome> {
    drive(server, connections, requests, limit, false).await
}

async fn drive(
    server: SocketAddr,
    connections: usize,
    requests: Vec<Request>,
    limit: Limit,
    keep_bodies: bool,
) -> anyhow::Result<Outcome> {
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(server).await?);
    }
    let start = Instant::now();
    let queue = Arc::new(Queue {
        limit: if requests.is_empty() { 0 } else { limit.requests },
        requests,
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

/// One connection's share: the next request is sent when the answer to the last is complete.
async fn work(mut connection: Connection, queue: Arc<Queue>) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    while let Some((position, request)) = queue.take() {
        connection.ready().await?;
        let sent = Instant::now();
        match timeout(ANSWER_WITHIN, connection.send(request)).await {
            Ok(Ok((StatusCode::OK, body))) => {
                outcome.latencies.push(sent.elapsed().as_micros().try_into().unwrap_or(u32::MAX));
                if queue.keep_bodies {
                    outcome.bodies.push((position, body));
                }
            }
            Ok(Ok((status, body))) => {
                outcome.fail(status.as_str().to_owned(), 1, || beginning(&body));
            }
            Ok(Err(error)) => {
                outcome.fail(NO_ANSWER.to_owned(), 1, || error.to_string());
                connection.reopen().await?;
            }
            Err(_) => {
                outcome.fail(NO_ANSWER.to_owned(), 1, || format!("none within {ANSWER_WITHIN:?}"));
                connection.reopen().await?;
            }
        }
    }
    Ok(outcome)
}

fn beginning(body: &Bytes) -> String {
    String::from_utf8_lossy(body).chars().take(FAILURE_BODY_CHARS).collect()
}

struct Connection {
    server: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    async fn open(server: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server).await.with_context(|| format!("connecting to {server}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Its error, if any, is also that of the request in flight.
        tokio::spawn(connection);
        Ok(Self { server, sender })
    }

    async fn reopen(&mut self) -> anyhow::Result<()> {
        *self = Self::open(self.server).await?;
        Ok(())
    }

    /// Waits until a request can be sent; opens a new connection if the server has closed this one.
    async fn ready(&mut self) -> anyhow::Result<()> {
        if self.sender.ready().await.is_err() {
            self.reopen().await?;
        }
        Ok(())
    }

    async fn send(&mut self, request: Request) -> hyper::Result<(StatusCode, Bytes)> {
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::{Limit, NO_ANSWER, Request, fetch, press};

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
        let mut outcome = fetch(server, 3, vec![Request::default(); 10]).await.unwrap();
        outcome.bodies.sort();
        let positions: Vec<usize> = outcome.bodies.iter().map(|(position, _)| *position).collect();
        assert_eq!(positions, (0..10).collect::<Vec<_>>());
        assert!(outcome.bodies.iter().all(|(_, body)| body == "fine"));
        assert_eq!((outcome.sent(), outcome.succeeded()), (10, 10));
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
