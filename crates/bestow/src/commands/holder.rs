//! `bestow holder`.

use anyhow::Context as _;
use model::{Consent, Email, Holder, TenantId};

use super::values;
use crate::context::Context;
use crate::output::{Record, print_list};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Add a person, or find the one with this address
    Create {
        /// The person's address
        #[arg(long, value_parser = values::email)]
        email: Email,
    },
    /// List people, oldest first
    List {
        /// How many at most
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Show a person
    Show {
        /// The person's address
        #[arg(long, value_parser = values::email)]
        email: Email,
        /// Also what the person decided about this tenant
        #[arg(long, value_name = "ID")]
        tenant: Option<String>,
    },
    /// Record what a person decided about a tenant
    Set {
        /// The person's address
        #[arg(long, value_parser = values::email)]
        email: Email,
        /// The tenant
        #[arg(long, value_name = "ID")]
        tenant: String,
        /// The decision: undecided, approved or rejected
        #[arg(long, value_parser = consent)]
        consent: Consent,
    },
}

fn consent(text: &str) -> Result<Consent, String> {
    text.parse().map_err(|_| "a decision is undecided, approved or rejected".to_owned())
}

impl super::Action for Action {
    async fn run(self, context: &Context, json: bool) -> anyhow::Result<()> {
        match self {
            Self::Create { email } => {
                record(&context.engine.find_or_create_holder(&email).await?).print(json);
            }
            Self::List { limit } => {
                let records: Vec<Record> =
                    context.store.holders(limit.into()).await?.iter().map(record).collect();
                print_list(&records, &["id", "email", "did"], json);
            }
            Self::Show { email, tenant } => {
                let holder = find(context, &email).await?;
                let mut shown = record(&holder);
                if let Some(tenant) = tenant {
                    let consent = context.store.consent(&TenantId::from(tenant), &holder.id).await?;
                    shown = shown.with("consent", consent.as_str());
                }
                shown.print(json);
            }
            Self::Set { email, tenant, consent } => {
                let holder = find(context, &email).await?;
                context.engine.set_consent(&TenantId::from(tenant), &holder, consent).await?;
                record(&holder).with("consent", consent.as_str()).print(json);
            }
        }
        Ok(())
    }
}

async fn find(context: &Context, email: &Email) -> anyhow::Result<Holder> {
    let holder = context.store.holder_by_email(email).await?;
    holder.with_context(|| {
        format!("nobody with the address {} is known: `bestow holder create` adds a person", email.as_str())
    })
}

fn record(holder: &Holder) -> Record {
    Record::default()
        .with("id", holder.id.as_str())
        .with("email", holder.email.as_str())
        .with("did", holder.did.as_str())
}
