//! Verification: the API by which anybody checks a document, that of tenants who ask wallets to present, and what wallets
//! themselves speak (OpenID4VP 1.0).

mod ask;
mod body;
mod check;
mod definitions;
mod page;
mod presentation_state;
mod presentations;
mod request_object;
mod response;
mod wallet_error;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::State;
use crate::tenant_api;

/// The paths of the tenants' API begin so.
const BASE: &str = "/products/web/{env}/verifier/api/private/verifiable-presentations";

/// Where a list of the tenants' API is, for its links.
fn address(state: &State, env_id: &str, list: &str) -> String {
    tenant_api::address(state, BASE, env_id, list)
}

pub(crate) fn routes() -> OpenApiRouter<State> {
    let tenants = OpenApiRouter::new()
        .routes(routes!(presentations::list))
        .routes(routes!(definitions::list, definitions::create))
        .routes(routes!(definitions::get, definitions::update, definitions::delete))
        .routes(routes!(ask::ask))
        .routes(routes!(presentations::get, presentations::erase));
    OpenApiRouter::new()
        .merge(tenant_api::below(BASE, tenants))
        .routes(routes!(check::check))
        .routes(routes!(request_object::fetch, request_object::fetch_by_post))
        .routes(routes!(response::response))
        .routes(routes!(presentation_state::presentation_state))
        .merge(page::routes())
}
