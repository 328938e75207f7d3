//! The credential endpoint (OpenID4VCI 1.0, section 8): keys are proved, and each gets a document.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{
    Actor, ActorKind, AuditAction, ClaimSubject, CredentialId, Email, Format, Holder, HolderId, Holding,
    Offer, OfferId, Origin, Timestamp,
};
use serde_json::{Map, Value};
use store::{
    ClaimOutcome, Delivery, DeliveryPlan, HeldCredential, NewCredential, NewDelivery, OfferClaimPlan,
    OfferScope,
};
use verify::sha256;

use super::proof::{ProofContext, Proved};
use super::request::{format_wanted, read_configuration_id};
use super::{AccessToken, CredentialRequest, HolderKey, NONCE_SECONDS, WalletError, Wanted};
use crate::EngineError;
use crate::catalog::ActiveProgram;
use crate::engine::Engine;
use crate::issuer::StatusEntry;
use crate::mint::{Content, Copies};
use crate::offers::{OfferError, claims};

/// How often a claim is decided anew when something that it relied on has changed.
const ATTEMPTS: usize = 5;
/// How many answers with new documents one token gets: wallets that lost an answer ask again with new keys.
const MOST_DELIVERIES: usize = 8;

/// What a wallet gets.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The signed documents, one a key.
    pub documents: Vec<String>,
    /// Their format.
    pub format: Format,
    /// By which the wallet says what became of them.
    pub notification_id: String,
}

/// What a wallet is answered.
#[derive(Clone, Debug)]
pub enum WalletAnswer {
    /// The credential.
    Delivered(Delivered),
    /// It is signed later.
    Deferred(super::Deferred),
}

/// A request whose keys are proved: what is left to be decided.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) subject: ClaimSubject,
    pub(super) active: Arc<ActiveProgram>,
    pub(super) format: Format,
    pub(super) keys: Vec<HolderKey>,
    pub(super) token_hash: [u8; 32],
    /// What is used up with it.
    pub(super) once: Vec<[u8; 32]>,
    pub(super) origin: Origin,
}

impl Order {
    pub(super) fn request_hash(&self) -> [u8; 32] {
        request_hash(&self.subject, self.format, &self.keys)
    }
}

/// SHA-256 of what is asked: the same for a wallet that asks again, in whatever order it names its keys.
fn request_hash(subject: &ClaimSubject, format: Format, keys: &[HolderKey]) -> [u8; 32] {
    let mut thumbprints: Vec<&[u8; 32]> = keys.iter().map(|key| &key.thumbprint).collect();
    thumbprints.sort_unstable();
    let mut bytes = format!("{} {} {format} ", subject.kind(), subject.id()).into_bytes();
    bytes.extend(thumbprints.into_iter().flatten());
    sha256(&bytes)
}

fn denied(error: &OfferError) -> WalletError {
    match error {
        OfferError::Internal(error) => WalletError::Internal(error.clone()),
        other => WalletError::Denied(other.to_string()),
    }
}

/// The claims of what was issued on behalf, out of its own documents.
fn claims_of(held: &HeldCredential) -> Result<Map<String, Value>, EngineError> {
    let broken = |what: &str| EngineError::inconsistent(format!("credential {}: {what}", held.id));
    let documents: BTreeMap<String, String> =
        serde_json::from_str(&held.documents).map_err(|_| broken("its documents are not JSON"))?;
    if let Some(document) = documents.get(Format::JwtVcJson.as_str()) {
        let payload = document.split('.').nth(1).and_then(|payload| jose::b64url_decode(payload).ok());
        let payload: Option<Value> = payload.and_then(|payload| serde_json::from_slice(&payload).ok());
        let subject = payload.and_then(|payload| payload["vc"]["credentialSubject"].as_object().cloned());
        let mut subject = subject.ok_or_else(|| broken("its JWT has no subject"))?;
        subject.remove("id");
        return Ok(subject);
    }
    let document = documents.get(Format::DcSdJwt.as_str()).ok_or_else(|| broken("it has no documents"))?;
    let mut claims = Map::new();
    for disclosure in document.split('~').skip(1).filter(|part| !part.is_empty()) {
        let decoded = jose::b64url_decode(disclosure).map_err(|_| broken("a disclosure is not base64url"))?;
        let read: Result<(String, String, Value), _> = serde_json::from_slice(&decoded);
        let (_, name, value) = read.map_err(|_| broken("a disclosure is no claim"))?;
        claims.insert(name, value);
    }
    Ok(claims)
}

