//! Being a witness of other logs (C2SP tlog-witness). The submission prefix is `/witness`.

mod add_checkpoint;
mod alone;
mod key;

use std::sync::Arc;

use anchor::Witness;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::State;
use crate::limiter::AddressLimiter;
use crate::on_behalf::ApiError;

pub use alone::{WitnessApp, witness_router};

/// The witness, where the server is one.
#[derive(Clone, Debug)]
pub(crate) struct Cosigning(Option<Arc<Witness>>);

impl FromRef<State> for Cosigning {
    fn from_ref(state: &State) -> Self {
        Self(state.witness.clone())
    }
}

impl Cosigning {
    /// Who is no witness follows no log.
    fn witness(&self) -> Result<&Witness, ApiError> {
        let none = || {
            ApiError::not_found("This server is no witness: an operator names the logs that it is to follow.")
        };
        self.0.as_deref().ok_or_else(none)
    }
}

pub(crate) fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Cosigning: FromRef<S>,
    Arc<AddressLimiter>: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(add_checkpoint::add_checkpoint)).routes(routes!(key::witness_key))
}
