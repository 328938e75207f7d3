//! The other lists of the credential-offers dialect: smaller than that of offers, and found by the same means.

use model::{
    Actor, ActorKind, ApiKey, AuditEvent, Collection, Column, ColumnKind, Direction, ListRequest, Listable,
    OrganisationProfile, Origin, Sort, TenantId, Timestamp,
};

use super::{Owner, Place, Resource, column, sortable};
use crate::api_key::{ApiKeyRow, api_key_columns};
use crate::offer::OfferScope;
use crate::profile::{CollectionRow, ProfileRow, profile_columns, profile_joins};
use crate::{Store, StoreError};

pub(super) const EVERY_ROW: &str = "TRUE";

pub(super) const fn latest_first(column: &'static Column) -> Sort {
    Sort { column, direction: Direction::Descending }
}

pub(super) const fn own(column: &'static str) -> Place {
    Place::Own { column, nullable: false }
}

pub(super) const fn optional(column: &'static str) -> Place {
    Place::Own { column, nullable: true }
}

static SEARCH_COLUMNS: [Column; 4] = [
    sortable("createdAt", ColumnKind::Moment),
    sortable("updatedAt", ColumnKind::Moment),
    column("createdBy", ColumnKind::Text),
    column("updatedBy", ColumnKind::Text),
];

/// The history of searches (seed 003, `search-history`). A search never changes: `updated...` is `created...`.
pub static SEARCHES: Listable =
    Listable { columns: &SEARCH_COLUMNS, default_sort: latest_first(&SEARCH_COLUMNS[0]) };

static SEARCH_HISTORY: Resource = Resource {
    table: "search_history",
    key: &["tenant_id", "created_at", "id"],
    ties: &["created_at", "id"],
    creator: "created_by",
    live: EVERY_ROW,
    place: |column| match column.name {
        "createdAt" | "updatedAt" => own("created_at"),
        _ => own("created_by"),
    },
    select: "o.id, o.created_at, o.created_by, o.search_query, o.records_found",
    joins: "",
};

/// A search, as it was remembered.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SearchRow {
    /// Its id, a UUID.
    pub id: String,
    /// When, in microseconds.
    pub created_at: i64,
    /// By which user.
    pub created_by: String,
    /// For what: a JSON object.
    pub search_query: String,
    /// How many offers were found.
    pub records_found: i64,
}

static AUDIT_COLUMNS: [Column; 9] = [
    sortable("createdAt", ColumnKind::Moment),
    column("id", ColumnKind::Text),
    column("createdBy", ColumnKind::Text),
    column("actor", ColumnKind::Word(&["user", "partner", "operator", "holder", "visitor"])),
    column("key", ColumnKind::Text),
    column("action", ColumnKind::Text),
    column("target", ColumnKind::Text),
    column("address", ColumnKind::Text),
    column("requestId", ColumnKind::Text),
];

/// The audit trail.
pub static AUDIT_EVENTS: Listable =
    Listable { columns: &AUDIT_COLUMNS, default_sort: latest_first(&AUDIT_COLUMNS[0]) };

static AUDIT_TRAIL: Resource = Resource {
    table: "audit_event",
    key: &["tenant_id", "created_at", "id"],
    ties: &["created_at", "id"],
    creator: "created_by",
    live: EVERY_ROW,
    place: |column| match column.name {
        "createdAt" => own("created_at"),
        "createdBy" => own("created_by"),
        "actor" => own("actor_kind"),
        "key" => optional("actor_key"),
        "action" => own("action"),
        "target" => own("target"),
        "address" => optional("address"),
        "requestId" => optional("request_id"),
        _ => own("id"),
    },
    select: "o.id, o.tenant_id, o.created_at, o.actor_kind, o.created_by, o.actor_key, o.action, o.target, o.result, \
             o.address, o.request_id",
    joins: "",
};

#[derive(sqlx::FromRow)]
struct AuditRow {
    id: String,
    tenant_id: String,
    created_at: i64,
    actor_kind: String,
    created_by: String,
    actor_key: Option<String>,
    action: String,
    target: String,
    result: String,
    address: Option<String>,
    request_id: Option<String>,
}

impl TryFrom<AuditRow> for AuditEvent {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self, StoreError> {
        let wrong = |column, problem: model::UnknownState| {
            StoreError::inconsistent("audit_event", column, &row.id, &problem)
        };
        let kind: ActorKind = row.actor_kind.parse().map_err(|problem| wrong("actor_kind", problem))?;
        Ok(Self {
            action: row.action.parse().map_err(|problem| wrong("action", problem))?,
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            at: Timestamp(row.created_at),
            actor: Actor {
                kind,
                id: row.created_by,
                key: row.actor_key,
                origin: Origin { address: row.address, request_id: row.request_id },
            },
            target: row.target,
            result: row.result,
        })
    }
}

static API_KEY_COLUMNS: [Column; 7] = [
    sortable("createdAt", ColumnKind::Moment),
    column("id", ColumnKind::Uuid),
    sortable("name", ColumnKind::Text),
    column("userId", ColumnKind::Uuid),
    column("createdBy", ColumnKind::Text),
    sortable("expiresAt", ColumnKind::Moment),
    sortable("lastUsedAt", ColumnKind::Moment),
];

