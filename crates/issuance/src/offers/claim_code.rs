//! Claim codes: what a wallet scans. No key is needed to fetch one: whoever knows the offer's id may claim it, so what is said
//! here is what the person may know anyway, and nothing about the person.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{
    Actor, ActorKind, AuditAction, Holding, IssuanceState, Offer, OfferId, OrganisationProfile, Origin,
    TenantId, Timestamp,
};
use store::{ClaimCode, OfferScope};

use super::OfferError;
use crate::EngineError;
use crate::engine::Engine;
use crate::issuer::issuer_url;
use crate::mint::sha256;

/// How often a code is made anew when another replica makes one at the same time.
const ATTEMPTS: usize = 5;

/// An offer with a live claim code.
#[derive(Clone, Debug)]
pub struct ClaimInvitation {
    /// The pre-authorised code (OpenID4VCI, section 3.5).
    pub code: String,
    /// The credential issuer identifier.
    pub credential_issuer: String,
    /// The offer.
    pub offer: Offer,
    /// Who offers.
    pub profile: OrganisationProfile,
}

/// How far the issuance of an offer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferState {
    /// When the claim code was made; the offer itself, if it has none.
    pub created_at: Timestamp,
    /// When the state last changed.
    pub updated_at: Timestamp,
    /// The state.
    pub state: IssuanceState,
    /// When the claim code ends.
    pub expires_at: Option<Timestamp>,
}

impl Engine {
    /// The offer's claim code: the live one, or a new one.
    pub async fn claim_invitation(
        &self,
        env_id: &str,
        id: &OfferId,
        origin: &Origin,
    ) -> Result<ClaimInvitation, OfferError> {
        let tenant = self.environment(env_id).await?.id;
        self.invite(&tenant, id, origin).await
    }

    /// The same for whoever knows the offer's id alone.
    pub async fn claim_invitation_of(
        &self,
        id: &OfferId,
        origin: &Origin,
    ) -> Result<ClaimInvitation, OfferError> {
        let tenant = self.store.offer_tenant(id).await?.ok_or(OfferError::NotFound)?;
        self.invite(&tenant, id, origin).await
    }

    async fn invite(
        &self,
        tenant: &TenantId,
        id: &OfferId,
        origin: &Origin,
    ) -> Result<ClaimInvitation, OfferError> {
        for _ in 0..ATTEMPTS {
            let offer = self.public_offer(tenant, id).await?;
            self.check_claimable(&offer)?;
            let code =
                match self.store.claim_code(id).await?.filter(|code| self.clock.now() < code.expires_at) {
                    Some(live) => Some(live),
                    None => self.new_claim_code(&offer, origin).await?,
                };
            let Some(code) = code else { continue };
            let profile = self.store.profile(tenant, &offer.profile_id).await?;
            let profile = profile
                .ok_or_else(|| EngineError::inconsistent("an offer's organisation profile is gone"))?;
            return Ok(ClaimInvitation {
                code: self.claim_code_text(id, &code),
                credential_issuer: issuer_url(&self.settings.public_url, &offer.correlation_id),
                offer,
                profile,
            });
        }
        Err(OfferError::Contended)
    }

    /// The page on which a person claims an offer: what mail links to.
    pub(crate) fn claim_page_url(&self, offer: &OfferId) -> String {
        format!("{}/claim/{offer}", self.settings.public_url)
    }

    /// How far the issuance of the offer has come.
    pub async fn offer_state(&self, env_id: &str, id: &OfferId) -> Result<OfferState, OfferError> {
        let tenant = self.environment(env_id).await?.id;
        let offer = self.public_offer(&tenant, id).await?;
        if let Some(code) = self.store.claim_code(id).await? {
            return Ok(OfferState {
                created_at: code.created_at,
                updated_at: code.updated_at,
                state: code.state,
                expires_at: Some(code.expires_at),
            });
        }
        let (state, updated_at) = match &offer.claimed {
            None => (IssuanceState::OfferCreated, offer.stamps.created_at),
            Some(claimed) => (IssuanceState::CredentialIssued, claimed.at),
        };
        Ok(OfferState { created_at: offer.stamps.created_at, updated_at, state, expires_at: None })
    }

    /// An offer as anybody who knows its id sees it.
    async fn public_offer(&self, tenant: &TenantId, id: &OfferId) -> Result<Offer, OfferError> {
        let scope = OfferScope { tenant: tenant.clone(), made_by: None };
        self.store.offer(&scope, id).await?.ok_or(OfferError::NotFound)
    }

    /// Whether an offer can be claimed now.
    pub(super) fn check_claimable(&self, offer: &Offer) -> Result<(), OfferError> {
        match offer.status {
            Holding::Claimed => Err(OfferError::AlreadyClaimed),
            Holding::Revoked => Err(OfferError::AlreadyRevoked),
            Holding::ReadyToClaim if offer.is_expired(self.clock.now()) => Err(OfferError::Expired),
            Holding::ReadyToClaim => Ok(()),
        }
    }

    /// Makes a claim code; `None` if somebody else made one at the same time.
    async fn new_claim_code(&self, offer: &Offer, origin: &Origin) -> Result<Option<ClaimCode>, OfferError> {
        let now = self.clock.now();
        let end = now.plus_seconds(self.settings.claim_code_seconds);
        let code = ClaimCode {
            salt: self.entropy.bytes(),
            state: IssuanceState::OfferCreated,
            created_at: now,
            updated_at: now,
            expires_at: offer.expires_at.map_or(end, |expiry| expiry.min(end)),
        };
        let hash = sha256(self.claim_code_text(&offer.id, &code).as_bytes());
        let actor =
            Actor { kind: ActorKind::Holder, id: "holder".to_owned(), key: None, origin: origin.clone() };
        let event =
            self.event(&actor, &offer.tenant_id, AuditAction::CreateClaimCode, offer.id.as_str(), now);
        let made = self.store.put_claim_code(&offer.id, &code, &hash, &event).await?;
        Ok(made.then_some(code))
    }

    /// The code: 128 bits that only the master key and the row together give, 22 characters of base64url. So the database holds
    /// no code that anybody could use, and the same code can be shown again.
    fn claim_code_text(&self, offer: &OfferId, code: &ClaimCode) -> String {
        let key = self.master.derive("claim-code");
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
        let mac = hmac::sign(&key, &[offer.as_str().as_bytes(), &code.salt].concat());
        URL_SAFE_NO_PAD.encode(&mac.as_ref()[..16])
    }
}
