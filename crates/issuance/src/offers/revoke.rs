//! Revoking in bulk what was offered and claimed.

use std::collections::{BTreeMap, HashMap};

use model::{
    AuditAction, CoreClaimHash, Holding, LeafOp, LogLeaf, Offer, OfferClaimed, OfferId, OfferRevocation,
    OrganisationProfile, ProfileId, Stamps, Timestamp,
};
use store::{JobKind, OfferRevocationPlan};

use super::{Caller, OfferError};
use crate::EngineError;
use crate::engine::Engine;

/// An offer to be revoked.
#[derive(Clone, Debug)]
pub struct RevokeItem {
    /// Which.
    pub id: OfferId,
    /// Why.
    pub reason: String,
}

/// What became of a request.
#[derive(Debug)]
pub struct RevokedOffers {
    /// Those that are revoked now, each with its organisation profile, in the order of the request.
    pub revoked: Vec<(Offer, OrganisationProfile)>,
    /// Those that are not, in the order of the request, and why.
    pub failed: Vec<(OfferId, OfferError)>,
}

/// Which offers can be revoked, and what is wrong with the others.
fn check<'a>(
    found: &'a HashMap<OfferId, Offer>,
    item: &RevokeItem,
) -> Result<(&'a Offer, CoreClaimHash), OfferError> {
    let offer = found.get(&item.id).ok_or(OfferError::NotFound)?;
    match (offer.status, &offer.claimed) {
        (Holding::Revoked, _) => Err(OfferError::AlreadyRevoked),
        (Holding::Claimed, Some(OfferClaimed { revocation_id, .. })) => Ok((offer, *revocation_id)),
        _ => Err(OfferError::NotClaimed),
    }
}

impl Engine {
    /// Revokes offers that were claimed: status lists show it at once, the log as soon as it is anchored, and the people are told.
    pub async fn revoke_offers(
        &self,
        caller: &Caller,
        items: &[RevokeItem],
    ) -> Result<RevokedOffers, OfferError> {
        let ids: Vec<OfferId> = items.iter().map(|item| item.id.clone()).collect();
        let found = self.store.offers(&caller.writing(), &ids).await?;
        let mut found: HashMap<OfferId, Offer> =
            found.into_iter().map(|offer| (offer.id.clone(), offer)).collect();
        let now = self.clock.now();
        // Plans in one order everywhere, so that two requests for the same offers cannot wait for each other.
        let (mut plans, mut failed) = (BTreeMap::new(), BTreeMap::new());
        for (place, item) in items.iter().enumerate() {
            match check(&found, item) {
                // The second of two in one request finds the first one's work.
                Ok(_) if plans.contains_key(&item.id) => {
                    failed.insert(place, (item.id.clone(), OfferError::AlreadyRevoked));
                }
                Ok((offer, hash)) => {
                    let plan = self.revocation_plan(caller, offer, hash, &item.reason, now);
                    plans.insert(item.id.clone(), plan);
                }
                Err(error) => {
                    failed.insert(place, (item.id.clone(), error));
                }
            }
        }
        let plans: Vec<OfferRevocationPlan> = plans.into_values().collect();
        let done = self.store.revoke_offers(&caller.tenant.id, &plans, caller.user(), now).await?;
        self.jobs_waiting.notify_one();
        let profiles = self.store.profiles(&caller.tenant.id).await?;
        let profile = |id: &ProfileId| profiles.iter().find(|profile| profile.id == *id).cloned();
        let mut revoked = Vec::with_capacity(done.len());
        for (place, item) in items.iter().enumerate() {
            let Some(offer) = found.remove(&item.id).filter(|offer| offer.status == Holding::Claimed) else {
                continue;
            };
            if done.contains(&item.id) {
                let profile = profile(&offer.profile_id)
                    .ok_or_else(|| EngineError::inconsistent("an offer's organisation profile is gone"))?;
                revoked.push((revoked_offer(offer, caller.user(), &item.reason, now), profile));
            } else {
                // Somebody else was faster.
                failed.insert(place, (item.id.clone(), OfferError::AlreadyRevoked));
            }
        }
        Ok(RevokedOffers { revoked, failed: failed.into_values().collect() })
    }

    fn revocation_plan(
        &self,
        caller: &Caller,
        offer: &Offer,
        hash: CoreClaimHash,
        reason: &str,
        now: Timestamp,
    ) -> OfferRevocationPlan {
        let job = offer
            .email
            .is_some()
            .then(|| self.new_job(JobKind::RevocationEmail, &offer.tenant_id, offer.id.to_string(), now));
        let (actor, tenant) = (caller.actor(), &caller.tenant.id);
        OfferRevocationPlan {
            offer: offer.id.clone(),
            reason: reason.to_owned(),
            leaf: LogLeaf::new(LeafOp::Revoke, &offer.issuer_did, hash, now).to_json(),
            job,
            event: self.event(&actor, tenant, AuditAction::RevokeOffer, offer.id.as_str(), now),
        }
    }
}

fn revoked_offer(offer: Offer, by: &str, reason: &str, now: Timestamp) -> Offer {
    Offer {
        status: Holding::Revoked,
        revocation: Some(OfferRevocation { at: now, by: by.to_owned(), reason: reason.to_owned() }),
        stamps: Stamps { updated_at: now, updated_by: by.to_owned(), ..offer.stamps },
        ..offer
    }
}
