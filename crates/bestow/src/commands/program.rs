//! `bestow program`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use issuance::NewProgram;
use model::{
    DuplicateScope, Format, Program, ProofAlgorithm, SchemaId, TenantId, Timestamp, TxCodeMode, WalletPolicy,
};

use super::schema;
use super::values::{Moment, OrNone, Scope, Span, format, proof_algorithm, scope_word, tx_code};
use crate::context::Context;
use crate::files;
use crate::output::{Record, print_list};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Set up a program
    Create(Create),
    /// List programs
    List {
        /// Only this tenant's
        #[arg(long, value_name = "ID")]
        tenant: Option<String>,
    },
    /// Show a program
    Show {
        /// Its id
        id: String,
    },
    /// Change a program
    Set(Set),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// The DID of the issuer, whose tenant owns the program
    #[arg(long, value_name = "DID")]
    issuer: String,
    /// A file with the JSON Schema of the subject, or the id of a schema
    #[arg(long, value_name = "FILE|ID")]
    schema: String,
    /// Shown to people
    #[arg(long)]
    name: String,
    /// Its public id [default: a new one]
    #[arg(long)]
    id: Option<String>,
    /// The credential's type [default: made from the name]
    #[arg(long = "type", value_name = "TYPE")]
    type_name: Option<String>,
    /// What is signed, separated by commas
    #[arg(long, value_delimiter = ',', value_parser = format, default_values_t = Format::ALL)]
    formats: Vec<Format>,
    /// How long a credential is valid: 365d, 12h, ... [default: for ever]
    #[arg(long, value_name = "TIME")]
    valid_for: Option<Span>,
    /// How many may be issued in all [default: any number]
    #[arg(long, value_name = "N")]
    cap: Option<i64>,
    /// First moment at which it issues, in RFC 3339
    #[arg(long, value_name = "TIME")]
    opens: Option<Moment>,
    /// First moment at which it no longer issues, in RFC 3339
    #[arg(long, value_name = "TIME")]
    closes: Option<Moment>,
    /// What counts as a duplicate
    #[arg(long, value_enum, default_value_t = Scope::Program)]
    duplicate_scope: Scope,
    #[command(flatten)]
    wallet: Wallet,
    /// Publish it: a draft does not exist for callers
    #[arg(long)]
    publish: bool,
}

/// What a program asks of wallets.
#[derive(Debug, clap::Args)]
struct Wallet {
    /// Ask for a code that is sent to the person by e-mail: numeric or text, or none
    #[arg(long, value_name = "numeric|text|none", value_parser = tx_code)]
    tx_code: Option<OrNone<TxCodeMode>>,
    /// The algorithms of the keys to which credentials are bound, separated by commas [default: ES256,ES256K,EdDSA]
    #[arg(long, value_name = "ALG", value_delimiter = ',', value_parser = proof_algorithm)]
    proof_algs: Option<Vec<ProofAlgorithm>>,
    /// Bind access tokens to a key of the wallet (RFC 9449)
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    require_dpop: Option<bool>,
    /// Sign later: the wallet comes back for the credential
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    deferred: Option<bool>,
    /// A JSON file that says how the credential looks: {"display": [{"locale", "name", "background_color", ...}], "claims": {...}}
    #[arg(long, value_name = "FILE")]
    display: Option<PathBuf>,
}

/// The longest display, in bytes.
const DISPLAY_LIMIT: usize = 262_144;

