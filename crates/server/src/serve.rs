//! Listening: connections are limited in number and in how long they may take to say what they want.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::observe::Peer;

/// How long a client may take to send the head of a request, and may leave a connection idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests that are under way may take after we were told to stop.
const GRACE: Duration = Duration::from_secs(30);
/// How many connections are open at once.
const CONNECTIONS: usize = 16_384;
/// The largest head of a request, in bytes.
const HEAD_BYTES: usize = 64 * 1024;

/// Serves until `stop` turns true (or nobody is left who could say so), then finishes what is under way.
///
/// # Errors
/// None at present; the signature leaves room for a listener that fails for good.
pub async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) -> io::Result<()> {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned();
        let (stream, peer, place) = tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            accepted = async { (listener.accept().await, place.await) } => match accepted {
                (Ok((stream, peer)), Ok(place)) => (stream, peer, place),
                (Err(error), _) => {
                    // Out of file descriptors, most likely: give those that are open time to close.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
                (_, Err(_)) => break,
            },
        };
        let connection =
            graceful.watch(connection(stream, Peer(peer.ip()), Stopping(stop.clone()), router.clone()));
        tokio::spawn(async move {
            // An error here is the client's: it went away, or did not speak HTTP.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    Ok(())
}

/// Tells a handler whose answer has no end of its own that the server stops.
#[derive(Clone, Debug)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Waits until it does.
    pub(crate) async fn stopped(mut self) {
        stopped(&mut self.0).await;
    }
}

/// Waits until `stop` turns true, or nobody is left who could say so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// The router, told who is at the other end.
struct FromPeer {
    peer: Peer,
    stopping: Stopping,
    router: TowerToHyperService<Router>,
}

impl Service<Request<Incoming>> for FromPeer {
    type Response = Response;
    type Error = Infallible;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        request.extensions_mut().insert(self.stopping.clone());
        self.router.call(request)
    }
}

fn connection(
    stream: TcpStream,
    peer: Peer,
    stopping: Stopping,
    router: Router,
) -> http1::Connection<TokioIo<TcpStream>, FromPeer> {
    // Small answers go out at once.
    let _ = stream.set_nodelay(true);
    let service = FromPeer { peer, stopping, router: TowerToHyperService::new(router) };
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
}
