//! Templates of presentations.

use model::{Actor, AuditAction, ListRequest, PresentationDefinition, Stamps, TenantId};
use serde_json::{Map, Value};

use super::terms::Terms;
use super::{PresentError, Verification};

/// The longest purpose, in characters.
const MAX_PURPOSE: usize = 300;

/// A template as its tenant writes it.
#[derive(Clone, Debug)]
pub struct DefinitionInput {
    /// What its tenant calls it: 1 to 64 letters, digits, `-` and `_`.
    pub definition_id: String,
    /// Shown to people: 1 to 64 characters.
    pub name: String,
    /// Why it is asked, shown to people.
    pub purpose: Option<String>,
    /// Whether anybody may ask by it, on the verifier's page.
    pub public: bool,
    /// What is asked.
    pub terms: Terms,
}

impl DefinitionInput {
    /// Reads the JSON that describes a template: the members of this type, and beside them those of [`Terms`]. `id` is the name in
    /// an address, which a `definitionId` must not contradict.
    pub fn read(mut members: Map<String, Value>, id: Option<String>) -> Result<Self, PresentError> {
        // A member that is null is absent.
        members.retain(|_, value| !value.is_null());
        let mut text = |name: &str| match members.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(PresentError::invalid(format!("{name} must be a string."))),
        };
        let (given, name, purpose) = (text("definitionId")?, text("name")?, text("purpose")?);
        let definition_id = match (id, given) {
            (Some(id), Some(given)) if given != id => {
                return Err(PresentError::invalid("definitionId is another one than in the path."));
            }
            (Some(id), _) => id,
            (None, given) => given.unwrap_or_default(),
        };
        let public = match members.remove("public") {
            None => false,
            Some(Value::Bool(public)) => public,
            Some(_) => return Err(PresentError::invalid("public must be true or false.")),
        };
        let terms = Terms::read(members)?;
        Ok(Self { definition_id, name: name.unwrap_or_default(), purpose, public, terms })
    }

    fn check(&self) -> Result<(), PresentError> {
        let id = &self.definition_id;
        let named = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !(1..=64).contains(&id.len()) || !id.chars().all(named) {
            return Err(PresentError::invalid(
                "definitionId is a name of 1 to 64 letters, digits, hyphens and underscores.",
            ));
        }
        let shown = |text: &str, most: usize| {
            let length = text.chars().count();
            (1..=most).contains(&length) && !text.trim().is_empty() && !text.chars().any(char::is_control)
        };
        if !shown(&self.name, 64) {
            return Err(PresentError::invalid("name is a text of 1 to 64 characters."));
        }
        match &self.purpose {
            Some(purpose) if !shown(purpose, MAX_PURPOSE) => {
                Err(PresentError::invalid(format!("purpose is a text of 1 to {MAX_PURPOSE} characters.")))
            }
            _ => Ok(()),
        }
    }
}

impl Verification {
    /// Terms as [`PresentationDefinition::terms`] holds them.
    pub fn written(&self, terms: &Terms) -> Result<String, PresentError> {
        terms.to_json()
    }

    /// Makes a template.
    pub async fn create_definition(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        input: DefinitionInput,
    ) -> Result<PresentationDefinition, PresentError> {
        let definition = self.definition_of(actor, tenant, input).await?;
        let id = &definition.definition_id;
        let at = definition.stamps.created_at;
        let event = self.engine.event(actor, tenant, AuditAction::CreateDefinition, id, at);
        if !self.engine.store().insert_definition(&definition, &event).await? {
            return Err(PresentError::DefinitionExists);
        }
        Ok(definition)
    }

    /// Changes a template; what was asked by it stays as it was asked.
    pub async fn update_definition(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        input: DefinitionInput,
    ) -> Result<PresentationDefinition, PresentError> {
        let before = self.definition(tenant, &input.definition_id).await?;
        let definition = self.definition_of(actor, tenant, input).await?;
        let at = definition.stamps.updated_at;
        let stamps = Stamps {
            created_at: before.stamps.created_at,
            created_by: before.stamps.created_by,
            ..definition.stamps
        };
        let definition = PresentationDefinition { stamps, ..definition };
        let id = &definition.definition_id;
        let event = self.engine.event(actor, tenant, AuditAction::UpdateDefinition, id, at);
        if !self.engine.store().update_definition(&definition, &event).await? {
            return Err(PresentError::UnknownDefinition);
        }
        Ok(definition)
    }

    /// Deletes a template; what was asked by it stays.
    pub async fn delete_definition(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        id: &str,
    ) -> Result<(), PresentError> {
        let event = self.engine.event(actor, tenant, AuditAction::DeleteDefinition, id, self.engine.now());
        match self.engine.store().delete_definition(tenant, id, &event).await? {
            true => Ok(()),
            false => Err(PresentError::UnknownDefinition),
        }
    }

    /// One template.
    pub async fn definition(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<PresentationDefinition, PresentError> {
        self.engine.store().definition(tenant, id).await?.ok_or(PresentError::UnknownDefinition)
    }

    /// A page of a tenant's templates, and how many there are. `request` is for [`store::DEFINITIONS`].
    pub async fn list_definitions(
        &self,
        tenant: &TenantId,
        request: &ListRequest,
    ) -> Result<(Vec<PresentationDefinition>, i64), PresentError> {
        Ok(self.engine.store().list_definitions(tenant, request).await?)
    }

    async fn definition_of(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        input: DefinitionInput,
    ) -> Result<PresentationDefinition, PresentError> {
        input.check()?;
        // A template that could not ask is refused now, not when somebody stands at the door.
        let signer = self.signer(tenant, &input.terms).await?;
        self.client_id(&input.terms, &signer, self.engine.public_url())?;
        Ok(PresentationDefinition {
            tenant_id: tenant.clone(),
            definition_id: input.definition_id,
            name: input.name,
            purpose: input.purpose,
            public: input.public,
            terms: input.terms.to_json()?,
            stamps: Stamps::new(self.engine.now(), &actor.id),
        })
    }
}
