//! Finding what was issued by what a document says of itself: for those who check it.

use model::{CoreClaimHash, CredentialId, IssuerId, TenantId, Timestamp};

use crate::db::values;
use crate::{Store, StoreError};

/// An entry of a status list.
#[derive(Clone, Debug)]
pub struct ListEntry {
    /// Whose list.
    pub issuer: IssuerId,
    /// Which list.
    pub list: i64,
    /// Where in it.
    pub index: i64,
}

/// Something that was issued: whose it is, and its core claim hash.
pub type Located = (TenantId, CoreClaimHash);

fn bytes(hash: &[u8]) -> Result<CoreClaimHash, StoreError> {
    let bytes = hash.try_into();
    bytes.map(CoreClaimHash).map_err(|_| {
        StoreError::inconsistent("credential", "core_claim_hash", &format!("{hash:02x?}"), &"not 32 bytes")
    })
}

impl Store {
    /// What wallets were given of the credential that has this entry.
    pub async fn deliveries_at(&self, entry: &ListEntry) -> Result<Vec<Located>, StoreError> {
        let sql = "SELECT d.tenant_id, d.core_claim_hash FROM delivery_status s \
                   JOIN delivery d ON d.credential_id = s.credential_id \
                   WHERE s.issuer_id = $1 AND s.status_list = $2 AND s.status_index = $3";
        let rows: Vec<(String, String)> =
            self.db.fetch_all(sql, values![entry.issuer.as_str(), entry.list, entry.index]).await?;
        let read = |(tenant, hash): (String, String)| {
            let parsed = hash.parse();
            let parsed = parsed
                .map_err(|error| StoreError::inconsistent("delivery", "core_claim_hash", &hash, &error))?;
            Ok((tenant.into(), parsed))
        };
        rows.into_iter().map(read).collect()
    }

    /// The credential with this id.
    pub async fn credential_with_id(&self, id: &CredentialId) -> Result<Option<Located>, StoreError> {
        let sql = "SELECT tenant_id, core_claim_hash FROM credential WHERE id = $1";
        let row: Option<(String, Vec<u8>)> = self.db.fetch_optional(sql, values![id.as_str()]).await?;
        row.map(|(tenant, hash)| Ok((tenant.into(), bytes(&hash)?))).transpose()
    }

    /// The credential that has this entry, issued within a second that begins at `second`: ids tell when they were made.
    pub async fn credential_at(
        &self,
        entry: &ListEntry,
        second: Timestamp,
    ) -> Result<Option<Located>, StoreError> {
        let sql = "SELECT tenant_id, core_claim_hash FROM credential WHERE id >= $1 AND id < $2 AND issuer_id = $3 \
                   AND status_list = $4 AND status_index = $5";
        let (first, after) = CredentialId::within_second(second);
        let values = values![first.as_str(), after.as_str(), entry.issuer.as_str(), entry.list, entry.index];
        let row: Option<(String, Vec<u8>)> = self.db.fetch_optional(sql, values).await?;
        row.map(|(tenant, hash)| Ok((tenant.into(), bytes(&hash)?))).transpose()
    }
}
