//! Pages for the people to whom something is offered.

mod claim_page;
mod events;
mod page;
mod texts;
mod view;

use std::sync::Arc;

use axum::Extension;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::State;
use crate::web::streams::Streams;

pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(claim_page::claim_page))
        // The page's own, which is why it is not in the OpenAPI document.
        .route("/claim/{id}/events", get(events::events))
        .layer(Extension(Arc::new(Streams::default())))
}
