//! Pages on which anybody checks a credential, or is asked to show one.

mod ask;
mod check;
mod claims;
mod data;
mod document;
mod events;
mod form;
mod icon;
mod mark;
mod over;
mod present;
mod problem;
#[cfg(test)]
mod sample;
mod scan;
mod texts;
mod upload;
mod visitor;

use std::sync::Arc;

use axum::Extension;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::scan::Scanner;
use crate::app::State;
use crate::web::streams::Streams;

/// The tag of the pages in the OpenAPI document.
const TAG: &str = "Verification pages";

pub(crate) fn routes() -> OpenApiRouter<State> {
    let upload = OpenApiRouter::new()
        .routes(routes!(form::form_page, check::check))
        .layer(DefaultBodyLimit::max(upload::LARGEST_FORM))
        .layer(Extension(Arc::new(Scanner::default())));
    OpenApiRouter::new()
        .merge(upload)
        .routes(routes!(ask::ask))
        .routes(routes!(present::present_page))
        // The pages' own, which is why they are not in the OpenAPI document.
        .route("/present/{id}/events", get(events::events))
        .route("/verify/icon.svg", get(icon::icon))
        .layer(Extension(Arc::new(Streams::default())))
}