impl Wallet {
    fn apply(&self, mut policy: WalletPolicy) -> anyhow::Result<WalletPolicy> {
        if let Some(OrNone(mode)) = self.tx_code {
            policy.tx_code = mode;
        }
        if let Some(algorithms) = &self.proof_algs {
            policy.proof_algorithms.clone_from(algorithms);
        }
        policy.require_dpop = self.require_dpop.unwrap_or(policy.require_dpop);
        policy.deferred = self.deferred.unwrap_or(policy.deferred);
        if let Some(file) = &self.display {
            let text = files::read_text(file, DISPLAY_LIMIT)?;
            policy.look = serde_json::from_str(&text).with_context(|| format!("{}", file.display()))?;
        }
        Ok(policy)
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    /// The program's id
    id: String,
    /// Shown to people
    #[arg(long)]
    name: Option<String>,
    /// What is signed, separated by commas
    #[arg(long, value_delimiter = ',', value_parser = format)]
    formats: Option<Vec<Format>>,
    /// How long a credential is valid: 365d, 12h, ..., or none for ever
    #[arg(long, value_name = "TIME|none")]
    valid_for: Option<OrNone<Span>>,
    /// How many may be issued in all, those issued so far included, or none for any number
    #[arg(long, value_name = "N|none")]
    cap: Option<OrNone<i64>>,
    /// First moment at which it issues, in RFC 3339, or none
    #[arg(long, value_name = "TIME|none")]
    opens: Option<OrNone<Moment>>,
    /// First moment at which it no longer issues, in RFC 3339, or none
    #[arg(long, value_name = "TIME|none")]
    closes: Option<OrNone<Moment>>,
    /// What counts as a duplicate
    #[arg(long, value_enum)]
    duplicate_scope: Option<Scope>,
    #[command(flatten)]
    wallet: Wallet,
    /// Publish it
    #[arg(long, conflicts_with = "unpublish")]
    publish: bool,
    /// Make it a draft again, which does not exist for callers
    #[arg(long)]
    unpublish: bool,
}

impl super::Action for Action {
    async fn run(self, context: &Context, json: bool) -> anyhow::Result<()> {
        match self {
            Self::Create(new) => record(&create(context, new).await?).print(json),
            Self::List { tenant } => {
                let tenant = tenant.map(TenantId::from);
                let programs = context.store.programs(tenant.as_ref()).await?;
                let records: Vec<Record> = programs.iter().map(record).collect();
                print_list(&records, &["id", "name", "type", "published", "tenantId"], json);
            }
            Self::Show { id } => record(&find(context, &id).await?).print(json),
            Self::Set(change) => {
                let program = change.apply(find(context, &change.id).await?)?;
                context.engine.update_program(&program).await?;
                record(&program).print(json);
            }
        }
        Ok(())
    }
}

async fn create(context: &Context, new: Create) -> anyhow::Result<Program> {
    let schema = schema_id(context, &new).await?;
    let program = NewProgram {
        issuer_did: new.issuer,
        schema,
        id: new.id,
        name: new.name,
        type_name: new.type_name,
        formats: new.formats,
        validity_seconds: new.valid_for.map(|span| span.seconds),
        cap: new.cap,
        opens_at: new.opens.map(|moment| moment.0),
        closes_at: new.closes.map(|moment| moment.0),
        published: new.publish,
        duplicate_scope: DuplicateScope::from(new.duplicate_scope),
        wallet: new.wallet.apply(WalletPolicy::default())?,
    };
    Ok(context.engine.create_program(program).await?)
}

/// The schema that is named, registered first if it is a file.
async fn schema_id(context: &Context, new: &Create) -> anyhow::Result<SchemaId> {
    let file = Path::new(&new.schema);
    if !file.is_file() {
        return Ok(SchemaId::from(new.schema.as_str()));
    }
    let issuer = context.store.issuer_by_did(&new.issuer).await?;
    let issuer = issuer.with_context(|| format!("there is no issuer `{}`", new.issuer))?;
    Ok(context.engine.create_schema(&issuer.tenant_id, schema::read(file)?).await?.id)
}

impl Set {
    fn apply(&self, mut program: Program) -> anyhow::Result<Program> {
        if let Some(name) = &self.name {
            program.name.clone_from(name);
        }
        if let Some(formats) = &self.formats {
            program.formats.clone_from(formats);
        }
        if let Some(OrNone(span)) = self.valid_for {
            program.validity_seconds = span.map(|span| span.seconds);
        }
        if let Some(OrNone(cap)) = self.cap {
            program.cap = cap;
        }
        if let Some(OrNone(moment)) = self.opens {
            program.opens_at = moment.map(|moment| moment.0);
        }
        if let Some(OrNone(moment)) = self.closes {
            program.closes_at = moment.map(|moment| moment.0);
        }
        if let Some(scope) = self.duplicate_scope {
            program.duplicate_scope = scope.into();
        }
        program.wallet = self.wallet.apply(program.wallet)?;
        program.published = (program.published || self.publish) && !self.unpublish;
        Ok(program)
    }
}

/// A program by its id, which is unique among all tenants.
async fn find(context: &Context, id: &str) -> anyhow::Result<Program> {
    let program = context.store.programs(None).await?.into_iter().find(|program| program.id.as_str() == id);
    program.with_context(|| {
        format!("there is no program `{id}`: `bestow program list` shows those that there are")
    })
}

fn record(program: &Program) -> Record {
    let formats: Vec<&str> = program.formats.iter().map(|format| format.as_str()).collect();
    let algorithms: Vec<&str> = program.wallet.proof_algorithms.iter().map(|alg| alg.as_str()).collect();
    Record::default()
        .with("id", program.id.as_str())
        .with("name", program.name.as_str())
        .with("type", program.type_name.as_str())
        .with("tenantId", program.tenant_id.as_str())
        .with("issuerId", program.issuer_id.as_str())
        .with("schemaId", program.schema_id.as_str())
        .with("formats", formats)
        .with("validitySeconds", program.validity_seconds)
        .with("cap", program.cap)
        .with("opens", program.opens_at.map(Timestamp::rfc3339))
        .with("closes", program.closes_at.map(Timestamp::rfc3339))
        .with("duplicateScope", scope_word(program.duplicate_scope))
        .with("txCode", program.wallet.tx_code.map(TxCodeMode::as_str))
        .with("proofAlgorithms", algorithms)
        .with("requireDpop", program.wallet.require_dpop)
        .with("deferred", program.wallet.deferred)
        .with("published", program.published)
}
