//! How a request for a presentation stands, for whoever waits at a page.

use axum::Json;
use axum::extract::State as FromState;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::request_object::named;
use super::wallet_error::{Refusal, RefusalBody};
use crate::app::State;
use crate::limiter::{Admitted, TooOften};
use crate::on_behalf::ApiError;
use crate::path::PathOf;

/// How a request stands: nothing personal.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PresentationState)]
pub(super) struct StateBody {
    #[schema(format = Uuid)]
    correlation_id: String,
    definition_id: String,
    /// `created`, `sent`, `verified`, `failed`, `expired`.
    #[schema(example = "sent")]
    status: &'static str,
    /// When it last changed, in milliseconds since the Unix epoch.
    last_updated: i64,
}

/// How a request stands
#[utoipa::path(
    get,
    path = "/presentations/{correlationId}/status",
    operation_id = "getPresentationState",
    tag = "Presentations",
    params(("correlationId" = String, Path, description = "The request.", format = Uuid)),
    responses(
        (status = 200, description = "How it stands.", body = StateBody),
        (status = 404, description = "No such request.", body = RefusalBody),
        (status = 429, description = "Too many requests from this address.", body = RefusalBody),
    )
)]
pub(super) async fn presentation_state(
    FromState(state): FromState<State>,
    admitted: Result<Admitted, TooOften>,
    id: Result<PathOf<String>, ApiError>,
) -> Result<Response, Refusal> {
    admitted?;
    let (request, now) = state.verification.presentation_state(&named(id)?).await?;
    let body = StateBody {
        correlation_id: request.id.to_string(),
        definition_id: request.definition_id,
        status: now.as_str(),
        last_updated: request.updated_at.millis(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
