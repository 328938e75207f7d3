//! Setting up tenants, issuers, schemas and programs: the verbs behind the management commands.

use jose::JwkSet;
use keys::new_key;
use model::{
    AnchorPolicy, Consent, DuplicateScope, Email, Format, Holder, Issuer, IssuerId, KeyPurpose, KeyState,
    OfferDraft, PartnerKeys, Program, ProgramId, Schema, SchemaId, StoredKey, Tenant, TenantId, Timestamp,
    WalletPolicy,
};
use store::StoreError;

use crate::engine::Engine;
use crate::subject::{SchemaError, SubjectSchema};
use crate::{EngineError, FetchError, GuardedClient};

/// Why something cannot be set up. The text is for whoever gave the command.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// A value is not acceptable.
    #[error("{0}")]
    Invalid(String),
    /// A JWKS URL is not acceptable.
    #[error("the JWKS URL: {0}")]
    JwksUrl(FetchError),
    /// A schema is not acceptable.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Something with that name is there already.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// Something that is named is not there.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// Our fault.
    #[error(transparent)]
    Internal(EngineError),
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Exists(what) => Self::Exists(what),
            error => Self::Internal(error.into()),
        }
    }
}

impl From<EngineError> for AdminError {
    fn from(error: EngineError) -> Self {
        Self::Internal(error)
    }
}

fn invalid(what: impl Into<String>) -> AdminError {
    AdminError::Invalid(what.into())
}

/// A tenant to be.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// `partnerId`; a new one if absent.
    pub id: Option<String>,
    /// The organisation's name.
    pub name: String,
    /// Where its public keys come from.
    pub partner_keys: PartnerKeys,
    /// Whether it may issue on behalf of people.
    pub issue_on_behalf: bool,
    /// Whether `onDuplicate: "ignore"` answers 409.
    pub ignore_is_conflict: bool,
    /// Its environment in the credential-offers dialect, 16 lower-case hex digits; a new one if absent.
    pub env_id: Option<String>,
    /// Whether a user who is no more than that sees and changes its own offers alone.
    pub own_offers_only: bool,
    /// The edition of OpenID4VCI in which the claim code's `uri` is written.
    pub claim_draft: OfferDraft,
}

/// An issuer to be.
#[derive(Clone, Debug)]
pub struct NewIssuer {
    /// Owner.
    pub tenant: TenantId,
    /// Shown to people.
    pub name: String,
    /// Last segment of its URL; made from the name if absent.
    pub slug: Option<String>,
    /// Its DID; that of its new iden3 identity if absent.
    pub did: Option<String>,
    /// When what it signs counts as anchored; the deployment's default if absent.
    pub anchor: Option<AnchorPolicy>,
}

/// A program to be.
#[derive(Clone, Debug)]
pub struct NewProgram {
    /// The DID of the issuer, whose tenant owns the program.
    pub issuer_did: String,
    /// The schema.
    pub schema: SchemaId,
    /// Its public id; a new one if absent.
    pub id: Option<String>,
    /// Shown to people.
    pub name: String,
    /// The credential's type; made from the name if absent.
    pub type_name: Option<String>,
    /// What is signed.
    pub formats: Vec<Format>,
    /// How long a credential is valid; for ever if absent.
    pub validity_seconds: Option<i64>,
    /// How many may be issued.
    pub cap: Option<i64>,
    /// From when.
    pub opens_at: Option<Timestamp>,
    /// Until when.
    pub closes_at: Option<Timestamp>,
    /// Whether it exists for callers.
    pub published: bool,
    /// What counts as a duplicate.
    pub duplicate_scope: DuplicateScope,
    /// What it asks of wallets.
    pub wallet: WalletPolicy,
}

impl Engine {
    /// Sets up a tenant.
    pub async fn create_tenant(&self, new: NewTenant, client: &GuardedClient) -> Result<Tenant, AdminError> {
        let id = match new.id {
            None => TenantId::mint(&*self.entropy),
            Some(id) => {
                let uuid =
                    uuid::Uuid::parse_str(&id).map_err(|_| invalid("a tenant's id (partnerId) is a UUID"))?;
                TenantId::from(uuid.to_string())
            }
        };
        let tenant = Tenant {
            id,
            name: new.name,
            partner_keys: new.partner_keys,
            issue_on_behalf: new.issue_on_behalf,
            ignore_is_conflict: new.ignore_is_conflict,
            env_id: new.env_id.unwrap_or_else(|| hex::encode(self.entropy.bytes::<8>())),
            own_offers_only: new.own_offers_only,
            claim_draft: new.claim_draft,
        };
        check_tenant(&tenant, client)?;
        self.store.insert_tenant(&tenant, self.clock.now()).await?;
        Ok(tenant)
    }

