//! What the pages know. All that they ask of the engine, they ask here.

use std::collections::HashMap;

use issuance::{EngineError, ErrorKind, PresentError, PresentationPage, PublicDefinition};
use model::{Origin, PresentationId, PresentationState, ProgramId};
use serde_json::Value;
use verify::{Aspect, Outcome, Report};

use crate::app::State;

/// Why there is nothing to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// There is no such thing, or there no longer is.
    Unknown,
    /// Too often: in how many seconds to come back.
    TooOften(u64),
    /// Our fault.
    Ours,
}

impl From<PresentError> for Trouble {
    fn from(error: PresentError) -> Self {
        match error.kind() {
            ErrorKind::Limited { seconds } => return Self::TooOften(seconds),
            ErrorKind::NotFound | ErrorKind::Gone | ErrorKind::Invalid => return Self::Unknown,
            _ => {}
        }
        if let PresentError::Internal(error) = error {
            tracing::error!(%error, "a page of the verifier cannot be shown");
        } else {
            tracing::error!(%error, "a page of the verifier cannot be shown");
        }
        Self::Ours
    }
}

/// What there is to say of a document.
pub(super) async fn report(state: &State, document: &str) -> Report {
    state.verification.verify_document(document).await
}

/// The types of a report and of what is inside it, of documents whose issuers are certain.
pub(super) fn proven_types(report: &Report) -> Vec<&str> {
    let all = std::iter::once(report).chain(&report.credentials);
    all.filter(|each| is_proven(each)).flat_map(|each| each.types.iter().map(String::as_str)).collect()
}

/// The names of those of these types that are our own.
pub(super) async fn type_names(state: &State, types: &[&str]) -> HashMap<String, String> {
    let ours = format!("{}/credential-types/", state.engine.public_url());
    let mut names = HashMap::new();
    for name in types {
        let Some(id) = name.strip_prefix(&ours) else { continue };
        match state.engine.credential_type(&ProgramId::from(id)).await {
            Ok(found) => {
                let text = found.as_ref().and_then(|found| found["name"].as_str());
                names.extend(text.map(|text| ((*name).to_owned(), text.to_owned())));
            }
            Err(error) => tracing::warn!(%error, "the name of a credential type cannot be read"),
        }
    }
    names
}

/// Whether it is certain who has issued a document.
pub(super) fn is_proven(report: &Report) -> bool {
    let passed = |aspect| report.outcome(aspect) == Some(Outcome::Passed);
    passed(Aspect::Key) && passed(Aspect::Signature)
}

/// The templates by which anybody may ask; none if they cannot be read: the rest of the page works without.
pub(super) async fn templates(state: &State) -> Vec<PublicDefinition> {
    state.verification.public_definitions().await.unwrap_or_else(|error| {
        let _ = Trouble::from(error);
        Vec::new()
    })
}

/// Asks by a template; the id of the request.
pub(super) async fn ask(
    state: &State,
    env_id: &str,
    definition_id: &str,
    origin: Origin,
) -> Result<String, Trouble> {
    let asked = state.verification.ask_publicly(env_id, definition_id, origin).await?;
    Ok(asked.id.to_string())
}

/// A request, and what came of it.
pub(super) async fn presentation(state: &State, id: &str) -> Result<PresentationPage, Trouble> {
    Ok(state.verification.presentation_page(&PresentationId::from(id)).await?)
}

/// How far a request has come; `None` if there is no such request.
pub(super) async fn stage(state: &State, id: &str) -> Result<Option<PresentationState>, EngineError> {
    match state.verification.presentation_state(&PresentationId::from(id)).await {
        Ok((_, stage)) => Ok(Some(stage)),
        Err(PresentError::Internal(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// A path of the claims of what was shown: a JSON array (OpenID4VP 1.0, section 7).
pub(super) fn path_steps(path: &Value) -> Vec<String> {
    let steps = path.as_array().map(Vec::as_slice).unwrap_or_default();
    let step = |step: &Value| match step {
        Value::String(name) => Some(name.clone()),
        // People count from one.
        Value::Number(place) => {
            Some(place.as_u64().map_or(place.to_string(), |place| (place + 1).to_string()))
        }
        _ => None,
    };
    steps.iter().filter_map(step).collect()
}
