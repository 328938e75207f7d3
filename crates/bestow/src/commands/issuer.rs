//! `bestow issuer`.

use anyhow::Context as _;
use issuance::NewIssuer;
use model::{AnchorPolicy, Issuer, KeyPurpose, StoredKey, TenantId};
use serde_json::json;

use crate::context::Context;
use crate::output::{Record, print_list};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Set up an issuer with its keys
    Create {
        /// The tenant that owns it
        #[arg(long, value_name = "ID")]
        tenant: String,
        /// Shown to people
        #[arg(long)]
        name: String,
        /// Last segment of its URL [default: made from the name]
        #[arg(long)]
        slug: Option<String>,
        /// A DID of the tenant's own [default: that of a new iden3 identity]
        #[arg(long)]
        did: Option<String>,
        /// When what it signs counts as anchored: log, log+witnesses:K, log+evm:N, log+evm:finalized, log+witnesses:K+evm:N
        /// [default: the setting log.policy]
        #[arg(long, value_name = "POLICY")]
        anchor: Option<AnchorPolicy>,
    },
    /// List issuers
    List {
        /// Only this tenant's
        #[arg(long, value_name = "ID")]
        tenant: Option<String>,
    },
    /// Show an issuer and the keys that sign its credentials
    Show {
        /// Its DID
        did: String,
    },
    /// Rename an issuer, or say when what it signs counts as anchored
    Set {
        /// Its DID
        did: String,
        /// Shown to people
        #[arg(long, required_unless_present = "anchor")]
        name: Option<String>,
        /// log, log+witnesses:K, log+evm:N, log+evm:finalized, log+witnesses:K+evm:N
        #[arg(long, value_name = "POLICY")]
        anchor: Option<AnchorPolicy>,
    },
    /// Make the next signing key the current one; what the old key signed still verifies
    RotateKey {
        /// The issuer's DID
        did: String,
    },
}

impl super::Action for Action {
    async fn run(self, context: &Context, json: bool) -> anyhow::Result<()> {
        match self {
            Self::Create { tenant, name, slug, did, anchor } => {
                let new = NewIssuer { tenant: TenantId::from(tenant), name, slug, did, anchor };
                let issuer = context.engine.create_issuer(new).await?;
                warn_of(context, &issuer.anchor)?;
                show(context, &issuer, json).await
            }
            Self::List { tenant } => {
                let tenant = tenant.map(TenantId::from);
                let issuers = context.store.issuers(tenant.as_ref()).await?;
                let records: Vec<Record> = issuers.iter().map(record).collect();
                print_list(&records, &["did", "slug", "name", "tenantId"], json);
                Ok(())
            }
            Self::Show { did } => show(context, &find(context, &did).await?, json).await,
            Self::Set { did, name, anchor } => {
                let mut issuer = find(context, &did).await?;
                issuer.name = name.unwrap_or(issuer.name);
                issuer.anchor = anchor.unwrap_or(issuer.anchor);
                context.engine.update_issuer(&issuer).await?;
                warn_of(context, &issuer.anchor)?;
                show(context, &issuer, json).await
            }
            Self::RotateKey { did } => {
                context.engine.rotate_issuer_key(&did).await?;
                show(context, &find(context, &did).await?, json).await
            }
        }
    }
}

/// Says what the settings lack for a policy to be met. A server may have other settings, so it is no error.
fn warn_of(context: &Context, policy: &AnchorPolicy) -> anyhow::Result<()> {
    let witnesses = context.settings.witness_peers()?.len();
    if policy.witnesses as usize > witnesses {
        eprintln!(
            "The policy asks for {} witnesses, and the settings here name {witnesses}: nothing turns ONCHAIN until \
             witnesses.urls and witnesses.keys name as many.",
            policy.witnesses
        );
    }
    if policy.evm.is_some() && context.settings.chain_url().is_none() {
        eprintln!(
            "The policy asks for a chain, and the settings here name none: nothing turns ONCHAIN until evm.rpc_url does."
        );
    }
    Ok(())
}

async fn find(context: &Context, did: &str) -> anyhow::Result<Issuer> {
    let issuer = context.store.issuer_by_did(did).await?;
    issuer.with_context(|| {
        format!("there is no issuer `{did}`: `bestow issuer list` shows those that there are")
    })
}

async fn show(context: &Context, issuer: &Issuer, json: bool) -> anyhow::Result<()> {
    let keys = context.store.keys(issuer.id.as_str()).await?;
    let signing = |key: &&StoredKey| key.purpose == KeyPurpose::Credential;
    let keys: Vec<_> = keys
        .iter()
        .filter(signing)
        .map(|key| json!({ "kid": key.kid.as_str(), "state": key.state.as_str() }))
        .collect();
    record(issuer).with("keys", keys).print(json);
    Ok(())
}

fn record(issuer: &Issuer) -> Record {
    Record::default()
        .with("id", issuer.id.as_str())
        .with("did", issuer.did.as_str())
        .with("slug", issuer.slug.as_str())
        .with("name", issuer.name.as_str())
        .with("tenantId", issuer.tenant_id.as_str())
        .with("anchor", issuer.anchor.to_string())
}
