//! Mail about offers, asked for: inviting people, and telling them again that something is revoked.

use std::collections::{HashMap, HashSet};

use model::{AuditAction, AuditEvent, Holding, Offer, OfferId, Timestamp};
use store::{JobKind, NewJob, ShareOutcome};

use super::{Caller, OfferError};
use crate::engine::Engine;

/// What became of one offer of a request.
#[derive(Debug)]
pub struct Shared {
    /// Which.
    pub id: OfferId,
    /// Nothing if the message will be sent; otherwise why not.
    pub outcome: Result<(), OfferError>,
}

impl Engine {
    /// Has offers sent to their people. One entry for each distinct id, in the order of the request.
    pub async fn share_offers(&self, caller: &Caller, ids: &[OfferId]) -> Result<Vec<Shared>, OfferError> {
        let found = self.store.offers(&caller.writing(), ids).await?;
        let found: HashMap<&OfferId, &Offer> = found.iter().map(|offer| (&offer.id, offer)).collect();
        let mut seen = HashSet::new();
        let shared: Vec<Shared> = ids
            .iter()
            .filter(|id| seen.insert(*id))
            .map(|id| Shared { id: id.clone(), outcome: self.check_sharable(found.get(id).copied()) })
            .collect();
        let sharing =
            shared.iter().filter(|shared| shared.outcome.is_ok()).filter_map(|shared| found.get(&shared.id));
        let sharing: Vec<&Offer> = sharing.copied().collect();
        self.ask_for_mail(caller, "share", JobKind::OfferEmail, AuditAction::ShareOffer, &sharing).await?;
        Ok(shared)
    }

    fn check_sharable(&self, offer: Option<&Offer>) -> Result<(), OfferError> {
        let offer = offer.ok_or(OfferError::NotFound)?;
        self.check_claimable(offer)?;
        if offer.email.is_none() { Err(OfferError::EmailMissing) } else { Ok(()) }
    }

    /// Has a person told again that what was offered is revoked.
    pub async fn resend_revocation(&self, caller: &Caller, id: &OfferId) -> Result<(), OfferError> {
        let offer = self.store.offer(&caller.writing(), id).await?.ok_or(OfferError::NotFound)?;
        if offer.status != Holding::Revoked {
            return Err(OfferError::NotRevoked);
        }
        if offer.email.is_none() {
            return Err(OfferError::EmailMissing);
        }
        let action = AuditAction::ResendRevocation;
        self.ask_for_mail(caller, "resend", JobKind::RevocationEmail, action, &[&offer]).await
    }

    async fn ask_for_mail(
        &self,
        caller: &Caller,
        what: &str,
        kind: JobKind,
        action: AuditAction,
        offers: &[&Offer],
    ) -> Result<(), OfferError> {
        let (actor, tenant, now) = (caller.actor(), &caller.tenant.id, self.clock.now());
        let jobs: Vec<NewJob> =
            offers.iter().map(|offer| self.new_job(kind, tenant, offer.id.to_string(), now)).collect();
        let events: Vec<AuditEvent> =
            offers.iter().map(|offer| self.event(&actor, tenant, action, offer.id.as_str(), now)).collect();
        let bucket = format!("{what} {tenant} {}", caller.user());
        self.enqueue_mail(&bucket, &jobs, &events, now).await
    }

    /// Has messages sent, unless `bucket` has asked twice within the last minute.
    pub(crate) async fn enqueue_mail(
        &self,
        bucket: &str,
        jobs: &[NewJob],
        events: &[AuditEvent],
        now: Timestamp,
    ) -> Result<(), OfferError> {
        match self.store.ask_for_mail(bucket, jobs, events, now).await? {
            ShareOutcome::Enqueued => {
                self.jobs_waiting.notify_one();
                Ok(())
            }
            ShareOutcome::Limited(again) => {
                Err(OfferError::RateLimited { seconds: seconds_until(again, now) })
            }
        }
    }
}

/// How long it is until a moment, rounded up: who waits that long is let in.
pub(crate) fn seconds_until(moment: Timestamp, now: Timestamp) -> u64 {
    (moment.0 - now.0).unsigned_abs().div_ceil(1_000_000)
}
