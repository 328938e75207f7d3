//! Finding things: offers, and what surrounds them.

use model::{
    ApiKey, AuditEvent, Collection, ListRequest, Offer, OfferId, OrganisationProfile, ProgramId, SearchId,
    Timestamp,
};
use store::{NewSearch, SearchRow};

use super::{Caller, OfferError};
use crate::EngineError;
use crate::engine::Engine;

/// Rows of a page, and how many there are on all pages.
type Listed<T> = Result<(Vec<T>, i64), OfferError>;

impl Engine {
    /// One offer, and the organisation profile shown with it.
    pub async fn offer(
        &self,
        caller: &Caller,
        id: &OfferId,
    ) -> Result<(Offer, OrganisationProfile), OfferError> {
        let offer = self.store.offer(&caller.reading(), id).await?.ok_or(OfferError::NotFound)?;
        let profile = self.store.profile(&caller.tenant.id, &offer.profile_id).await?;
        let profile =
            profile.ok_or_else(|| EngineError::inconsistent("an offer's organisation profile is gone"))?;
        Ok((offer, profile))
    }

    /// A page of offers. `search`, a JSON object, is what the history of searches remembers of the request.
    pub async fn list_offers(
        &self,
        caller: &Caller,
        request: &ListRequest,
        search: Option<String>,
    ) -> Listed<Offer> {
        let (offers, total) = self.store.list_offers(&caller.reading(), request).await?;
        if let Some(query) = search {
            let search = NewSearch {
                id: SearchId::mint(&*self.entropy),
                tenant: caller.tenant.id.clone(),
                by: caller.key.user_id.clone(),
                at: self.clock.now(),
                query,
                found: total,
            };
            self.store.remember_search(&search).await?;
        }
        Ok((offers, total))
    }

    /// A page of the history of searches: a user who is no more than that sees its own.
    pub async fn list_searches(&self, caller: &Caller, request: &ListRequest) -> Listed<SearchRow> {
        Ok(self.store.list_searches(&caller.own_unless_auditing(), request).await?)
    }

    /// A page of the audit trail.
    pub async fn list_audit_events(&self, caller: &Caller, request: &ListRequest) -> Listed<AuditEvent> {
        Ok(self.store.list_audit_events(&caller.tenant.id, request).await?)
    }

    /// A page of the tenant's API keys.
    pub async fn list_api_keys(&self, caller: &Caller, request: &ListRequest) -> Listed<ApiKey> {
        Ok(self.store.list_api_keys(&caller.tenant.id, request).await?)
    }

    /// A page of the tenant's collections.
    pub async fn list_collections(&self, caller: &Caller, request: &ListRequest) -> Listed<Collection> {
        Ok(self.store.list_collections(&caller.tenant.id, request).await?)
    }

    /// A page of the tenant's organisation profiles.
    pub async fn list_profiles(&self, caller: &Caller, request: &ListRequest) -> Listed<OrganisationProfile> {
        Ok(self.store.list_profiles(&caller.tenant.id, request).await?)
    }

    /// The programs by which offers were made, each with the moment of the latest offer, latest first.
    pub async fn type_usage(&self, caller: &Caller) -> Result<Vec<(ProgramId, Timestamp)>, OfferError> {
        Ok(self.store.offer_type_usage(&caller.reading()).await?)
    }
}
