//! `POST /witness/add-checkpoint`: a log asks for a cosignature (tlog-witness, "add-checkpoint").

use anchor::WitnessError;
use axum::extract::{Request, State as FromState};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tlog::witness::{MAX_REQUEST_LEN, Refusal, SIZE_MEDIA_TYPE, format_size};

use super::Cosigning;
use crate::body;
use crate::limiter::Admitted;
use crate::on_behalf::{ApiError, ErrorBody};

/// Cosign a checkpoint
///
/// C2SP tlog-witness: `old <size>`, the hashes of a consistency proof from that size on, an empty line, the checkpoint. Needs no
/// key: what is asked is signed by its log. A log that does not know the size asks with 0, and learns it.
#[utoipa::path(
    post,
    path = "/witness/add-checkpoint",
    operation_id = "addCheckpoint",
    tag = "Witness",
    request_body(content = String, content_type = "text/plain", description = "At most 131072 bytes."),
    responses(
        (status = 200, description = "Cosignature lines of the witness. What it signed is durable.", body = String, content_type = "text/plain"),
        (status = 400, description = "The request is malformed, or the old size is larger than the checkpoint's.", body = ErrorBody),
        (status = 403, description = "The checkpoint is not signed by its log.", body = ErrorBody),
        (status = 404, description = "The witness does not follow this log.", body = ErrorBody),
        (status = 408, description = "The body did not arrive in time.", body = ErrorBody),
        (status = 409, description = "The witness cosigned another size last, or another root of this size: the size.", body = String, content_type = "text/x.tlog.size"),
        (status = 413, description = "The body is too large.", body = ErrorBody),
        (status = 422, description = "The proof does not hold: the checkpoint does not follow from the last one.", body = ErrorBody),
        (status = 429, description = "Too many requests from this address.", body = ErrorBody),
    )
)]
pub(super) async fn add_checkpoint(
    FromState(cosigning): FromState<Cosigning>,
    _: Admitted,
    request: Request,
) -> Result<Response, ApiError> {
    let witness = cosigning.witness()?;
    let body = body::text(request, MAX_REQUEST_LEN).await?;
    match witness.add_checkpoint(&body).await {
        Ok(lines) => Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], lines).into_response()),
        Err(WitnessError::Malformed(error)) => {
            Err(ApiError::bad_request(format!("Invalid request: {error}.")))
        }
        Err(WitnessError::Refused(refusal)) => refused(&refusal),
        Err(error) => Err(ApiError::internal(&error)),
    }
}

fn refused(refusal: &Refusal) -> Result<Response, ApiError> {
    metrics::counter!("bestow_witness_refusals_total", "status" => refusal.status().to_string()).increment(1);
    let status = StatusCode::from_u16(refusal.status()).expect("one of five statuses");
    match refusal {
        Refusal::Conflict { size } => {
            let headers = [(header::CONTENT_TYPE, SIZE_MEDIA_TYPE)];
            Ok((status, headers, format_size(*size)).into_response())
        }
        refusal => Err(ApiError::new(status, format!("Not cosigned: {refusal}."))),
    }
}
