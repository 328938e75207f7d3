//! API keys. The store sees their hashes only.

use std::str::FromStr;

use model::{ApiKey, ApiKeyId, AuditEvent, Role, TenantId, Timestamp};

use crate::audit;
use crate::db::values;
use crate::{Store, StoreError};

#[derive(sqlx::FromRow)]
pub(crate) struct ApiKeyRow {
    id: String,
    tenant_id: String,
    user_id: String,
    name: String,
    roles: String,
    mask: String,
    created_at: i64,
    created_by: String,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl TryFrom<ApiKeyRow> for ApiKey {
    type Error = StoreError;

    fn try_from(row: ApiKeyRow) -> Result<Self, StoreError> {
        let roles: Result<Vec<Role>, _> = row.roles.split(',').map(Role::from_str).collect();
        Ok(Self {
            roles: roles.map_err(|error| StoreError::inconsistent("api_key", "roles", &row.id, &error))?,
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            user_id: row.user_id.into(),
            name: row.name,
            mask: row.mask,
            created_at: Timestamp(row.created_at),
            created_by: row.created_by,
            expires_at: row.expires_at.map(Timestamp),
            last_used_at: row.last_used_at.map(Timestamp),
            revoked_at: row.revoked_at.map(Timestamp),
        })
    }
}

/// What an [`ApiKeyRow`] is read from; the key is `o`.
macro_rules! api_key_columns {
    () => {
        "o.id, o.tenant_id, o.user_id, o.name, o.roles, o.mask, o.created_at, o.created_by, o.expires_at, o.last_used_at, \
         o.revoked_at"
    };
}
pub(crate) use api_key_columns;

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", api_key_columns!(), " FROM api_key o ", $rest)
    };
}

impl Store {
    /// Adds an API key, of which `key_hash` is the SHA-256.
    pub async fn insert_api_key(
        &self,
        key: &ApiKey,
        key_hash: &[u8; 32],
        event: &AuditEvent,
    ) -> Result<(), StoreError> {
        let roles: Vec<&str> = key.roles.iter().map(|role| role.as_str()).collect();
        let sql = "INSERT INTO api_key (id, tenant_id, user_id, name, roles, mask, key_hash, created_at, created_by, \
                   expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let values = values![
            key.id.as_str(),
            key.tenant_id.as_str(),
            key.user_id.as_str(),
            key.name.as_str(),
            roles.join(","),
            key.mask.as_str(),
            key_hash.as_slice(),
            key.created_at,
            key.created_by.as_str(),
            key.expires_at
        ];
        let mut tx = self.db.begin().await?;
        tx.execute(sql, values).await?;
        audit::record(&mut tx, [event]).await?;
        tx.commit().await
    }

    /// The API key with this SHA-256, whatever its tenant and state: the caller compares both.
    pub async fn api_key_by_hash(&self, key_hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        let sql = select!("WHERE key_hash = $1");
        let row: Option<ApiKeyRow> = self.db.fetch_optional(sql, values![key_hash.as_slice()]).await?;
        row.map(ApiKey::try_from).transpose()
    }

    /// A tenant's API key.
    pub async fn api_key(&self, tenant: &TenantId, id: &ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        let sql = select!("WHERE tenant_id = $1 AND id = $2");
        let row: Option<ApiKeyRow> =
            self.db.fetch_optional(sql, values![tenant.as_str(), id.as_str()]).await?;
        row.map(ApiKey::try_from).transpose()
    }

    /// Every API key of a tenant, oldest first: for operators.
    pub async fn api_keys(&self, tenant: &TenantId) -> Result<Vec<ApiKey>, StoreError> {
        let sql = select!("WHERE tenant_id = $1 ORDER BY created_at, id");
        let rows: Vec<ApiKeyRow> = self.db.fetch_all(sql, values![tenant.as_str()]).await?;
        rows.into_iter().map(ApiKey::try_from).collect()
    }

    /// Remembers that a key was used, unless that was remembered within the last minute.
    pub async fn touch_api_key(&self, id: &ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE api_key SET last_used_at = $2 WHERE id = $1 \
                   AND (last_used_at IS NULL OR last_used_at <= $3)";
        let values = values![id.as_str(), now, now.plus_seconds(-ApiKey::USE_KEPT_SECONDS)];
        self.db.execute(sql, values).await?;
        Ok(())
    }

    /// Revokes a tenant's API key; `false` if there is none, or it was revoked before.
    pub async fn revoke_api_key(
        &self,
        tenant: &TenantId,
        id: &ApiKeyId,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let sql =
            "UPDATE api_key SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL";
        let mut tx = self.db.begin().await?;
        if tx.execute(sql, values![tenant.as_str(), id.as_str(), event.at]).await? != 1 {
            return Ok(false);
        }
        audit::record(&mut tx, [event]).await?;
        tx.commit().await?;
        Ok(true)
    }
}
