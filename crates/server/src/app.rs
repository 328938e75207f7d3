//! The whole application: what handlers share, and which path leads where.

use std::num::NonZeroU32;
use std::sync::Arc;

use anchor::{Log, Witness};
use axum::Router;
use axum::extract::FromRef;
use axum::http::{HeaderName, Method, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use ipnet::IpNet;
use issuance::{Engine, Verification};
use metrics_exporter_prometheus::PrometheusHandle;
use store::Store;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any, CorsLayer};
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use crate::limiter::{AddressLimiter, PartnerLimiter};
use crate::observe::Observer;
use crate::on_behalf::ApiError;
use crate::{
    holder, identity, images, log, observe, offers, on_behalf, ops, status, tenant_api, verify, wallet,
    witness,
};

/// What an operator limits.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest request body, in bytes. Bulk requests and uploads have limits of their own.
    pub body_bytes: usize,
    /// How many requests a second one partner may make; any number if absent.
    pub partner_requests_per_second: Option<NonZeroU32>,
    /// How many requests a minute one address may make where no key is asked for; any number if absent.
    pub public_requests_per_minute: Option<NonZeroU32>,
    /// The proxies whose `X-Forwarded-For` says who asks.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 65_536,
            partner_requests_per_second: None,
            public_requests_per_minute: None,
            trusted_proxies: Vec::new(),
        }
    }
}

/// What a server is made of.
#[derive(Clone, Debug)]
pub struct App {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The log.
    pub log: Arc<Log>,
    /// The verifier.
    pub verification: Arc<Verification>,
    /// The witness of other logs, if it is one.
    pub witness: Option<Arc<Witness>>,
    /// Limits.
    pub limits: Limits,
    /// The process's metrics ([`crate::install_metrics`]).
    pub metrics: PrometheusHandle,
}

/// What handlers share.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) engine: Arc<Engine>,
    pub(crate) log: Arc<Log>,
    pub(crate) verification: Arc<Verification>,
    pub(crate) witness: Option<Arc<Witness>>,
    pub(crate) limits: Limits,
    pub(crate) limiter: Arc<PartnerLimiter>,
    pub(crate) address_limiter: Arc<AddressLimiter>,
    pub(crate) metrics: PrometheusHandle,
}

impl FromRef<State> for Arc<AddressLimiter> {
    fn from_ref(state: &State) -> Self {
        Self::clone(&state.address_limiter)
    }
}

impl FromRef<State> for Arc<Store> {
    fn from_ref(state: &State) -> Self {
        Self::clone(state.engine.store())
    }
}

#[derive(OpenApi)]
#[openapi(
    components(schemas(wallet::ErrorBody)),
    info(
        title = "Bestow",
        description = "Issue verifiable credentials, on behalf of people or as offers that they claim; follow them until they are anchored, and check them.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    )
)]
struct Document;

fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(on_behalf::routes())
        .merge(offers::routes())
        .merge(images::routes())
        .merge(holder::routes())
        .merge(wallet::routes())
        .merge(verify::routes())
        .merge(status::routes())
        .merge(identity::routes())
        .merge(log::routes())
        .merge(witness::routes())
        .merge(ops::routes())
}

/// The OpenAPI document of every route.
fn document() -> utoipa::openapi::OpenApi {
    let mut document = routes().into_openapi();
    let scheme = ApiKeyValue::with_description(
        "x-partner-auth",
        "A Partner JWT (RS256 or ES256; header kid and typ \"JWT\"; claims partnerId, exp, scope, email), without \"Bearer\".",
    );
    // The router marks a parameter that spans segments with a star; OpenAPI has no such mark.
    if let Some(tile) = document.paths.paths.remove(crate::log::TILE_ROUTE) {
        document.paths.paths.insert(crate::log::TILE_ROUTE.replace('*', ""), tile);
    }
    let components = document.components.get_or_insert_default();
    let api_key = ApiKeyValue::with_description(
        "X-API-KEY",
        "An API key of the environment that the path names; its roles decide what it may do.",
    );
    components
        .security_schemes
        .insert("apiKey".to_owned(), SecurityScheme::ApiKey(ApiKey::Header(api_key)).into());
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The access token of the token endpoint (RFC 6750); with a DPoP proof if it is bound to a key (RFC 9449)."));
    components.security_schemes.insert("accessToken".to_owned(), SecurityScheme::Http(token.build()).into());
    components
        .security_schemes
        .insert("partnerJwt".to_owned(), SecurityScheme::ApiKey(ApiKey::Header(scheme)).into());
    document
}

/// The OpenAPI document of every route, as JSON.
pub fn openapi_json() -> String {
    document().to_pretty_json().expect("a document of our own making")
}

/// Builds the router of the whole application.
pub fn router(app: App) -> Router {
    let engine = Arc::clone(&app.engine);
    let observer = Observer::new(&app.limits.trusted_proxies, move || engine.random());
    let state = State {
        limiter: Arc::new(PartnerLimiter::per_second(app.limits.partner_requests_per_second)),
        address_limiter: Arc::new(AddressLimiter::per_minute(app.limits.public_requests_per_minute)),
        engine: app.engine,
        log: app.log,
        verification: app.verification,
        witness: app.witness,
        limits: app.limits,
        metrics: app.metrics,
    };
    let (router, _) = routes().split_for_parts();
    router
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document()))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(cors())
        .layer(CatchPanicLayer::custom(|panic| observe::panicked(&panic)))
        .layer(middleware::from_fn(tenant_api::name_request))
        .layer(middleware::from_fn_with_state(observer, observe::observe))
        .with_state(state)
}

/// Each dialect says in its own way that there is nothing.
async fn no_route(uri: Uri) -> Response {
    if tenant_api::is_ours(uri.path()) {
        return tenant_api::no_route();
    }
    ApiError::not_found("No such route. See /docs.").into_response()
}

async fn no_method(uri: Uri) -> Response {
    if wallet::is_ours(uri.path()) {
        return wallet::no_method();
    }
    if tenant_api::is_ours(uri.path()) {
        return tenant_api::no_method();
    }
    ApiError::method_not_allowed().into_response()
}

/// Any page may call: what authenticates a request is a header that the page must have, never a cookie.
fn cors() -> CorsLayer {
    let ours = |name| HeaderName::from_static(name);
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::CONTENT_TYPE,
            ours("x-partner-auth"),
            ours("x-api-key"),
            header::AUTHORIZATION,
            ours("dpop"),
            ours("idempotency-key"),
            ours("x-request-id"),
        ])
        .expose_headers([header::RETRY_AFTER, header::WWW_AUTHENTICATE, ours("x-request-id")])
        .max_age(std::time::Duration::from_secs(86_400))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_openapi_document_is_reviewed() {
        insta::assert_snapshot!(super::openapi_json());
    }
}
