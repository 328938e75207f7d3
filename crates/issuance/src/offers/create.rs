//! Making offers in bulk. Partial success is the contract: what is good is stored, what is not is said.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{
    AuditAction, AuditEvent, Collection, Email, Holding, Issuer, Offer, OfferClaim, OfferId,
    OrganisationProfile, ProgramClosed, ProgramId, Stamps, Timestamp,
};
use store::{IdempotencyRecord, NewOffers};

use super::claims::{self, ClaimInput};
use super::{Caller, OfferError};
use crate::catalog::ActiveProgram;
use crate::engine::Engine;
use crate::idempotency::IdempotencyKey;

/// How often an answer that another replica is just keeping is looked for.
const ATTEMPTS: usize = 3;

/// One offer, as the dialect read it.
#[derive(Clone, Debug)]
pub struct OfferItem {
    /// The person's address.
    pub email: Option<String>,
    /// `credentialId`: the program.
    pub credential_id: String,
    /// The caller's own id for it.
    pub reference_id: Option<String>,
    /// The claims.
    pub claims: Vec<ClaimInput>,
    /// `expirationDate`.
    pub expires_at: Option<Timestamp>,
}

/// A request, as the dialect read it.
#[derive(Debug)]
pub struct CreateOffers {
    /// `correlationId`: the issuer.
    pub correlation_id: String,
    /// `organisationProfileId`; the tenant's default profile if absent.
    pub profile: Option<String>,
    /// `credentialOfferCollectionId`.
    pub collection: Option<String>,
    /// The items; one that the dialect could not read says why.
    pub items: Vec<Result<OfferItem, OfferError>>,
    /// `Idempotency-Key`, and the body that it came with.
    pub idempotency: Option<(String, Vec<u8>)>,
}

/// An item that became no offer.
#[derive(Debug)]
pub struct FailedOffer {
    /// Its place in the request, from 0.
    pub index: usize,
    /// What is wrong with it.
    pub error: OfferError,
}

/// What became of a request.
#[derive(Debug)]
pub struct CreatedOffers {
    /// The organisation profile of the offers.
    pub profile: OrganisationProfile,
    /// The offers, in the order of the request.
    pub offers: Vec<Offer>,
    /// The items that failed, in the order of the request.
    pub failed: Vec<FailedOffer>,
}

/// What all items of a request share.
struct Envelope {
    issuer: Issuer,
    profile: OrganisationProfile,
    collection: Option<Collection>,
    by: String,
    now: Timestamp,
}

/// An item that was found good, images apart.
struct Admitted {
    active: Arc<ActiveProgram>,
    email: Option<String>,
    reference_id: Option<String>,
    claims: Vec<OfferClaim>,
    expires_at: Option<Timestamp>,
}

impl Engine {
    /// Makes offers. `render` says what is answered, and that is what a retry with the same idempotency key gets, too.
    pub async fn create_offers(
        &self,
        caller: &Caller,
        request: &CreateOffers,
        render: impl Fn(&CreatedOffers) -> String,
    ) -> Result<String, OfferError> {
        let key = request
            .idempotency
            .as_ref()
            .map(|(key, body)| IdempotencyKey::new(&format!("create_offers {} ", caller.user()), key, body));
        for _ in 0..ATTEMPTS {
            if let Some(answer) = self.created_before(caller, key).await? {
                return Ok(answer);
            }
            let envelope = self.envelope(caller, request).await?;
            let created = self.admit_all(envelope, &request.items).await?;
            let answer = render(&created);
            let events = self.creation_events(caller, &created.offers);
            let new = NewOffers {
                tenant: caller.tenant.id.clone(),
                offers: created.offers,
                events,
                idempotency: key.map(|key| IdempotencyRecord {
                    key_hash: key.key_hash,
                    request_hash: key.body_hash,
                    answer: answer.clone(),
                }),
                now: self.clock.now(),
            };
            if self.store.create_offers(&new).await? {
                return Ok(answer);
            }
        }
        Err(OfferError::Contended)
    }

    async fn created_before(
        &self,
        caller: &Caller,
        key: Option<IdempotencyKey>,
    ) -> Result<Option<String>, OfferError> {
        let Some(key) = key else { return Ok(None) };
        let Some(kept) = self.store.kept_answer(&caller.tenant.id, key.key_hash).await? else {
            return Ok(None);
        };
        if kept.request_hash == key.body_hash { Ok(Some(kept.answer)) } else { Err(OfferError::KeyReused) }
    }

    async fn envelope(&self, caller: &Caller, request: &CreateOffers) -> Result<Envelope, OfferError> {
        let tenant = &caller.tenant.id;
        let issuer = self.store.tenant_issuer(tenant, &request.correlation_id).await?;
        let profile = match &request.profile {
            Some(id) => {
                let found = self.store.profile(tenant, &id.as_str().into()).await?;
                found.ok_or(OfferError::UnknownProfile)?
            }
            None => self.store.default_profile(tenant).await?.ok_or(OfferError::NoProfile)?,
        };
        let collection = match &request.collection {
            Some(id) => {
                let found = self.store.collection(tenant, &id.as_str().into()).await?;
                Some(found.ok_or(OfferError::UnknownCollection)?)
            }
            None => None,
        };
        Ok(Envelope {
            issuer: issuer.ok_or(OfferError::UnknownCorrelationId)?,
            profile,
            collection,
            by: caller.user().to_owned(),
            now: self.clock.now(),
        })
    }

