//! The Digital Credentials Query Language (section 6): which credentials and claims are asked for.
//!
//! A [`DcqlQuery`] was read by [`DcqlQuery::parse`] and keeps every rule of the specification. [`DcqlQuery::check`] says
//! whether what was presented satisfies it.
//!
//! - Formats are SD-JWT VC (`dc+sd-jwt`) and W3C credentials as a JWT (`jwt_vc_json`).
//! - Members that the specification does not know are ignored, as it wants (section 6), and not written again.
//! - `trusted_authorities` tells a wallet which credentials are worth offering. It is kept and sent, and not checked here:
//!   whom to trust is for the caller to decide, from what it knows of the issuer (section 6.1.1).
//! - A type is compared as it is written: neither `extends` of an SD-JWT VC type nor JSON-LD contexts are followed, but for
//!   the base type of W3C credentials, whose IRI and short name are the same.

mod check;
mod error;
mod parse;

use serde_json::{Map, Value, json};

pub use check::{Mismatch, Presented, Selected};
pub use error::{DcqlError, Problem};
pub(crate) use parse::is_id;

use crate::path::Path;

/// How many credential queries a query may have.
pub const MAX_CREDENTIALS: usize = 16;

/// How many claims a credential query may ask for.
pub const MAX_CLAIMS: usize = 64;

/// How many values a claim, a type list or a trusted authority may list.
pub const MAX_VALUES: usize = 64;

/// How many claim sets, credential sets, options of one or trusted authorities there may be.
pub const MAX_SETS: usize = 16;

/// How long an id may be, in bytes.
pub const MAX_ID_LEN: usize = 64;

/// How long any other text may be, in bytes.
pub const MAX_TEXT_LEN: usize = 2048;

/// A query that keeps the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct DcqlQuery {
    credentials: Vec<CredentialQuery>,
    credential_sets: Vec<CredentialSet>,
}

/// A credential format that can be asked for (appendix B).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Format {
    /// SD-JWT VC (appendix B.3).
    DcSdJwt,
    /// A W3C credential of the data model 1.1 as a JWT (appendix B.1.3.1).
    JwtVcJson,
}

/// One credential query (section 6.1).
#[derive(Clone, Debug, PartialEq)]
pub struct CredentialQuery {
    /// Names the credential in the answer: letters, digits, `_` and `-`.
    pub id: String,
    /// The types that are accepted, which also say the format.
    pub meta: Meta,
    /// Whether more than one credential may be presented.
    pub multiple: bool,
    /// Whether the wallet has to prove that it holds the key of the credential.
    pub require_cryptographic_holder_binding: bool,
    /// The claims that are asked for; none: nothing that the holder could withhold.
    pub claims: Vec<ClaimQuery>,
    /// Alternatives among the claims, by their ids, the preferred one first; none: all claims.
    pub claim_sets: Vec<Vec<String>>,
    /// Hints for wallets about issuers; none: no hint.
    pub trusted_authorities: Vec<TrustedAuthority>,
}

/// The types that are accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Meta {
    /// SD-JWT VC: one of these `vct` (appendix B.3.5).
    VctValues(Vec<String>),
    /// W3C: all types of one of these lists (appendix B.1.1).
    TypeValues(Vec<Vec<String>>),
}

/// One claims query (section 6.3).
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimQuery {
    /// Names the claim in claim sets.
    pub id: Option<String>,
    /// Where the claim is: from the payload of an SD-JWT VC, or from the credential in the `vc` of a JWT.
    pub path: Path,
    /// The strings, integers and booleans that are accepted; none: any value.
    pub values: Vec<Value>,
}

/// One credential set query (section 6.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CredentialSet {
    /// Alternatives, each a list of ids of credential queries.
    pub options: Vec<Vec<String>>,
    /// Whether one of the options has to be presented.
    pub required: bool,
}

/// One trusted authorities query (section 6.1.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrustedAuthority {
    /// What the values are.
    pub kind: AuthorityKind,
    /// At least one.
    pub values: Vec<String>,
}

