//! What the demo tenant issues.

use anyhow::Context as _;
use issuance::NewProgram;
use model::{DuplicateScope, Format, Issuer, Program, ProgramId};
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
    schema: Value,
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
        schema,
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
        schema,
    };
    wanted.ensure(context, issuer, known).await
}

impl Wanted {
    async fn ensure(self, context: &Context, issuer: &Issuer, known: &EnvFile) -> anyhow::Result<Program> {
        let candidate = known.get(self.variable).map(ProgramId::from);
        let candidate = candidate.unwrap_or_else(|| ProgramId::mint(context.clock.now(), &*context.entropy));
        let id = context.store.deployment_value(self.kept_as, candidate.as_str()).await?;
        if let Some(program) = context.store.program(&issuer.tenant_id, &id.as_str().into()).await? {
            return Ok(program);
        }
        let schema = context.engine.create_schema(&issuer.tenant_id, self.schema.to_string()).await;
        let new = NewProgram {
            issuer_did: issuer.did.clone(),
            schema: schema.context("the demo schema")?.id,
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
        };
        context.engine.create_program(new).await.context("the demo program")
    }
}
