//! Credential templates: what can be offered, and with which claims.

use model::{DataType, Program};

use super::{Caller, OfferError};
use crate::engine::Engine;

/// A claim that a template has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateField {
    /// `claimName`.
    pub name: String,
    /// `dataType`; absent for what an offer cannot carry.
    pub data_type: Option<DataType>,
    /// Whether an offer must carry it.
    pub required: bool,
    /// Shown to people.
    pub title: Option<String>,
}

/// A published program, as the dialect shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialTemplate {
    /// The program.
    pub program: Program,
    /// Its claims, in the schema's order.
    pub fields: Vec<TemplateField>,
}

impl Engine {
    /// What can be offered at a correlation id.
    pub async fn credential_templates(
        &self,
        caller: &Caller,
        correlation_id: &str,
    ) -> Result<Vec<CredentialTemplate>, OfferError> {
        let tenant = &caller.tenant.id;
        let issuer = self.store.tenant_issuer(tenant, correlation_id).await?;
        let issuer = issuer.ok_or(OfferError::UnknownCorrelationId)?;
        let mut templates = Vec::new();
        for program in self.store.programs(Some(tenant)).await? {
            if program.issuer_id != issuer.id {
                continue;
            }
            let Some(active) = self.active_program(tenant, &program.id).await? else { continue };
            let fields = active.schema.claims().iter().map(|claim| TemplateField {
                name: claim.name.clone(),
                data_type: claim.data_type,
                required: claim.required,
                title: claim.title.clone(),
            });
            templates.push(CredentialTemplate { fields: fields.collect(), program });
        }
        Ok(templates)
    }
}
