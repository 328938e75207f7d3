//! A server that is a witness and nothing else: no engine, no log of its own.

use std::sync::Arc;

use anchor::Witness;
use axum::Router;
use axum::extract::{FromRef, State as FromState};
use axum::http::header;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use model::Entropy;
use store::Store;
use tower_http::catch_panic::CatchPanicLayer;

use super::{Cosigning, routes};
use crate::app::Limits;
use crate::limiter::AddressLimiter;
use crate::observe::{self, Observer};
use crate::on_behalf::ApiError;
use crate::ops;

/// What such a server is made of.
#[derive(Clone, Debug)]
pub struct WitnessApp {
    /// The witness.
    pub witness: Arc<Witness>,
    /// Its database.
    pub store: Arc<Store>,
    /// Limits; that of addresses and the proxies count.
    pub limits: Limits,
    /// Draws randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The process's metrics ([`crate::install_metrics`]).
    pub metrics: PrometheusHandle,
}

#[derive(Clone, Debug)]
struct State {
    cosigning: Cosigning,
    store: Arc<Store>,
    address_limiter: Arc<AddressLimiter>,
    metrics: PrometheusHandle,
}

macro_rules! parts {
    ($($member:ident: $part:ty),+ $(,)?) => {
        $(impl FromRef<State> for $part {
            fn from_ref(state: &State) -> Self {
                state.$member.clone()
            }
        })+
    };
}

parts!(
    cosigning: Cosigning,
    store: Arc<Store>,
    address_limiter: Arc<AddressLimiter>,
    metrics: PrometheusHandle,
);

/// Builds the router of a server that is a witness alone: the two routes of a witness, health and metrics.
pub fn witness_router(app: WitnessApp) -> Router {
    let WitnessApp { witness, store, limits, entropy, metrics } = app;
    let observer = Observer::new(&limits.trusted_proxies, move || entropy.bytes());
    let state = State {
        cosigning: Cosigning(Some(witness)),
        store,
        address_limiter: Arc::new(AddressLimiter::per_minute(limits.public_requests_per_minute)),
        metrics,
    };
    let (router, _) = routes::<State>().merge(ops::health_routes()).split_for_parts();
    router
        .route("/metrics", get(render_metrics))
        .fallback(async || ApiError::not_found("No such route: this server is a witness, under /witness."))
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(CatchPanicLayer::custom(|panic| observe::panicked(&panic)))
        .layer(middleware::from_fn_with_state(observer, observe::observe))
        .with_state(state)
}

async fn render_metrics(FromState(metrics): FromState<PrometheusHandle>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render()).into_response()
}
