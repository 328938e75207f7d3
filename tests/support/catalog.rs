//! Changing what is set up, as an operator does.

use issuance::NewProgram;
use model::{DuplicateScope, Format, Program, SchemaId, Tenant, WalletPolicy};
use serde_json::{Value, json};

use crate::{Partner, Server};

/// A published program of this issuer, without limits.
pub(crate) fn new_program(issuer_did: &str, schema: SchemaId) -> NewProgram {
    NewProgram {
        issuer_did: issuer_did.to_owned(),
        schema,
        id: None,
        name: "Age verification".to_owned(),
        type_name: None,
        formats: Format::ALL.to_vec(),
        validity_seconds: None,
        cap: None,
        opens_at: None,
        closes_at: None,
        published: true,
        duplicate_scope: DuplicateScope::Program,
        wallet: WalletPolicy::default(),
    }
}

/// The schema of the seeds' example subject.
pub(crate) fn seed_schema() -> Value {
    json!({
        "type": "object",
        "required": ["age"],
        "properties": {
            "age": {"type": "integer", "minimum": 0},
            "location": {"type": "string"},
            "isMember": {"type": "boolean"},
        },
    })
}

impl Server {
    /// Changes a tenant. Nothing is checked: a test may register what an operator could not.
    ///
    /// # Panics
    /// If it cannot be changed.
    pub async fn change_tenant(&self, partner: &Partner, change: impl FnOnce(&mut Tenant)) {
        let tenant = self.store.tenant(&partner.id.as_str().into()).await.expect("the database answers");
        let mut tenant = tenant.expect("the tenant is there");
        change(&mut tenant);
        assert!(self.store.update_tenant(&tenant).await.expect("the database answers"));
    }

    /// Changes a partner's first program.
    ///
    /// # Panics
    /// If it cannot be changed.
    pub async fn change_program(&self, partner: &Partner, change: impl FnOnce(&mut Program)) {
        let (tenant, program) = (partner.id.as_str().into(), partner.program_id.as_str().into());
        let program = self.store.program(&tenant, &program).await.expect("the database answers");
        let mut program = program.expect("the program is there");
        change(&mut program);
        self.engine.update_program(&program).await.expect("the program is acceptable");
    }

    /// Sets up another program of a partner, with the partner's first issuer and schema unless `change` says otherwise; its id.
    ///
    /// # Panics
    /// If it cannot be set up.
    pub async fn another_program(&self, partner: &Partner, change: impl FnOnce(&mut NewProgram)) -> String {
        let mut new = new_program(&partner.issuer_did, partner.schema_id.as_str().into());
        change(&mut new);
        self.engine.create_program(new).await.expect("a program").id.to_string()
    }

    /// Sets up a program of a partner with a schema of its own; its id.
    ///
    /// # Panics
    /// If it cannot be set up.
    pub async fn program_with_schema(&self, partner: &Partner, schema: &Value) -> String {
        let tenant = partner.id.as_str().into();
        let schema = self.engine.create_schema(&tenant, schema.to_string()).await.expect("a schema");
        self.another_program(partner, |program| program.schema = schema.id).await
    }
}
