//! Requests that may be encrypted, and what they say of the answer (OpenID4VCI 1.0, sections 8.2 and 10).

use axum::extract::Request;
use issuance::{AnswerEncryption, WalletError};
use serde_json::{Map, Value};

use super::BODY_LIMIT;
use super::error::WalletRefusal;
use crate::app::State;
use crate::body::{self, BodyError};

/// A request, and how its answer is to be encrypted.
pub(super) struct Opened {
    pub(super) members: Map<String, Value>,
    pub(super) encryption: Option<AnswerEncryption>,
}

fn invalid(what: &str) -> WalletRefusal {
    WalletError::InvalidCredentialRequest(what.to_owned()).into()
}

fn is_jwt(request: &Request) -> bool {
    body::media_type(request.headers()) == "application/jwt"
}

/// Reads a request: JSON, or JSON in a JWE.
pub(super) async fn open(state: &State, slug: &str, request: Request) -> Result<Opened, WalletRefusal> {
    let encrypted = is_jwt(&request);
    let members = if encrypted {
        let jwe = body::text(request, BODY_LIMIT).await?;
        let plaintext = state.engine.decrypt_request(slug, jwe.trim()).await?;
        match jose::strict_json(&plaintext) {
            Ok(Value::Object(members)) => members,
            _ => return Err(invalid("The decrypted request is no JSON object.")),
        }
    } else {
        let read = body::json_object(request, BODY_LIMIT).await.map_err(|error| match error {
            BodyError::TooLarge(_) | BodyError::NotJson => error.into(),
            other => invalid(&other.to_string()),
        });
        read?.0
    };
    let encryption = match members.get("credential_response_encryption") {
        None | Some(Value::Null) => None,
        // In the clear, somebody on the way could put a key of their own there.
        Some(_) if !encrypted => {
            let what = "credential_response_encryption takes an encrypted request.";
            return Err(WalletError::InvalidEncryption(what.into()).into());
        }
        Some(member) => Some(AnswerEncryption::read(member)?),
    };
    Ok(Opened { members, encryption })
}
