//! The tenant that `bestow dev` and `bestow demo` set up: a partner, an issuer, and a program for the seeds' example subject.

use std::path::PathBuf;

use anyhow::Context as _;
use issuance::{NewIssuer, NewProgram, NewTenant};
use jose::SigningKey;
use model::{DuplicateScope, Format, Issuer, PartnerKeys, Program, ProgramId, Tenant, TenantId};
use serde_json::json;

use crate::context::Context;
use crate::data_dir::DataDir;
use crate::env_file::EnvFile;
use crate::partner;

/// The demo tenant and the private keys of its partner.
pub(crate) struct DemoTenant {
    pub(crate) tenant: Tenant,
    pub(crate) issuer: Issuer,
    pub(crate) program: Program,
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
    /// new gets those that the folder's `dev.env` remembers.
    pub(crate) async fn ensure(context: &Context, folder: &DataDir) -> anyhow::Result<Self> {
        let known = folder.environment()?.unwrap_or_default();
        let id = tenant_id(context, &known).await?;
        let (path, key) = folder.partner_key("partner-rs256.pem", SigningKey::generate_rs256_pkcs8)?;
        let rs256 = PartnerKey { kid: id.to_string(), path, key };
        let (path, key) = folder.partner_key("partner-es256.pem", SigningKey::generate_es256_pkcs8)?;
        let es256 = PartnerKey { kid: format!("{id}-es256"), path, key };

        let jwks = partner::key_set(&[(&rs256.kid, &rs256.key), (&es256.kid, &es256.key)]);
        let tenant = ensure_tenant(context, &id, PartnerKeys::Pinned(jwks.to_string())).await?;
        let issuer = ensure_issuer(context, &id).await?;
        let program = ensure_program(context, &issuer, &known).await?;
        Ok(Self { tenant, issuer, program, rs256, es256 })
    }

    /// What `dev.env` says of a server at `url` whose log has this verifier key.
    pub(crate) fn environment(&self, url: &str, log_key: &str) -> anyhow::Result<EnvFile> {
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
        Ok(file)
    }
}

async fn tenant_id(context: &Context, known: &EnvFile) -> anyhow::Result<TenantId> {
    let candidate = known.get("BESTOW_PARTNER_ID").map(TenantId::from);
    let candidate = candidate.unwrap_or_else(|| TenantId::mint(&*context.entropy));
    Ok(context.store.deployment_value("dev.tenant", candidate.as_str()).await?.into())
}

async fn ensure_tenant(context: &Context, id: &TenantId, keys: PartnerKeys) -> anyhow::Result<Tenant> {
    let Some(mut tenant) = context.store.tenant(id).await? else {
        let new = NewTenant {
            id: Some(id.to_string()),
            name: "Demo".to_owned(),
            partner_keys: keys,
            issue_on_behalf: true,
            ignore_is_conflict: false,
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
    let new = NewIssuer { tenant: tenant.clone(), name, slug: None, did: None };
    context.engine.create_issuer(new).await.context("the demo issuer")
}

async fn ensure_program(context: &Context, issuer: &Issuer, known: &EnvFile) -> anyhow::Result<Program> {
    let candidate = known.get("BESTOW_PROGRAM_ID").map(ProgramId::from);
    let candidate = candidate.unwrap_or_else(|| ProgramId::mint(context.clock.now(), &*context.entropy));
    let id: ProgramId = context.store.deployment_value("dev.program", candidate.as_str()).await?.into();
    if let Some(program) = context.store.program(&issuer.tenant_id, &id).await? {
        return Ok(program);
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Membership",
        "type": "object",
        "properties": {
            "age": { "type": "integer", "minimum": 0, "title": "Age" },
            "location": { "type": "string", "title": "Location" },
            "isMember": { "type": "boolean", "title": "Member" },
        },
        "required": ["age", "location", "isMember"],
        "additionalProperties": false,
    });
    let schema = context
        .engine
        .create_schema(&issuer.tenant_id, schema.to_string())
        .await
        .context("the demo schema")?;
    let new = NewProgram {
        issuer_did: issuer.did.clone(),
        schema: schema.id,
        id: Some(id.to_string()),
        name: "Membership".to_owned(),
        type_name: None,
        formats: Format::ALL.to_vec(),
        validity_seconds: None,
        cap: None,
        opens_at: None,
        closes_at: None,
        published: true,
        duplicate_scope: DuplicateScope::Program,
    };
    context.engine.create_program(new).await.context("the demo program")
}
