//! `bestow tenant`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use issuance::NewTenant;
use model::{OfferDraft, PartnerKeys, Tenant, TenantId};

use super::values::draft;
use crate::context::Context;
use crate::files;
use crate::output::{Record, print_list};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Set up a tenant
    Create {
        /// The organisation's name
        #[arg(long)]
        name: String,
        /// Its partnerId [default: a new one]
        #[arg(long, value_name = "UUID")]
        id: Option<String>,
        #[command(flatten)]
        keys: Keys,
        /// Do not let it issue on behalf of people
        #[arg(long)]
        no_issue_on_behalf: bool,
        /// Answer onDuplicate "ignore" with 409 instead of the existing credential
        #[arg(long)]
        ignore_is_conflict: bool,
        /// Its environment for credential offers, 16 lower-case hexadecimal digits [default: a new one]
        #[arg(long, value_name = "HEX")]
        env_id: Option<String>,
        /// Let an Issuer_User see and change its own offers alone
        #[arg(long, value_name = "true|false", num_args = 0..=1, default_value_t = false, default_missing_value = "true")]
        own_offers_only: bool,
        /// The edition of OpenID4VCI in which claim codes' addresses are written: 1.0, 15, 13 or 11
        #[arg(long, value_name = "EDITION", value_parser = draft, default_value = "11")]
        claim_draft: OfferDraft,
    },
    /// List every tenant
    List,
    /// Show a tenant
    Show {
        /// Its partnerId, or its environment
        id: String,
    },
    /// Change a tenant
    Set {
        /// Its partnerId, or its environment
        id: String,
        /// The organisation's name
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        keys: Keys,
        /// Forget its keys, so that all its Partner JWTs are refused
        #[arg(long, conflicts_with_all = ["jwks_url", "jwks"])]
        no_jwks: bool,
        /// Whether it may issue on behalf of people
        #[arg(long, value_name = "true|false")]
        issue_on_behalf: Option<bool>,
        /// Whether onDuplicate "ignore" is answered with 409 instead of the existing credential
        #[arg(long, value_name = "true|false")]
        ignore_is_conflict: Option<bool>,
        /// Whether an Issuer_User sees and changes its own offers alone
        #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
        own_offers_only: Option<bool>,
        /// The edition of OpenID4VCI in which claim codes' addresses are written: 1.0, 15, 13 or 11
        #[arg(long, value_name = "EDITION", value_parser = draft)]
        claim_draft: Option<OfferDraft>,
    },
}

/// Where the keys come from that sign the tenant's Partner JWTs.
#[derive(Debug, clap::Args)]
pub(crate) struct Keys {
    /// The URL at which the tenant publishes its JWKS
    #[arg(long, value_name = "URL", conflicts_with = "jwks")]
    jwks_url: Option<String>,
    /// A file with its JWKS, pinned
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
}

impl Keys {
    fn read(self) -> anyhow::Result<Option<PartnerKeys>> {
        Ok(match (self.jwks_url, self.jwks) {
            (Some(url), _) => Some(PartnerKeys::Url(url)),
            (None, Some(file)) => Some(PartnerKeys::Pinned(read_jwks(&file)?)),
            (None, None) => None,
        })
    }
}

fn read_jwks(file: &Path) -> anyhow::Result<String> {
    files::read_text(file, jose::MAX_JWK_SET_LEN)
}

impl super::Action for Action {
    async fn run(self, context: &Context, json: bool) -> anyhow::Result<()> {
        match self {
            Self::Create {
                name,
                id,
                keys,
                no_issue_on_behalf,
                ignore_is_conflict,
                env_id,
                own_offers_only,
                claim_draft,
            } => {
                let new = NewTenant {
                    id,
                    name,
                    partner_keys: keys.read()?.unwrap_or(PartnerKeys::None),
                    issue_on_behalf: !no_issue_on_behalf,
                    ignore_is_conflict,
                    env_id,
                    own_offers_only,
                    claim_draft,
                };
                record(&context.engine.create_tenant(new, &context.client).await?).print(json);
            }
            Self::List => {
                let records: Vec<Record> = context.store.tenants().await?.iter().map(record).collect();
                print_list(&records, &["id", "name", "envId", "jwksUrl", "issueOnBehalf"], json);
            }
            Self::Show { id } => record(&find(context, &id).await?).print(json),
            Self::Set {
                id,
                name,
                keys,
                no_jwks,
                issue_on_behalf,
                ignore_is_conflict,
                own_offers_only,
                claim_draft,
            } => {
                let mut tenant = find(context, &id).await?;
                tenant.name = name.unwrap_or(tenant.name);
                tenant.partner_keys = keys.read()?.unwrap_or(tenant.partner_keys);
                if no_jwks {
                    tenant.partner_keys = PartnerKeys::None;
                }
                tenant.issue_on_behalf = issue_on_behalf.unwrap_or(tenant.issue_on_behalf);
                tenant.ignore_is_conflict = ignore_is_conflict.unwrap_or(tenant.ignore_is_conflict);
                tenant.own_offers_only = own_offers_only.unwrap_or(tenant.own_offers_only);
                tenant.claim_draft = claim_draft.unwrap_or(tenant.claim_draft);
                context.engine.update_tenant(&tenant, &context.client).await?;
                record(&tenant).print(json);
            }
        }
        Ok(())
    }
}

/// A tenant by its id, or by its environment's.
pub(super) async fn find(context: &Context, id: &str) -> anyhow::Result<Tenant> {
    let tenant = match context.store.tenant(&TenantId::from(id)).await? {
        Some(tenant) => Some(tenant),
        None => context.store.tenant_by_environment(id).await?,
    };
    tenant.with_context(|| {
        format!("there is no tenant `{id}`: `bestow tenant list` shows those that there are")
    })
}

fn record(tenant: &Tenant) -> Record {
    let (url, pinned) = match &tenant.partner_keys {
        PartnerKeys::None => (None, None),
        PartnerKeys::Url(url) => (Some(url.as_str()), None),
        PartnerKeys::Pinned(document) => (None, Some(document.as_str())),
    };
    Record::default()
        .with("id", tenant.id.as_str())
        .with("name", tenant.name.as_str())
        .with("jwksUrl", url)
        .with("jwks", pinned)
        .with("issueOnBehalf", tenant.issue_on_behalf)
        .with("ignoreIsConflict", tenant.ignore_is_conflict)
        .with("envId", tenant.env_id.as_str())
        .with("ownOffersOnly", tenant.own_offers_only)
        .with("claimDraft", tenant.claim_draft.as_str())
}