    /// Replaces a tenant's name, keys and settings.
    pub async fn update_tenant(&self, tenant: &Tenant, client: &GuardedClient) -> Result<(), AdminError> {
        check_tenant(tenant, client)?;
        if self.store.update_tenant(tenant).await? { Ok(()) } else { Err(AdminError::Unknown("tenant")) }
    }

    /// Sets up an issuer with its keys: two that sign credentials (current and next), an iden3 identity, and the secret that
    /// hides the order of its status list entries.
    pub async fn create_issuer(&self, new: NewIssuer) -> Result<Issuer, AdminError> {
        let tenant = self.store.tenant(&new.tenant).await?.ok_or(AdminError::Unknown("tenant"))?;
        check_name(&new.name)?;
        let now = self.clock.now();
        let id = IssuerId::mint(now, &*self.entropy);
        let keys: Vec<StoredKey> = [
            (KeyPurpose::Credential, KeyState::Current),
            (KeyPurpose::Credential, KeyState::Next),
            (KeyPurpose::Identity, KeyState::Current),
            (KeyPurpose::Status, KeyState::Current),
        ]
        .into_iter()
        .map(|(purpose, state)| new_key(&self.master, id.as_str(), purpose, state, &*self.entropy))
        .collect();
        let did = match new.did {
            Some(did) => check_did(did)?,
            None => self.identity_did(&keys)?,
        };
        let slug = check_slug(new.slug.unwrap_or_else(|| slug_of(&new.name)))?;
        let anchor = new.anchor.unwrap_or(self.settings.anchor);
        let issuer = Issuer { id, tenant_id: tenant.id, slug, did, name: new.name, anchor };
        self.store.insert_issuer(&issuer, &keys, now).await?;
        Ok(issuer)
    }

    fn identity_did(&self, keys: &[StoredKey]) -> Result<String, AdminError> {
        let stored = keys.iter().find(|key| key.purpose == KeyPurpose::Identity).expect("made a moment ago");
        let key = keys::identity_key(&self.master, stored).map_err(EngineError::from)?;
        let identity = iden3::Identity::genesis(&key.public_key(), &self.settings.did_method);
        Ok(identity.did().to_owned())
    }

    /// Replaces an issuer's name and anchoring policy.
    pub async fn update_issuer(&self, issuer: &Issuer) -> Result<(), AdminError> {
        check_name(&issuer.name)?;
        if self.store.update_issuer(issuer).await? { Ok(()) } else { Err(AdminError::Unknown("issuer")) }
    }

    /// Makes an issuer's next key the current one and publishes a new next one. What the old key signed still verifies.
    pub async fn rotate_issuer_key(&self, did: &str) -> Result<StoredKey, AdminError> {
        let issuer = self.store.issuer_by_did(did).await?.ok_or(AdminError::Unknown("issuer"))?;
        let owner = issuer.id.as_str();
        let next = new_key(&self.master, owner, KeyPurpose::Credential, KeyState::Next, &*self.entropy);
        self.store.rotate_key(&next, self.clock.now()).await?;
        Ok(next)
    }

    /// Registers a schema.
    pub async fn create_schema(&self, tenant: &TenantId, document: String) -> Result<Schema, AdminError> {
        SubjectSchema::compile(&document)?;
        self.store.tenant(tenant).await?.ok_or(AdminError::Unknown("tenant"))?;
        let now = self.clock.now();
        let schema = Schema { id: SchemaId::mint(now, &*self.entropy), tenant_id: tenant.clone(), document };
        self.store.insert_schema(&schema, now).await?;
        Ok(schema)
    }

    /// Sets up a program.
    pub async fn create_program(&self, new: NewProgram) -> Result<Program, AdminError> {
        let issuer = self.store.issuer_by_did(&new.issuer_did).await?.ok_or(AdminError::Unknown("issuer"))?;
        let schema = self.store.schema(&new.schema).await?.ok_or(AdminError::Unknown("schema"))?;
        if schema.tenant_id != issuer.tenant_id {
            return Err(invalid(
                "the schema belongs to another tenant: register it for the issuer's own first",
            ));
        }
        let now = self.clock.now();
        let id = match new.id {
            None => ProgramId::mint(now, &*self.entropy),
            Some(id) => ProgramId::from(check_id(id)?),
        };
        let program = Program {
            id,
            tenant_id: issuer.tenant_id,
            issuer_id: issuer.id,
            schema_id: new.schema,
            type_name: new.type_name.unwrap_or_else(|| type_of(&new.name)),
            name: new.name,
            formats: new.formats,
            validity_seconds: new.validity_seconds,
            cap: new.cap,
            opens_at: new.opens_at,
            closes_at: new.closes_at,
            published: new.published,
            duplicate_scope: new.duplicate_scope,
            wallet: new.wallet,
        };
        check_program(&program)?;
        self.store.insert_program(&program, now).await?;
        Ok(program)
    }