/// API keys.
pub static API_KEYS: Listable =
    Listable { columns: &API_KEY_COLUMNS, default_sort: latest_first(&API_KEY_COLUMNS[0]) };

static API_KEY_TABLE: Resource = Resource {
    table: "api_key",
    key: &["id"],
    ties: &["created_at", "id"],
    creator: "created_by",
    live: EVERY_ROW,
    place: |column| match column.name {
        "createdAt" => own("created_at"),
        "name" => own("name"),
        "userId" => own("user_id"),
        "createdBy" => own("created_by"),
        "expiresAt" => optional("expires_at"),
        "lastUsedAt" => optional("last_used_at"),
        _ => own("id"),
    },
    select: api_key_columns!(),
    joins: "",
};

static COLLECTION_COLUMNS: [Column; 4] = [
    sortable("createdAt", ColumnKind::Moment),
    column("id", ColumnKind::Uuid),
    sortable("name", ColumnKind::Text),
    column("createdBy", ColumnKind::Text),
];

/// Collections of offers.
pub static COLLECTIONS: Listable =
    Listable { columns: &COLLECTION_COLUMNS, default_sort: latest_first(&COLLECTION_COLUMNS[0]) };

/// Organisation profiles.
pub static PROFILES: Listable = COLLECTIONS;

fn named_place(column: &Column) -> Place {
    match column.name {
        "createdAt" => own("created_at"),
        "name" => own("name"),
        "createdBy" => own("created_by"),
        _ => own("id"),
    }
}

static COLLECTION_TABLE: Resource = Resource {
    table: "collection",
    key: &["id"],
    ties: &["created_at", "id"],
    creator: "created_by",
    live: EVERY_ROW,
    place: named_place,
    select: "o.id, o.name, o.created_at, o.created_by",
    joins: "",
};

static PROFILE_TABLE: Resource = Resource {
    table: "organisation_profile",
    key: &["id"],
    ties: &["created_at", "id"],
    creator: "created_by",
    live: EVERY_ROW,
    place: named_place,
    select: profile_columns!(),
    joins: profile_joins!(),
};

pub(super) fn all_of(tenant: &TenantId) -> Owner<'_> {
    Owner { tenant: tenant.as_str(), creator: None }
}

impl Store {
    /// A page of the history of searches, and how many there are. `request` is for [`SEARCHES`].
    pub async fn list_searches(
        &self,
        scope: &OfferScope,
        request: &ListRequest,
    ) -> Result<(Vec<SearchRow>, i64), StoreError> {
        let creator = scope.made_by.as_ref().map(|user| user.as_str());
        let owner = Owner { tenant: scope.tenant.as_str(), creator };
        super::list(&self.db, &SEARCH_HISTORY, owner, request).await
    }

    /// A page of a tenant's audit trail, and how many events there are. `request` is for [`AUDIT_EVENTS`].
    pub async fn list_audit_events(
        &self,
        tenant: &TenantId,
        request: &ListRequest,
    ) -> Result<(Vec<AuditEvent>, i64), StoreError> {
        let (rows, total) = super::list::<AuditRow>(&self.db, &AUDIT_TRAIL, all_of(tenant), request).await?;
        Ok((rows.into_iter().map(AuditEvent::try_from).collect::<Result<_, _>>()?, total))
    }

    /// A page of a tenant's API keys, and how many there are. `request` is for [`API_KEYS`].
    pub async fn list_api_keys(
        &self,
        tenant: &TenantId,
        request: &ListRequest,
    ) -> Result<(Vec<ApiKey>, i64), StoreError> {
        let (rows, total) =
            super::list::<ApiKeyRow>(&self.db, &API_KEY_TABLE, all_of(tenant), request).await?;
        Ok((rows.into_iter().map(ApiKey::try_from).collect::<Result<_, _>>()?, total))
    }

    /// A page of a tenant's collections, and how many there are. `request` is for [`COLLECTIONS`].
    pub async fn list_collections(
        &self,
        tenant: &TenantId,
        request: &ListRequest,
    ) -> Result<(Vec<Collection>, i64), StoreError> {
        let (rows, total) =
            super::list::<CollectionRow>(&self.db, &COLLECTION_TABLE, all_of(tenant), request).await?;
        Ok((rows.into_iter().map(Collection::from).collect(), total))
    }

    /// A page of a tenant's organisation profiles, and how many there are. `request` is for [`PROFILES`].
    pub async fn list_profiles(
        &self,
        tenant: &TenantId,
        request: &ListRequest,
    ) -> Result<(Vec<OrganisationProfile>, i64), StoreError> {
        let (rows, total) =
            super::list::<ProfileRow>(&self.db, &PROFILE_TABLE, all_of(tenant), request).await?;
        Ok((rows.into_iter().map(OrganisationProfile::try_from).collect::<Result<_, _>>()?, total))
    }
}
