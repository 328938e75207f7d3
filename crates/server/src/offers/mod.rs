//! Credential offers (seed 003), and what surrounds them: profiles, collections, templates, API keys, the audit trail.

mod api_keys;
mod audit_trail;
mod auth;
mod body;
mod claim;
mod collections;
mod create;
mod credential_templates;
mod delete;
mod error;
mod extract;
mod get;
mod image_upload;
mod list;
mod organisation_profiles;
mod refusals;
mod resend_revocation_email;
mod revoke;
mod search_history;
mod share_with_email;
mod status;
mod type_usage;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::error::ApiError;
pub(crate) use self::error::name_request;
use crate::app::State;
use crate::observe::panic_text;

/// Where this dialect begins.
const ROOT: &str = "/products/web/";

/// The paths of this dialect begin so.
const BASE: &str = "/products/web/{env}/issuer/api/private";

/// Where a list of this dialect is, for its links.
fn address(state: &State, env_id: &str, list: &str) -> String {
    format!("{}{}/{list}", state.engine.public_url(), BASE.replace("{env}", env_id))
}

/// The environment, for lists, whose other parameters are made from their columns.
fn env_parameter() -> Vec<Parameter> {
    let pattern = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9a-f]{16}$"));
    let parameter = ParameterBuilder::new()
        .name("env")
        .parameter_in(ParameterIn::Path)
        .description(Some("The environment."))
        .schema(Some(pattern.build()));
    vec![parameter.build()]
}

/// Names the parameters of a list.
macro_rules! list_parameters {
    ($name:ident: $list:ident) => {
        /// The parameters of the list.
        pub(super) struct $name;

        impl utoipa::IntoParams for $name {
            fn into_params(
                _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                let rest = $crate::paginate::parameters(&$list);
                super::env_parameter().into_iter().chain(rest).collect()
            }
        }
    };
}
use list_parameters;

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
    OpenApiRouter::new()
        .nest(BASE, router)
        // For forms; whatever else takes a body says itself how much it reads.
        .layer(DefaultBodyLimit::max(extract::LARGEST_FORM))
        .layer(CatchPanicLayer::custom(|panic| ApiError::internal(&panic_text(&panic)).into_response()))
}

/// Whether a path without a route lies in this dialect.
pub(crate) fn is_ours(path: &str) -> bool {
    path.starts_with(ROOT)
}

/// A refusal in this dialect's words, for what other paths of ours say of offers.
pub(crate) fn refusal(error: issuance::OfferError) -> Response {
    self::error::ApiError::from(error).into_response()
}

pub(crate) fn no_route() -> Response {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "No such route. See /docs.").into_response()
}

pub(crate) fn no_method() -> Response {
    let message = "Method not allowed here. The Allow header says which are.";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message).into_response()
}
