//! People, and whether they accept what is issued on their behalf.

use model::{Consent, Email, Holder, HolderId, TenantId, Timestamp};

use crate::db::values;
use crate::issuance::insert_holder;
use crate::{Store, StoreError};

#[derive(sqlx::FromRow)]
struct HolderRow {
    id: String,
    email: String,
    did: String,
}

impl TryFrom<HolderRow> for Holder {
    type Error = StoreError;

    fn try_from(row: HolderRow) -> Result<Self, StoreError> {
        let email = Email::parse(&row.email)
            .map_err(|error| StoreError::inconsistent("holder", "email", &row.id, &error))?;
        Ok(Self { id: row.id.into(), email, did: row.did })
    }
}

impl Store {
    /// The person with this address, without regard to case.
    pub async fn holder_by_email(&self, email: &Email) -> Result<Option<Holder>, StoreError> {
        let sql = "SELECT id, email, did FROM holder WHERE email_key = $1";
        let row: Option<HolderRow> = self.db.fetch_optional(sql, values![email.key()]).await?;
        row.map(Holder::try_from).transpose()
    }

    /// Every person, oldest first, at most `limit`: for operators.
    pub async fn holders(&self, limit: i64) -> Result<Vec<Holder>, StoreError> {
        let sql = "SELECT id, email, did FROM holder ORDER BY created_at, id LIMIT $1";
        let rows: Vec<HolderRow> = self.db.fetch_all(sql, values![limit]).await?;
        rows.into_iter().map(Holder::try_from).collect()
    }

    /// Adds a person; `false` if somebody with this address is there already.
    pub async fn insert_holder(&self, holder: &Holder, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let inserted = insert_holder(&mut tx, holder, now).await?;
        tx.commit().await?;
        Ok(inserted)
    }

    /// Records what a person decided about a tenant.
    pub async fn set_consent(
        &self,
        tenant: &TenantId,
        holder: &HolderId,
        consent: Consent,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO consent (tenant_id, holder_id, state, decided_at) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (tenant_id, holder_id) DO UPDATE SET state = $3, decided_at = $4";
        let values = values![tenant.as_str(), holder.as_str(), consent.as_str(), now.0];
        self.db.execute(sql, values).await?;
        Ok(())
    }

    /// What a person decided about a tenant.
    pub async fn consent(&self, tenant: &TenantId, holder: &HolderId) -> Result<Consent, StoreError> {
        let sql = "SELECT state FROM consent WHERE tenant_id = $1 AND holder_id = $2";
        let row: Option<(String,)> =
            self.db.fetch_optional(sql, values![tenant.as_str(), holder.as_str()]).await?;
        let Some((state,)) = row else { return Ok(Consent::default()) };
        state.parse().map_err(|error| StoreError::inconsistent("consent", "state", holder.as_str(), &error))
    }
}