impl Engine {
    /// Gives a wallet the credential that its token is for, bound to the keys that it proves.
    pub async fn credential_for_wallet(
        &self,
        access: &AccessToken,
        request: &CredentialRequest,
        origin: &Origin,
    ) -> Result<WalletAnswer, WalletError> {
        let answer = self.answer_wallet(access, request, origin).await;
        if let Err(error) = &answer
            && !matches!(error, WalletError::Internal(_))
        {
            self.note_refusal(access, error).await?;
        }
        answer
    }

    /// Notes why a wallet's request was refused, for those who watch the issuance.
    pub async fn note_refusal(&self, access: &AccessToken, error: &WalletError) -> Result<(), WalletError> {
        let (subject, now) = (&access.token.subject, self.clock.now());
        Ok(self.store.refuse_issuance(subject, &error.to_string(), now).await?)
    }

    async fn answer_wallet(
        &self,
        access: &AccessToken,
        request: &CredentialRequest,
        origin: &Origin,
    ) -> Result<WalletAnswer, WalletError> {
        let active = self.active_program(&access.token.tenant, &access.token.program).await?;
        let active = active.ok_or_else(|| denied(&OfferError::UnknownCredentialId))?;
        let format = self.ordered_format(access, &active, &request.wanted).await?;
        let context = ProofContext {
            issuer_url: &access.issuer.url,
            client_id: access.token.client_id.as_deref(),
            algorithms: &active.program.wallet.proof_algorithms,
        };
        let Proved { keys, once } = self.check_proofs(&request.proofs, &context)?;
        let order = Order {
            subject: access.token.subject.clone(),
            active,
            format,
            keys,
            token_hash: access.token.hash,
            once,
            origin: origin.clone(),
        };
        if order.active.program.wallet.deferred {
            return self.defer(&access.token.tenant, &order).await;
        }
        Ok(WalletAnswer::Delivered(self.deliver(&order).await?))
    }

    async fn ordered_format(
        &self,
        access: &AccessToken,
        active: &ActiveProgram,
        wanted: &Wanted,
    ) -> Result<Format, WalletError> {
        let (id, unknown) = match wanted {
            Wanted::Configuration(id) => (id, WalletError::UnknownConfiguration),
            Wanted::Identifier(id) => (id, WalletError::UnknownIdentifier),
            Wanted::Format { format, types, vct } => {
                let expected = self.credential_type_url(&active.program);
                return format_wanted(&active.program, format, types, vct.as_deref(), &expected);
            }
        };
        let (program, format) = read_configuration_id(id);
        if program == active.program.id && active.program.formats.contains(&format) {
            return Ok(format);
        }
        let known = self.active_program(&access.token.tenant, &program).await?;
        let known = known.filter(|known| known.issuer.issuer.id == access.issuer.issuer.id);
        match known {
            Some(known) if known.program.formats.contains(&format) => {
                Err(WalletError::Denied("The access token is for another credential.".into()))
            }
            _ => Err(unknown),
        }
    }

    /// Decides an order, anew if something that it relied on has changed.
    pub(super) async fn deliver(&self, order: &Order) -> Result<Delivered, WalletError> {
        for _ in 0..ATTEMPTS {
            let before = self.store.deliveries(&order.token_hash).await?;
            let delivered = match before.iter().find(|delivery| delivery.request_hash == order.request_hash())
            {
                Some(delivery) => self.deliver_again(order, delivery).await?,
                None => self.deliver_new(order, &before).await?,
            };
            if let Some(delivered) = delivered {
                return Ok(delivered);
            }
            if self.store.any_used(&order.once).await? {
                return Err(WalletError::InvalidNonce(
                    "The nonce was used before: fetch another one.".into(),
                ));
            }
        }
        Err(denied(&OfferError::Contended))
    }

    /// The same documents for a wallet that lost the answer.
    async fn deliver_again(
        &self,
        order: &Order,
        delivery: &Delivery,
    ) -> Result<Option<Delivered>, WalletError> {
        let tenant = &order.active.program.tenant_id;
        if self.store.holding(tenant, &delivery.credential).await? != Some(Holding::Claimed) {
            return Err(denied(&OfferError::AlreadyRevoked));
        }
        if !self.store.use_once(&order.once, self.nonces_over()).await? {
            return Ok(None);
        }
        Ok(Some(delivered(delivery)?))
    }

    fn nonces_over(&self) -> Timestamp {
        self.clock.now().plus_seconds(NONCE_SECONDS)
    }

