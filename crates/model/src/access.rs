//! Who acts: users by API keys, partners by their tokens, operators by the command line.

use crate::words::words;
use crate::{ApiKeyId, TenantId, Timestamp, UserId};

/// What a user may do in the credential-offers dialect (seed 003, "Claim-based access control") and in the verifier's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads and writes everything, and manages API keys.
    Admin,
    /// Reads and writes offers.
    User,
    /// Reads.
    Auditor,
    /// Verifies: writes templates, asks for presentations and reads what was shown.
    VerifierAdmin,
    /// Asks for presentations and reads what was shown.
    VerifierUser,
    /// Reads templates and requests, but not what was shown.
    VerifierAuditor,
}

words!(Role {
    Admin = "Issuer_Admin",
    User = "Issuer_User",
    Auditor = "Issuer_Auditor",
    VerifierAdmin = "Verifier_Admin",
    VerifierUser = "Verifier_User",
    VerifierAuditor = "Verifier_Auditor",
});

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Admin,
        Self::User,
        Self::Auditor,
        Self::VerifierAdmin,
        Self::VerifierUser,
        Self::VerifierAuditor,
    ];

    /// The words of all, for people.
    pub fn words() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }

    /// Whether it is one of the issuing side, rather than of the verifying one.
    pub fn issues(self) -> bool {
        matches!(self, Self::Admin | Self::User | Self::Auditor)
    }
}

/// An API key, without the key itself: that is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The tenant in which it acts.
    pub tenant_id: TenantId,
    /// The user as whom it acts.
    pub user_id: UserId,
    /// What people call it.
    pub name: String,
    /// What it may do; at least one.
    pub roles: Vec<Role>,
    /// The beginning of the key, by which people recognise it.
    pub mask: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom: a user, or `operator`.
    pub created_by: String,
    /// First moment at which it is no longer accepted.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// What can be said of an API key now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeyStatus {
    /// Accepted.
    Active,
    /// Past its expiry.
    Expired,
    /// Revoked.
    Revoked,
}

words!(ApiKeyStatus { Active = "active", Expired = "expired", Revoked = "revoked" });

impl ApiKey {
    /// Last use is kept to the minute: a busy key need not write with every request.
    pub const USE_KEPT_SECONDS: i64 = 60;

    /// What can be said of it at `now`.
    pub fn status(&self, now: Timestamp) -> ApiKeyStatus {
        if self.revoked_at.is_some() {
            ApiKeyStatus::Revoked
        } else if self.expires_at.is_some_and(|expiry| now >= expiry) {
            ApiKeyStatus::Expired
        } else {
            ApiKeyStatus::Active
        }
    }
}

/// What kind of somebody acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// A user, by an API key.
    User,
    /// A partner's server, by a Partner JWT.
    Partner,
    /// Whoever has the command line.
    Operator,
    /// Whoever holds a claim code or answers a request for a presentation: a person with a wallet.
    Holder,
    /// Somebody whom we do not know, on a public page.
    Visitor,
}

words!(ActorKind {
    User = "user",
    Partner = "partner",
    Operator = "operator",
    Holder = "holder",
    Visitor = "visitor",
});

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The address, if it came over a network.
    pub address: Option<String>,
    /// `X-Request-Id`.
    pub request_id: Option<String>,
}

/// Who acts, with which key, from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What kind of somebody.
    pub kind: ActorKind,
    /// The user's id, the partner's id, or `operator`.
    pub id: String,
    /// The API key's id, or the `kid` of the Partner JWT.
    pub key: Option<String>,
    /// Where the request came from.
    pub origin: Origin,
}

