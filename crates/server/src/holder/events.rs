//! What becomes of an offer while its page is open.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State as FromState;
use axum::response::Response;
use issuance::{EngineError, OfferError};

use super::view::{self, Progress};
use crate::app::State;
use crate::limiter::Admitted;
use crate::on_behalf::ApiError;
use crate::path::PathOf;
use crate::web::events::{self, Reader, Stage};
use crate::web::streams::Streams;

impl Stage for Progress {
    fn word(self) -> &'static str {
        Self::word(self)
    }

    fn is_final(self) -> bool {
        Self::is_final(self)
    }
}

/// `GET /claim/{id}/events`: the state of an offer, at once and whenever it changes, until it is final.
///
/// Each event `state` has one of the words of [`Progress`].
pub(super) async fn events(
    FromState(state): FromState<State>,
    _: Admitted,
    Extension(streams): Extension<Arc<Streams>>,
    reader: Reader,
    PathOf(id): PathOf<String>,
) -> Result<Response, ApiError> {
    match view::progress(&state, &id).await {
        Err(OfferError::Internal(error)) => return Err(error.into()),
        Ok(Progress::Withdrawn) => return Err(ApiError::not_found("There is no such offer.")),
        _ => {}
    }
    Ok(events::stream(&streams, reader, move || progress(state.clone(), id.clone())))
}

async fn progress(state: State, id: String) -> Result<Option<Progress>, EngineError> {
    match view::progress(&state, &id).await {
        Ok(progress) => Ok(Some(progress)),
        Err(OfferError::Internal(error)) => Err(error),
        // Somebody else was busy with it: so will we be, in a second.
        Err(_) => Ok(None),
    }
}
