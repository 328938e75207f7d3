//! Templates of presentations.

use model::{AuditEvent, PresentationDefinition, Stamps, TenantId, Timestamp};

use super::definition_columns;
use crate::db::values;
use crate::{Store, StoreError};

#[derive(sqlx::FromRow)]
pub(crate) struct DefinitionRow {
    tenant_id: String,
    definition_id: String,
    name: String,
    purpose: Option<String>,
    public: bool,
    terms: String,
    created_at: i64,
    created_by: String,
    updated_at: i64,
    updated_by: String,
}

impl From<DefinitionRow> for PresentationDefinition {
    fn from(row: DefinitionRow) -> Self {
        Self {
            tenant_id: row.tenant_id.into(),
            definition_id: row.definition_id,
            name: row.name,
            purpose: row.purpose,
            public: row.public,
            terms: row.terms,
            stamps: Stamps {
                created_at: Timestamp(row.created_at),
                created_by: row.created_by,
                updated_at: Timestamp(row.updated_at),
                updated_by: row.updated_by,
            },
        }
    }
}

impl Store {
    /// Adds a template; `false` if its tenant has one of that name.
    pub async fn insert_definition(
        &self,
        definition: &PresentationDefinition,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO presentation_definition (tenant_id, definition_id, name, purpose, public, terms, created_at, \
                   created_by, updated_at, updated_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, $8) \
                   ON CONFLICT (tenant_id, definition_id) DO NOTHING";
        let values = values![
            definition.tenant_id.as_str(),
            definition.definition_id.as_str(),
            definition.name.as_str(),
            definition.purpose.as_deref(),
            definition.public,
            definition.terms.as_str(),
            definition.stamps.created_at,
            definition.stamps.created_by.as_str()
        ];
        self.change_one(sql, values, event).await
    }

    /// Changes a template; what was asked by it before stays as it was. `false` if there is none of that name.
    pub async fn update_definition(
        &self,
        definition: &PresentationDefinition,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE presentation_definition SET name = $3, purpose = $4, public = $5, terms = $6, updated_at = $7, \
                   updated_by = $8 WHERE tenant_id = $1 AND definition_id = $2";
        let values = values![
            definition.tenant_id.as_str(),
            definition.definition_id.as_str(),
            definition.name.as_str(),
            definition.purpose.as_deref(),
            definition.public,
            definition.terms.as_str(),
            definition.stamps.updated_at,
            definition.stamps.updated_by.as_str()
        ];
        self.change_one(sql, values, event).await
    }

    /// Deletes a template; what was asked by it stays. `false` if there is none of that name.
    pub async fn delete_definition(
        &self,
        tenant: &TenantId,
        definition_id: &str,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let sql = "DELETE FROM presentation_definition WHERE tenant_id = $1 AND definition_id = $2";
        self.change_one(sql, values![tenant.as_str(), definition_id], event).await
    }

    /// A tenant's template.
    pub async fn definition(
        &self,
        tenant: &TenantId,
        definition_id: &str,
    ) -> Result<Option<PresentationDefinition>, StoreError> {
        let sql = concat!(
            "SELECT ",
            definition_columns!(),
            " FROM presentation_definition o WHERE o.tenant_id = $1 AND o.definition_id = $2"
        );
        let row: Option<DefinitionRow> =
            self.db.fetch_optional(sql, values![tenant.as_str(), definition_id]).await?;
        Ok(row.map(PresentationDefinition::from))
    }

    /// The templates by which anybody may ask, at most `limit`, in the order of their names.
    pub async fn public_definitions(&self, limit: i64) -> Result<Vec<PresentationDefinition>, StoreError> {
        let sql = concat!(
            "SELECT ",
            definition_columns!(),
            " FROM presentation_definition o WHERE o.public ORDER BY o.name, o.tenant_id, o.definition_id LIMIT $1"
        );
        let rows: Vec<DefinitionRow> = self.db.fetch_all(sql, values![limit]).await?;
        Ok(rows.into_iter().map(PresentationDefinition::from).collect())
    }
}
