//! Credential offers.

mod claim;
mod create;
mod delete;
mod mail;
mod revoke;

use model::{
    Collection, CoreClaimHash, Offer, OfferClaimed, OfferId, OfferRevocation, ProgramId, Stamps, TenantId,
    Timestamp, UserId, credential_types,
};

use crate::db::{Rows, kinds, values};
use crate::issuance::digest;
use crate::{Store, StoreError};

pub(crate) use claim::Claim;
pub use claim::{ClaimOutcome, OfferClaimPlan};
pub use create::NewOffers;
pub use delete::Deletion;
pub use mail::ShareOutcome;
pub use revoke::OfferRevocationPlan;

/// An offer as the database keeps it, with the names of what it refers to.
#[derive(sqlx::FromRow)]
pub(crate) struct OfferRow {
    id: String,
    tenant_id: String,
    issuer_id: String,
    slug: String,
    did: String,
    program_id: String,
    program_name: String,
    type_name: String,
    profile_id: String,
    profile_name: String,
    collection_id: Option<String>,
    collection_name: Option<String>,
    collection_created_at: Option<i64>,
    collection_created_by: Option<String>,
    email: Option<String>,
    reference_id: Option<String>,
    claims: String,
    status: String,
    subject: Option<String>,
    revocation_id: Option<Vec<u8>>,
    issued_at: Option<i64>,
    revoked_at: Option<i64>,
    revoked_by: Option<String>,
    revocation_reason: Option<String>,
    expires_at: Option<i64>,
    email_sent: bool,
    revocation_email_sent: bool,
    created_at: i64,
    created_by: String,
    updated_at: i64,
    updated_by: String,
}

/// What an [`OfferRow`] is read from; the offer is `o`.
macro_rules! offer_columns {
    () => {
        "o.id, o.tenant_id, o.issuer_id, i.slug, i.did, o.program_id, p.name AS program_name, p.type_name, \
         o.profile_id, f.name AS profile_name, o.collection_id, c.name AS collection_name, \
         c.created_at AS collection_created_at, c.created_by AS collection_created_by, o.email, o.reference_id, o.claims, \
         o.status, o.subject, o.revocation_id, o.issued_at, o.revoked_at, o.revoked_by, o.revocation_reason, o.expires_at, \
         o.email_sent, o.revocation_email_sent, o.created_at, o.created_by, o.updated_at, o.updated_by"
    };
}
pub(crate) use offer_columns;

macro_rules! offer_joins {
    () => {
        "JOIN issuer i ON i.id = o.issuer_id JOIN program p ON p.id = o.program_id \
         JOIN organisation_profile f ON f.id = o.profile_id LEFT JOIN collection c ON c.id = o.collection_id"
    };
}
pub(crate) use offer_joins;

macro_rules! select_offer {
    ($rest:literal) => {
        concat!("SELECT ", offer_columns!(), " FROM offer o ", offer_joins!(), " ", $rest)
    };
}

impl TryFrom<OfferRow> for Offer {
    type Error = StoreError;

    fn try_from(row: OfferRow) -> Result<Self, StoreError> {
        let wrong = |column, problem: &dyn std::fmt::Display| {
            StoreError::inconsistent("offer", column, &row.id, problem)
        };
        let revocation = match (row.revoked_at, row.revoked_by, row.revocation_reason) {
            (Some(at), Some(by), Some(reason)) => Some(OfferRevocation { at: Timestamp(at), by, reason }),
            _ => None,
        };
        let claimed = match (row.issued_at, row.subject, row.revocation_id) {
            (Some(at), Some(subject), Some(hash)) => {
                let revocation_id = CoreClaimHash(digest("offer", "revocation_id", &hash)?);
                Some(OfferClaimed { at: Timestamp(at), subject, revocation_id })
            }
            _ => None,
        };
        let collection = match (row.collection_id, row.collection_name, row.collection_created_at) {
            (Some(id), Some(name), Some(created_at)) => Some(Collection {
                id: id.into(),
                name,
                created_at: Timestamp(created_at),
                created_by: row.collection_created_by.unwrap_or_default(),
            }),
            _ => None,
        };
        Ok(Self {
            claims: serde_json::from_str(&row.claims).map_err(|error| wrong("claims", &error))?,
            status: row.status.parse().map_err(|error| wrong("status", &error))?,
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            issuer_id: row.issuer_id.into(),
            correlation_id: row.slug,
            issuer_did: row.did,
            program_id: row.program_id.into(),
            credential_names: vec![row.program_name],
            credential_types: credential_types(&row.type_name),
            profile_id: row.profile_id.into(),
            profile_name: row.profile_name,
            collection,
            email: row.email,
            reference_id: row.reference_id,
            claimed,
            revocation,
            expires_at: row.expires_at.map(Timestamp),
            email_sent: row.email_sent,
            revocation_email_sent: row.revocation_email_sent,
            stamps: Stamps {
                created_at: Timestamp(row.created_at),
                created_by: row.created_by,
                updated_at: Timestamp(row.updated_at),
                updated_by: row.updated_by,
            },
        })
    }
}

