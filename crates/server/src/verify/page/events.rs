//! What becomes of a request while its page is open.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State as FromState;
use axum::response::Response;
use issuance::EngineError;
use model::PresentationState;

use super::data;
use crate::app::State;
use crate::limiter::Admitted;
use crate::on_behalf::ApiError;
use crate::path::PathOf;
use crate::web::events::{self, Reader, Stage};
use crate::web::streams::Streams;

impl Stage for PresentationState {
    fn word(self) -> &'static str {
        self.as_str()
    }

    fn is_final(self) -> bool {
        !matches!(self, Self::Created | Self::Sent)
    }
}

/// `GET /present/{id}/events`: the state of a request, at once and whenever it changes, until it is final.
pub(super) async fn events(
    FromState(state): FromState<State>,
    _: Admitted,
    Extension(streams): Extension<Arc<Streams>>,
    reader: Reader,
    PathOf(id): PathOf<String>,
) -> Result<Response, ApiError> {
    if data::stage(&state, &id).await?.is_none() {
        return Err(ApiError::not_found("There is no such request."));
    }
    Ok(events::stream(&streams, reader, move || stage(state.clone(), id.clone())))
}

/// A request that is gone while its page is open has ended like one whose time is over: the page is loaded anew, and says
/// the rest.
async fn stage(state: State, id: String) -> Result<Option<PresentationState>, EngineError> {
    Ok(data::stage(&state, &id).await?.or(Some(PresentationState::Expired)))
}
