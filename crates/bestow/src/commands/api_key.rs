//! `bestow api-key`.

use anyhow::Context as _;
use issuance::NewApiKey;
use model::{Actor, ApiKey, ApiKeyId, Role, Tenant, Timestamp};

use super::tenant;
use super::values::{Moment, role};
use crate::context::Context;
use crate::explain::for_operator;
use crate::output::{Record, print_list};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Make an API key, and print it: this is the one time that it is shown
    Create(Create),
    /// List a tenant's API keys, oldest first
    List {
        /// The tenant: its partnerId, or its environment
        #[arg(long, value_name = "ID")]
        tenant: String,
    },
    /// Revoke an API key: it is refused from now on
    Revoke {
        /// The tenant: its partnerId, or its environment
        #[arg(long, value_name = "ID")]
        tenant: String,
        /// The key's id
        #[arg(value_name = "KEY_ID")]
        id: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// The tenant: its partnerId, or its environment
    #[arg(long, value_name = "ID")]
    tenant: String,
    /// What people call it
    #[arg(long)]
    name: String,
    /// What it may do: Issuer_Admin, Issuer_User, Issuer_Auditor, Verifier_Admin, Verifier_User, Verifier_Auditor; may be given
    /// several times
    #[arg(long = "role", value_name = "ROLE", required = true, value_delimiter = ',', value_parser = role)]
    roles: Vec<Role>,
    /// The user as whom it acts [default: a new one]
    #[arg(long, value_name = "UUID")]
    user: Option<String>,
    /// First moment at which it is no longer accepted, in RFC 3339 [default: never]
    #[arg(long, value_name = "MOMENT")]
    expires: Option<Moment>,
}

impl super::Action for Action {
    async fn run(self, context: &Context, json: bool) -> anyhow::Result<()> {
        match self {
            Self::Create(new) => create(context, new, json).await?,
            Self::List { tenant } => {
                let tenant = tenant::find(context, &tenant).await?;
                let keys = context.store.api_keys(&tenant.id).await?;
                let now = context.clock.now();
                let records: Vec<Record> =
                    keys.iter().map(|key| details(start(key), key, &tenant, now)).collect();
                print_list(
                    &records,
                    &["id", "name", "roles", "status", "mask", "userId", "lastUsedAt"],
                    json,
                );
            }
            Self::Revoke { tenant, id } => {
                let tenant = tenant::find(context, &tenant).await?;
                let key = revoke(context, &tenant, &ApiKeyId::from(id)).await?;
                details(start(&key), &key, &tenant, context.clock.now()).print(json);
            }
        }
        Ok(())
    }
}

async fn create(context: &Context, new: Create, json: bool) -> anyhow::Result<()> {
    let tenant = tenant::find(context, &new.tenant).await?;
    let new = NewApiKey {
        name: new.name,
        roles: new.roles,
        user: new.user,
        expires_at: new.expires.map(|moment| moment.0),
    };
    let created = context.engine.create_api_key(&Actor::operator(), &tenant.id, new).await;
    let created = created.map_err(for_operator)?;
    let record = start(&created.record).with("key", created.key.expose().as_str());
    details(record, &created.record, &tenant, context.clock.now()).print(json);
    if !json {
        eprintln!("The key is shown this once: only its hash is kept.");
    }
    Ok(())
}

/// Revokes a key; one that was revoked before stays as it is.
async fn revoke(context: &Context, tenant: &Tenant, id: &ApiKeyId) -> anyhow::Result<ApiKey> {
    let find = async || {
        let key = context.store.api_key(&tenant.id, id).await?;
        key.with_context(|| {
            format!("the tenant has no API key `{id}`: `bestow api-key list` shows those that there are")
        })
    };
    if find().await?.revoked_at.is_none() {
        context.engine.revoke_api_key(&Actor::operator(), &tenant.id, id).await.map_err(for_operator)?;
    }
    find().await
}

fn start(key: &ApiKey) -> Record {
    Record::default().with("id", key.id.as_str())
}

fn details(record: Record, key: &ApiKey, tenant: &Tenant, now: Timestamp) -> Record {
    let roles: Vec<&str> = key.roles.iter().map(|role| role.as_str()).collect();
    record
        .with("userId", key.user_id.as_str())
        .with("roles", roles)
        .with("name", key.name.as_str())
        .with("mask", key.mask.as_str())
        .with("status", key.status(now).as_str())
        .with("tenantId", key.tenant_id.as_str())
        .with("envId", tenant.env_id.as_str())
        .with("createdAt", key.created_at.rfc3339())
        .with("createdBy", key.created_by.as_str())
        .with("expiresAt", key.expires_at.map(Timestamp::rfc3339))
        .with("lastUsedAt", key.last_used_at.map(Timestamp::rfc3339))
        .with("revokedAt", key.revoked_at.map(Timestamp::rfc3339))
}