/// What the values of a trusted authorities query are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuthorityKind {
    /// Key identifiers of X.509 authorities, base64url.
    Aki,
    /// ETSI trusted lists.
    EtsiTl,
    /// Entities of OpenID Federation.
    OpenidFederation,
}

impl Format {
    /// The Credential Format Identifier.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DcSdJwt => "dc+sd-jwt",
            Self::JwtVcJson => "jwt_vc_json",
        }
    }
}

impl AuthorityKind {
    const ALL: [Self; 3] = [Self::Aki, Self::EtsiTl, Self::OpenidFederation];

    /// The type identifier.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aki => "aki",
            Self::EtsiTl => "etsi_tl",
            Self::OpenidFederation => "openid_federation",
        }
    }
}

impl CredentialQuery {
    /// The format that is asked for.
    #[must_use]
    pub fn format(&self) -> Format {
        match self.meta {
            Meta::VctValues(_) => Format::DcSdJwt,
            Meta::TypeValues(_) => Format::JwtVcJson,
        }
    }

    fn to_json(&self) -> Value {
        let meta = match &self.meta {
            Meta::VctValues(values) => json!({ "vct_values": values }),
            Meta::TypeValues(values) => json!({ "type_values": values }),
        };
        let mut query = json!({ "id": self.id, "format": self.format().as_str(), "meta": meta });
        if self.multiple {
            query["multiple"] = true.into();
        }
        if !self.require_cryptographic_holder_binding {
            query["require_cryptographic_holder_binding"] = false.into();
        }
        if !self.trusted_authorities.is_empty() {
            let write = |authority: &TrustedAuthority| json!({ "type": authority.kind.as_str(), "values": authority.values });
            query["trusted_authorities"] = self.trusted_authorities.iter().map(write).collect();
        }
        if !self.claims.is_empty() {
            query["claims"] = self.claims.iter().map(ClaimQuery::to_json).collect();
        }
        if !self.claim_sets.is_empty() {
            query["claim_sets"] = json!(self.claim_sets);
        }
        query
    }
}

impl ClaimQuery {
    fn to_json(&self) -> Value {
        let mut query = Map::new();
        if let Some(id) = &self.id {
            query.insert("id".to_owned(), id.as_str().into());
        }
        query.insert("path".to_owned(), self.path.to_json());
        if !self.values.is_empty() {
            query.insert("values".to_owned(), self.values.clone().into());
        }
        query.into()
    }
}

impl CredentialSet {
    fn to_json(&self) -> Value {
        let mut set = json!({ "options": self.options });
        if !self.required {
            set["required"] = false.into();
        }
        set
    }
}

impl DcqlQuery {
    /// The query as it goes into a request. Defaults are left out; reading it gives the same query again.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let credentials: Value = self.credentials.iter().map(CredentialQuery::to_json).collect();
        let mut query = json!({ "credentials": credentials });
        if !self.credential_sets.is_empty() {
            query["credential_sets"] = self.credential_sets.iter().map(CredentialSet::to_json).collect();
        }
        query
    }

    /// The credential queries: at least one.
    #[must_use]
    pub fn credentials(&self) -> &[CredentialQuery] {
        &self.credentials
    }

    /// The credential query of this id.
    #[must_use]
    pub fn credential(&self, id: &str) -> Option<&CredentialQuery> {
        self.credentials.iter().find(|credential| credential.id == id)
    }

    /// The credential sets; none: every credential is required.
    #[must_use]
    pub fn credential_sets(&self) -> &[CredentialSet] {
        &self.credential_sets
    }

    /// The formats that are asked for, each once.
    #[must_use]
    pub fn formats(&self) -> Vec<Format> {
        let mut formats: Vec<Format> = self.credentials.iter().map(CredentialQuery::format).collect();
        formats.sort_unstable();
        formats.dedup();
        formats
    }
}
