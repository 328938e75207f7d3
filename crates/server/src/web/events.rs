//! What becomes of what a page shows while it is open: server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! The database is asked about once a second, so that a page learns what another replica did.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use hyper::body::{Bytes, Frame};
use issuance::EngineError;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::streams::Streams;
use crate::limiter::{TooOften, counted};
use crate::observe::ClientAddress;
use crate::serve::Stopping;

/// In how many seconds a page may ask again that found no place.
const NO_PLACE_SECONDS: u64 = 30;
/// How many events may wait for a reader.
const WAITING: usize = 4;

/// A state that a page follows.
pub(crate) trait Stage: Copy + PartialEq + Send + 'static {
    /// As the stream names it.
    fn word(self) -> &'static str;

    /// Whether the page has nothing more to wait for.
    fn is_final(self) -> bool;
}

/// How often something happens in a stream.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// How long to wait before the database is asked again.
    ask: Duration,
    /// How long a stream may be silent: proxies end what says nothing for a minute.
    silence: Duration,
    /// How long it lasts.
    length: Duration,
}

const PACE: Pace =
    Pace { ask: Duration::from_secs(1), silence: Duration::from_secs(15), length: Duration::from_secs(600) };

/// Whom a stream goes to, and when it has to end.
pub(crate) struct Reader {
    address: IpAddr,
    stopping: Option<Stopping>,
}

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<ClientAddress>();
        let address = address.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |address| counted(address.0));
        Ok(Self { address, stopping: parts.extensions.get::<Stopping>().cloned() })
    }
}

/// A body made of what is sent into it, until nobody can send any more.
struct Sent(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let sent = self.get_mut().0.poll_recv(context);
        sent.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// What `ask` says, at once and whenever it changes, until it is final; `None` is for what cannot be told just now.
///
/// Each event `state` has the word of a [`Stage`]. An event `end` says that ten minutes are over.
pub(crate) fn stream<S, A, F>(streams: &Arc<Streams>, reader: Reader, ask: A) -> Response
where
    S: Stage,
    A: FnMut() -> F + Send + 'static,
    F: Future<Output = Result<Option<S>, EngineError>> + Send,
{
    let Some(place) = streams.take(reader.address) else {
        return TooOften(NO_PLACE_SECONDS).into_response();
    };
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        tokio::select! {
            () = follow(PACE, ask, &sender) => {}
            () = sender.closed() => {}
            // The page asks again, and another replica answers.
            () = stopped(reader.stopping) => {}
        }
        drop(place);
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // nginx passes each event on at once.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::new(Sent(receiver))).into_response()
}

async fn stopped(stopping: Option<Stopping>) {
    match stopping {
        Some(stopping) => stopping.stopped().await,
        None => std::future::pending().await,
    }
}

/// Asks, and sends what is new, until there is nothing more to expect.
async fn follow<S, A, F>(pace: Pace, mut ask: A, sender: &mpsc::Sender<Bytes>)
where
    S: Stage,
    A: FnMut() -> F,
    F: Future<Output = Result<Option<S>, EngineError>>,
{
    let started = Instant::now();
    let mut sent_at = started;
    let mut known = None;
    loop {
        let stage = match ask().await {
            Ok(stage) => stage.or(known),
            // The page asks again in a few seconds.
            Err(error) => return tracing::warn!(%error, "a page cannot follow what it shows"),
        };
        let now = Instant::now();
        let news = stage.filter(|_| stage != known);
        let message = if let Some(stage) = news {
            // A page that lost its connection asks again after five seconds.
            let retry = if known.is_none() { "retry: 5000\n" } else { "" };
            Some(format!("{retry}event: state\ndata: {}\n\n", stage.word()))
        } else if now - started >= pace.length {
            Some("event: end\ndata: ended\n\n".to_owned())
        } else if now - sent_at >= pace.silence {
            Some(":\n\n".to_owned())
        } else {
            None
        };
        if let Some(message) = message {
            if sender.send(message.into()).await.is_err() {
                return;
            }
            sent_at = now;
        }
        if stage.is_some_and(S::is_final) || (news.is_none() && now - started >= pace.length) {
            return;
        }
        known = stage;
        sleep(pace.ask).await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Parcel {
        Packed,
        Sent,
        Delivered,
        Lost,
    }
    use Parcel::{Delivered, Lost, Packed, Sent as Away};

    impl Stage for Parcel {
        fn word(self) -> &'static str {
            match self {
                Packed => "packed",
                Away => "sent",
                Delivered => "delivered",
                Lost => "lost",
            }
        }

        fn is_final(self) -> bool {
            matches!(self, Delivered | Lost)
        }
    }

    /// What a stream says of what goes through these states, one an answer, and stays in the last.
    async fn said(length: u64, states: &[Option<Parcel>]) -> String {
        let pace = Pace {
            ask: Duration::from_millis(1),
            silence: Duration::from_millis(20),
            length: Duration::from_millis(length),
        };
        let mut states: VecDeque<_> = states.iter().copied().collect();
        let ask = move || {
            let state = if states.len() > 1 { states.pop_front() } else { states.front().copied() };
            std::future::ready(Ok(state.expect("a state")))
        };
        let (sender, mut receiver) = mpsc::channel(WAITING);
        tokio::spawn(async move { follow(pace, ask, &sender).await });
        let mut said = Vec::new();
        while let Some(bytes) = receiver.recv().await {
            said.extend_from_slice(&bytes);
        }
        String::from_utf8(said).expect("UTF-8")
    }

    #[tokio::test]
    async fn each_change_is_said_once() {
        let states = [None, Some(Packed), Some(Packed), None, Some(Away), Some(Away), Some(Delivered)];
        let expected = "retry: 5000\nevent: state\ndata: packed\n\n\
             event: state\ndata: sent\n\nevent: state\ndata: delivered\n\n";
        assert_eq!(said(60_000, &states).await, expected);
    }

    #[tokio::test]
    async fn what_is_final_is_said_and_ends_the_stream() {
        for state in [Delivered, Lost] {
            let expected = format!("retry: 5000\nevent: state\ndata: {}\n\n", state.word());
            assert_eq!(said(60_000, &[Some(state)]).await, expected);
        }
    }

    #[tokio::test]
    async fn a_stream_is_never_silent_for_long_and_ends() {
        for (state, begin) in [(Some(Packed), "retry: 5000\nevent: state\ndata: packed\n\n"), (None, "")] {
            let said = said(200, &[state]).await;
            let rest = said.strip_prefix(begin).expect("begins so");
            let heartbeats = rest.strip_suffix("event: end\ndata: ended\n\n").expect("ends so");
            assert!(heartbeats.len() >= 3 && heartbeats.split(":\n\n").all(str::is_empty), "{heartbeats:?}");
        }
    }

    #[tokio::test]
    async fn nobody_who_went_away_is_told_anything() {
        let (sender, receiver) = mpsc::channel(WAITING);
        drop(receiver);
        follow(PACE, || std::future::ready(Ok(Some(Packed))), &sender).await;
    }
}
