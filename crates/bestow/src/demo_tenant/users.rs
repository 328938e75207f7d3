//! The demo tenant's users, one of each role.

use anyhow::Context as _;
use aws_lc_rs::digest;
use issuance::NewApiKey;
use keys::Secret;
use model::{Actor, ApiKey, ApiKeyStatus, Role, TenantId};

use crate::context::Context;
use crate::env_file::EnvFile;
use crate::explain::for_operator;

const ADMIN: &str = "BESTOW_ADMIN_KEY";
const USER: &str = "BESTOW_USER_KEY";
const AUDITOR: &str = "BESTOW_AUDITOR_KEY";
const VERIFIER_ADMIN: &str = "BESTOW_VERIFIER_ADMIN_KEY";
const VERIFIER_USER: &str = "BESTOW_VERIFIER_USER_KEY";
const VERIFIER_AUDITOR: &str = "BESTOW_VERIFIER_AUDITOR_KEY";

/// The API keys of the users.
#[derive(Debug)]
pub(crate) struct Users {
    pub(crate) admin: Secret<String>,
    pub(crate) user: Secret<String>,
    pub(crate) auditor: Secret<String>,
    pub(crate) verifier_admin: Secret<String>,
    pub(crate) verifier_user: Secret<String>,
    pub(crate) verifier_auditor: Secret<String>,
}

impl Users {
    /// Takes the keys that `dev.env` has and that the database still accepts, and makes the others.
    pub(super) async fn ensure(
        context: &Context,
        tenant: &TenantId,
        known: &EnvFile,
    ) -> anyhow::Result<Self> {
        let ensure = async |variable, role, name| {
            let key = ensure_key(context, tenant, known.get(variable), role, name).await;
            key.with_context(|| format!("the {name}"))
        };
        Ok(Self {
            admin: ensure(ADMIN, Role::Admin, "demo admin").await?,
            user: ensure(USER, Role::User, "demo user").await?,
            auditor: ensure(AUDITOR, Role::Auditor, "demo auditor").await?,
            verifier_admin: ensure(VERIFIER_ADMIN, Role::VerifierAdmin, "demo verifier admin").await?,
            verifier_user: ensure(VERIFIER_USER, Role::VerifierUser, "demo verifier").await?,
            verifier_auditor: ensure(VERIFIER_AUDITOR, Role::VerifierAuditor, "demo verifier auditor")
                .await?,
        })
    }

    /// Adds the keys to `dev.env`.
    pub(super) fn describe(&self, file: &mut EnvFile) {
        for (variable, key) in [
            (ADMIN, &self.admin),
            (USER, &self.user),
            (AUDITOR, &self.auditor),
            (VERIFIER_ADMIN, &self.verifier_admin),
            (VERIFIER_USER, &self.verifier_user),
            (VERIFIER_AUDITOR, &self.verifier_auditor),
        ] {
            file.push(variable, key.expose().as_str());
        }
    }
}

async fn ensure_key(
    context: &Context,
    tenant: &TenantId,
    known: Option<&str>,
    role: Role,
    name: &str,
) -> anyhow::Result<Secret<String>> {
    if let Some(key) = known
        && is_good(context, tenant, key, role).await?
    {
        return Ok(Secret::new(key.to_owned()));
    }
    // Whose key was lost is the same user with a new key.
    let keys: Vec<ApiKey> = context.store.api_keys(tenant).await?;
    let user = keys.into_iter().find(|key| key.name == name).map(|key| key.user_id.to_string());
    let new = NewApiKey { name: name.to_owned(), roles: vec![role], user, expires_at: None };
    let created = context.engine.create_api_key(&Actor::operator(), tenant, new).await;
    Ok(created.map_err(for_operator)?.key)
}

async fn is_good(context: &Context, tenant: &TenantId, key: &str, role: Role) -> anyhow::Result<bool> {
    let hash = digest::digest(&digest::SHA256, key.as_bytes());
    let record = context.store.api_key_by_hash(hash.as_ref().try_into()?).await?;
    let active = |record: &ApiKey| record.status(context.clock.now()) == ApiKeyStatus::Active;
    Ok(record
        .is_some_and(|record| record.tenant_id == *tenant && record.roles.contains(&role) && active(&record)))
}