    async fn deliver_new(
        &self,
        order: &Order,
        before: &[Delivery],
    ) -> Result<Option<Delivered>, WalletError> {
        if before.len() >= MOST_DELIVERIES {
            return Err(WalletError::Denied("The token was used for as many credentials as it may.".into()));
        }
        let program = &order.active.program;
        match (&order.subject, before.first()) {
            (ClaimSubject::Offer(id), None) => {
                let scope = OfferScope { tenant: program.tenant_id.clone(), made_by: None };
                let offer = self.store.offer(&scope, id).await?;
                let offer = offer.ok_or_else(|| denied(&OfferError::NotFound))?;
                self.claim_offered(order, offer).await
            }
            (ClaimSubject::Offer(id), Some(first)) => self.deliver_more(order, id, &first.credential).await,
            (ClaimSubject::Credential(id), before) => {
                let held = self.store.held_credential(id).await?;
                let held = held.ok_or_else(|| denied(&OfferError::NotFound))?;
                if before.is_none()
                    && let Err(refusal) = self.check_held(&held)
                {
                    return self.unless_delivered(order, &refusal).await;
                }
                let claims = claims_of(&held)?;
                let copied = Copied {
                    credential: &held.id,
                    holder: &held.holder,
                    holder_did: &held.holder_did,
                    claims: &claims,
                    expires_at: held.expires_at,
                    first: before.is_none(),
                };
                self.deliver_copies(order, copied).await
            }
        }
    }

    /// Denies, unless this very token has claimed meanwhile: then it is decided anew.
    async fn unless_delivered(
        &self,
        order: &Order,
        refusal: &OfferError,
    ) -> Result<Option<Delivered>, WalletError> {
        if self.store.deliveries(&order.token_hash).await?.is_empty() {
            Err(denied(refusal))
        } else {
            Ok(None)
        }
    }

    /// The first delivery of an offer: the offer becomes a credential.
    async fn claim_offered(&self, order: &Order, offer: Offer) -> Result<Option<Delivered>, WalletError> {
        if let Err(refusal) = self.check_claimable(&offer) {
            return self.unless_delivered(order, &refusal).await;
        }
        let (active, now) = (&order.active, self.clock.now());
        let program = &active.program;
        program.check_window(now).map_err(|closed| denied(&closed.into()))?;
        let (holder, did, new_holder) =
            self.claimant(offer.email.as_deref()).await.map_err(|error| denied(&error))?;
        let claims =
            claims::subject(&offer.claims, |image| self.image_url(image)).map_err(|error| denied(&error))?;
        let content = Content {
            active,
            subject: &did,
            claims: &claims,
            issued_at: now,
            expires_at: offer.expires_at.or_else(|| program.expiry(now)),
        };
        let id = CredentialId::mint(now, &*self.entropy);
        let entries = self.entries(order).await?;
        let copies = self.mint_copies(content, order.format, &order.keys, &entries, &id)?;
        let own = entries[0];
        let credential = NewCredential {
            id: id.clone(),
            issuer_id: program.issuer_id.clone(),
            program_id: program.id.clone(),
            schema_id: program.schema_id.clone(),
            core_claim_hash: copies.core_claim_hash,
            core_claim: copies.core_claim.clone(),
            // The delivery has them.
            documents: "{}".to_owned(),
            status_list: own.list,
            status_index: i64::from(own.index),
            expires_at: content.expires_at,
            leaf: copies.leaf.clone(),
        };
        let delivery = self.new_delivery(order, id, copies, &entries);
        let answer = answer(&delivery, order.format)?;
        let actor = holder_actor(&holder, &order.origin);
        let plan = OfferClaimPlan {
            tenant: program.tenant_id.clone(),
            event: self.event(&actor, &program.tenant_id, AuditAction::ClaimOffer, offer.id.as_str(), now),
            holder,
            subject: order.keys[0].did.clone(),
            new_holder,
            credential,
            delivery,
            capped: program.cap.is_some(),
            offer,
            now,
        };
        match self.store.claim_offer(plan).await? {
            ClaimOutcome::Claimed => Ok(Some(answer)),
            ClaimOutcome::Raced => Ok(None),
            ClaimOutcome::CapReached => Err(denied(&OfferError::CapReached)),
        }
    }

