//! The list of offers (seed 003).

use model::{Column, ColumnKind, Direction, ListRequest, Listable, Offer, Sort};

use super::split::Order;
use super::{Owner, Place, Resource, column, sortable};
use crate::offer::{OfferRow, OfferScope, offer_columns, offer_joins};
use crate::{Store, StoreError};

const STATUSES: &[&str] = &["ready_to_claim", "claimed", "revoked"];

static COLUMNS: [Column; 20] = [
    column("id", ColumnKind::Uuid),
    sortable("email", ColumnKind::Text),
    sortable("credentialId", ColumnKind::Text),
    column("credentialNames", ColumnKind::TextList),
    column("credentialTypes", ColumnKind::TextList),
    column("correlationId", ColumnKind::Text),
    column("search", ColumnKind::FullText),
    column("subject", ColumnKind::Text),
    column("issuer", ColumnKind::Text),
    sortable("status", ColumnKind::Word(STATUSES)),
    column("createdBy", ColumnKind::Text),
    column("updatedBy", ColumnKind::Text),
    sortable("createdAt", ColumnKind::Moment),
    sortable("updatedAt", ColumnKind::Moment),
    sortable("issuedAt", ColumnKind::Moment),
    sortable("revokedAt", ColumnKind::Moment),
    sortable("expirationDate", ColumnKind::Moment),
    column("credentialOfferCollection.id", ColumnKind::Uuid),
    column("referenceId", ColumnKind::Text),
    column("organisationProfileId", ColumnKind::Uuid),
];

/// The list of offers as its callers see it: the columns of seed 003, and two more that its rows show.
pub static OFFERS: Listable = Listable {
    columns: &COLUMNS,
    default_sort: Sort { column: &COLUMNS[12], direction: Direction::Descending },
};

static RESOURCE: Resource = Resource {
    table: "offer",
    key: &["id"],
    ties: &["created_at", "id"],
    creator: "created_by",
    live: "o.deleted_at IS NULL",
    place,
    select: offer_columns!(),
    joins: offer_joins!(),
};

const fn own(column: &'static str) -> Place {
    Place::Own { column, nullable: false }
}

const fn optional(column: &'static str) -> Place {
    Place::Own { column, nullable: true }
}

const fn moment(column: &'static str, day: &'static str, nullable: bool) -> Place {
    Place::Moment { column, day, nullable }
}

fn place(column: &Column) -> Place {
    match column.name {
        "email" => EMAIL,
        "credentialId" => own("program_id"),
        "credentialNames" => related("program_id", "program", &["r.name"]),
        "credentialTypes" => related("program_id", "program", &["r.type_name", "'VerifiableCredential'"]),
        "correlationId" => related("issuer_id", "issuer", &["r.slug"]),
        "search" => Place::Words,
        "subject" => SUBJECT,
        // An offer shows its issuer's DID once the credential is issued.
        "issuer" => Place::Related {
            key: "issuer_id",
            table: "issuer",
            texts: &["r.did"],
            unless_null: Some("issued_at"),
        },
        "status" => own("status"),
        "createdBy" => own("created_by"),
        "updatedBy" => own("updated_by"),
        "createdAt" => moment("created_at", "created_day", false),
        "updatedAt" => moment("updated_at", "updated_day", false),
        "issuedAt" => moment("issued_at", "issued_day", true),
        "revokedAt" => moment("revoked_at", "revoked_day", true),
        "expirationDate" => moment("expires_at", "expires_day", true),
        "credentialOfferCollection.id" => optional("collection_id"),
        "referenceId" => optional("reference_id"),
        "organisationProfileId" => own("profile_id"),
        _ => own("id"),
    }
}

/// Addresses share domains, which may be many.
const EMAIL: Place = Place::Split {
    column: "email",
    own: "email_own",
    shared: "email_shared",
    order: Order::SharedLast,
    noted_in: Some("offer_email_shared"),
};

/// DIDs share methods, which are few.
const SUBJECT: Place = Place::Split {
    column: "subject",
    own: "subject_own",
    shared: "subject_shared",
    order: Order::SharedFirst,
    noted_in: None,
};

const fn related(key: &'static str, table: &'static str, texts: &'static [&'static str]) -> Place {
    Place::Related { key, table, texts, unless_null: None }
}

fn owner(scope: &OfferScope) -> Owner<'_> {
    Owner { tenant: scope.tenant.as_str(), creator: scope.made_by.as_ref().map(|user| user.as_str()) }
}

impl Store {
    /// A page of offers, deleted ones left out, and how many there are on all pages. `request` is for [`OFFERS`].
    pub async fn list_offers(
        &self,
        scope: &OfferScope,
        request: &ListRequest,
    ) -> Result<(Vec<Offer>, i64), StoreError> {
        let (rows, total) = super::list::<OfferRow>(&self.db, &RESOURCE, owner(scope), request).await?;
        Ok((rows.into_iter().map(Offer::try_from).collect::<Result<_, _>>()?, total))
    }

    /// How the database goes about such a request: the lines of its plan for the page, then of that for the count.
    pub async fn offer_list_plans(
        &self,
        scope: &OfferScope,
        request: &ListRequest,
    ) -> Result<[Vec<String>; 2], StoreError> {
        super::plans(&self.db, &RESOURCE, owner(scope), request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_its_own_place() {
        let places: std::collections::BTreeSet<String> =
            OFFERS.columns.iter().map(|column| format!("{:?}", place(column))).collect();
        assert_eq!(places.len(), OFFERS.columns.len());
        assert_eq!(OFFERS.default_sort.column.name, "createdAt");
    }

    #[test]
    fn what_sorts_is_the_table_s_own() {
        for column in OFFERS.columns.iter().filter(|column| column.sortable) {
            assert!(
                matches!(place(column), Place::Own { .. } | Place::Moment { .. } | Place::Split { .. }),
                "{column:?}"
            );
        }
    }
}
