//! Credential offers (seed 003), and what surrounds them: profiles, collections, templates, API keys, the audit trail.

mod api_keys;
mod audit_trail;
mod body;
mod claim;
mod collections;
mod create;
mod credential_templates;
mod delete;
mod get;
mod image_upload;
mod list;
mod organisation_profiles;
mod resend_revocation_email;
mod revoke;
mod search_history;
mod share_with_email;
mod status;
mod type_usage;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::State;
use crate::tenant_api;

/// The paths of this dialect begin so.
const BASE: &str = "/products/web/{env}/issuer/api/private";

/// Where a list of this dialect is, for its links.
fn address(state: &State, env_id: &str, list: &str) -> String {
    tenant_api::address(state, BASE, env_id, list)
}

pub(crate) fn routes() -> OpenApiRouter<State> {
    let router = OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(search_history::search_history))
        .routes(routes!(type_usage::type_usage))
        .routes(routes!(share_with_email::share_with_email))
        .routes(routes!(resend_revocation_email::resend_revocation_email))
        .routes(routes!(image_upload::image_upload))
        .routes(routes!(revoke::revoke))
        .routes(routes!(get::get, delete::delete))
        .routes(routes!(claim::claim))
        .routes(routes!(status::status))
        .routes(routes!(organisation_profiles::list, organisation_profiles::create))
        .routes(routes!(organisation_profiles::get))
        .routes(routes!(collections::list, collections::create))
        .routes(routes!(credential_templates::credential_templates))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(audit_trail::audit_trail));
    tenant_api::below(BASE, router)
}
