//! Organisation profiles: the name and logo that people see.

use model::{Actor, AuditAction, Image, ImageKind, OrganisationProfile, ProfileId, Stamps, TenantId};

use super::api_keys::check_label;
use super::{Caller, ImageUpload, OfferError};
use crate::engine::Engine;

/// An organisation profile to be.
#[derive(Debug)]
pub struct NewProfile {
    /// The organisation's name: 1 to 64 characters.
    pub name: String,
    /// Whether it is to be the default. The first one is in any case.
    pub is_default: bool,
    /// The logo: its file name and bytes.
    pub image: Option<(String, Vec<u8>)>,
}

impl Engine {
    /// Makes an organisation profile.
    pub async fn create_profile(
        &self,
        caller: &Caller,
        new: NewProfile,
    ) -> Result<OrganisationProfile, OfferError> {
        check_label("name", &new.name, 64)?;
        let image = match new.image {
            Some((filename, bytes)) => {
                let upload = ImageUpload { kind: ImageKind::Profile, filename, bytes };
                Some(self.upload_image(caller, upload).await?)
            }
            None => None,
        };
        self.add_profile(&caller.actor(), &caller.tenant.id, new.name, new.is_default, image).await
    }

    /// The tenant's default organisation profile; one with this name if it has none yet.
    pub async fn ensure_default_profile(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        name: &str,
    ) -> Result<OrganisationProfile, OfferError> {
        check_label("name", name, 64)?;
        match self.store.default_profile(tenant).await? {
            Some(profile) => Ok(profile),
            // A tenant's first one becomes its default.
            None => self.add_profile(actor, tenant, name.to_owned(), false, None).await,
        }
    }

    async fn add_profile(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        name: String,
        is_default: bool,
        image: Option<Image>,
    ) -> Result<OrganisationProfile, OfferError> {
        let now = self.clock.now();
        let profile = OrganisationProfile {
            id: ProfileId::mint(&*self.entropy),
            tenant_id: tenant.clone(),
            name,
            is_default,
            image,
            stamps: Stamps::new(now, &actor.id),
        };
        let event = self.event(actor, tenant, AuditAction::CreateProfile, profile.id.as_str(), now);
        Ok(self.store.insert_profile(&profile, &event).await?)
    }

    /// One organisation profile.
    pub async fn profile(&self, caller: &Caller, id: &ProfileId) -> Result<OrganisationProfile, OfferError> {
        self.store.profile(&caller.tenant.id, id).await?.ok_or(OfferError::UnknownProfile)
    }
}
