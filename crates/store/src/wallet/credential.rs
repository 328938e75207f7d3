//! Credentials that were issued on behalf, as their holders claim them.

use model::{
    CoreClaimHash, CredentialId, Email, HolderId, Holding, IssuerId, ProgramId, TenantId, Timestamp,
};

use crate::db::values;
use crate::issuance::digest;
use crate::{Store, StoreError};

/// A credential and its person.
#[derive(Clone, Debug)]
pub struct HeldCredential {
    /// `vcId`.
    pub id: CredentialId,
    /// Whose.
    pub tenant: TenantId,
    /// Who issued it.
    pub issuer: IssuerId,
    /// By which program.
    pub program: ProgramId,
    /// Where it stands with its holder.
    pub holding: Holding,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// The hash of its core claim.
    pub core_claim_hash: CoreClaimHash,
    /// A JSON object from format to signed document.
    pub documents: String,
    /// The person.
    pub holder: HolderId,
    /// The person's DID.
    pub holder_did: String,
    /// The person's address.
    pub email: Email,
}

#[derive(sqlx::FromRow)]
struct HeldRow {
    id: String,
    tenant_id: String,
    issuer_id: String,
    program_id: String,
    holding: String,
    issued_at: i64,
    expires_at: Option<i64>,
    core_claim_hash: Vec<u8>,
    documents: String,
    holder_id: String,
    did: String,
    email: String,
}

impl TryFrom<HeldRow> for HeldCredential {
    type Error = StoreError;

    fn try_from(row: HeldRow) -> Result<Self, StoreError> {
        let wrong = |column, problem: &dyn std::fmt::Display| {
            StoreError::inconsistent("credential", column, &row.id, problem)
        };
        Ok(Self {
            holding: row.holding.parse().map_err(|error| wrong("holding", &error))?,
            email: Email::parse(&row.email).map_err(|error| wrong("email", &error))?,
            core_claim_hash: CoreClaimHash(digest("credential", "core_claim_hash", &row.core_claim_hash)?),
            id: row.id.into(),
            tenant: row.tenant_id.into(),
            issuer: row.issuer_id.into(),
            program: row.program_id.into(),
            issued_at: Timestamp(row.issued_at),
            expires_at: row.expires_at.map(Timestamp),
            documents: row.documents,
            holder: row.holder_id.into(),
            holder_did: row.did,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.tenant_id, c.issuer_id, c.program_id, c.holding, c.issued_at, c.expires_at, \
             c.core_claim_hash, c.documents, c.holder_id, h.did, h.email \
             FROM credential c JOIN holder h ON h.id = c.holder_id ",
            $rest
        )
    };
}

impl Store {
    /// A credential of a person who has an address, whoever issued it: for whoever shows that it is theirs.
    pub async fn held_credential(&self, id: &CredentialId) -> Result<Option<HeldCredential>, StoreError> {
        let row: Option<HeldRow> =
            self.db.fetch_optional(select!("WHERE c.id = $1"), values![id.as_str()]).await?;
        row.map(HeldCredential::try_from).transpose()
    }

    /// A tenant's credential of a person who has an address.
    pub async fn held_credential_by_hash(
        &self,
        tenant: &TenantId,
        hash: &CoreClaimHash,
    ) -> Result<Option<HeldCredential>, StoreError> {
        let sql = select!("WHERE c.tenant_id = $1 AND c.core_claim_hash = $2");
        let row: Option<HeldRow> =
            self.db.fetch_optional(sql, values![tenant.as_str(), hash.0.as_slice()]).await?;
        row.map(HeldCredential::try_from).transpose()
    }

    /// Where a credential stands with its holder.
    pub async fn holding(&self, tenant: &TenantId, id: &CredentialId) -> Result<Option<Holding>, StoreError> {
        let sql = "SELECT holding FROM credential WHERE tenant_id = $1 AND id = $2";
        let row: Option<(String,)> =
            self.db.fetch_optional(sql, values![tenant.as_str(), id.as_str()]).await?;
        let Some((holding,)) = row else { return Ok(None) };
        let parsed = holding.parse();
        parsed
            .map(Some)
            .map_err(|error| StoreError::inconsistent("credential", "holding", id.as_str(), &error))
    }
}
