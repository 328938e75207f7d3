//! `GET /log/anchors`: where else the log's heads are, for auditors.

use axum::Json;
use axum::extract::State as FromState;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::State;
use crate::on_behalf::ApiError;

/// Where the log's heads are published.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LogAnchors)]
pub(super) struct Anchors {
    /// The log's name.
    origin: String,
    /// Its verifier key (C2SP signed-note).
    key: String,
    /// How many leaves its published checkpoint covers.
    checkpoint_size: i64,
    /// The witnesses that are asked to sign its checkpoints.
    witnesses: Vec<LogWitness>,
    /// The contract that holds its heads; absent without a chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    evm: Option<LogContract>,
}

/// A witness of the log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogWitness {
    /// Its verifier key (C2SP tlog-cosignature).
    key: String,
    /// How many leaves the newest checkpoint covers that it is known to have signed.
    size: i64,
}

/// A contract with heads of the log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogContract {
    /// EIP-155 chain id.
    chain_id: i64,
    /// The contract's address.
    contract: String,
    /// The address that sends.
    publisher: String,
}

/// Where the log's heads are published
///
/// What an auditor compares with the log: the witnesses that sign its checkpoints, and the contract that holds its heads. Keep
/// what you learn here: a log that names another contract later has a second history.
#[utoipa::path(
    get,
    path = "/log/anchors",
    operation_id = "getLogAnchors",
    tag = "Log",
    responses((status = 200, description = "Where they are.", body = Anchors))
)]
pub(super) async fn anchors(FromState(state): FromState<State>) -> Result<Json<Anchors>, ApiError> {
    let found = state.engine.log_anchors(&state.log).await?;
    Ok(Json(Anchors {
        origin: state.log.origin().to_owned(),
        key: state.log.verifier_key().to_string(),
        checkpoint_size: found.size,
        witnesses: found
            .witnesses
            .into_iter()
            .map(|(key, size)| LogWitness { key: key.to_string(), size })
            .collect(),
        evm: found.chain.map(|place| LogContract {
            chain_id: place.chain_id,
            contract: place.contract,
            publisher: place.publisher,
        }),
    }))
}