/// Whose offers a caller sees and changes: all of the tenant's, or those that one user made.
#[derive(Clone, Debug)]
pub struct OfferScope {
    /// The tenant.
    pub tenant: TenantId,
    /// Only what this user made.
    pub made_by: Option<UserId>,
}

impl OfferScope {
    /// The argument of `($n = '' OR created_by = $n)`.
    pub(crate) fn made_by(&self) -> &str {
        self.made_by.as_ref().map_or("", |user| user.as_str())
    }
}

impl Store {
    /// An offer that is not deleted.
    pub async fn offer(&self, scope: &OfferScope, id: &OfferId) -> Result<Option<Offer>, StoreError> {
        // By its id alone: before it has statistics, PostgreSQL would take an index on the tenant, and read all of its offers.
        const SQL: &str = select_offer!(
            "WHERE o.id = $2 AND o.tenant_id || '' = $1 AND o.deleted_at IS NULL AND ($3 = '' OR o.created_by = $3)"
        );
        let values = values![scope.tenant.as_str(), id.as_str(), scope.made_by()];
        let row: Option<OfferRow> = self.db.fetch_optional(SQL, values).await?;
        row.map(Offer::try_from).transpose()
    }

    /// Whose an offer is: whoever knows its id may claim it.
    pub async fn offer_tenant(&self, id: &OfferId) -> Result<Option<TenantId>, StoreError> {
        let sql = "SELECT tenant_id FROM offer WHERE id = $1 AND deleted_at IS NULL";
        let row: Option<(String,)> = self.db.fetch_optional(sql, values![id.as_str()]).await?;
        Ok(row.map(|(tenant,)| tenant.into()))
    }

    /// Those of these offers that are there and not deleted, in no particular order.
    pub async fn offers(&self, scope: &OfferScope, ids: &[OfferId]) -> Result<Vec<Offer>, StoreError> {
        const SQL: &str = select_offer!(
            "JOIN {rows} ON v.column2 = o.id WHERE o.tenant_id = v.column1 AND o.deleted_at IS NULL \
             AND (v.column3 = '' OR o.created_by = v.column3)"
        );
        let row = |id: &OfferId| values![scope.tenant.as_str(), id.as_str(), scope.made_by()];
        let rows = Rows { kinds: kinds![Text, Text, Text], rows: ids.iter().map(row).collect() };
        let found: Vec<OfferRow> = self.db.fetch_rows(SQL, rows).await?;
        found.into_iter().map(Offer::try_from).collect()
    }

    /// The programs by which a tenant made offers, each with the moment of the latest, latest first.
    pub async fn offer_type_usage(
        &self,
        scope: &OfferScope,
    ) -> Result<Vec<(ProgramId, Timestamp)>, StoreError> {
        // One look into the index for each program, however many offers there are.
        let sql = "SELECT program_id, latest FROM (SELECT p.id AS program_id, (SELECT MAX(o.created_at) FROM offer o \
                   WHERE o.tenant_id = $1 AND o.program_id = p.id AND o.deleted_at IS NULL \
                   AND ($2 = '' OR o.created_by = $2)) AS latest FROM program p WHERE p.tenant_id = $1) AS used \
                   WHERE latest IS NOT NULL ORDER BY latest DESC, program_id";
        let values = values![scope.tenant.as_str(), scope.made_by()];
        let rows: Vec<(String, i64)> = self.db.fetch_all(sql, values).await?;
        Ok(rows.into_iter().map(|(program, latest)| (program.into(), Timestamp(latest))).collect())
    }
}