    async fn admit_all(
        &self,
        envelope: Envelope,
        items: &[Result<OfferItem, OfferError>],
    ) -> Result<CreatedOffers, OfferError> {
        let programs = self.programs_of(&envelope, items).await?;
        let mut admitted: Vec<Result<Admitted, OfferError>> = items
            .iter()
            .map(|item| match item {
                Ok(item) => self.admit_item(&envelope, &programs, item),
                Err(error) => Err(error.clone()),
            })
            .collect();
        self.check_images(&envelope, &mut admitted).await?;
        let (mut offers, mut failed) = (Vec::with_capacity(admitted.len()), Vec::new());
        for (index, outcome) in admitted.into_iter().enumerate() {
            match outcome {
                // A microsecond apart, so that lists show them in the order of the request.
                Ok(item) => {
                    offers.push(self.offer_of(&envelope, item, Timestamp(envelope.now.0 + index as i64)));
                }
                Err(error) => failed.push(FailedOffer { index, error }),
            }
        }
        Ok(CreatedOffers { profile: envelope.profile, offers, failed })
    }

    /// The published programs of the issuer that items name, each looked up once.
    async fn programs_of(
        &self,
        envelope: &Envelope,
        items: &[Result<OfferItem, OfferError>],
    ) -> Result<HashMap<String, Arc<ActiveProgram>>, OfferError> {
        let names: HashSet<&str> = items.iter().flatten().map(|item| item.credential_id.as_str()).collect();
        let mut programs = HashMap::new();
        for name in names {
            let active = self.active_program(&envelope.issuer.tenant_id, &ProgramId::from(name)).await?;
            let own = active.filter(|active| active.program.issuer_id == envelope.issuer.id);
            programs.extend(own.map(|active| (name.to_owned(), active)));
        }
        Ok(programs)
    }

    fn admit_item(
        &self,
        envelope: &Envelope,
        programs: &HashMap<String, Arc<ActiveProgram>>,
        item: &OfferItem,
    ) -> Result<Admitted, OfferError> {
        let active = programs.get(&item.credential_id).ok_or(OfferError::UnknownCredentialId)?;
        // An offer may be made before the window opens, but not when it can no longer be claimed.
        if let Err(closed @ ProgramClosed::NoLonger(_)) = active.program.check_window(envelope.now) {
            return Err(closed.into());
        }
        if item.expires_at.is_some_and(|expiry| expiry <= envelope.now) {
            return Err(OfferError::ExpirationDateInPast);
        }
        let email = match &item.email {
            Some(text) => {
                let email = Email::parse(text);
                let email = email.map_err(|error| OfferError::invalid(format!("email: {error}.")))?;
                Some(email.as_str().to_owned())
            }
            // Its claim takes a code that is sent there.
            None if active.program.wallet.tx_code.is_some() => return Err(OfferError::EmailMissing),
            None => None,
        };
        let id = || model::random_uuid(&*self.entropy);
        let claims = claims::check(active, &item.claims, id, |image| self.image_url(image))?;
        Ok(Admitted {
            active: Arc::clone(active),
            email,
            reference_id: item.reference_id.clone(),
            claims,
            expires_at: item.expires_at,
        })
    }

    /// Refuses items whose images are not there, with one look for all of them.
    async fn check_images(
        &self,
        envelope: &Envelope,
        items: &mut [Result<Admitted, OfferError>],
    ) -> Result<(), OfferError> {
        let wanted: HashSet<String> =
            items.iter().flatten().flat_map(|item| claims::images(&item.claims)).map(str::to_owned).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let wanted: Vec<String> = wanted.into_iter().collect();
        let owned = self.store.owned_images(&envelope.issuer.tenant_id, &wanted).await?;
        for item in items {
            let lacks = item
                .as_ref()
                .is_ok_and(|item| claims::images(&item.claims).any(|image| !owned.contains(image)));
            if lacks {
                *item = Err(OfferError::UnknownImage);
            }
        }
        Ok(())
    }

    fn offer_of(&self, envelope: &Envelope, item: Admitted, at: Timestamp) -> Offer {
        let program = &item.active.program;
        Offer {
            id: OfferId::mint(&*self.entropy),
            tenant_id: envelope.issuer.tenant_id.clone(),
            issuer_id: envelope.issuer.id.clone(),
            correlation_id: envelope.issuer.slug.clone(),
            issuer_did: envelope.issuer.did.clone(),
            program_id: program.id.clone(),
            credential_names: vec![program.name.clone()],
            credential_types: program.credential_types(),
            profile_id: envelope.profile.id.clone(),
            profile_name: envelope.profile.name.clone(),
            collection: envelope.collection.clone(),
            email: item.email,
            reference_id: item.reference_id,
            claims: item.claims,
            status: Holding::ReadyToClaim,
            claimed: None,
            revocation: None,
            expires_at: item.expires_at,
            email_sent: false,
            revocation_email_sent: false,
            stamps: Stamps::new(at, &envelope.by),
        }
    }

    fn creation_events(&self, caller: &Caller, offers: &[Offer]) -> Vec<AuditEvent> {
        let (actor, tenant) = (caller.actor(), &caller.tenant.id);
        offers
            .iter()
            .map(|offer| {
                let at = offer.stamps.created_at;
                self.event(&actor, tenant, AuditAction::CreateOffer, offer.id.as_str(), at)
            })
            .collect()
    }
}
