//! What the verifier's pages show, and asking there.

use model::{Actor, ActorKind, Origin, PresentationId, PresentationState, Timestamp};

use super::ask::{Asked, NewRequest};
use super::results::ShownCredential;
use super::{PresentError, Verification};

/// How many public templates the page lists.
const LISTED: i64 = 100;

/// As whom the audit trail and the lists know somebody on the page.
const VISITOR: &str = "public";

/// A template by which anybody may ask.
#[derive(Clone, Debug)]
pub struct PublicDefinition {
    /// Whose: the environment.
    pub env_id: String,
    /// What its tenant calls it.
    pub definition_id: String,
    /// Shown to people.
    pub name: String,
    /// Why it is asked.
    pub purpose: Option<String>,
    /// The tenant's name, as people know it.
    pub organisation: String,
}

/// A request as its page shows it.
#[derive(Clone, Debug)]
pub struct PresentationPage {
    /// The tenant's name, as people know it.
    pub organisation: String,
    /// The environment.
    pub env_id: String,
    /// The template.
    pub definition_id: String,
    /// Whether anybody may ask by it.
    pub public: bool,
    /// Its name.
    pub name: String,
    /// Why it is asked.
    pub purpose: Option<String>,
    /// What a wallet opens; empty when there is nothing to answer any more.
    pub uri: String,
    /// How it stands.
    pub state: PresentationState,
    /// Until when it can be answered.
    pub expires_at: Timestamp,
    /// The answer, where a question was asked.
    pub verdict: Option<bool>,
    /// Why it failed: code and text.
    pub error: Option<(String, String)>,
    /// What was shown, to somebody who asked on the page; nothing of requests that a tenant's server made.
    pub shown: Vec<ShownCredential>,
}

impl Verification {
    /// The templates by which anybody may ask.
    pub async fn public_definitions(&self) -> Result<Vec<PublicDefinition>, PresentError> {
        let mut found = Vec::new();
        for definition in self.engine.store().public_definitions(LISTED).await? {
            let Some(tenant) = self.engine.tenant(definition.tenant_id.clone()).await? else { continue };
            let (organisation, _) = self.engine.organisation_of(&definition.tenant_id).await?;
            found.push(PublicDefinition {
                env_id: tenant.env_id.clone(),
                definition_id: definition.definition_id,
                name: definition.name,
                purpose: definition.purpose,
                organisation,
            });
        }
        Ok(found)
    }

    /// Asks by a public template, on behalf of somebody on the page.
    pub async fn ask_publicly(
        &self,
        env_id: &str,
        definition_id: &str,
        origin: Origin,
    ) -> Result<Asked, PresentError> {
        let tenant = self.engine.store().tenant_by_environment(env_id).await?;
        let tenant = tenant.ok_or(PresentError::UnknownDefinition)?;
        let definition = self.definition(&tenant.id, definition_id).await?;
        if !definition.public {
            return Err(PresentError::UnknownDefinition);
        }
        let actor = Actor { kind: ActorKind::Visitor, id: VISITOR.to_owned(), key: None, origin };
        self.ask_by(&actor, definition, NewRequest::default()).await
    }

    /// What the page of a request shows.
    pub async fn presentation_page(&self, id: &PresentationId) -> Result<PresentationPage, PresentError> {
        let (request, state) = self.presentation_state(id).await?;
        let (organisation, _) = self.engine.organisation_of(&request.tenant_id).await?;
        let tenant =
            self.engine.tenant(request.tenant_id.clone()).await?.ok_or(PresentError::UnknownRequest)?;
        let definition = self.engine.store().definition(&request.tenant_id, &request.definition_id).await?;
        let uri = match state {
            PresentationState::Created | PresentationState::Sent => {
                self.request_uri(&request, &self.prepare(&request).await?)?
            }
            _ => String::new(),
        };
        let by_visitor = request.created_by == VISITOR;
        let shown = if by_visitor { self.shown(&request, self.engine.now())? } else { None };
        Ok(PresentationPage {
            organisation,
            env_id: tenant.env_id.clone(),
            public: definition.is_some_and(|definition| definition.public),
            uri,
            state,
            shown: shown.unwrap_or_default().credentials,
            definition_id: request.definition_id,
            name: request.name,
            purpose: request.purpose,
            expires_at: request.expires_at,
            verdict: request.verdict,
            error: request.error,
        })
    }
}
