//! The messages that jobs send: what each says, to whom, and whether there is still a reason to send it.

use mail::{Content, OfferMail, Organisation, RevocationMail, TxCodeMail};
use model::{ClaimSubject, CredentialId, Email, Holding, Image, Offer, OfferId, TenantId};
use store::{Job, JobKind, OfferScope};

use crate::EngineError;
use crate::engine::Engine;

/// A message and its recipient.
type Message = Option<(Email, Content)>;

/// Who speaks.
struct Speaker {
    name: String,
    logo_url: Option<String>,
}

impl Speaker {
    fn organisation(&self) -> Organisation<'_> {
        Organisation { name: &self.name, logo_url: self.logo_url.as_deref() }
    }
}

fn address(email: &str) -> Result<Email, EngineError> {
    Email::parse(email).map_err(|error| EngineError::inconsistent(format!("an offer's e-mail: {error}")))
}

impl Engine {
    /// The message of a job; nothing if there is no reason to send it any more.
    pub(crate) async fn message(&self, job: &Job) -> Result<Message, EngineError> {
        let (tenant, subject) = (&job.tenant_id, job.subject.as_str());
        match job.kind {
            JobKind::OfferEmail | JobKind::RevocationEmail => {
                self.offer_message(tenant, &subject.into(), job.kind).await
            }
            JobKind::ClaimLink => self.link_message(tenant, &subject.into()).await,
            JobKind::TxCode => {
                let subject = subject.split_once('/').and_then(|(kind, id)| ClaimSubject::of(kind, id));
                match subject {
                    Some(subject) => self.tx_code_message(tenant, &subject).await,
                    None => Ok(None),
                }
            }
            JobKind::SignCredential => Ok(None),
        }
    }

    fn speaker(&self, name: String, logo: Option<&Image>) -> Speaker {
        Speaker { name, logo_url: logo.map(|image| self.image_url(image.id.as_str())) }
    }

    /// The offer and who makes it, unless either is gone.
    async fn offered(
        &self,
        tenant: &TenantId,
        id: &OfferId,
    ) -> Result<Option<(Offer, Speaker)>, EngineError> {
        let scope = OfferScope { tenant: tenant.clone(), made_by: None };
        let Some(offer) = self.store.offer(&scope, id).await? else { return Ok(None) };
        let profile = self.store.profile(tenant, &offer.profile_id).await?;
        Ok(profile.map(|profile| (offer, self.speaker(profile.name, profile.image.as_ref()))))
    }

    /// Who speaks for a tenant where no profile is named.
    async fn tenant_speaker(&self, tenant: &TenantId) -> Result<Speaker, EngineError> {
        let (name, logo) = self.organisation_of(tenant).await?;
        Ok(self.speaker(name, logo.as_ref()))
    }

    async fn offer_message(
        &self,
        tenant: &TenantId,
        id: &OfferId,
        kind: JobKind,
    ) -> Result<Message, EngineError> {
        let Some((offer, speaker)) = self.offered(tenant, id).await? else { return Ok(None) };
        let Some(email) = &offer.email else { return Ok(None) };
        let organisation = speaker.organisation();
        let credential_names = &offer.credential_names;
        let content = match (kind, &offer.revocation) {
            (JobKind::OfferEmail, None) if self.check_claimable(&offer).is_ok() => {
                let claim_url = self.claim_page_url(&ClaimSubject::Offer(offer.id.clone()));
                let expires_at = offer.expires_at;
                OfferMail { organisation, credential_names, claim_url: &claim_url, expires_at }.render()
            }
            (JobKind::RevocationEmail, Some(revocation)) => {
                let (reason, revoked_at) = (revocation.reason.as_str(), revocation.at);
                RevocationMail { organisation, credential_names, reason, revoked_at }.render()
            }
            _ => return Ok(None),
        };
        Ok(Some((address(email)?, content)))
    }

    async fn link_message(&self, tenant: &TenantId, id: &CredentialId) -> Result<Message, EngineError> {
        let Some(held) = self.store.held_credential(id).await? else { return Ok(None) };
        let Some(active) = self.active_program(tenant, &held.program).await? else { return Ok(None) };
        if held.holding != Holding::ReadyToClaim {
            return Ok(None);
        }
        let speaker = self.tenant_speaker(tenant).await?;
        let names = [active.program.name.clone()];
        let claim_url = self.claim_page_url(&ClaimSubject::Credential(held.id));
        let mail = OfferMail {
            organisation: speaker.organisation(),
            credential_names: &names,
            claim_url: &claim_url,
            expires_at: held.expires_at,
        };
        Ok(Some((held.email, mail.render())))
    }

    async fn tx_code_message(
        &self,
        tenant: &TenantId,
        subject: &ClaimSubject,
    ) -> Result<Message, EngineError> {
        let Some(code) = self.store.claim_code(subject).await? else { return Ok(None) };
        let Some(mode) = code.tx_code.filter(|_| code.is_live(self.clock.now())) else { return Ok(None) };
        let (email, names, speaker) = match subject {
            ClaimSubject::Offer(id) => {
                let Some((offer, speaker)) = self.offered(tenant, id).await? else { return Ok(None) };
                let Some(email) = &offer.email else { return Ok(None) };
                (address(email)?, offer.credential_names, speaker)
            }
            ClaimSubject::Credential(id) => {
                let Some(held) = self.store.held_credential(id).await? else { return Ok(None) };
                let Some(active) = self.active_program(tenant, &held.program).await? else { return Ok(None) };
                (held.email, vec![active.program.name.clone()], self.tenant_speaker(tenant).await?)
            }
        };
        let typed = self.tx_code(&code, mode);
        let organisation = speaker.organisation();
        let mail =
            TxCodeMail { organisation, credential_names: &names, code: &typed, expires_at: code.expires_at };
        Ok(Some((email, mail.render())))
    }
}
