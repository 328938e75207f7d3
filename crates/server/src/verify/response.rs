//! Where wallets send what they present (OpenID4VP 1.0, section 8.2).

use axum::Json;
use axum::extract::{Request, State as FromState};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use issuance::Verification;
use serde::Serialize;
use utoipa::ToSchema;

use super::request_object::named;
use super::wallet_error::{Refusal, RefusalBody};
use crate::app::State;
use crate::body::{self, BodyError};
use crate::limiter::{Admitted, TooOften};
use crate::observe::RequestOrigin;
use crate::on_behalf::ApiError;
use crate::path::PathOf;

/// What a wallet posts.
#[derive(ToSchema)]
#[schema(as = PresentationResponse)]
#[expect(dead_code, reason = "the document is made of it; the form is read by hand")]
pub(super) struct ResponseForm {
    /// JSON: lists of presentations by the ids of the query.
    vp_token: Option<String>,
    /// The one of the request.
    state: Option<String>,
    /// Both encrypted, for `direct_post.jwt`.
    response: Option<String>,
    /// Why the wallet presents nothing.
    error: Option<String>,
    error_description: Option<String>,
}

/// What the wallet is told.
#[derive(Serialize, ToSchema)]
#[schema(as = PresentationReceived)]
pub(super) struct ReceivedBody {
    /// Where it sends the person's browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_uri: Option<String>,
}

/// Present
///
/// Each request takes one answer. One that does not hold ends the request, too; one that belongs to another does not.
#[utoipa::path(
    post,
    path = "/presentations/{correlationId}/response",
    operation_id = "answerPresentationRequest",
    tag = "Wallets",
    params(("correlationId" = String, Path, description = "The request.", format = Uuid)),
    request_body(content = ResponseForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "It was verified, or the wallet's refusal noted.", body = ReceivedBody),
        (status = 400, description = "What was presented does not hold, or is not what was asked for.", body = RefusalBody),
        (status = 404, description = "No such request.", body = RefusalBody),
        (status = 408, description = "The body did not arrive in time.", body = RefusalBody),
        (status = 409, description = "It was answered already.", body = RefusalBody),
        (status = 410, description = "It has expired.", body = RefusalBody),
        (status = 413, description = "The body is too large.", body = RefusalBody),
        (status = 415, description = "The body is no form.", body = RefusalBody),
        (status = 429, description = "Too many requests from this address.", body = RefusalBody),
    )
)]
pub(super) async fn response(
    FromState(state): FromState<State>,
    admitted: Result<Admitted, TooOften>,
    RequestOrigin(origin): RequestOrigin,
    id: Result<PathOf<String>, ApiError>,
    request: Request,
) -> Result<Response, Refusal> {
    admitted?;
    let id = named(id)?;
    if body::media_type(request.headers()) != "application/x-www-form-urlencoded" {
        return Err(BodyError::NotForm.into());
    }
    let form = body::text(request, Verification::ANSWER_LIMIT).await?;
    let answer = state.verification.answer(&id, &form, origin).await?;
    let body = Json(ReceivedBody { redirect_uri: answer.redirect_uri });
    Ok(([(header::CACHE_CONTROL, "no-store")], body).into_response())
}
