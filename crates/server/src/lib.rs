//! The HTTP dialects: thin translations between wire formats and verbs of the engine.
//!
//! One folder a dialect, one file an endpoint. A handler extracts and authenticates, calls one verb, and renders.

mod app;
mod body;
mod holder;
mod identity;
mod images;
mod limiter;
mod log;
mod observe;
mod offers;
mod on_behalf;
mod ops;
pub mod paginate;
mod path;
mod serve;
mod status;
mod tenant_api;
mod verify;
mod wallet;
mod web;
mod witness;

pub use app::{App, Limits, openapi_json, router};
pub use observe::install_metrics;
pub use serve::serve;
pub use witness::{WitnessApp, witness_router};
