//! What came of requests: for the tenant, and for whoever only waits.

use model::{
    Actor, AuditAction, ListRequest, PresentationId, PresentationRequest, PresentationState, TenantId,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use verify::{Check, State};

use super::{PresentError, Verification};
use crate::EngineError;

/// One credential that was shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownCredential {
    /// Which of the query's credentials it is.
    pub id: String,
    /// Its format.
    pub format: String,
    /// Who issued it, by its own word.
    pub issuer: String,
    /// Its types.
    pub types: Vec<String>,
    /// What the checks say.
    pub state: State,
    /// The checks.
    pub checks: Vec<Check>,
    /// The claims that the query asked for, by their paths; none where only an answer was asked for.
    pub claims: Vec<(Value, Value)>,
}

/// What was shown.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Shown {
    /// Credential by credential.
    pub credentials: Vec<ShownCredential>,
}

/// How a request stands.
#[derive(Clone, Debug)]
pub struct PresentationStatus {
    /// The request.
    pub request: PresentationRequest,
    /// Its state now.
    pub state: PresentationState,
    /// What was shown, as long as it is kept.
    pub shown: Option<Shown>,
}

impl Verification {
    fn context(id: &PresentationId) -> String {
        format!("presentation/{id}")
    }

    pub(super) fn seal(&self, id: &PresentationId, shown: &Shown) -> Vec<u8> {
        let text = serde_json::to_vec(shown).expect("text alone");
        self.engine.seal(&Self::context(id), &text)
    }

    pub(super) fn shown(
        &self,
        request: &PresentationRequest,
        now: Timestamp,
    ) -> Result<Option<Shown>, EngineError> {
        let kept = request.result_until.is_some_and(|until| now < until);
        let Some(sealed) = request.result.as_deref().filter(|_| kept) else { return Ok(None) };
        let opened = self.engine.open(&Self::context(&request.id), sealed)?;
        let broken = |error| EngineError::inconsistent(format!("presentation {}: {error}", request.id));
        serde_json::from_slice(&opened).map(Some).map_err(broken)
    }

    fn status_of(&self, request: PresentationRequest) -> Result<PresentationStatus, PresentError> {
        let now = self.engine.now();
        let shown = self.shown(&request, now)?;
        Ok(PresentationStatus { state: request.state_at(now), request, shown })
    }

    /// How a tenant's request stands. For one that leads back to the tenant's own page, `response_code` is what that page was
    /// called with: so nobody is shown what a stranger's wallet has presented.
    pub async fn presentation(
        &self,
        tenant: &TenantId,
        definition_id: &str,
        id: &PresentationId,
        response_code: Option<&str>,
    ) -> Result<PresentationStatus, PresentError> {
        let request = self.engine.store().presentation_of(tenant, id).await?;
        let request = request.filter(|request| request.definition_id == definition_id);
        let mut status = self.status_of(request.ok_or(PresentError::UnknownRequest)?)?;
        if status.request.redirect_uri.is_some() {
            match response_code {
                Some(code) if code == self.secret_text("response-code", id) => {}
                Some(_) => {
                    return Err(PresentError::invalid("The responseCode is not the one of this request."));
                }
                None => status.shown = None,
            }
        }
        Ok(status)
    }

    /// How a request stands, for whoever knows its id: nothing personal.
    pub async fn presentation_state(
        &self,
        id: &PresentationId,
    ) -> Result<(PresentationRequest, PresentationState), PresentError> {
        let request = self.engine.store().presentation(id).await?.ok_or(PresentError::UnknownRequest)?;
        let state = request.state_at(self.engine.now());
        Ok((request, state))
    }

    /// A page of a tenant's requests, and how many there are. `request` is for [`store::PRESENTATIONS`].
    pub async fn list_presentations(
        &self,
        tenant: &TenantId,
        request: &ListRequest,
    ) -> Result<(Vec<PresentationStatus>, i64), PresentError> {
        let now = self.engine.now();
        let store = self.engine.store();
        if !request.filters.is_empty() {
            store.expire_presentations(tenant, now).await?;
        }
        let (requests, total) = store.list_presentations(tenant, request).await?;
        // A list says how requests stand; what was shown is read one by one.
        let statuses = requests.into_iter().map(|request| PresentationStatus {
            state: request.state_at(now),
            request,
            shown: None,
        });
        Ok((statuses.collect(), total))
    }

    /// Erases what was shown.
    pub async fn erase_presentation(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        definition_id: &str,
        id: &PresentationId,
    ) -> Result<(), PresentError> {
        self.presentation(tenant, definition_id, id, None).await?;
        let now = self.engine.now();
        let event = self.engine.event(actor, tenant, AuditAction::ErasePresentation, id.as_str(), now);
        match self.engine.store().erase_presentation(tenant, id, &event).await? {
            true => Ok(()),
            false => Err(PresentError::UnknownRequest),
        }
    }
}
