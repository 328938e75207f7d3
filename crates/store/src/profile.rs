//! What surrounds offers: organisation profiles, collections, images, and the history of searches.

use std::collections::HashSet;

use model::{
    AuditEvent, Collection, CollectionId, Image, ImageId, OrganisationProfile, ProfileId, SearchId, Stamps,
    TenantId, Timestamp, UserId,
};

use crate::db::{Rows, kinds, values};
use crate::{Store, StoreError, audit};

#[derive(sqlx::FromRow)]
pub(crate) struct ProfileRow {
    id: String,
    tenant_id: String,
    name: String,
    is_default: bool,
    created_at: i64,
    created_by: String,
    updated_at: i64,
    updated_by: String,
    image_id: Option<String>,
    kind: Option<String>,
    media_type: Option<String>,
    filename: Option<String>,
}

/// What a [`ProfileRow`] is read from; the profile is `o`.
macro_rules! profile_columns {
    () => {
        "o.id, o.tenant_id, o.name, o.is_default, o.created_at, o.created_by, o.updated_at, o.updated_by, o.image_id, \
         m.kind, m.media_type, m.filename"
    };
}
pub(crate) use profile_columns;

macro_rules! profile_joins {
    () => {
        "LEFT JOIN image m ON m.id = o.image_id"
    };
}
pub(crate) use profile_joins;

macro_rules! select_profile {
    ($rest:literal) => {
        concat!("SELECT ", profile_columns!(), " FROM organisation_profile o ", profile_joins!(), " ", $rest)
    };
}

impl TryFrom<ProfileRow> for OrganisationProfile {
    type Error = StoreError;

    fn try_from(row: ProfileRow) -> Result<Self, StoreError> {
        let image = match (row.image_id, row.kind, row.media_type, row.filename) {
            (Some(id), Some(kind), Some(media_type), Some(filename)) => {
                let image = ImageRow { id, tenant_id: row.tenant_id.clone(), kind, media_type, filename };
                Some(image.try_into()?)
            }
            _ => None,
        };
        Ok(Self {
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            name: row.name,
            is_default: row.is_default,
            image,
            stamps: Stamps {
                created_at: Timestamp(row.created_at),
                created_by: row.created_by,
                updated_at: Timestamp(row.updated_at),
                updated_by: row.updated_by,
            },
        })
    }
}

#[derive(sqlx::FromRow)]
struct ImageRow {
    id: String,
    tenant_id: String,
    kind: String,
    media_type: String,
    filename: String,
}

impl TryFrom<ImageRow> for Image {
    type Error = StoreError;

