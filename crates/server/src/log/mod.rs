//! The transparency log, as C2SP tlog-tiles serves it: static, cacheable, open to everybody.

mod anchors;
mod proof;

use axum::extract::State as FromState;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::State;
use crate::on_behalf::ApiError;
use crate::path::PathOf;

/// The path of tiles, as the router writes it.
pub(crate) const TILE_ROUTE: &str = "/log/tile/{*path}";

pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(checkpoint))
        .routes(routes!(tile))
        .routes(routes!(verifier_key))
        .routes(routes!(anchors::anchors))
        .routes(routes!(proof::proof))
}

/// The log's checkpoint
///
/// The signed head of the log (C2SP tlog-checkpoint).
#[utoipa::path(
    get,
    path = "/log/checkpoint",
    operation_id = "getCheckpoint",
    tag = "Log",
    responses((status = 200, description = "A signed note.", body = String, content_type = "text/plain"))
)]
async fn checkpoint(FromState(state): FromState<State>) -> Result<Response, ApiError> {
    let checkpoint = state.log.checkpoint().await.map_err(|error| ApiError::internal(&error))?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, checkpoint).into_response())
}

/// The log's verifier key
///
/// The key by which checkpoints verify (C2SP signed-note). Fetch it once, over a way that you trust, and keep it.
#[utoipa::path(
    get,
    path = "/log/key",
    operation_id = "getLogKey",
    tag = "Log",
    responses((status = 200, description = "A verifier key.", body = String, content_type = "text/plain"))
)]
async fn verifier_key(FromState(state): FromState<State>) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (headers, format!("{}\n", state.log.verifier_key())).into_response()
}

/// A tile of the log
///
/// `<level>/<index>[.p/<width>]` for hashes, `entries/<index>[.p/<width>]` for entries (C2SP tlog-tiles).
#[utoipa::path(
    get,
    path = "/log/tile/{*path}",
    operation_id = "getTile",
    tag = "Log",
    params(("path" = String, Path, description = "Which tile.", pattern = r"^([0-9]{1,2}|entries)(/x[0-9]{3})*/[0-9]{3}(\.p/[0-9]{1,3})?$")),
    responses(
        (status = 200, description = "The tile. It never changes.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, description = "Not a tile's path, or the log has not come that far."),
    )
)]
async fn tile(
    FromState(state): FromState<State>,
    PathOf(path): PathOf<String>,
) -> Result<Response, ApiError> {
    let unknown = || ApiError::not_found("No such tile.");
    let path = format!("tile/{path}").parse().map_err(|_| unknown())?;
    let tile = state.log.tile(path).await.map_err(|error| ApiError::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, tile.ok_or_else(unknown)?).into_response())
}
