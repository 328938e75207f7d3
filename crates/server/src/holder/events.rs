//! What becomes of an offer while its page is open: server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! The database is asked about once a second, so that a page learns what another replica did.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{FromRequestParts, State as FromState};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use hyper::body::{Bytes, Frame};
use issuance::OfferError;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::streams::Streams;
use super::view::{self, Progress};
use crate::app::State;
use crate::limiter::{Admitted, TooOften, counted};
use crate::observe::ClientAddress;
use crate::on_behalf::ApiError;
use crate::path::PathOf;
use crate::serve::Stopping;

/// In how many seconds a page may ask again that found no place.
const NO_PLACE_SECONDS: u64 = 30;
/// How many events may wait for a reader.
const WAITING: usize = 4;

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
pub(super) struct Reader {
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

/// `GET /claim/{id}/events`: the state of an offer, at once and whenever it changes, until it is final.
///
/// Each event `state` has one of the words of [`Progress`]. An event `end` says that ten minutes are over.
pub(super) async fn events(
    FromState(state): FromState<State>,
    _: Admitted,
    Extension(streams): Extension<Arc<Streams>>,
    reader: Reader,
    PathOf(id): PathOf<String>,
) -> Result<Response, ApiError> {
    match view::progress(&state, &id).await {
        Err(OfferError::Internal(error)) => return Err(error.into()),
        Ok(Progress::Withdrawn) => return Err(ApiError::not_found("There is no such offer.")),
        _ => {}
    }
    let Some(place) = streams.take(reader.address) else {
        return Ok(TooOften(NO_PLACE_SECONDS).into_response());
    };
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let ask = || view::progress(&state, &id);
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
    Ok((headers, Body::new(Sent(receiver))).into_response())
}

async fn stopped(stopping: Option<Stopping>) {
    match stopping {
        Some(stopping) => stopping.stopped().await,
        None => std::future::pending().await,
    }
}

/// Asks, and sends what is new, until there is nothing more to expect.
async fn follow<A, F>(pace: Pace, mut ask: A, sender: &mpsc::Sender<Bytes>)
where
    A: FnMut() -> F,
    F: Future<Output = Result<Progress, OfferError>>,
{
    let started = Instant::now();
    let mut sent_at = started;
    let mut known = None;
    loop {
        let progress = match ask().await {
            Ok(progress) => progress,
            // The page asks again in a few seconds.
            Err(OfferError::Internal(error)) => return tracing::warn!(%error, "an offer cannot be followed"),
            // Somebody else was busy with it: so will we be, in a second.
            Err(_) => known.unwrap_or(Progress::Waiting),
        };
        let now = Instant::now();
        let message = if known != Some(progress) {
            // A page that lost its connection asks again after five seconds.
            let retry = if known.is_none() { "retry: 5000\n" } else { "" };
            Some(format!("{retry}event: state\ndata: {}\n\n", progress.word()))
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
        if progress.is_final() || (known == Some(progress) && now - started >= pace.length) {
            return;
        }
        known = Some(progress);
        sleep(pace.ask).await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// What a stream says of an offer that goes through these states, one an answer, and stays in the last.
    async fn said(length: u64, states: &[Result<Progress, OfferError>]) -> String {
        let pace = Pace {
            ask: Duration::from_millis(1),
            silence: Duration::from_millis(20),
            length: Duration::from_millis(length),
        };
        let mut states: VecDeque<_> = states.iter().cloned().collect();
        let ask = move || {
            let state = if states.len() > 1 { states.pop_front() } else { states.front().cloned() };
            std::future::ready(state.expect("a state"))
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
        use Progress::{Claimed, Scanned, Waiting};
        let states =
            [Ok(Waiting), Ok(Waiting), Err(OfferError::Contended), Ok(Scanned), Ok(Scanned), Ok(Claimed)];
        let expected = "retry: 5000\nevent: state\ndata: waiting\n\n\
             event: state\ndata: scanned\n\nevent: state\ndata: claimed\n\n";
        assert_eq!(said(60_000, &states).await, expected);
    }

    #[tokio::test]
    async fn what_is_final_is_said_and_ends_the_stream() {
        for state in Progress::ALL.into_iter().filter(|state| state.is_final()) {
            let expected = format!("retry: 5000\nevent: state\ndata: {}\n\n", state.word());
            assert_eq!(said(60_000, &[Ok(state)]).await, expected);
        }
    }

    #[tokio::test]
    async fn a_stream_is_never_silent_for_long_and_ends() {
        let said = said(200, &[Ok(Progress::Waiting)]).await;
        let rest = said.strip_prefix("retry: 5000\nevent: state\ndata: waiting\n\n").expect("begins so");
        let heartbeats = rest.strip_suffix("event: end\ndata: ended\n\n").expect("ends so");
        assert!(heartbeats.len() >= 3 && heartbeats.split(":\n\n").all(str::is_empty), "{heartbeats:?}");
    }

    #[tokio::test]
    async fn nobody_who_went_away_is_told_anything() {
        let (sender, receiver) = mpsc::channel(WAITING);
        drop(receiver);
        follow(PACE, || std::future::ready(Ok(Progress::Waiting)), &sender).await;
    }
}