    /// A further delivery of an offer that this token claimed: other keys, or the other format.
    async fn deliver_more(
        &self,
        order: &Order,
        offer: &OfferId,
        credential: &CredentialId,
    ) -> Result<Option<Delivered>, WalletError> {
        let scope = OfferScope { tenant: order.active.program.tenant_id.clone(), made_by: None };
        let offer = self.store.offer(&scope, offer).await?.ok_or_else(|| denied(&OfferError::NotFound))?;
        let claimed = match (offer.status, &offer.claimed) {
            (Holding::Claimed, Some(claimed)) => claimed,
            _ => return Err(denied(&OfferError::AlreadyRevoked)),
        };
        let (holder, did, _) = self.claimant(offer.email.as_deref()).await.map_err(|error| denied(&error))?;
        let claims =
            claims::subject(&offer.claims, |image| self.image_url(image)).map_err(|error| denied(&error))?;
        let copied = Copied {
            credential,
            holder: &holder,
            holder_did: &did,
            claims: &claims,
            expires_at: offer.expires_at.or_else(|| order.active.program.expiry(claimed.at)),
            first: false,
        };
        self.deliver_copies(order, copied).await
    }

    /// Delivers a credential that is there already.
    async fn deliver_copies(
        &self,
        order: &Order,
        copied: Copied<'_>,
    ) -> Result<Option<Delivered>, WalletError> {
        let (program, now) = (&order.active.program, self.clock.now());
        let content = Content {
            active: &order.active,
            subject: copied.holder_did,
            claims: copied.claims,
            issued_at: now,
            expires_at: copied.expires_at,
        };
        let id = CredentialId::mint(now, &*self.entropy);
        let entries = self.entries(order).await?;
        let copies = self.mint_copies(content, order.format, &order.keys, &entries, &id)?;
        let delivery = self.new_delivery(order, id, copies, &entries);
        let answer = answer(&delivery, order.format)?;
        let actor = holder_actor(copied.holder, &order.origin);
        let action = match order.subject {
            ClaimSubject::Offer(_) => AuditAction::ClaimOffer,
            ClaimSubject::Credential(_) => AuditAction::ClaimCredential,
        };
        let plan = DeliveryPlan {
            tenant: program.tenant_id.clone(),
            subject: order.subject.clone(),
            credential: copied.credential.clone(),
            issuer: program.issuer_id.clone(),
            first: copied.first,
            delivery,
            event: self.event(&actor, &program.tenant_id, action, order.subject.id(), now),
            now,
        };
        Ok(self.store.deliver(&plan).await?.then_some(answer))
    }

    /// A status entry for each key.
    async fn entries(&self, order: &Order) -> Result<Vec<StatusEntry>, EngineError> {
        let issuer = &order.active.issuer;
        let mut entries = Vec::with_capacity(order.keys.len());
        for _ in &order.keys {
            let position = self.positions.next(&self.store, &issuer.issuer.id).await?;
            entries.push(issuer.status_entry(position));
        }
        Ok(entries)
    }

    fn new_delivery(
        &self,
        order: &Order,
        id: CredentialId,
        copies: Copies,
        entries: &[StatusEntry],
    ) -> NewDelivery {
        let documents: Vec<Value> = copies.documents.into_iter().map(Value::from).collect();
        NewDelivery {
            id,
            token_hash: order.token_hash,
            request_hash: order.request_hash(),
            core_claim_hash: copies.core_claim_hash,
            core_claim: copies.core_claim,
            format: order.format.to_string(),
            documents: Value::Array(documents).to_string(),
            notification_id: jose::b64url_encode(&self.entropy.bytes::<16>()),
            statuses: entries.iter().map(|entry| (entry.list, i64::from(entry.index))).collect(),
            leaf: copies.leaf,
            most: MOST_DELIVERIES,
            once: order.once.clone(),
            once_until: self.nonces_over(),
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

/// A credential of which copies are delivered.
struct Copied<'a> {
    credential: &'a CredentialId,
    holder: &'a HolderId,
    holder_did: &'a str,
    claims: &'a Map<String, Value>,
    expires_at: Option<Timestamp>,
    first: bool,
}

fn holder_actor(holder: &HolderId, origin: &Origin) -> Actor {
    Actor { kind: ActorKind::Holder, id: holder.to_string(), key: None, origin: origin.clone() }
}

fn documents(text: &str) -> Result<Vec<String>, EngineError> {
    serde_json::from_str(text).map_err(|_| EngineError::inconsistent("a delivery's documents are not JSON"))
}

pub(super) fn delivered(delivery: &Delivery) -> Result<Delivered, EngineError> {
    let format = delivery.format.parse();
    Ok(Delivered {
        documents: documents(&delivery.documents)?,
        format: format.map_err(|_| EngineError::inconsistent("a delivery's format is unknown"))?,
        notification_id: delivery.notification_id.clone(),
    })
}

fn answer(delivery: &NewDelivery, format: Format) -> Result<Delivered, EngineError> {
    let notification_id = delivery.notification_id.clone();
    Ok(Delivered { documents: documents(&delivery.documents)?, format, notification_id })
}
