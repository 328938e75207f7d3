//! The lists of the verifier's dialect.

use model::{
    Column, ColumnKind, ListRequest, Listable, PresentationDefinition, PresentationRequest,
    PresentationState, TenantId,
};

use super::others::{EVERY_ROW, all_of, latest_first, optional, own};
use super::{Resource, column, sortable};
use crate::verification::{DefinitionRow, PresentationRow, definition_columns, presentation_columns};
use crate::{Store, StoreError};

static DEFINITION_COLUMNS: [Column; 5] = [
    sortable("createdAt", ColumnKind::Moment),
    sortable("updatedAt", ColumnKind::Moment),
    sortable("definitionId", ColumnKind::Text),
    sortable("name", ColumnKind::Text),
    column("createdBy", ColumnKind::Text),
];

/// Templates of presentations.
pub static DEFINITIONS: Listable =
    Listable { columns: &DEFINITION_COLUMNS, default_sort: latest_first(&DEFINITION_COLUMNS[0]) };

static DEFINITION_TABLE: Resource = Resource {
    table: "presentation_definition",
    key: &["tenant_id", "definition_id"],
    ties: &["created_at", "definition_id"],
    creator: "created_by",
    live: EVERY_ROW,
    place: |column| match column.name {
        "createdAt" => own("created_at"),
        "updatedAt" => own("updated_at"),
        "name" => own("name"),
        "createdBy" => own("created_by"),
        _ => own("definition_id"),
    },
    select: definition_columns!(),
    joins: "",
};

static PRESENTATION_COLUMNS: [Column; 7] = [
    sortable("createdAt", ColumnKind::Moment),
    sortable("updatedAt", ColumnKind::Moment),
    sortable("expiresAt", ColumnKind::Moment),
    column("correlationId", ColumnKind::Uuid),
    column("definitionId", ColumnKind::Text),
    column("status", ColumnKind::Word(&PresentationState::WORDS)),
    column("createdBy", ColumnKind::Text),
];

/// Requests for presentations.
pub static PRESENTATIONS: Listable =
    Listable { columns: &PRESENTATION_COLUMNS, default_sort: latest_first(&PRESENTATION_COLUMNS[0]) };

static PRESENTATION_TABLE: Resource = Resource {
    table: "presentation",
    key: &["id"],
    ties: &["created_at", "id"],
    creator: "created_by",
    live: EVERY_ROW,
    place: |column| match column.name {
        "createdAt" => own("created_at"),
        "updatedAt" => own("updated_at"),
        "expiresAt" => own("expires_at"),
        "correlationId" => own("id"),
        "definitionId" => own("definition_id"),
        "status" => optional("state"),
        _ => own("created_by"),
    },
    select: presentation_columns!(),
    joins: "",
};

impl Store {
    /// A page of a tenant's templates, and how many there are. `request` is for [`DEFINITIONS`].
    pub async fn list_definitions(
        &self,
        tenant: &TenantId,
        request: &ListRequest,
    ) -> Result<(Vec<PresentationDefinition>, i64), StoreError> {
        let (rows, total) =
            super::list::<DefinitionRow>(&self.db, &DEFINITION_TABLE, all_of(tenant), request).await?;
        Ok((rows.into_iter().map(PresentationDefinition::from).collect(), total))
    }

    /// A page of a tenant's requests, and how many there are. `request` is for [`PRESENTATIONS`]; of the states, the stored one
    /// counts ([`Store::expire_presentations`]).
    pub async fn list_presentations(
        &self,
        tenant: &TenantId,
        request: &ListRequest,
    ) -> Result<(Vec<PresentationRequest>, i64), StoreError> {
        let (rows, total) =
            super::list::<PresentationRow>(&self.db, &PRESENTATION_TABLE, all_of(tenant), request).await?;
        Ok((rows.into_iter().map(PresentationRequest::try_from).collect::<Result<_, _>>()?, total))
    }
}
