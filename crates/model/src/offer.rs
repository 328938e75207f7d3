//! Credential offers (seed 003), and what surrounds them: claims, organisation profiles, collections, images.

use serde::{Deserialize, Serialize};

use crate::words::words;
use crate::{
    CollectionId, CoreClaimHash, Holding, ImageId, IssuerId, OfferId, ProfileId, ProgramId, TenantId,
    Timestamp,
};

/// The type of a claim's value (seed 003, `dataType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataType {
    /// Any text.
    String,
    /// A JSON number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A calendar day, `2025-06-20`, or a moment, `2025-06-20T06:44:22Z` (RFC 3339).
    Date,
    /// An uploaded image, by its id.
    Image,
}

words!(DataType {
    String = "string",
    Number = "number",
    Boolean = "boolean",
    Date = "date",
    Image = "image",
});

/// One claim of an offer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferClaim {
    /// A UUID.
    pub id: String,
    /// The type of the value.
    pub data_type: DataType,
    /// The claim's name: a property of the program's schema.
    pub claim_name: String,
    /// The value, as text, byte for byte as it was sent.
    pub claim_value: String,
}

/// A claim's value is personal data: its debug form, which may reach a log, does not show it.
impl std::fmt::Debug for OfferClaim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OfferClaim({})", self.claim_name)
    }
}

/// When something was made and changed, and by whom: a user's id, or another actor's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamps {
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: String,
}

impl Stamps {
    /// Of something made just now.
    pub fn new(at: Timestamp, by: &str) -> Self {
        Self { created_at: at, created_by: by.to_owned(), updated_at: at, updated_by: by.to_owned() }
    }
}

/// A revocation of what was offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferRevocation {
    /// When.
    pub at: Timestamp,
    /// By which user.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What became of an offer when it was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferClaimed {
    /// When the credential was issued.
    pub at: Timestamp,
    /// The holder's DID.
    pub subject: String,
    /// `revocationId`: the core claim hash, by which the log's issue entry is found, and to which revoking refers.
    pub revocation_id: CoreClaimHash,
}

/// An invitation to claim one credential, with the claim values.
#[derive(Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its id, and the capability to claim.
    pub id: OfferId,
    /// Owner.
    pub tenant_id: TenantId,
    /// Who issues.
    pub issuer_id: IssuerId,
    /// The issuer's slug.
    pub correlation_id: String,
    /// The issuer's DID.
    pub issuer_did: String,
    /// `credentialId`: by which program.
    pub program_id: ProgramId,
    /// `credentialNames`.
    pub credential_names: Vec<String>,
    /// `credentialTypes`.
    pub credential_types: Vec<String>,
    /// The organisation profile shown to the person.
    pub profile_id: ProfileId,
    /// That profile's name.
    pub profile_name: String,
    /// The collection, if it is in one.
    pub collection: Option<Collection>,
    /// The person's address, as written.
    pub email: Option<String>,
    /// The caller's own id for it.
    pub reference_id: Option<String>,
    /// What is offered.
    pub claims: Vec<OfferClaim>,
    /// Where it stands.
    pub status: Holding,
    /// Set once claimed.
    pub claimed: Option<OfferClaimed>,
    /// Set once revoked.
    pub revocation: Option<OfferRevocation>,
    /// `expirationDate`: when the credential expires; nor can it be claimed from then on.
    pub expires_at: Option<Timestamp>,
    /// Whether a mail server has accepted the message that invites.
    pub email_sent: bool,
    /// Whether a mail server has accepted the message about the revocation.
    pub revocation_email_sent: bool,
    /// When and by whom.
    pub stamps: Stamps,
}

/// An offer is personal data: its debug form, which may reach a log, shows its id alone.
impl std::fmt::Debug for Offer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Offer({})", self.id)
    }
}

impl Offer {
    /// Whether it can no longer be claimed because its credential would have expired.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expiry| now >= expiry)
    }
}

/// A named set of offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Its id.
    pub id: CollectionId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

/// The name and logo of an organisation, as people see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationProfile {
    /// Its id.
    pub id: ProfileId,
    /// Owner.
    pub tenant_id: TenantId,
    /// The organisation's name.
    pub name: String,
    /// Whether it serves where none is named. A tenant with profiles has one such.
    pub is_default: bool,
    /// The logo.
    pub image: Option<Image>,
    /// When and by whom.
    pub stamps: Stamps,
}

/// What an image is for (seed 003, `type`; `profile_image` is ours).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageKind {
    /// The background of a credential's card.
    Cover,
    /// The value of a claim.
    Claim,
    /// An organisation's logo.
    Profile,
}

words!(ImageKind { Cover = "cover_image", Claim = "claim_image", Profile = "profile_image" });

/// An uploaded image, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id, and the capability to see it.
    pub id: ImageId,
    /// Owner.
    pub tenant_id: TenantId,
    /// What it is for.
    pub kind: ImageKind,
    /// `image/jpeg`, `image/png` or `image/webp`.
    pub media_type: String,
    /// The name that it was uploaded under.
    pub filename: String,
}

/// How far the issuance that a claim code began has come (the states of the field's demo issuer, which wallets' back ends
/// know).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuanceState {
    /// The offer is there, nobody has used its code.
    OfferCreated,
    /// A wallet has asked for a token, in vain so far.
    AccessTokenRequested,
    /// A wallet has a token.
    AccessTokenCreated,
    /// A wallet has proved its keys; the credential is being signed.
    CredentialRequestReceived,
    /// The wallet holds the credential.
    CredentialIssued,
    /// The wallet said that it keeps it.
    NotificationAccepted,
    /// The wallet said that the person deleted it.
    NotificationDeleted,
    /// The wallet said that it could not keep it.
    NotificationFailure,
    /// A request for the credential was refused; the wallet may try again.
    Error,
}

words!(IssuanceState {
    OfferCreated = "OFFER_CREATED",
    AccessTokenRequested = "ACCESS_TOKEN_REQUESTED",
    AccessTokenCreated = "ACCESS_TOKEN_CREATED",
    CredentialRequestReceived = "CREDENTIAL_REQUEST_RECEIVED",
    CredentialIssued = "CREDENTIAL_ISSUED",
    NotificationAccepted = "NOTIFICATION_CREDENTIAL_ACCEPTED",
    NotificationDeleted = "NOTIFICATION_CREDENTIAL_DELETED",
    NotificationFailure = "NOTIFICATION_CREDENTIAL_FAILURE",
    Error = "ERROR",
});
