//! What an organisation sets up before it issues: tenant, issuer, schema, program.

use std::fmt;
use std::str::FromStr;

use crate::{AnchorPolicy, IssuerId, OfferDraft, ProgramId, SchemaId, TenantId, Timestamp, WalletPolicy};

/// Where a tenant's public keys come from, by which its Partner JWTs are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartnerKeys {
    /// No keys registered: every Partner JWT of the tenant is refused.
    None,
    /// A JWKS that the tenant publishes.
    Url(String),
    /// A JWKS document pinned at registration.
    Pinned(String),
}

/// One customer organisation. It owns everything below; nothing crosses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// `partnerId`.
    pub id: TenantId,
    /// The organisation's name.
    pub name: String,
    /// The keys that sign its Partner JWTs.
    pub partner_keys: PartnerKeys,
    /// Whether it may issue on behalf of people (403 otherwise).
    pub issue_on_behalf: bool,
    /// Whether `onDuplicate: "ignore"` answers 409 instead of 200 with the existing credential (seed 002).
    pub ignore_is_conflict: bool,
    /// `$IDENTITY_ENV_ID`: 16 lower-case hex digits by which the credential-offers dialect names the tenant in its paths.
    pub env_id: String,
    /// Whether a user who is no more than [`crate::Role::User`] sees and changes the offers that it made alone.
    pub own_offers_only: bool,
    /// The edition of OpenID4VCI in which the claim code's `uri` is written.
    pub claim_draft: OfferDraft,
}

/// A tenant's issuing identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Internal id.
    pub id: IssuerId,
    /// Owner.
    pub tenant_id: TenantId,
    /// The `correlationId`: the last segment of the issuer's URL.
    pub slug: String,
    /// `issuerDid`. Looked up as an opaque string: a tenant may register one that we did not mint.
    pub did: String,
    /// Shown to people.
    pub name: String,
    /// When what it signs counts as anchored.
    pub anchor: AnchorPolicy,
}

/// A JSON Schema of the credential subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// `schemeId`.
    pub id: SchemaId,
    /// Owner.
    pub tenant_id: TenantId,
    /// The JSON Schema document, as registered.
    pub document: String,
}

/// The form in which a credential is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// SD-JWT VC (draft-ietf-oauth-sd-jwt-vc over RFC 9901).
    DcSdJwt,
    /// W3C Verifiable Credential (data model 1.1) as a JWT.
    JwtVcJson,
}

/// A format that Bestow does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{0}`: use dc+sd-jwt or jwt_vc_json")]
pub struct UnknownFormat(String);

impl Format {
    /// Every format, in the order in which documents list them.
    pub const ALL: [Self; 2] = [Self::DcSdJwt, Self::JwtVcJson];

    /// The OpenID4VCI format identifier (OpenID4VCI 1.0, appendix A).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DcSdJwt => "dc+sd-jwt",
            Self::JwtVcJson => "jwt_vc_json",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// What two credentials of one person must share to be duplicates of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateScope {
    /// The program.
    Program,
    /// The schema, whatever the program.
    Schema,
}

/// What can be issued: a schema, an issuer, and the rules of issuing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// `credentialId` of the issue-on-behalf request.
    pub id: ProgramId,
    /// Owner.
    pub tenant_id: TenantId,
    /// Who issues.
    pub issuer_id: IssuerId,
    /// What the subject must look like.
    pub schema_id: SchemaId,
    /// Shown to people.
    pub name: String,
    /// The credential's type, an identifier such as `KycCredential`.
    pub type_name: String,
    /// The formats that are signed; at least one.
    pub formats: Vec<Format>,
    /// How long a credential is valid; for ever if absent.
    pub validity_seconds: Option<i64>,
    /// How many credentials the program may issue in all, replaced ones included; any number if absent.
    pub cap: Option<i64>,
    /// First moment at which it issues.
    pub opens_at: Option<Timestamp>,
    /// First moment at which it no longer issues.
    pub closes_at: Option<Timestamp>,
    /// A draft does not exist for callers.
    pub published: bool,
    /// What counts as a duplicate.
    pub duplicate_scope: DuplicateScope,
    /// What it asks of wallets.
    pub wallet: WalletPolicy,
}

/// The types of a credential whose own type is this: the order of seed 003.
pub fn credential_types(type_name: &str) -> Vec<String> {
    vec![type_name.to_owned(), "VerifiableCredential".to_owned()]
}

/// Why a program does not issue at this moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramClosed {
    /// Before its window.
    #[error("The program's window has not opened yet: it issues from {}.", .0.rfc3339())]
    NotYet(Timestamp),
    /// After its window.
    #[error("The program's window has closed: it issued until {}.", .0.rfc3339())]
    NoLonger(Timestamp),
}

impl Program {
    /// The types of its credentials as W3C credentials list them (seed 003, `credentialTypes`).
    pub fn credential_types(&self) -> Vec<String> {
        credential_types(&self.type_name)
    }

    /// Whether the program's window holds `now`.
    pub fn check_window(&self, now: Timestamp) -> Result<(), ProgramClosed> {
        match (self.opens_at, self.closes_at) {
            (Some(opens), _) if now < opens => Err(ProgramClosed::NotYet(opens)),
            (_, Some(closes)) if now >= closes => Err(ProgramClosed::NoLonger(closes)),
            _ => Ok(()),
        }
    }

    /// When a credential issued at `issued_at` expires; whole seconds, as documents count.
    pub fn expiry(&self, issued_at: Timestamp) -> Option<Timestamp> {
        self.validity_seconds.map(|seconds| issued_at.whole_second().plus_seconds(seconds))
    }

    /// The key under which one person holds at most one live credential.
    pub fn duplicate_key(&self) -> String {
        match self.duplicate_scope {
            DuplicateScope::Program => format!("program:{}", self.id),
            DuplicateScope::Schema => format!("schema:{}", self.schema_id),
        }
    }
}
