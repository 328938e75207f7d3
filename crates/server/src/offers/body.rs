//! The shapes of seed 003.

use issuance::Engine;
use model::{Collection, Image, Offer, OfferClaim, OrganisationProfile, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// An uploaded image.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Image)]
pub(super) struct ImageBody {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// `image/jpeg`, `image/png` or `image/webp`.
    #[schema(example = "image/jpeg")]
    mime_type: String,
    /// Where it is served.
    key_url: String,
    /// The name that it was uploaded under.
    filename: String,
}

impl ImageBody {
    pub(super) fn new(engine: &Engine, image: Image) -> Self {
        Self {
            key_url: engine.image_url(image.id.as_str()),
            id: image.id.to_string(),
            mime_type: image.media_type,
            filename: image.filename,
        }
    }
}

/// An organisation profile.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrganisationProfile)]
pub(super) struct ProfileBody {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    created_at: String,
    updated_at: String,
    deleted_at: Option<String>,
    created_by: String,
    updated_by: String,
    deleted_by: Option<String>,
    /// The organisation's name.
    name: String,
    /// Whether it serves where none is named.
    is_default: bool,
    /// The environment.
    psp_environment_id: String,
    /// The logo.
    image: Option<ImageBody>,
}

impl ProfileBody {
    pub(super) fn new(engine: &Engine, env_id: &str, profile: OrganisationProfile) -> Self {
        let stamps = profile.stamps;
        Self {
            id: profile.id.to_string(),
            created_at: stamps.created_at.rfc3339_millis(),
            updated_at: stamps.updated_at.rfc3339_millis(),
            deleted_at: None,
            created_by: stamps.created_by,
            updated_by: stamps.updated_by,
            deleted_by: None,
            name: profile.name,
            is_default: profile.is_default,
            psp_environment_id: env_id.to_owned(),
            image: profile.image.map(|image| ImageBody::new(engine, image)),
        }
    }
}

/// An organisation profile in a list of offers.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ShortOrganisationProfile)]
pub(super) struct ShortProfileBody {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// The organisation's name.
    name: String,
}

/// A collection of offers.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CredentialOfferCollection)]
pub(super) struct CollectionBody {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    created_by: String,
    created_at: String,
    /// Its name.
    name: String,
}

impl From<Collection> for CollectionBody {
    fn from(collection: Collection) -> Self {
        Self {
            id: collection.id.to_string(),
            created_by: collection.created_by,
            created_at: collection.created_at.rfc3339_millis(),
            name: collection.name,
        }
    }
}

/// A claim of an offer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CredentialOfferClaim)]
pub(super) struct ClaimBody {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// `string`, `number`, `boolean`, `date` or `image`.
    #[schema(example = "string")]
    data_type: &'static str,
    /// Its name.
    #[schema(example = "fullName")]
    claim_name: String,
    /// Its value, as it was sent.
    #[schema(example = "John Doe")]
    claim_value: String,
}

impl From<OfferClaim> for ClaimBody {
    fn from(claim: OfferClaim) -> Self {
        Self {
            id: claim.id,
            data_type: claim.data_type.as_str(),
            claim_name: claim.claim_name,
            claim_value: claim.claim_value,
        }
    }
}

/// A credential offer. `P` is the organisation profile, in full or short.
// Not to be named by type aliases: both would be one type in the OpenAPI document, which goes by what it reads.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CredentialOffer)]
pub(super) struct OfferBody<P> {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    created_by: String,
    updated_by: String,
    deleted_by: Option<String>,
    created_at: String,
    updated_at: String,
    deleted_at: Option<String>,
    organisation_profile: P,
    /// The issuer.
    #[schema(example = "nchain")]
    correlation_id: String,
    claims: Vec<ClaimBody>,
    email: Option<String>,
    #[schema(format = Uuid)]
    organisation_profile_id: String,
    credential_names: Vec<String>,
    credential_types: Vec<String>,
    /// What is offered.
    credential_id: String,
    /// `ready_to_claim`, `claimed` or `revoked`.
    #[schema(example = "ready_to_claim")]
    status: &'static str,
    /// The issuer's DID, once claimed.
    issuer: Option<String>,
    /// The holder's DID, once claimed.
    subject: Option<String>,
    /// When it was claimed.
    issued_at: Option<String>,
    /// The caller's own id for it.
    reference_id: Option<String>,
    /// The ledger entry that revoking refers to, once claimed: 64 hexadecimal digits, the credential's `coreClaimHash`.
    revocation_id: Option<String>,
    revocation_reason: Option<String>,
    revoked_at: Option<String>,
    revoked_by: Option<String>,
    /// When the credential expires.
    expiration_date: Option<String>,
    /// Whether a mail server has accepted the message that invites.
    email_sent: bool,
    /// Whether a mail server has accepted the message about the revocation.
    revocation_email_sent: bool,
    credential_offer_collection: Option<CollectionBody>,
}

impl From<Offer> for OfferBody<ShortProfileBody> {
    fn from(offer: Offer) -> Self {
        let profile = ShortProfileBody { id: offer.profile_id.to_string(), name: offer.profile_name.clone() };
        Self::new(offer, profile)
    }
}

impl<P> OfferBody<P> {
    pub(super) fn new(offer: Offer, organisation_profile: P) -> Self {
        let (stamps, claimed, revocation) = (offer.stamps, offer.claimed, offer.revocation);
        Self {
            id: offer.id.to_string(),
            created_by: stamps.created_by,
            updated_by: stamps.updated_by,
            deleted_by: None,
            created_at: stamps.created_at.rfc3339_millis(),
            updated_at: stamps.updated_at.rfc3339_millis(),
            deleted_at: None,
            organisation_profile,
            correlation_id: offer.correlation_id,
            claims: offer.claims.into_iter().map(ClaimBody::from).collect(),
            email: offer.email,
            organisation_profile_id: offer.profile_id.to_string(),
            credential_names: offer.credential_names,
            credential_types: offer.credential_types,
            credential_id: offer.program_id.to_string(),
            status: offer.status.as_str(),
            issuer: claimed.as_ref().map(|_| offer.issuer_did),
            subject: claimed.as_ref().map(|claimed| claimed.subject.clone()),
            issued_at: claimed.as_ref().map(|claimed| claimed.at.rfc3339_millis()),
            reference_id: offer.reference_id,
            revocation_id: claimed.map(|claimed| claimed.revocation_id.to_string()),
            revocation_reason: revocation.as_ref().map(|revocation| revocation.reason.clone()),
            revoked_at: revocation.as_ref().map(|revocation| revocation.at.rfc3339_millis()),
            revoked_by: revocation.map(|revocation| revocation.by),
            expiration_date: offer.expires_at.map(Timestamp::rfc3339_millis),
            email_sent: offer.email_sent,
            revocation_email_sent: offer.revocation_email_sent,
            credential_offer_collection: offer.collection.map(CollectionBody::from),
        }
    }
}
