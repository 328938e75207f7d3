//! `bestow definition`.

use std::path::PathBuf;

use anyhow::Context as _;
use issuance::{DefinitionInput, PresentError, Verification};
use model::{Actor, Direction, ListRequest, PresentationDefinition, Sort, Tenant};
use serde_json::Value;

use super::tenant;
use crate::context::Context;
use crate::files;
use crate::output::{Record, print_list};

/// The longest file with a template, in bytes.
const LIMIT: usize = 128 * 1024;
/// How many templates are listed.
const LISTED: i64 = 1_000;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Make a template of presentations, or change the one of this name
    Set {
        /// The tenant: its partnerId, or its environment
        #[arg(long, value_name = "ID")]
        tenant: String,
        /// A JSON file, as the API takes it: definitionId, name, dcqlQuery, ...
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// List a tenant's templates
    List {
        /// The tenant: its partnerId, or its environment
        #[arg(long, value_name = "ID")]
        tenant: String,
    },
    /// Show a template
    Show {
        /// The tenant: its partnerId, or its environment
        #[arg(long, value_name = "ID")]
        tenant: String,
        /// What the tenant calls it
        #[arg(value_name = "DEFINITION_ID")]
        id: String,
    },
    /// Delete a template; what was asked by it stays
    Delete {
        /// The tenant: its partnerId, or its environment
        #[arg(long, value_name = "ID")]
        tenant: String,
        /// What the tenant calls it
        #[arg(value_name = "DEFINITION_ID")]
        id: String,
    },
}

impl super::Action for Action {
    async fn run(self, context: &Context, json: bool) -> anyhow::Result<()> {
        let verification = context.verification(&context.open_log().await?)?;
        match self {
            Self::Set { tenant, file } => {
                let tenant = tenant::find(context, &tenant).await?;
                let text = files::read_text(&file, LIMIT)?;
                let value = jose::strict_json(text.as_bytes());
                let value = value.with_context(|| file.display().to_string())?;
                let made = set(&verification, &tenant, value).await?;
                record(&made).print(json);
            }
            Self::List { tenant } => {
                let tenant = tenant::find(context, &tenant).await?;
                let (definitions, _) = verification.list_definitions(&tenant.id, &oldest_first()).await?;
                let records: Vec<Record> = definitions.iter().map(record).collect();
                print_list(&records, &["definitionId", "name", "public", "updatedAt"], json);
            }
            Self::Show { tenant, id } => {
                let tenant = tenant::find(context, &tenant).await?;
                record(&verification.definition(&tenant.id, &id).await?).print(json);
            }
            Self::Delete { tenant, id } => {
                let tenant = tenant::find(context, &tenant).await?;
                let definition = verification.definition(&tenant.id, &id).await?;
                verification.delete_definition(&Actor::operator(), &tenant.id, &id).await?;
                record(&definition).print(json);
            }
        }
        Ok(())
    }
}

async fn set(
    verification: &Verification,
    tenant: &Tenant,
    value: Value,
) -> anyhow::Result<PresentationDefinition> {
    let Value::Object(members) = value else { anyhow::bail!("the template must be a JSON object") };
    let input = DefinitionInput::read(members, None)?;
    let operator = Actor::operator();
    let found = verification.definition(&tenant.id, &input.definition_id).await;
    match found {
        Ok(_) => Ok(verification.update_definition(&operator, &tenant.id, input).await?),
        Err(PresentError::UnknownDefinition) => {
            Ok(verification.create_definition(&operator, &tenant.id, input).await?)
        }
        Err(error) => Err(error.into()),
    }
}

fn oldest_first() -> ListRequest {
    let sort = Sort { direction: Direction::Ascending, ..store::DEFINITIONS.default_sort };
    ListRequest { page: 1, limit: LISTED, sort: vec![sort], filters: Vec::new() }
}

fn record(definition: &PresentationDefinition) -> Record {
    let terms: Value = serde_json::from_str(&definition.terms).unwrap_or_default();
    Record::default()
        .with("definitionId", definition.definition_id.as_str())
        .with("name", definition.name.as_str())
        .with("purpose", definition.purpose.as_deref())
        .with("public", definition.public)
        .with("terms", terms.to_string())
        .with("createdAt", definition.stamps.created_at.rfc3339())
        .with("createdBy", definition.stamps.created_by.as_str())
        .with("updatedAt", definition.stamps.updated_at.rfc3339())
        .with("updatedBy", definition.stamps.updated_by.as_str())
}
