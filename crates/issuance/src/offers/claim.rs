//! Claiming: an offer becomes a credential of its person.

use model::{
    Actor, ActorKind, AuditAction, CoreClaimHash, Email, Holder, HolderId, OfferId, Origin, TenantId,
};
use store::{ClaimOutcome, OfferClaimPlan, OfferScope};

use super::{OfferError, claims};
use crate::EngineError;
use crate::engine::Engine;
use crate::mint::Content;

/// How often a claim is decided anew when something that it relied on has changed.
const ATTEMPTS: usize = 5;

impl Engine {
    /// Issues the credential that an offer invites to. What issues, and what marks the offer as claimed, is one transaction: a
    /// failure leaves the offer as it was.
    pub async fn claim_offer(
        &self,
        tenant: &TenantId,
        id: &OfferId,
        origin: &Origin,
    ) -> Result<CoreClaimHash, OfferError> {
        for _ in 0..ATTEMPTS {
            if let Some(hash) = self.try_claim(tenant, id, origin).await? {
                return Ok(hash);
            }
        }
        Err(OfferError::Contended)
    }

    async fn try_claim(
        &self,
        tenant: &TenantId,
        id: &OfferId,
        origin: &Origin,
    ) -> Result<Option<CoreClaimHash>, OfferError> {
        let scope = OfferScope { tenant: tenant.clone(), made_by: None };
        let offer = self.store.offer(&scope, id).await?.ok_or(OfferError::NotFound)?;
        self.check_claimable(&offer)?;
        let active = self.active_program(tenant, &offer.program_id).await?;
        let active = active.ok_or(OfferError::UnknownCredentialId)?;
        let now = self.clock.now();
        active.program.check_window(now)?;
        let (holder, did, new_holder) = self.claimant(offer.email.as_deref()).await?;
        let subject = claims::subject(&offer.claims, |image| self.image_url(image))?;
        let position = self.positions.next(&self.store, &offer.issuer_id).await?;
        let content = Content {
            active: &active,
            subject: &did,
            claims: &subject,
            issued_at: now,
            expires_at: offer.expires_at.or_else(|| active.program.expiry(now)),
        };
        let credential = self.mint(content, active.issuer.status_entry(position))?;
        let hash = credential.core_claim_hash;
        let actor =
            Actor { kind: ActorKind::Holder, id: holder.to_string(), key: None, origin: origin.clone() };
        let plan = OfferClaimPlan {
            tenant: tenant.clone(),
            event: self.event(&actor, tenant, AuditAction::ClaimOffer, id.as_str(), now),
            holder,
            subject: did,
            new_holder,
            credential,
            capped: active.program.cap.is_some(),
            offer,
            now,
        };
        match self.store.claim_offer(&plan).await? {
            ClaimOutcome::Claimed => Ok(Some(hash)),
            ClaimOutcome::Raced => Ok(None),
            ClaimOutcome::CapReached => Err(OfferError::CapReached),
        }
    }

    /// The person of an offer, and whether it is to be created. Whoever has no address is known by the credential alone.
    async fn claimant(&self, email: Option<&str>) -> Result<(HolderId, String, Option<Holder>), OfferError> {
        let Some(email) = email else {
            return Ok((HolderId::mint(&*self.entropy), self.new_holder_did()?, None));
        };
        let email = Email::parse(email)
            .map_err(|error| EngineError::inconsistent(format!("an offer's e-mail: {error}")))?;
        if let Some(known) = self.store.holder_by_email(&email).await? {
            return Ok((known.id, known.did, None));
        }
        let new = self.new_holder(&email)?;
        Ok((new.id.clone(), new.did.clone(), Some(new)))
    }
}
