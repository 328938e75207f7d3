//! Deleting an offer that nobody has claimed.

use model::{AuditAction, OfferId};
use store::Deletion;

use super::{Caller, OfferError};
use crate::engine::Engine;

impl Engine {
    /// Deletes an offer; its claim code ends with it.
    pub async fn delete_offer(&self, caller: &Caller, id: &OfferId) -> Result<(), OfferError> {
        let (actor, tenant) = (caller.actor(), &caller.tenant.id);
        let event = self.event(&actor, tenant, AuditAction::DeleteOffer, id.as_str(), self.clock.now());
        match self.store.delete_offer(&caller.writing(), id, &event).await? {
            Deletion::Deleted => Ok(()),
            Deletion::Claimed => Err(OfferError::AlreadyClaimed),
            Deletion::Unknown => Err(OfferError::NotFound),
        }
    }
}
