//! The credential endpoint (OpenID4VCI 1.0, section 8).

use axum::extract::{Request, State as FromState};
use axum::response::Response;
use issuance::{AccessToken, WalletError};
use utoipa::ToSchema;

use super::answer::{AnswerForm, CredentialResponse, write};
use super::auth::access;
use super::credential_request::{asked_format, read};
use super::encrypted::{Opened, open};
use super::error::{Refusals, TokenRefusals, WalletRefusal};
use super::slug::Slug;
use crate::app::State;
use crate::observe::RequestOrigin;

/// What a wallet asks for. Either `credential_configuration_id` or `credential_identifier`; in drafts 11 to 14, `format` with
/// `types`, `credential_definition` or `vct`. Either `proofs` or, before 1.0, `proof`. Unknown members are ignored.
#[derive(ToSchema)]
#[schema(as = CredentialRequest)]
#[expect(dead_code, reason = "the document is made of it; the editions' forms differ")]
pub(super) struct CredentialBody {
    credential_configuration_id: Option<String>,
    credential_identifier: Option<String>,
    format: Option<String>,
    types: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    credential_definition: Option<()>,
    vct: Option<String>,
    /// `{"jwt": [...]}`: one for each key, at most ten.
    #[schema(value_type = Option<Object>)]
    proofs: Option<()>,
    /// `{"proof_type": "jwt", "jwt": ...}`
    #[schema(value_type = Option<Object>)]
    proof: Option<()>,
    /// `{"jwk", "enc"}`: the answer is encrypted; the request must be, too.
    #[schema(value_type = Option<Object>)]
    credential_response_encryption: Option<()>,
}

/// A refusal in the words of the wallet's edition.
pub(super) fn refused(
    state: &State,
    access: &AccessToken,
    by_format: bool,
    error: WalletError,
) -> WalletRefusal {
    let refusal = WalletRefusal::from(error).at_resource();
    if by_format || access.draft().nonce_in_answers() {
        refusal.with_nonce(state.engine.nonce(access.issuer_url()))
    } else {
        refusal
    }
}

/// Fetch the credential that was offered
///
/// Each proof is of a key of its own, and each key gets a document bound to it. The same keys get the same documents as long as
/// the token lives, so an answer that was lost can be asked for again.
#[utoipa::path(
    post,
    path = "/issuers/{slug}/credential",
    operation_id = "fetchCredential",
    tag = "Wallets",
    security(("accessToken" = [])),
    params(("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$")),
    request_body(content((CredentialBody = "application/json"), (String = "application/jwt"))),
    responses(
        (status = 200, description = "The credential.", body = CredentialResponse),
        (status = 202, description = "It is signed later: ask the deferred credential endpoint.", body = CredentialResponse),
        Refusals,
        TokenRefusals,
    )
)]
pub(super) async fn credential(
    FromState(state): FromState<State>,
    RequestOrigin(origin): RequestOrigin,
    Slug(slug): Slug,
    request: Request,
) -> Result<Response, WalletRefusal> {
    let access = access(&state, &slug, "credential", request.headers()).await;
    let access = access.map_err(|error| WalletRefusal::from(error).at_resource())?;
    let Opened { members, encryption } = open(&state, &slug, request).await?;
    let by_format = asked_format(&members);
    let answer = match read(&members) {
        Ok(asked) => state.engine.credential_for_wallet(&access, &asked, &origin).await,
        Err(error) => state.engine.note_refusal(&access, &error).await.and(Err(error)),
    };
    let answer = answer.map_err(|error| refused(&state, &access, by_format.is_some(), error))?;
    Ok(write(&state, &access, answer, &AnswerForm { encryption, by_format, ..AnswerForm::default() }))
}
