//! `GET /witness/key`: how to check what the witness signs.

use axum::extract::State as FromState;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::Cosigning;
use crate::on_behalf::{ApiError, ErrorBody};

/// The witness's verifier key
///
/// The key by which cosignatures verify (C2SP signed-note, type 0x04). Fetch it once, over a way that you trust, and keep it.
#[utoipa::path(
    get,
    path = "/witness/key",
    operation_id = "getWitnessKey",
    tag = "Witness",
    responses(
        (status = 200, description = "A verifier key.", body = String, content_type = "text/plain"),
        (status = 404, description = "This server is no witness.", body = ErrorBody),
    )
)]
pub(super) async fn witness_key(FromState(cosigning): FromState<Cosigning>) -> Result<Response, ApiError> {
    let key = format!("{}\n", cosigning.witness()?.verifier_key());
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], key).into_response())
}
