//! Issue on behalf (seeds 000 to 002), and what belongs to it: the credential itself and the proof that it is in the log.

mod anchor;
mod auth;
mod body;
mod credential;
mod error;
mod issue;
mod proof;
mod query;
mod share_with_email;
mod status;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use error::{ApiError, ErrorBody};

use crate::app::State;

pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(issue::issue_on_behalf))
        .routes(routes!(status::status))
        .routes(routes!(anchor::anchor))
        .routes(routes!(proof::proof))
        .routes(routes!(credential::credential))
        .routes(routes!(share_with_email::share_with_email))
}