impl Actor {
    /// Whoever has the command line.
    pub fn operator() -> Self {
        Self { kind: ActorKind::Operator, id: "operator".to_owned(), key: None, origin: Origin::default() }
    }
}

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAction {
    /// Issued a credential on behalf of a person.
    IssueCredential,
    /// Revoked a credential.
    RevokeCredential,
    /// Had a person sent the link to claim a credential.
    ShareCredential,
    /// Claimed a credential that was issued on behalf.
    ClaimCredential,
    /// Made an offer.
    CreateOffer,
    /// Deleted an offer.
    DeleteOffer,
    /// Had a claim code made.
    CreateClaimCode,
    /// Claimed what was offered.
    ClaimOffer,
    /// Revoked what was offered.
    RevokeOffer,
    /// Had an offer sent to its person.
    ShareOffer,
    /// Had the news of a revocation sent again.
    ResendRevocation,
    /// Uploaded an image.
    UploadImage,
    /// Made an organisation profile.
    CreateProfile,
    /// Made a collection.
    CreateCollection,
    /// Made an API key.
    CreateApiKey,
    /// Revoked an API key.
    RevokeApiKey,
    /// Made a template of presentations.
    CreateDefinition,
    /// Changed one.
    UpdateDefinition,
    /// Deleted one.
    DeleteDefinition,
    /// Asked for a presentation.
    RequestPresentation,
    /// Presented what was asked for, or refused.
    AnswerPresentation,
    /// Erased what was shown.
    ErasePresentation,
}

words!(AuditAction {
    IssueCredential = "credential.issue",
    RevokeCredential = "credential.revoke",
    ShareCredential = "credential.share_with_email",
    ClaimCredential = "credential.claim",
    CreateOffer = "credential_offer.create",
    DeleteOffer = "credential_offer.delete",
    CreateClaimCode = "credential_offer.claim_code",
    ClaimOffer = "credential_offer.claim",
    RevokeOffer = "credential_offer.revoke",
    ShareOffer = "credential_offer.share_with_email",
    ResendRevocation = "credential_offer.resend_revocation_email",
    UploadImage = "image.upload",
    CreateProfile = "organisation_profile.create",
    CreateCollection = "credential_offer_collection.create",
    CreateApiKey = "api_key.create",
    RevokeApiKey = "api_key.revoke",
    CreateDefinition = "presentation_definition.create",
    UpdateDefinition = "presentation_definition.update",
    DeleteDefinition = "presentation_definition.delete",
    RequestPresentation = "presentation.request",
    AnswerPresentation = "presentation.answer",
    ErasePresentation = "presentation.erase",
});

/// One thing that somebody did: an event of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Its id.
    pub id: crate::AuditEventId,
    /// To whom it matters.
    pub tenant_id: TenantId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: AuditAction,
    /// To which thing: its id.
    pub target: String,
    /// What came of it: `ok`, or the code of the error.
    pub result: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_active_until_it_expires_or_is_revoked() {
        let key = ApiKey {
            id: "k".into(),
            tenant_id: "t".into(),
            user_id: "u".into(),
            name: "n".into(),
            roles: vec![Role::Admin],
            mask: "bst_".into(),
            created_at: Timestamp(0),
            created_by: "operator".into(),
            expires_at: Some(Timestamp(10)),
            last_used_at: None,
            revoked_at: None,
        };
        assert_eq!(key.status(Timestamp(9)), ApiKeyStatus::Active);
        assert_eq!(key.status(Timestamp(10)), ApiKeyStatus::Expired);
        let revoked = ApiKey { revoked_at: Some(Timestamp(5)), ..key };
        assert_eq!(revoked.status(Timestamp(20)), ApiKeyStatus::Revoked);
    }

    #[test]
    fn roles_are_the_seeds() {
        let words: Vec<&str> = Role::ALL.map(Role::as_str).to_vec();
        assert_eq!(words[..3], ["Issuer_Admin", "Issuer_User", "Issuer_Auditor"]);
        assert_eq!(words[3..], ["Verifier_Admin", "Verifier_User", "Verifier_Auditor"]);
        assert!("issuer_admin".parse::<Role>().is_err());
    }
}