    /// Replaces what may change of a program.
    pub async fn update_program(&self, program: &Program) -> Result<(), AdminError> {
        check_program(program)?;
        if self.store.update_program(program).await? { Ok(()) } else { Err(AdminError::Unknown("program")) }
    }

    /// The person with this address; created if not known.
    pub async fn find_or_create_holder(&self, email: &Email) -> Result<Holder, AdminError> {
        if let Some(holder) = self.store.holder_by_email(email).await? {
            return Ok(holder);
        }
        let holder = self.new_holder(email)?;
        if self.store.insert_holder(&holder, self.clock.now()).await? {
            return Ok(holder);
        }
        self.store.holder_by_email(email).await?.ok_or(AdminError::Unknown("holder"))
    }

    /// Records what a person decided about a tenant.
    pub async fn set_consent(
        &self,
        tenant: &TenantId,
        holder: &Holder,
        consent: Consent,
    ) -> Result<(), AdminError> {
        self.store.tenant(tenant).await?.ok_or(AdminError::Unknown("tenant"))?;
        Ok(self.store.set_consent(tenant, &holder.id, consent, self.clock.now()).await?)
    }
}

fn check_tenant(tenant: &Tenant, client: &GuardedClient) -> Result<(), AdminError> {
    check_name(&tenant.name)?;
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if tenant.env_id.len() != 16 || !tenant.env_id.bytes().all(is_digit) {
        return Err(invalid("an environment's id is 16 lower-case hexadecimal digits"));
    }
    match &tenant.partner_keys {
        PartnerKeys::None => Ok(()),
        PartnerKeys::Url(url) => client.check(url).map(drop).map_err(AdminError::JwksUrl),
        PartnerKeys::Pinned(document) => {
            let keys =
                JwkSet::parse(document.as_bytes()).map_err(|error| invalid(format!("the JWKS: {error}")))?;
            let reasons: Vec<String> = keys.warnings.iter().map(ToString::to_string).collect();
            if keys.keys.iter().any(|key| key.kid.is_some()) {
                Ok(())
            } else {
                Err(invalid(format!(
                    "the JWKS has no usable RS256 or ES256 key with a kid. {}",
                    reasons.join("; ")
                )))
            }
        }
    }
}

fn check_name(name: &str) -> Result<(), AdminError> {
    let fits = !name.trim().is_empty() && name.len() <= 200 && !name.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(invalid("a name is 1 to 200 bytes long and has no control characters")) }
}

/// A DID is opaque to us, so that a tenant can bring one that we did not mint.
fn check_did(did: String) -> Result<String, AdminError> {
    let fits = did.starts_with("did:") && did.len() <= 256 && did.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(did)
    } else {
        Err(invalid("a DID begins with did: and has at most 256 visible ASCII characters"))
    }
}

fn check_slug(slug: String) -> Result<String, AdminError> {
    let fits = (1..=64).contains(&slug.len())
        && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits { Ok(slug) } else { Err(invalid("a slug is 1 to 64 lower-case letters, digits and hyphens")) }
}

fn check_id(id: String) -> Result<String, AdminError> {
    let fits = (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if fits { Ok(id) } else { Err(invalid("an id is 1 to 64 letters, digits, hyphens and underscores")) }
}

fn check_program(program: &Program) -> Result<(), AdminError> {
    check_name(&program.name)?;
    let type_fits = program.type_name.starts_with(|first: char| first.is_ascii_alphabetic())
        && program.type_name.len() <= 100
        && program.type_name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !type_fits {
        return Err(invalid("a credential type is up to 100 letters and digits, and begins with a letter"));
    }
    if program.formats.is_empty() {
        return Err(invalid("a program needs at least one format: dc+sd-jwt, jwt_vc_json"));
    }
    if program.validity_seconds.is_some_and(|seconds| seconds <= 0) {
        return Err(invalid("a validity is at least one second"));
    }
    if program.cap.is_some_and(|cap| cap < 0) {
        return Err(invalid("a cap is not negative"));
    }
    if let (Some(opens), Some(closes)) = (program.opens_at, program.closes_at)
        && opens >= closes
    {
        return Err(invalid("a window opens before it closes"));
    }
    if program.wallet.proof_algorithms.is_empty() {
        return Err(invalid("a program accepts at least one algorithm for proofs: ES256, ES256K, EdDSA"));
    }
    program.wallet.look.check().map_err(|error| invalid(error.to_string()))
}

/// `Acme Corp.` becomes `acme-corp`.
fn slug_of(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-").chars().take(64).collect()
}

/// `Age verification` becomes `AgeVerification`.
fn type_of(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .flat_map(|word| {
            let (first, rest) = word.split_at(usize::from(!word.is_empty()));
            first.to_ascii_uppercase().chars().chain(rest.chars()).collect::<Vec<_>>()
        })
        .take(100)
        .collect()
}
