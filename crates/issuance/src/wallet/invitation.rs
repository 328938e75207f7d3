//! Invitations: what a wallet scans, and how far a claim has come. No key is needed for either: whoever knows the offer's id, or
//! has the link to a credential, may claim, so what is said here is what the person may know anyway, and nothing about the
//! person.

use aws_lc_rs::constant_time;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{
    Actor, ActorKind, AuditAction, ClaimSubject, CredentialId, Format, Holding, Image, IssuanceState,
    IssuerId, JobId, Offer, OfferDraft, OfferId, Origin, ProgramDisplay, ProgramId, TenantId, Timestamp,
    TxCodeMode,
};
use store::{ClaimCode, HeldCredential, JobKind, NewJob, OfferScope, tx_code_subject};
use verify::sha256;

use super::tx_code::subject_bytes;
use crate::EngineError;
use crate::engine::Engine;
use crate::issuer::issuer_url;
use crate::offers::OfferError;
use crate::offers::share::seconds_until;

/// How often a code is made anew when another replica makes one at the same time.
const ATTEMPTS: usize = 5;
/// Bytes of the MAC in the link to a credential.
const LINK_MAC: usize = 16;

/// Something that can be claimed now, with a live claim code.
#[derive(Clone, Debug)]
pub struct ClaimInvitation {
    /// What it is, as links name it.
    pub reference: String,
    /// The pre-authorised code (OpenID4VCI 1.0, section 3.5). [`ClaimInvitation::code_for`] writes it for each edition.
    code: String,
    /// Whether a transaction code goes with it.
    pub tx_code: Option<TxCodeMode>,
    /// The credential issuer identifier.
    pub credential_issuer: String,
    /// By which program.
    pub program_id: ProgramId,
    /// What the program signs.
    pub formats: Vec<Format>,
    /// How it looks.
    pub look: ProgramDisplay,
    /// `credentialNames`.
    pub credential_names: Vec<String>,
    /// `credentialTypes`.
    pub credential_types: Vec<String>,
    /// Who offers.
    pub organisation: String,
    /// Its logo.
    pub logo: Option<Image>,
    /// When the credential will expire.
    pub expires_at: Option<Timestamp>,
    /// The edition that the tenant prefers.
    pub draft: OfferDraft,
}

impl ClaimInvitation {
    /// The code as an offer of this edition carries it: a wallet that uses it thereby says which edition it read. That of seed
    /// 003 is the code alone.
    pub fn code_for(&self, draft: OfferDraft) -> String {
        match draft {
            OfferDraft::Draft11 => self.code.clone(),
            draft => format!("{}.{draft}", self.code),
        }
    }
}

/// A code as a wallet sent it: what it was made as, and the edition of the offer.
pub(super) fn read_code(text: &str) -> (&str, OfferDraft) {
    let read = text.split_once('.').and_then(|(code, draft)| Some((code, draft.parse().ok()?)));
    read.unwrap_or((text, OfferDraft::Draft11))
}

/// How far the issuance of an offer has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimState {
    /// When the claim code was made; the offer itself, if it has none.
    pub created_at: Timestamp,
    /// When the state last changed.
    pub updated_at: Timestamp,
    /// The state.
    pub state: IssuanceState,
    /// When the claim code ends.
    pub expires_at: Option<Timestamp>,
    /// Why the last request for the credential was refused.
    pub error: Option<String>,
}

/// How far a claim has come, as the person sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimProgress {
    /// Nobody has scanned the code.
    Waiting,
    /// A wallet has.
    Scanned,
    /// The credential is in a wallet.
    Claimed,
    /// It was revoked.
    Revoked,
    /// It can no longer be claimed.
    Expired,
}

