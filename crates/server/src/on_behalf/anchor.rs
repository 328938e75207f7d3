//! `GET /v1/credentials/anchor`: not in the seeds; ours, so that a tenant sees why something is not `ONCHAIN` yet.

use axum::Json;
use axum::extract::State as FromState;
use issuance::{AnchorReport, EvmReport, LeafReport};
use model::AnchorPolicy;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::error::{ApiError, ErrorBody};
use super::query::{HashParameter, unknown_hash};
use crate::app::State;

/// How far a credential is anchored, and what it waits for. What is not known, or not asked for by the policy, is absent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CredentialAnchor {
    /// The hash that was asked for.
    #[schema(example = "239704895d0c4693d33ee7ab9e37c6eb295f178d80074a32d4ace53b1a779c44")]
    core_claim_hash: String,
    /// As `GET /v1/credentials/status` says.
    #[schema(example = "WAIT_ONCHAIN")]
    vc_status: &'static str,
    /// When the issuer counts something as anchored: `log`, with `+witnesses:K` and `+evm:N` or `+evm:finalized` behind it.
    #[schema(example = "log+witnesses:2+evm:12")]
    policy: String,
    #[serde(flatten)]
    issue: LeafAnchor,
    /// The same of its revocation, if it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation: Option<LeafAnchor>,
}

/// How far a leaf of the log is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LeafAnchor {
    /// Its place in the log, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    leaf_index: Option<i64>,
    /// The published checkpoint, once it covers the leaf.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<CheckpointSize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witnesses: Option<WitnessesAnchor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evm: Option<EvmAnchor>,
}

/// A head of the log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnchorCheckpoint)]
struct CheckpointSize {
    /// How many leaves it covers.
    size: i64,
}

/// What the witnesses did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AnchorWitnesses)]
struct WitnessesAnchor {
    /// How many must sign.
    wanted: u32,
    /// The names of those who signed a checkpoint that covers the leaf.
    cosignatures: Vec<String>,
    /// Those who failed the last time that they were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failing: Vec<FailingWitness>,
}

/// A witness that does not sign.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FailingWitness {
    /// The name of its key.
    name: String,
    /// What went wrong.
    last_error: String,
}

/// What the chain did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AnchorEvm)]
struct EvmAnchor {
    /// What counts: a number of confirmations, or `finalized`.
    wanted: String,
    /// EIP-155 chain id.
    #[serde(skip_serializing_if = "Option::is_none")]
    chain_id: Option<i64>,
    /// The contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<String>,
    /// The address that sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<String>,
    /// The transaction that covers the leaf, or that is on its way with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<String>,
    /// The block that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<i64>,
    /// How many blocks there are from its own on.
    confirmations: i64,
    /// Whether its block does not vanish any more.
    finalized: bool,
    /// How often the transaction was signed, each time with higher fees.
    attempts: usize,
    /// What keeps it from coming further.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

impl EvmAnchor {
    fn new(report: EvmReport, wanted: String) -> Self {
        Self {
            wanted,
            chain_id: report.chain_id,
            contract: report.contract,
            publisher: report.publisher,
            transaction: report.transaction,
            block: report.block,
            confirmations: report.confirmations,
            finalized: report.is_final,
            attempts: report.attempts,
            last_error: report.last_error,
        }
    }
}

impl LeafAnchor {
    fn new(report: LeafReport, policy: &AnchorPolicy) -> Self {
        let failing = report.unsigned.into_iter();
        let failing = failing.map(|(name, last_error)| FailingWitness { name, last_error }).collect();
        let witnesses =
            WitnessesAnchor { wanted: policy.witnesses, cosignatures: report.cosignatures, failing };
        let wanted = policy.evm.map(|finality| finality.to_string());
        Self {
            leaf_index: report.index,
            checkpoint: report.checkpoint.map(|size| CheckpointSize { size }),
            witnesses: (policy.witnesses > 0).then_some(witnesses),
            evm: report.evm.zip(wanted).map(|(report, wanted)| EvmAnchor::new(report, wanted)),
        }
    }
}

impl From<AnchorReport> for CredentialAnchor {
    fn from(report: AnchorReport) -> Self {
        Self {
            core_claim_hash: report.hash.to_string(),
            vc_status: report.status.as_str(),
            policy: report.policy.to_string(),
            issue: LeafAnchor::new(report.issue, &report.policy),
            revocation: report.revocation.map(|leaf| LeafAnchor::new(leaf, &report.policy)),
        }
    }
}

/// See how far a credential is anchored
///
/// Its place in the log, who signed the log's head, the transaction on the chain, and what keeps any of it from coming further.
/// Not part of the vendor's API.
#[utoipa::path(
    get,
    path = "/v1/credentials/anchor",
    operation_id = "getCredentialAnchor",
    tag = "Credentials",
    security(("partnerJwt" = [])),
    params(("coreClaimHash" = String, Query, description = "What the issue call answered.", pattern = "^[0-9a-f]{64}$")),
    responses(
        (status = 200, description = "How far it is.", body = CredentialAnchor),
        (status = 400, description = "The parameter is missing.", body = ErrorBody),
        (status = 401, description = "Invalid or expired Partner JWT.", body = ErrorBody),
        (status = 404, description = "No credential found for the given hash.", body = ErrorBody),
        (status = 429, description = "Too many requests.", body = ErrorBody),
        (status = 500, description = "Server-side failure. Retry with exponential backoff.", body = ErrorBody),
    )
)]
pub(super) async fn anchor(
    FromState(state): FromState<State>,
    Authenticated(partner): Authenticated,
    HashParameter(hash): HashParameter,
) -> Result<Json<CredentialAnchor>, ApiError> {
    let hash = hash.ok_or_else(unknown_hash)?;
    let report = state.engine.anchor_report(&state.log, &partner.tenant.id, hash).await?;
    Ok(Json(report.ok_or_else(unknown_hash)?.into()))
}
