//! What the APIs of tenants share, the issuer's (seed 003) and the verifier's: API keys and roles, bodies, lists, and errors in
//! NestJS's shape.

pub(crate) mod auth;
pub(crate) mod error;
pub(crate) mod extract;
pub(crate) mod refusals;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa_axum::router::OpenApiRouter;

use self::error::ApiError;
pub(crate) use self::error::name_request;
use crate::app::State;
use crate::observe::panic_text;

/// Where these APIs begin.
const ROOT: &str = "/products/web/";

/// An API of these below its base path.
pub(crate) fn below(base: &str, router: OpenApiRouter<State>) -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .nest(base, router)
        // For forms; whatever else takes a body says itself how much it reads.
        .layer(DefaultBodyLimit::max(extract::LARGEST_FORM))
        .layer(CatchPanicLayer::custom(|panic| ApiError::internal(&panic_text(&panic)).into_response()))
}

/// Where a list is, for its links.
pub(crate) fn address(state: &State, base: &str, env_id: &str, list: &str) -> String {
    format!("{}{}/{list}", state.engine.public_url(), base.replace("{env}", env_id))
}

/// The environment, for lists, whose other parameters are made from their columns.
pub(crate) fn env_parameter() -> Vec<Parameter> {
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
                $crate::tenant_api::env_parameter().into_iter().chain(rest).collect()
            }
        }
    };
}
pub(crate) use list_parameters;

/// Whether a path without a route lies in one of these APIs.
pub(crate) fn is_ours(path: &str) -> bool {
    path.starts_with(ROOT)
}

/// A refusal in the words of these APIs, for what other paths of ours say of offers.
pub(crate) fn refusal(error: issuance::OfferError) -> Response {
    ApiError::from(error).into_response()
}

pub(crate) fn no_route() -> Response {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "No such route. See /docs.").into_response()
}

pub(crate) fn no_method() -> Response {
    let message = "Method not allowed here. The Allow header says which are.";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message).into_response()
}