/// What can be claimed, whatever it is.
struct Claimable {
    subject: ClaimSubject,
    tenant: TenantId,
    issuer: IssuerId,
    program: ProgramId,
    organisation: (String, Option<Image>),
    expires_at: Option<Timestamp>,
    has_email: bool,
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
        let offer = self.public_offer(&tenant, id).await?;
        self.invite(ClaimSubject::Offer(offer.id), origin).await
    }

    /// The same for whoever has the link alone.
    pub async fn claim_invitation_of(
        &self,
        reference: &str,
        origin: &Origin,
    ) -> Result<ClaimInvitation, OfferError> {
        self.invite(self.claim_subject(reference)?, origin).await
    }

    /// The same for a wallet that fetches the offer by reference from the issuer with this slug.
    pub async fn referenced_invitation(
        &self,
        slug: &str,
        reference: &str,
        origin: &Origin,
    ) -> Result<ClaimInvitation, OfferError> {
        let subject = self.claim_subject(reference)?;
        let invitation = self.invite(subject.clone(), origin).await?;
        if invitation.credential_issuer != issuer_url(&self.settings.public_url, slug) {
            return Err(OfferError::NotFound);
        }
        self.store.offer_retrieved(&subject, self.clock.now()).await?;
        Ok(invitation)
    }

    /// What a link names: an offer by its id alone, a credential by its id and a MAC that only we can make.
    fn claim_subject(&self, reference: &str) -> Result<ClaimSubject, OfferError> {
        let Some((id, mac)) = reference.split_once('.') else {
            return Ok(ClaimSubject::Offer(OfferId::from(reference)));
        };
        let id = CredentialId::from(id);
        let expected = self.link_mac(&id);
        constant_time::verify_slices_are_equal(mac.as_bytes(), expected.as_bytes())
            .map_err(|_| OfferError::NotFound)?;
        Ok(ClaimSubject::Credential(id))
    }

    fn link_mac(&self, id: &CredentialId) -> String {
        URL_SAFE_NO_PAD.encode(&self.mac("claim-link", id.as_str().as_bytes())[..LINK_MAC])
    }

    /// How links name it.
    pub(crate) fn claim_reference(&self, subject: &ClaimSubject) -> String {
        match subject {
            ClaimSubject::Offer(id) => id.to_string(),
            ClaimSubject::Credential(id) => format!("{id}.{}", self.link_mac(id)),
        }
    }

    /// The page on which a person claims: what mail links to.
    pub(crate) fn claim_page_url(&self, subject: &ClaimSubject) -> String {
        format!("{}/claim/{}", self.settings.public_url, self.claim_reference(subject))
    }

    async fn claimable(&self, subject: ClaimSubject) -> Result<Claimable, OfferError> {
        match &subject {
            ClaimSubject::Offer(id) => {
                let tenant = self.store.offer_tenant(id).await?.ok_or(OfferError::NotFound)?;
                let offer = self.public_offer(&tenant, id).await?;
                self.check_claimable(&offer)?;
                let profile = self.store.profile(&tenant, &offer.profile_id).await?;
                let profile = profile
                    .ok_or_else(|| EngineError::inconsistent("an offer's organisation profile is gone"))?;
                Ok(Claimable {
                    issuer: offer.issuer_id,
                    program: offer.program_id,
                    organisation: (profile.name, profile.image),
                    expires_at: offer.expires_at,
                    has_email: offer.email.is_some(),
                    subject,
                    tenant,
                })
            }
            ClaimSubject::Credential(id) => {
                let held = self.store.held_credential(id).await?.ok_or(OfferError::NotFound)?;
                self.check_held(&held)?;
                let organisation = self.organisation_of(&held.tenant).await?;
                Ok(Claimable {
                    issuer: held.issuer,
                    program: held.program,
                    organisation,
                    expires_at: held.expires_at,
                    has_email: true,
                    tenant: held.tenant,
                    subject,
                })
            }
        }
    }

    /// Who speaks for a tenant where no profile is named: the name and logo of its default profile, or its own name.
    pub(crate) async fn organisation_of(
        &self,
        id: &TenantId,
    ) -> Result<(String, Option<Image>), EngineError> {
        if let Some(profile) = self.store.default_profile(id).await? {
            return Ok((profile.name, profile.image));
        }
        let tenant = self.tenant(id.clone()).await?;
        Ok((tenant.map(|tenant| tenant.name.clone()).unwrap_or_default(), None))
    }

    /// Whether a credential issued on behalf can be claimed now.
    pub(super) fn check_held(&self, held: &HeldCredential) -> Result<(), OfferError> {
        match held.holding {
            Holding::Claimed => Err(OfferError::AlreadyClaimed),
            Holding::Revoked => Err(OfferError::AlreadyRevoked),
            Holding::ReadyToClaim if held.expires_at.is_some_and(|end| self.clock.now() >= end) => {
                Err(OfferError::Expired)
            }
            Holding::ReadyToClaim => Ok(()),
        }
    }

    /// An offer as anybody who knows its id sees it.
    async fn public_offer(&self, tenant: &TenantId, id: &OfferId) -> Result<Offer, OfferError> {
        let scope = OfferScope { tenant: tenant.clone(), made_by: None };
        self.store.offer(&scope, id).await?.ok_or(OfferError::NotFound)
    }

    /// Whether an offer can be claimed now.
    pub(crate) fn check_claimable(&self, offer: &Offer) -> Result<(), OfferError> {
        match offer.status {
            Holding::Claimed => Err(OfferError::AlreadyClaimed),
            Holding::Revoked => Err(OfferError::AlreadyRevoked),
            Holding::ReadyToClaim if offer.is_expired(self.clock.now()) => Err(OfferError::Expired),
            Holding::ReadyToClaim => Ok(()),
        }
    }

    async fn invite(&self, subject: ClaimSubject, origin: &Origin) -> Result<ClaimInvitation, OfferError> {
        for _ in 0..ATTEMPTS {
            let claimable = self.claimable(subject.clone()).await?;
            let active = self.active_program(&claimable.tenant, &claimable.program).await?;
            let active = active.ok_or(OfferError::UnknownCredentialId)?;
            let now = self.clock.now();
            let program = &active.program;
            let tx_code = program.wallet.tx_code;
            let code = match self.store.claim_code(&subject).await? {
                Some(code) if code.is_exhausted() && now < code.expires_at => {
                    let seconds = seconds_until(code.expires_at, now);
                    return Err(OfferError::TooManyTries { seconds });
                }
                Some(code) if code.is_live(now) => Some(code),
                _ => self.new_claim_code(&claimable, tx_code, origin).await?,
            };
            let Some(code) = code else { continue };
            let tenant = self.tenant(claimable.tenant).await?;
            let (organisation, logo) = claimable.organisation;
            return Ok(ClaimInvitation {
                reference: self.claim_reference(&subject),
                code: self.claim_code_text(&code),
                tx_code: code.tx_code,
                credential_issuer: active.issuer.url.clone(),
                program_id: program.id.clone(),
                formats: program.formats.clone(),
                look: program.wallet.look.clone(),
                credential_names: vec![program.name.clone()],
                credential_types: program.credential_types(),
                organisation,
                logo,
                expires_at: claimable.expires_at,
                draft: tenant.map_or(OfferDraft::Draft11, |tenant| tenant.claim_draft),
            });
        }
        Err(OfferError::Contended)
    }

    /// Makes a claim code; `None` if somebody else made one at the same time.
    async fn new_claim_code(
        &self,
        claimable: &Claimable,
        tx_code: Option<TxCodeMode>,
        origin: &Origin,
    ) -> Result<Option<ClaimCode>, OfferError> {
        if tx_code.is_some() && !claimable.has_email {
            return Err(OfferError::EmailMissing);
        }
        let now = self.clock.now();
        let end = now.plus_seconds(self.settings.claim_code_seconds);
        let (subject, tenant) = (&claimable.subject, &claimable.tenant);
        let code = ClaimCode {
            subject: subject.clone(),
            tenant: tenant.clone(),
            issuer: claimable.issuer.clone(),
            program: claimable.program.clone(),
            salt: self.entropy.bytes(),
            tx_code,
            tries: 0,
            state: IssuanceState::OfferCreated,
            error: None,
            created_at: now,
            updated_at: now,
            expires_at: claimable.expires_at.map_or(end, |expiry| expiry.min(end)),
            retrieved_at: None,
            used_at: None,
        };
        let hash = sha256(self.claim_code_text(&code).as_bytes());
        let actor =
            Actor { kind: ActorKind::Holder, id: "holder".to_owned(), key: None, origin: origin.clone() };
        let event = self.event(&actor, tenant, AuditAction::CreateClaimCode, subject.id(), now);
        let job = tx_code.map(|_| self.new_job(JobKind::TxCode, tenant, tx_code_subject(subject), now));
        if !self.store.put_claim_code(&code, &hash, &event, job.as_ref()).await? {
            return Ok(None);
        }
        if job.is_some() {
            self.jobs_waiting.notify_one();
        }
        Ok(Some(code))
    }

    pub(crate) fn new_job(
        &self,
        kind: JobKind,
        tenant: &TenantId,
        subject: String,
        now: Timestamp,
    ) -> NewJob {
        NewJob { id: JobId::mint(now, &*self.entropy), tenant_id: tenant.clone(), kind, subject }
    }

    /// The code: 128 bits that only the master key and the row together give, 22 characters of base64url. So the database holds
    /// no code that anybody could use, and the same code can be shown again.
    fn claim_code_text(&self, code: &ClaimCode) -> String {
        let named = [subject_bytes(&code.subject).as_slice(), &code.salt].concat();
        URL_SAFE_NO_PAD.encode(&self.mac("claim-code", &named)[..16])
    }

    /// How far the issuance of the offer has come.
    pub async fn claim_state(&self, env_id: &str, id: &OfferId) -> Result<ClaimState, OfferError> {
        let tenant = self.environment(env_id).await?.id;
        let offer = self.public_offer(&tenant, id).await?;
        if let Some(code) = self.store.claim_code(&ClaimSubject::Offer(offer.id)).await? {
            return Ok(ClaimState {
                created_at: code.created_at,
                updated_at: code.updated_at,
                state: code.state,
                expires_at: Some(code.expires_at),
                error: code.error,
            });
        }
        let (state, updated_at) = match &offer.claimed {
            None => (IssuanceState::OfferCreated, offer.stamps.created_at),
            Some(claimed) => (IssuanceState::CredentialIssued, claimed.at),
        };
        Ok(ClaimState {
            created_at: offer.stamps.created_at,
            updated_at,
            state,
            expires_at: None,
            error: None,
        })
    }

    /// How far a claim has come, for whoever has the link.
    pub async fn claim_progress(&self, reference: &str) -> Result<ClaimProgress, OfferError> {
        let subject = self.claim_subject(reference)?;
        match self.claimable(subject.clone()).await {
            Ok(_) => {}
            Err(OfferError::AlreadyClaimed) => return Ok(ClaimProgress::Claimed),
            Err(OfferError::AlreadyRevoked) => return Ok(ClaimProgress::Revoked),
            Err(OfferError::Expired) => return Ok(ClaimProgress::Expired),
            Err(error) => return Err(error),
        }
        let code = self.store.claim_code(&subject).await?;
        let scanned =
            code.is_some_and(|code| code.retrieved_at.is_some() || code.state != IssuanceState::OfferCreated);
        Ok(if scanned { ClaimProgress::Scanned } else { ClaimProgress::Waiting })
    }
}
