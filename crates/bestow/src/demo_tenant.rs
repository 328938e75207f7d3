//! The tenant that `bestow dev` and `bestow demo` set up: a partner, an issuer, a program for the example subject of each
//! dialect, and users who offer credentials.

mod definition;
mod programs;
mod users;

use std::path::PathBuf;

use anyhow::Context as _;
use issuance::{NewIssuer, NewTenant};
use jose::SigningKey;
use model::{
    Actor, Issuer, OfferDraft, OrganisationProfile, PartnerKeys, PresentationDefinition, Program, Tenant,
    TenantId,
};

use crate::context::Context;
use crate::data_dir::DataDir;
use crate::env_file::EnvFile;
use crate::explain::for_operator;
use crate::partner;

pub(crate) use self::users::Users;

/// The demo tenant, the private keys of its partner, and the API keys of its users.
pub(crate) struct DemoTenant {
    pub(crate) tenant: Tenant,
    pub(crate) issuer: Issuer,
    /// For issuing on behalf.
    pub(crate) program: Program,
    /// For offers.
    pub(crate) credential: Program,
    /// For offers that ask wallets for more.
    pub(crate) demanding: Vec<(&'static str, Program)>,
    pub(crate) profile: OrganisationProfile,
    /// By which wallets are asked.
    pub(crate) definition: PresentationDefinition,
    pub(crate) users: Users,
    pub(crate) rs256: PartnerKey,
    pub(crate) es256: PartnerKey,
}

/// A key that signs Partner JWTs.
pub(crate) struct PartnerKey {
    pub(crate) kid: String,
    pub(crate) path: PathBuf,
    pub(crate) key: SigningKey,
}

impl DemoTenant {
    /// Finds the demo tenant of a database, or sets up what is missing of it. Its ids live in the database; a database that is
    /// new gets those that the folder's `dev.env` remembers. The API keys live in `dev.env` alone.
    pub(crate) async fn ensure(context: &Context, folder: &DataDir) -> anyhow::Result<Self> {
        let known = folder.environment()?.unwrap_or_default();
        let id = tenant_id(context, &known).await?;
        let (path, key) = folder.partner_key("partner-rs256.pem", SigningKey::generate_rs256_pkcs8)?;
        let rs256 = PartnerKey { kid: id.to_string(), path, key };
        let (path, key) = folder.partner_key("partner-es256.pem", SigningKey::generate_es256_pkcs8)?;
        let es256 = PartnerKey { kid: format!("{id}-es256"), path, key };

        let jwks = partner::key_set(&[(&rs256.kid, &rs256.key), (&es256.kid, &es256.key)]);
        let tenant = ensure_tenant(context, &id, PartnerKeys::Pinned(jwks.to_string()), &known).await?;
        let issuer = ensure_issuer(context, &id).await?;
        let program = programs::membership(context, &issuer, &known).await?;
        let credential = programs::example(context, &issuer, &known).await?;
        let demanding = programs::demanding(context, &issuer, &known, &credential).await?;
        let (operator, name) = (Actor::operator(), "Demo Organisation");
        let profile = context.engine.ensure_default_profile(&operator, &id, name).await;
        let profile = profile.map_err(for_operator).context("the demo organisation profile")?;
        let definition = definition::ensure(context, &id, &credential).await?;
        let users = Users::ensure(context, &id, &known).await?;
        Ok(Self { tenant, issuer, program, credential, demanding, profile, definition, users, rs256, es256 })
    }

    /// The path of the private API of its environment.
    pub(crate) fn offers_path(&self) -> String {
        format!("/products/web/{}/issuer/api/private", self.tenant.env_id)
    }

    /// The path of the verifier's API of its environment.
    pub(crate) fn verifier_path(&self) -> String {
        format!("/products/web/{}/verifier/api/private", self.tenant.env_id)
    }

    /// What `dev.env` says of a server at `url` whose log has this verifier key and whose mail goes to this folder.
    pub(crate) fn environment(&self, url: &str, log_key: &str, mail: &str) -> anyhow::Result<EnvFile> {
        let path = |key: &PartnerKey| {
            let text = key.path.to_str().map(str::to_owned);
            text.with_context(|| format!("{}: use a folder with a UTF-8 name", key.path.display()))
        };
        let mut file = EnvFile::default();
        file.push("BESTOW_URL", url);
        file.push("BESTOW_PARTNER_ID", self.tenant.id.as_str());
        file.push("BESTOW_PARTNER_KID", self.rs256.kid.as_str());
        file.push("BESTOW_PARTNER_KEY", path(&self.rs256)?);
        file.push("BESTOW_PARTNER_EC_KID", self.es256.kid.as_str());
        file.push("BESTOW_PARTNER_EC_KEY", path(&self.es256)?);
        file.push("BESTOW_ISSUER_DID", self.issuer.did.as_str());
        file.push("BESTOW_PROGRAM_ID", self.program.id.as_str());
        file.push("BESTOW_LOG_VKEY", log_key);
        file.push("BESTOW_ENV_ID", self.tenant.env_id.as_str());
        file.push("BESTOW_CORRELATION_ID", self.issuer.slug.as_str());
        file.push("BESTOW_OFFERS_URL", format!("{url}{}/credential-offers", self.offers_path()));
        file.push("BESTOW_CREDENTIAL_ID", self.credential.id.as_str());
        for (variable, program) in &self.demanding {
            file.push(variable, program.id.as_str());
        }
        file.push("BESTOW_ORGANISATION_PROFILE_ID", self.profile.id.as_str());
        file.push("BESTOW_VERIFIER_URL", format!("{url}{}", self.verifier_path()));
        file.push("BESTOW_DEFINITION_ID", self.definition.definition_id.as_str());
        self.users.describe(&mut file);
        file.push("BESTOW_MAIL_DIR", mail);
        Ok(file)
    }
}

async fn tenant_id(context: &Context, known: &EnvFile) -> anyhow::Result<TenantId> {
    let candidate = known.get("BESTOW_PARTNER_ID").map(TenantId::from);
    let candidate = candidate.unwrap_or_else(|| TenantId::mint(&*context.entropy));
    Ok(context.store.deployment_value("dev.tenant", candidate.as_str()).await?.into())
}

async fn ensure_tenant(
    context: &Context,
    id: &TenantId,
    keys: PartnerKeys,
    known: &EnvFile,
) -> anyhow::Result<Tenant> {
    let Some(mut tenant) = context.store.tenant(id).await? else {
        let new = NewTenant {
            id: Some(id.to_string()),
            name: "Demo".to_owned(),
            partner_keys: keys,
            issue_on_behalf: true,
            ignore_is_conflict: false,
            env_id: known.get("BESTOW_ENV_ID").map(str::to_owned),
            own_offers_only: false,
            claim_draft: OfferDraft::Draft11,
        };
        return context.engine.create_tenant(new, &context.client).await.context("the demo tenant");
    };
    // The folder's private keys may be new, and they are what the tests and examples sign with.
    if tenant.partner_keys != keys {
        tenant.partner_keys = keys;
        context.engine.update_tenant(&tenant, &context.client).await.context("the demo tenant")?;
    }
    Ok(tenant)
}

async fn ensure_issuer(context: &Context, tenant: &TenantId) -> anyhow::Result<Issuer> {
    if let Some(issuer) = context.store.issuers(Some(tenant)).await?.into_iter().next() {
        return Ok(issuer);
    }
    let name = "Demo Issuer".to_owned();
    let new = NewIssuer { tenant: tenant.clone(), name, slug: None, did: None, anchor: None };
    context.engine.create_issuer(new).await.context("the demo issuer")
}
