//! Pages for the people to whom something is offered.

mod claim_page;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::State;

pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(claim_page::claim_page))
}
