//! What was issued, as it was handed out.

use std::collections::BTreeMap;

use model::{CoreClaimHash, CredentialId, Format, TenantId};
use store::{Delivery, StatusQuery};
use verify::commitment;

use crate::EngineError;
use crate::engine::Engine;
use crate::mint::commitment_name;

/// A credential as it was handed out.
#[derive(Clone, Debug)]
pub struct IssuedDocuments {
    /// `vcId`.
    pub id: model::CredentialId,
    /// The core claim: eight field elements, 32 bytes little-endian each, in hex.
    pub core_claim: String,
    /// The signed documents, by the names of their commitments: the format, with a number behind it for further copies.
    pub documents: BTreeMap<String, CommittedDocument>,
}

/// A signed document and what the core claim's digest says of it.
#[derive(Clone, Debug)]
pub struct CommittedDocument {
    /// The document, byte for byte as issued.
    pub document: String,
    /// SHA-256 of its JWS payload.
    pub commitment: [u8; 32],
}

fn committed(
    id: &CredentialId,
    texts: impl IntoIterator<Item = (String, String)>,
) -> Result<BTreeMap<String, CommittedDocument>, EngineError> {
    let broken = || EngineError::inconsistent(format!("credential {id}: a document is no JWS"));
    let read = |(name, document): (String, String)| {
        let commitment = commitment(&document).ok_or_else(broken)?;
        Ok((name, CommittedDocument { document, commitment }))
    };
    texts.into_iter().map(read).collect()
}

fn delivered_documents(delivery: Delivery) -> Result<IssuedDocuments, EngineError> {
    let broken =
        || EngineError::inconsistent(format!("delivery {}: its documents cannot be read", delivery.id));
    let format: Format = delivery.format.parse().map_err(|_| broken())?;
    let texts: Vec<String> = serde_json::from_str(&delivery.documents).map_err(|_| broken())?;
    let named = texts.into_iter().enumerate().map(|(place, text)| (commitment_name(format, place), text));
    let documents = committed(&delivery.id, named)?;
    Ok(IssuedDocuments { id: delivery.id, core_claim: hex::encode(delivery.core_claim), documents })
}

impl Engine {
    /// A tenant's credential in each of its formats; what a wallet was given, if the hash is that of a delivery.
    pub async fn issued_documents(
        &self,
        tenant: &TenantId,
        hash: CoreClaimHash,
    ) -> Result<Option<IssuedDocuments>, EngineError> {
        if let Some(delivery) = self.store.delivery_by_hash(tenant, &hash).await? {
            return Ok(Some(delivered_documents(delivery)?));
        }
        let query = StatusQuery { tenant: tenant.clone(), hash };
        let Some(found) = self.store.credential_status(query).await? else { return Ok(None) };
        let id = found.credential.id;
        let Some(issued) = self.store.issued_credential(tenant, &id).await? else { return Ok(None) };
        let texts: BTreeMap<String, String> = serde_json::from_str(&issued.documents)
            .map_err(|_| EngineError::inconsistent(format!("credential {id}: its documents are not JSON")))?;
        let documents = committed(&id, texts)?;
        Ok(Some(IssuedDocuments { id, core_claim: hex::encode(issued.core_claim), documents }))
    }
}
