//! The deferred credential endpoint (OpenID4VCI 1.0, section 9).

use axum::extract::{Request, State as FromState};
use axum::response::Response;
use issuance::WalletError;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::{AnswerForm, CredentialResponse, write};
use super::auth::access;
use super::encrypted::{Opened, open};
use super::error::{Refusals, TokenRefusals, WalletRefusal};
use super::slug::Slug;
use crate::app::State;

/// What a wallet comes back for.
#[derive(ToSchema)]
#[schema(as = DeferredCredentialRequest)]
#[expect(dead_code, reason = "the document is made of it; members are read by hand")]
pub(super) struct DeferredBody {
    transaction_id: String,
}

/// Fetch a credential that is signed later
///
/// 202 until it is signed. Once it was fetched, the transaction is over.
#[utoipa::path(
    post,
    path = "/issuers/{slug}/deferred-credential",
    operation_id = "fetchDeferredCredential",
    tag = "Wallets",
    security(("accessToken" = [])),
    params(("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$")),
    request_body(content((DeferredBody = "application/json"), (String = "application/jwt"))),
    responses(
        (status = 200, description = "The credential.", body = CredentialResponse),
        (status = 202, description = "Not yet.", body = CredentialResponse),
        Refusals,
        TokenRefusals,
    )
)]
pub(super) async fn deferred_credential(
    FromState(state): FromState<State>,
    Slug(slug): Slug,
    request: Request,
) -> Result<Response, WalletRefusal> {
    let access = access(&state, &slug, "deferred-credential", request.headers()).await;
    let access = access.map_err(|error| WalletRefusal::from(error).at_resource())?;
    let Opened { members, encryption } = open(&state, &slug, request).await?;
    let id = members.get("transaction_id").and_then(Value::as_str);
    let id = id.ok_or_else(|| {
        WalletError::InvalidCredentialRequest("transaction_id is required, a string.".to_owned())
    })?;
    let answer = state.engine.deferred_credential(&access, id).await?;
    let form = AnswerForm { encryption, without_notification: true, ..AnswerForm::default() };
    Ok(write(&state, &access, answer, &form))
}
