//! Collections: named sets of offers.

use model::{AuditAction, Collection, CollectionId};

use super::api_keys::check_label;
use super::{Caller, OfferError};
use crate::engine::Engine;

impl Engine {
    /// Makes a collection. Its name is 1 to 50 characters; two may have the same.
    pub async fn create_collection(&self, caller: &Caller, name: String) -> Result<Collection, OfferError> {
        check_label("name", &name, 50)?;
        let (actor, tenant, now) = (caller.actor(), &caller.tenant.id, self.clock.now());
        let collection = Collection {
            id: CollectionId::mint(&*self.entropy),
            name,
            created_at: now,
            created_by: caller.user().to_owned(),
        };
        let event = self.event(&actor, tenant, AuditAction::CreateCollection, collection.id.as_str(), now);
        self.store.insert_collection(tenant, &collection, &event).await?;
        Ok(collection)
    }
}
