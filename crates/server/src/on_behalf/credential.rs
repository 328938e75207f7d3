//! `GET /v1/credentials/{coreClaimHash}`: not in the seeds; ours, so that what was issued can be checked and delivered.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State as FromState;
use issuance::IssuedDocuments;
use model::CredentialId;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::error::{ApiError, ErrorBody};
use super::query::unknown_hash;
use crate::app::State;
use crate::path::PathOf;

/// A credential in each of its formats.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssuedCredential {
    /// The hash that was asked for.
    core_claim_hash: String,
    /// The credential's id.
    #[schema(value_type = String)]
    vc_id: CredentialId,
    /// The iden3 core claim: eight field elements, 32 bytes little-endian each, in hex. Its hash is `coreClaimHash`.
    core_claim: String,
    /// The signed documents by format: `dc+sd-jwt`, `jwt_vc_json`. Further copies of one format, for other keys of a wallet, have
    /// a number behind it: `dc+sd-jwt/1`.
    documents: BTreeMap<String, String>,
    /// SHA-256 of each document's JWS payload, in hex: what the core claim's digest is made of.
    commitments: BTreeMap<String, String>,
}

impl IssuedCredential {
    fn new(hash: String, issued: IssuedDocuments) -> Self {
        let (mut documents, mut commitments) = (BTreeMap::new(), BTreeMap::new());
        for (name, document) in issued.documents {
            commitments.insert(name.clone(), hex::encode(document.commitment));
            documents.insert(name, document.document);
        }
        Self {
            core_claim_hash: hash,
            vc_id: issued.id,
            core_claim: issued.core_claim,
            documents,
            commitments,
        }
    }
}

/// Fetch an issued credential
///
/// The signed credential in each of its formats, to check it or to hand it to the person. Not part of the vendor's API.
#[utoipa::path(
    get,
    path = "/v1/credentials/{coreClaimHash}",
    operation_id = "getCredential",
    tag = "Credentials",
    security(("partnerJwt" = [])),
    params(("coreClaimHash" = String, Path, description = "What the issue call answered.", pattern = "^[0-9a-f]{64}$")),
    responses(
        (status = 200, description = "The credential.", body = IssuedCredential),
        (status = 401, description = "Invalid or expired Partner JWT.", body = ErrorBody),
        (status = 404, description = "No credential found for the given hash.", body = ErrorBody),
        (status = 429, description = "Too many requests.", body = ErrorBody),
        (status = 500, description = "Server-side failure. Retry with exponential backoff.", body = ErrorBody),
    )
)]
pub(super) async fn credential(
    FromState(state): FromState<State>,
    Authenticated(partner): Authenticated,
    PathOf(hash): PathOf<String>,
) -> Result<Json<IssuedCredential>, ApiError> {
    let parsed = hash.parse().map_err(|_| unknown_hash())?;
    let found = state.engine.issued_documents(&partner.tenant.id, parsed).await?;
    Ok(Json(IssuedCredential::new(hash, found.ok_or_else(unknown_hash)?)))
}
