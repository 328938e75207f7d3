//! What an operator sees of every request: an id, a measurement, and a line in the log where something failed.

use std::any::Any;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{FromRequestParts, MatchedPath, Request, State as FromState};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ipnet::IpNet;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use model::Origin;
use tracing::Instrument;

use crate::on_behalf::ApiError;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The address that a request came from: that of the connection, unless this is a proxy that the operator trusts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

/// Where a request came from, for the audit trail.
pub(crate) struct RequestOrigin(pub(crate) Origin);

impl<S: Send + Sync> FromRequestParts<S> for RequestOrigin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<ClientAddress>().map(|address| address.0.to_string());
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
        Ok(Self(Origin { address, request_id }))
    }
}

/// The id of a request, as the answer repeats it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// What observing needs.
#[derive(Clone)]
pub(crate) struct Observer {
    trusted_proxies: Arc<[IpNet]>,
    draw: Arc<dyn Fn() -> [u8; 16] + Send + Sync>,
}

impl Observer {
    /// Believes what these proxies say of who asks, and draws ids of requests by `draw`.
    pub(crate) fn new(
        trusted_proxies: &[IpNet],
        draw: impl Fn() -> [u8; 16] + Send + Sync + 'static,
    ) -> Self {
        Self { trusted_proxies: trusted_proxies.into(), draw: Arc::new(draw) }
    }
}

/// The connection's address; behind trusted proxies, the nearest address in `X-Forwarded-For` that is none of theirs.
fn client_address(request: &Request, trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = request.extensions().get::<Peer>()?.0.to_canonical();
    if !is_trusted(&peer) {
        return Some(peer);
    }
    let forwarded =
        request.headers().get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut client = peer;
    for hop in hops.iter().rev() {
        let Ok(address) = hop.parse::<IpAddr>() else { break };
        client = address.to_canonical();
        if !is_trusted(&client) {
            break;
        }
    }
    Some(client)
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Installs the process's metrics recorder. Later calls answer with the same handle.
///
/// # Panics
/// If another recorder was installed before the first call.
pub fn install_metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    const ITEMS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
    let install = || {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), ITEMS))
            .and_then(PrometheusBuilder::install_recorder)
            .expect("the first recorder of the process, with buckets")
    };
    HANDLE.get_or_init(install).clone()
}

/// Gives a request an id (the caller's, if it sent a readable one), measures it, and puts the id in the answer.
pub(crate) async fn observe(
    FromState(observer): FromState<Observer>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = request_id(&request, &observer);
    let method = method_label(request.method());
    // The template, not the path: a path may name a person's credential.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let text = id.to_str().unwrap_or_default();
    request.extensions_mut().insert(RequestId(text.to_owned()));
    if let Some(address) = client_address(&request, &observer.trusted_proxies) {
        request.extensions_mut().insert(ClientAddress(address));
    }
    let span = tracing::info_span!("request", id = text, method, route);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    span.in_scope(|| log(status, started));
    let seconds = started.elapsed().as_secs_f64();
    metrics::counter!("bestow_http_requests_total", "method" => method, "route" => route.clone(), "status" => code(status))
        .increment(1);
    metrics::histogram!("bestow_http_request_seconds", "route" => route).record(seconds);
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The method, out of a set that a caller cannot enlarge.
fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 8] = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

fn code(status: StatusCode) -> String {
    status.as_str().to_owned()
}

fn log(status: StatusCode, started: Instant) {
    let (status, micros) = (status.as_u16(), started.elapsed().as_micros() as u64);
    match status {
        // A failure of ours was logged with its cause where it was rendered.
        400..500 => tracing::info!(status, micros, "refused"),
        _ => tracing::debug!(status, micros, "answered"),
    }
}

fn request_id(request: &Request, observer: &Observer) -> HeaderValue {
    let readable = |value: &&HeaderValue| {
        (1..=64).contains(&value.len())
            && value.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    };
    match request.headers().get(REQUEST_ID).filter(readable) {
        Some(id) => id.clone(),
        None => {
            let id = hex::encode((observer.draw)());
            HeaderValue::from_str(&id).expect("hexadecimal digits")
        }
    }
}

/// A panic is a failure of ours like any other, to the caller.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Response {
    ApiError::internal(&panic_text(panic)).into_response()
}

/// What a panic says.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text");
    format!("panic: {text}")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn address(peer: &str, forwarded: &[&str]) -> Option<String> {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let mut request = Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        client_address(&request, &trusted).map(|address| address.to_string())
    }

    #[test]
    fn only_trusted_proxies_say_who_asks() {
        let of = |peer, forwarded: &[&str]| address(peer, forwarded).expect("an address");
        assert_eq!(of("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(of("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &["203.0.113.9", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(of("::ffff:10.0.0.1", &["::ffff:198.51.100.7"]), "198.51.100.7");
    }
}
