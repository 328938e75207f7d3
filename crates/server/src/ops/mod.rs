//! What operators and their machines ask: is it alive, is it ready, how is it doing.

use std::time::Duration;

use axum::extract::State as FromState;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::State;

/// How long the database may take to answer before we say that we are not ready.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// Is the process alive?
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "getHealth",
    tag = "Operations",
    responses((status = 200, description = "It is.", body = String, content_type = "text/plain"))
)]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Can it serve?
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "getReadiness",
    tag = "Operations",
    responses(
        (status = 200, description = "The database answers.", body = String, content_type = "text/plain"),
        (status = 503, description = "The database does not answer.", body = String, content_type = "text/plain"),
    )
)]
async fn readyz(FromState(state): FromState<State>) -> Response {
    match tokio::time::timeout(DATABASE_TIMEOUT, state.engine.store().ping()).await {
        Ok(Ok(())) => "ready\n".into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            not_ready()
        }
        Err(_) => not_ready(),
    }
}

fn not_ready() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
}

/// How is it doing?
///
/// Prometheus text format.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "getMetrics",
    tag = "Operations",
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain"))
)]
async fn metrics(FromState(state): FromState<State>) -> Response {
    if let Ok((pending, _)) = state.log.pending().await {
        metrics::gauge!("bestow_log_pending_leaves").set(pending as f64);
    }
    if let Ok((waiting, failed)) = state.engine.store().job_counts().await {
        metrics::gauge!("bestow_jobs_waiting").set(waiting as f64);
        metrics::gauge!("bestow_jobs_failed").set(failed as f64);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], state.metrics.render()).into_response()
}
