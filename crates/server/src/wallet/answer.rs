//! Answers with credentials, as each edition reads them (OpenID4VCI 1.0, sections 8.3 and 9.2).

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use issuance::{AccessToken, AnswerEncryption, Delivered, NONCE_SECONDS, WalletAnswer};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::app::State;

/// One credential.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedCredential)]
struct Issued {
    /// The signed document.
    credential: String,
}

/// What a wallet gets.
#[derive(Serialize, ToSchema)]
#[schema(as = CredentialResponse)]
pub(super) struct CredentialResponse {
    /// One for each key (1.0 and draft 15).
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<Vec<Issued>>,
    /// The credential (drafts 11 to 14).
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    /// Its format (draft 11).
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    /// To be used at the notification endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    notification_id: Option<String>,
    /// To be used at the deferred credential endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    /// In how many seconds to ask there.
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<u64>,
    /// A nonce for the next proof (drafts 11 to 14).
    #[serde(skip_serializing_if = "Option::is_none")]
    c_nonce: Option<String>,
    /// For how many seconds it is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    c_nonce_expires_in: Option<i64>,
}

/// How an answer is written.
#[derive(Default)]
pub(super) struct AnswerForm {
    pub(super) encryption: Option<AnswerEncryption>,
    /// The format identifier by which the credential was asked for, in the editions that ask so.
    pub(super) by_format: Option<String>,
    /// Whether the answer has no `notification_id`. It may have one in either case, but npm `@openid4vc/openid4vci` 0.4.6, and the
    /// wallets made of it, refuse deferred answers that have one: the person would have lost the credential.
    pub(super) without_notification: bool,
}

fn delivered(state: &State, access: &AccessToken, delivered: Delivered, form: &AnswerForm) -> Value {
    let old = form.by_format.is_some() || access.draft().nonce_in_answers();
    let mut answer = json!({});
    if !form.without_notification {
        answer["notification_id"] = delivered.notification_id.into();
    }
    match delivered.documents.as_slice() {
        [one] if old => answer["credential"] = one.as_str().into(),
        documents => {
            let issued = documents.iter().map(|document| json!({ "credential": document }));
            answer["credentials"] = issued.collect();
        }
    }
    if let Some(format) = &form.by_format {
        answer["format"] = format.as_str().into();
    }
    if old {
        answer["c_nonce"] = state.engine.nonce(access.issuer_url()).into();
        answer["c_nonce_expires_in"] = NONCE_SECONDS.into();
    }
    answer
}

/// Writes an answer, encrypted if the request asked for that.
pub(super) fn write(
    state: &State,
    access: &AccessToken,
    answer: WalletAnswer,
    form: &AnswerForm,
) -> Response {
    let (status, body) = match answer {
        WalletAnswer::Delivered(documents) => (StatusCode::OK, delivered(state, access, documents, form)),
        WalletAnswer::Deferred(deferred) => {
            let body = json!({ "transaction_id": deferred.transaction_id, "interval": deferred.interval });
            (StatusCode::ACCEPTED, body)
        }
    };
    let no_store = (header::CACHE_CONTROL, "no-store");
    match &form.encryption {
        None => (status, [no_store], Json(body)).into_response(),
        Some(encryption) => {
            let jwe = state.engine.encrypt_answer(encryption, body.to_string().as_bytes());
            (status, [no_store, (header::CONTENT_TYPE, "application/jwt")], jwe).into_response()
        }
    }
}
