//! The notification endpoint (OpenID4VCI 1.0, section 11).

use axum::extract::{Request, State as FromState};
use axum::http::StatusCode;
use issuance::{NotificationEvent, WalletError};
use serde_json::Value;
use utoipa::ToSchema;

use super::BODY_LIMIT;
use super::auth::access;
use super::error::{Refusals, TokenRefusals, WalletRefusal};
use super::slug::Slug;
use crate::app::State;
use crate::body;

/// The longest description that is kept, in characters.
const DESCRIPTION: usize = 500;

/// What became of a credential in its wallet. Unknown members are ignored.
#[derive(ToSchema)]
#[schema(as = NotificationRequest)]
#[expect(dead_code, reason = "the document is made of it; members are read by hand")]
pub(super) struct NotificationBody {
    notification_id: String,
    /// `credential_accepted`, `credential_failure` or `credential_deleted`.
    #[schema(example = "credential_accepted")]
    event: String,
    event_description: Option<String>,
}

/// Say what became of a credential
///
/// May be said again: it changes nothing.
#[utoipa::path(
    post,
    path = "/issuers/{slug}/notification",
    operation_id = "notifyIssuer",
    tag = "Wallets",
    security(("accessToken" = [])),
    params(("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$")),
    request_body = NotificationBody,
    responses((status = 204, description = "Noted."), Refusals, TokenRefusals)
)]
pub(super) async fn notification(
    FromState(state): FromState<State>,
    Slug(slug): Slug,
    request: Request,
) -> Result<StatusCode, WalletRefusal> {
    let access = access(&state, &slug, "notification", request.headers()).await;
    let access = access.map_err(|error| WalletRefusal::from(error).at_resource())?;
    let invalid = |what: &str| WalletError::InvalidNotification(what.to_owned());
    let (members, _) =
        body::json_object(request, BODY_LIMIT).await.map_err(|error| invalid(&error.to_string()))?;
    let id = members.get("notification_id").and_then(Value::as_str);
    let id = id.ok_or_else(|| invalid("notification_id is required, a string."))?;
    let event = members.get("event").and_then(Value::as_str).and_then(NotificationEvent::parse);
    let event = event.ok_or_else(|| {
        invalid("event is one of credential_accepted, credential_failure, credential_deleted.")
    })?;
    let description = members.get("event_description").and_then(Value::as_str);
    let description: Option<String> =
        description.map(|text| text.chars().filter(|c| !c.is_control()).take(DESCRIPTION).collect());
    state.engine.notify_issuer(&access, id, event, description.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}