    fn try_from(row: ImageRow) -> Result<Self, StoreError> {
        let kind = row.kind.parse();
        Ok(Self {
            kind: kind.map_err(|error| StoreError::inconsistent("image", "kind", &row.id, &error))?,
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            media_type: row.media_type,
            filename: row.filename,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct CollectionRow {
    id: String,
    name: String,
    created_at: i64,
    created_by: String,
}

impl From<CollectionRow> for Collection {
    fn from(row: CollectionRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            created_at: Timestamp(row.created_at),
            created_by: row.created_by,
        }
    }
}

/// A search to be remembered.
#[derive(Clone, Debug)]
pub struct NewSearch {
    /// Its id.
    pub id: SearchId,
    /// Whose offers were searched.
    pub tenant: TenantId,
    /// By whom.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// For what: a JSON object.
    pub query: String,
    /// How many offers were found.
    pub found: i64,
}

impl Store {
    /// Adds an organisation profile. The first of a tenant is its default; another that is to be takes the place of that one.
    pub async fn insert_profile(
        &self,
        profile: &OrganisationProfile,
        event: &AuditEvent,
    ) -> Result<OrganisationProfile, StoreError> {
        let tenant = profile.tenant_id.as_str();
        let mut tx = self.db.begin().await?;
        // Serialises profiles of one tenant, on both databases.
        tx.execute(
            "UPDATE environment SET own_offers_only = own_offers_only WHERE tenant_id = $1",
            values![tenant],
        )
        .await?;
        let sql = "SELECT id FROM organisation_profile WHERE tenant_id = $1 AND is_default";
        let default: Option<(String,)> = tx.fetch_optional(sql, values![tenant]).await?;
        let is_default = profile.is_default || default.is_none();
        if is_default {
            let sql = "UPDATE organisation_profile SET is_default = FALSE, updated_at = $2, updated_by = $3 \
                       WHERE tenant_id = $1 AND is_default";
            tx.execute(sql, values![tenant, event.at, event.actor.id.as_str()]).await?;
        }
        let sql = "INSERT INTO organisation_profile (id, tenant_id, name, is_default, image_id, created_at, created_by, \
                   updated_at, updated_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $7)";
        let values = values![
            profile.id.as_str(),
            tenant,
            profile.name.as_str(),
            is_default,
            profile.image.as_ref().map(|image| image.id.as_str()),
            profile.stamps.created_at,
            profile.stamps.created_by.as_str()
        ];
        tx.execute(sql, values).await?;
        audit::record(&mut tx, [event]).await?;
        tx.commit().await?;
        Ok(OrganisationProfile { is_default, ..profile.clone() })
    }

    /// A tenant's organisation profile.
    pub async fn profile(
        &self,
        tenant: &TenantId,
        id: &ProfileId,
    ) -> Result<Option<OrganisationProfile>, StoreError> {
        let sql = select_profile!("WHERE o.tenant_id = $1 AND o.id = $2");
        let row: Option<ProfileRow> =
            self.db.fetch_optional(sql, values![tenant.as_str(), id.as_str()]).await?;
        row.map(OrganisationProfile::try_from).transpose()
    }

    /// Those of a tenant's organisation profiles, oldest first.
    pub async fn profiles(&self, tenant: &TenantId) -> Result<Vec<OrganisationProfile>, StoreError> {
        let sql = select_profile!("WHERE o.tenant_id = $1 ORDER BY o.created_at, o.id");
        let rows: Vec<ProfileRow> = self.db.fetch_all(sql, values![tenant.as_str()]).await?;
        rows.into_iter().map(OrganisationProfile::try_from).collect()
    }

    /// A tenant's default organisation profile, if it has any profile.
    pub async fn default_profile(
        &self,
        tenant: &TenantId,
    ) -> Result<Option<OrganisationProfile>, StoreError> {
        let sql = select_profile!("WHERE o.tenant_id = $1 AND o.is_default");
        let row: Option<ProfileRow> = self.db.fetch_optional(sql, values![tenant.as_str()]).await?;
        row.map(OrganisationProfile::try_from).transpose()
    }

    /// Adds a collection.
    pub async fn insert_collection(
        &self,
        tenant: &TenantId,
        collection: &Collection,
        event: &AuditEvent,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO collection (id, tenant_id, name, created_at, created_by) VALUES ($1, $2, $3, $4, $5)";
        let values = values![
            collection.id.as_str(),
            tenant.as_str(),
            collection.name.as_str(),
            collection.created_at,
            collection.created_by.as_str()
        ];
        let mut tx = self.db.begin().await?;
        tx.execute(sql, values).await?;
        audit::record(&mut tx, [event]).await?;
        tx.commit().await
    }

    /// A tenant's collection.
    pub async fn collection(
        &self,
        tenant: &TenantId,
        id: &CollectionId,
    ) -> Result<Option<Collection>, StoreError> {
        let sql = "SELECT id, name, created_at, created_by FROM collection WHERE tenant_id = $1 AND id = $2";
        let row: Option<CollectionRow> =
            self.db.fetch_optional(sql, values![tenant.as_str(), id.as_str()]).await?;
        Ok(row.map(Collection::from))
    }

    /// Adds an image, whose bytes are kept elsewhere.
    pub async fn insert_image(&self, image: &Image, event: &AuditEvent) -> Result<(), StoreError> {
        let sql = "INSERT INTO image (id, tenant_id, kind, media_type, filename, created_at, created_by) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = values![
            image.id.as_str(),
            image.tenant_id.as_str(),
            image.kind.as_str(),
            image.media_type.as_str(),
            image.filename.as_str(),
            event.at,
            event.actor.id.as_str()
        ];
        let mut tx = self.db.begin().await?;
        tx.execute(sql, values).await?;
        audit::record(&mut tx, [event]).await?;
        tx.commit().await
    }

    /// The image with this id, whoever owns it: whoever knows the id may see it, and the caller compares the owner where it
    /// matters.
    pub async fn image(&self, id: &ImageId) -> Result<Option<Image>, StoreError> {
        let sql = "SELECT id, tenant_id, kind, media_type, filename FROM image WHERE id = $1";
        let row: Option<ImageRow> = self.db.fetch_optional(sql, values![id.as_str()]).await?;
        row.map(Image::try_from).transpose()
    }

    /// Those of these images that a tenant owns.
    pub async fn owned_images(
        &self,
        tenant: &TenantId,
        ids: &[String],
    ) -> Result<HashSet<String>, StoreError> {
        let sql = "SELECT m.id FROM image m JOIN {rows} ON v.column2 = m.id WHERE m.tenant_id = v.column1";
        let row = |id: &String| values![tenant.as_str(), id.as_str()];
        let rows = Rows { kinds: kinds![Text, Text], rows: ids.iter().map(row).collect() };
        let found: Vec<(String,)> = self.db.fetch_rows(sql, rows).await?;
        Ok(found.into_iter().map(|(id,)| id).collect())
    }

    /// Remembers a search, unless the same user searched for the same less than a minute ago.
    pub async fn remember_search(&self, search: &NewSearch) -> Result<(), StoreError> {
        let sql = "INSERT INTO search_history (tenant_id, id, created_at, created_by, search_query, records_found) \
                   SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT 1 FROM search_history WHERE tenant_id = $1 \
                   AND created_at > $7 AND created_by = $4 AND search_query = $5)";
        let values = values![
            search.tenant.as_str(),
            search.id.as_str(),
            search.at,
            search.by.as_str(),
            search.query.as_str(),
            search.found,
            search.at.plus_seconds(-60)
        ];
        self.db.execute(sql, values).await?;
        Ok(())
    }

    /// Forgets searches made before `before`; how many.
    pub async fn forget_searches(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.db.execute("DELETE FROM search_history WHERE created_at < $1", values![before]).await
    }
}
