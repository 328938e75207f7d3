//! `bestow schema`. A schema does not change: what was issued by it names it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use model::{Schema, SchemaId, TenantId};
use serde_json::Value;

use crate::context::Context;
use crate::files;
use crate::output::{Record, print_list};

/// The longest schema that is read, in bytes.
const LIMIT: usize = 1 << 20;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Register a JSON Schema
    Create {
        /// The tenant that owns it
        #[arg(long, value_name = "ID")]
        tenant: String,
        /// The JSON Schema of the credential subject
        #[arg(long)]
        file: PathBuf,
    },
    /// List schemas
    List {
        /// Only this tenant's
        #[arg(long, value_name = "ID")]
        tenant: Option<String>,
    },
    /// Show a schema
    Show {
        /// Its id
        id: String,
    },
}

impl super::Action for Action {
    async fn run(self, context: &Context, json: bool) -> anyhow::Result<()> {
        match self {
            Self::Create { tenant, file } => {
                let schema = context.engine.create_schema(&TenantId::from(tenant), read(&file)?).await?;
                record(&schema).print(json);
            }
            Self::List { tenant } => {
                let tenant = tenant.map(TenantId::from);
                let schemas = context.store.schemas(tenant.as_ref()).await?;
                let records: Vec<Record> = schemas.iter().map(record).collect();
                print_list(&records, &["id", "title", "tenantId"], json);
            }
            Self::Show { id } => {
                let schema = context.store.schema(&SchemaId::from(id.as_str())).await?;
                let schema = schema.with_context(|| format!("there is no schema `{id}`"))?;
                record(&schema).print(json);
            }
        }
        Ok(())
    }
}

/// Reads a schema's document.
pub(super) fn read(file: &Path) -> anyhow::Result<String> {
    files::read_text(file, LIMIT)
}

fn record(schema: &Schema) -> Record {
    let document: Value = serde_json::from_str(&schema.document).unwrap_or_default();
    Record::default()
        .with("id", schema.id.as_str())
        .with("tenantId", schema.tenant_id.as_str())
        .with("title", document["title"].as_str())
        .with("document", document)
}
