//! What the demo tenant issues.

use anyhow::Context as _;
use issuance::NewProgram;
use model::{
    CardDisplay, DuplicateScope, Format, Issuer, Program, ProgramDisplay, ProgramId, SchemaId, TxCodeMode,
    WalletPolicy,
};
use serde_json::{Value, json};

use crate::context::Context;
use crate::env_file::EnvFile;

/// A program of the demo tenant.
struct Wanted {
    /// The name under which the database keeps its id.
    kept_as: &'static str,
    /// The name under which `dev.env` tells its id.
    variable: &'static str,
    name: &'static str,
    type_name: &'static str,
    schema: Subject,
    wallet: WalletPolicy,
}

/// What a program's credentials say.
enum Subject {
    New(Value),
    Known(SchemaId),
}

/// The program for the example subject of the issue-on-behalf documentation.
pub(super) async fn membership(
    context: &Context,
    issuer: &Issuer,
    known: &EnvFile,
) -> anyhow::Result<Program> {
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
    let wanted = Wanted {
        kept_as: "dev.program",
        variable: "BESTOW_PROGRAM_ID",
        name: "Membership",
        type_name: "Membership",
        schema: Subject::New(schema),
        wallet: WalletPolicy::default(),
    };
    wanted.ensure(context, issuer, known).await
}

/// The program for the example of the credential-offers documentation: a claim of every type, of which a name is required.
pub(super) async fn example(context: &Context, issuer: &Issuer, known: &EnvFile) -> anyhow::Result<Program> {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Example Credential",
        "type": "object",
        "properties": {
            "fullName": { "type": "string", "title": "Full name" },
            "level": { "type": "number", "title": "Level" },
            "active": { "type": "boolean", "title": "Active" },
            "born": { "type": "string", "format": "date", "title": "Born" },
            "photo": { "type": "string", "contentMediaType": "image/*", "title": "Photo" },
        },
        "required": ["fullName"],
        "additionalProperties": false,
    });
    let wanted = Wanted {
        kept_as: "dev.credential",
        variable: "BESTOW_CREDENTIAL_ID",
        name: "Example Credential",
        type_name: "ExampleCredential",
        schema: Subject::New(schema),
        wallet: WalletPolicy { look: look(), ..WalletPolicy::default() },
    };
    wanted.ensure(context, issuer, known).await
}

/// How the example looks: in two languages, with colours.
fn look() -> ProgramDisplay {
    let card = |locale: &str, name: &str, description: &str| CardDisplay {
        name: name.to_owned(),
        locale: Some(locale.to_owned()),
        description: Some(description.to_owned()),
        logo: None,
        background_color: Some("#12355b".to_owned()),
        text_color: Some("#ffffff".to_owned()),
    };
    let names = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(locale, name)| ((*locale).to_owned(), (*name).to_owned())).collect()
    };
    ProgramDisplay {
        display: vec![
            card("en", "Example Credential", "Shows what a credential looks like."),
            card("de", "Beispielnachweis", "Zeigt, wie ein Nachweis aussieht."),
        ],
        claims: [("fullName".to_owned(), names(&[("en", "Full name"), ("de", "Vollständiger Name")]))].into(),
    }
}

/// The same credential, asking wallets for more: a transaction code, DPoP, patience. With the variable of each.
pub(super) async fn demanding(
    context: &Context,
    issuer: &Issuer,
    known: &EnvFile,
    example: &Program,
) -> anyhow::Result<Vec<(&'static str, Program)>> {
    let policy = WalletPolicy { look: look(), ..WalletPolicy::default() };
    let wanted = [
        (
            "dev.credential.tx_code",
            "BESTOW_TX_CODE_CREDENTIAL_ID",
            WalletPolicy { tx_code: Some(TxCodeMode::Numeric), ..policy.clone() },
        ),
        (
            "dev.credential.dpop",
            "BESTOW_DPOP_CREDENTIAL_ID",
            WalletPolicy { require_dpop: true, ..policy.clone() },
        ),
        (
            "dev.credential.deferred",
            "BESTOW_DEFERRED_CREDENTIAL_ID",
            WalletPolicy { deferred: true, ..policy },
        ),
    ];
    let mut programs = Vec::new();
    for (kept_as, variable, wallet) in wanted {
        let wanted = Wanted {
            kept_as,
            variable,
            name: "Example Credential",
            type_name: "ExampleCredential",
            schema: Subject::Known(example.schema_id.clone()),
            wallet,
        };
        programs.push((variable, wanted.ensure(context, issuer, known).await?));
    }
    Ok(programs)
}

impl Wanted {
    async fn ensure(self, context: &Context, issuer: &Issuer, known: &EnvFile) -> anyhow::Result<Program> {
        let candidate = known.get(self.variable).map(ProgramId::from);
        let candidate = candidate.unwrap_or_else(|| ProgramId::mint(context.clock.now(), &*context.entropy));
        let id = context.store.deployment_value(self.kept_as, candidate.as_str()).await?;
        if let Some(program) = context.store.program(&issuer.tenant_id, &id.as_str().into()).await? {
            return Ok(program);
        }
        let schema = match self.schema {
            Subject::Known(id) => id,
            Subject::New(schema) => {
                let schema = context.engine.create_schema(&issuer.tenant_id, schema.to_string()).await;
                schema.context("the demo schema")?.id
            }
        };
        let new = NewProgram {
            issuer_did: issuer.did.clone(),
            schema,
            id: Some(id),
            name: self.name.to_owned(),
            type_name: Some(self.type_name.to_owned()),
            formats: Format::ALL.to_vec(),
            validity_seconds: None,
            cap: None,
            opens_at: None,
            closes_at: None,
            published: true,
            duplicate_scope: DuplicateScope::Program,
            wallet: self.wallet,
        };
        context.engine.create_program(new).await.context("the demo program")
    }
}
