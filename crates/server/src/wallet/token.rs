//! The token endpoint (OpenID4VCI 1.0, section 6; RFC 6749, section 5).

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Request, State as FromState};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use issuance::{NONCE_SECONDS, TokenAnswer, TokenRequest, WalletError};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::BODY_LIMIT;
use super::auth::dpop;
use super::error::{Refusals, WalletRefusal};
use super::slug::Slug;
use crate::app::State;
use crate::body;

/// The only grant.
pub(super) const PRE_AUTHORIZED_CODE: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// What a wallet sends. Unknown parameters are ignored.
#[derive(ToSchema)]
#[schema(as = TokenRequest)]
#[expect(
    dead_code,
    reason = "the document is made of it; the form is read by hand, which refuses repetitions"
)]
pub(super) struct TokenForm {
    #[schema(example = "urn:ietf:params:oauth:grant-type:pre-authorized_code")]
    grant_type: String,
    /// The code of the offer.
    #[schema(rename = "pre-authorized_code")]
    pre_authorized_code: String,
    /// What the person typed, if the offer asks for it; `user_pin` in draft 11.
    tx_code: Option<String>,
    /// What the wallet calls itself.
    client_id: Option<String>,
    /// `[{"type": "openid_credential", ...}]`, if the wallet wants to be told `credential_identifiers`.
    authorization_details: Option<String>,
}

/// An access token.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenResponse)]
struct TokenResponse {
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    expires_in: i64,
    /// What was asked for, with the identifiers to ask the credential endpoint by.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<Vec<Value>>,
    /// A nonce, for offers of draft 11 and 13.
    #[serde(skip_serializing_if = "Option::is_none")]
    c_nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_nonce_expires_in: Option<i64>,
}

impl TokenResponse {
    fn new(answer: TokenAnswer) -> Self {
        let detail = |id: String| {
            json!({
                "type": "openid_credential",
                "credential_configuration_id": id,
                "credential_identifiers": [id],
            })
        };
        Self {
            access_token: answer.access_token,
            token_type: answer.scheme.as_str(),
            expires_in: answer.expires_in,
            authorization_details: answer.identifiers.map(|ids| ids.into_iter().map(detail).collect()),
            c_nonce_expires_in: answer.nonce.is_some().then_some(NONCE_SECONDS),
            c_nonce: answer.nonce,
        }
    }
}

/// The parameters, none of them twice (RFC 6749, section 3.2).
fn parameters(form: Vec<(String, String)>) -> Result<HashMap<String, String>, WalletError> {
    let mut parameters = HashMap::with_capacity(form.len());
    for (name, value) in form {
        if parameters.insert(name, value).is_some() {
            return Err(WalletError::InvalidRequest("A parameter is there twice.".into()));
        }
    }
    Ok(parameters)
}

/// The configurations that `authorization_details` name (RFC 9396; OpenID4VCI 1.0, section 5.1.1).
fn details(text: &str) -> Result<Vec<String>, WalletError> {
    let refused = |what: &str| WalletError::InvalidDetails(format!("authorization_details: {what}."));
    let Ok(Value::Array(details)) = jose::strict_json(text.as_bytes()) else {
        return Err(refused("it is no JSON array"));
    };
    if details.is_empty() || details.len() > 100 {
        return Err(refused("it has 1 to 100 entries"));
    }
    let read = |detail: &Value| {
        if detail.get("type").is_none_or(|kind| kind != "openid_credential") {
            return Err(refused("an entry's type is not openid_credential"));
        }
        let id = detail.get("credential_configuration_id").and_then(Value::as_str);
        id.map(str::to_owned).ok_or_else(|| refused("an entry has no credential_configuration_id"))
    };
    details.iter().map(read).collect()
}

fn read(form: Vec<(String, String)>) -> Result<TokenRequest, WalletError> {
    let mut parameters = parameters(form)?;
    match parameters.get("grant_type").map(String::as_str) {
        Some(PRE_AUTHORIZED_CODE) => {}
        Some(_) => return Err(WalletError::UnsupportedGrantType),
        None => return Err(WalletError::InvalidRequest("grant_type is required.".into())),
    }
    let client_id = parameters.remove("client_id").filter(|id| !id.is_empty());
    if client_id.as_ref().is_some_and(|id| id.len() > 1024 || id.contains('\0')) {
        return Err(WalletError::InvalidRequest("client_id is longer than 1024 bytes.".into()));
    }
    let details = parameters.remove("authorization_details").map(|text| details(&text)).transpose()?;
    Ok(TokenRequest {
        code: parameters.remove("pre-authorized_code"),
        tx_code: parameters
            .remove("tx_code")
            .or_else(|| parameters.remove("user_pin"))
            .filter(|code| !code.is_empty()),
        client_id,
        details,
    })
}

/// Exchange a pre-authorised code for an access token
///
/// The code is good once. Where the offer asks for a transaction code, three wrong ones end it. With a DPoP proof (RFC 9449) the
/// token is bound to its key.
#[utoipa::path(
    post,
    path = "/issuers/{slug}/token",
    operation_id = "createToken",
    tag = "Wallets",
    params(
        ("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$"),
        ("DPoP" = Option<String>, Header, description = "A DPoP proof."),
    ),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token.", body = TokenResponse), Refusals)
)]
pub(super) async fn token(
    FromState(state): FromState<State>,
    Slug(slug): Slug,
    request: Request,
) -> Result<Response, WalletRefusal> {
    let headers = request.headers().clone();
    let asked = read(body::form(request, BODY_LIMIT).await?)?;
    let answer = state.engine.exchange_code(&slug, &asked, dpop(&headers)?).await?;
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    Ok((headers, Json(TokenResponse::new(answer))).into_response())
}
