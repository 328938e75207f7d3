//! The error envelope of OAuth: `{"error", "error_description"}` (RFC 6749, section 5.2; OpenID4VCI 1.0, section 8.3.1).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use issuance::{NONCE_SECONDS, Scheme, WalletError};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::body::BodyError;

/// An error, as wallets read it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WalletError)]
pub(crate) struct ErrorBody {
    /// The specification's code.
    #[schema(example = "invalid_proof")]
    error: &'static str,
    /// What is wrong, for whoever writes the wallet.
    error_description: String,
    /// A nonce for another try, in the editions that expect one here.
    #[serde(skip_serializing_if = "Option::is_none")]
    c_nonce: Option<String>,
    /// For how many seconds it is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    c_nonce_expires_in: Option<i64>,
}

/// A refusal on its way to the wallet.
#[derive(Debug)]
pub(super) struct WalletRefusal {
    status: StatusCode,
    body: ErrorBody,
    /// The challenge (RFC 6750, section 3; RFC 9449, section 7.1).
    challenge: Option<Scheme>,
    /// Whether the challenge says what was wrong: not to who sent no token.
    explained: bool,
}

/// What any endpoint may answer instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the document is made of it, not answers")]
pub(super) enum Refusals {
    /// The request is refused; `error` says why.
    #[response(status = 400)]
    Invalid(ErrorBody),
    /// No such issuer.
    #[response(status = 404)]
    NoIssuer(ErrorBody),
    /// The body is larger than what is read.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is of another media type.
    #[response(status = 415)]
    OtherType(ErrorBody),
}

/// What an endpoint with an access token may answer beside that.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the document is made of it, not answers")]
pub(super) enum TokenRefusals {
    /// The access token is missing, unknown or over, or its DPoP proof is none.
    #[response(status = 401)]
    NoToken(ErrorBody),
}

/// A text with the characters that `error_description` may have (RFC 6749, section 5.2).
pub(crate) fn description(text: &str) -> String {
    let allowed = |c: char| match c {
        '"' => '\'',
        '\\' => '/',
        ' '..='~' => c,
        _ => '?',
    };
    text.chars().map(allowed).collect()
}

impl WalletRefusal {
    fn new(status: StatusCode, error: &'static str, text: &str) -> Self {
        let body = ErrorBody {
            error,
            error_description: description(text),
            c_nonce: None,
            c_nonce_expires_in: None,
        };
        Self { status, body, challenge: None, explained: true }
    }

    pub(super) fn no_method() -> Self {
        let text = "Method not allowed here. The Allow header says which are.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", text)
    }

    /// The same at an endpoint that takes a token, where a bad DPoP proof is answered with a challenge.
    #[must_use]
    pub(super) fn at_resource(mut self) -> Self {
        if self.body.error == "invalid_dpop_proof" {
            self.status = StatusCode::UNAUTHORIZED;
            self.challenge = Some(Scheme::Dpop);
        }
        self
    }

    /// The same for a wallet of an edition that takes nonces from answers, and knows one code for proofs and nonces.
    #[must_use]
    pub(super) fn with_nonce(mut self, nonce: String) -> Self {
        if matches!(self.body.error, "invalid_proof" | "invalid_nonce") {
            self.body.error = "invalid_proof";
            self.body.c_nonce = Some(nonce);
            self.body.c_nonce_expires_in = Some(NONCE_SECONDS);
        }
        self
    }
}

impl From<WalletError> for WalletRefusal {
    fn from(error: WalletError) -> Self {
        let status = match &error {
            WalletError::Internal(cause) => {
                tracing::error!(%cause, "a request failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            WalletError::UnknownIssuer => StatusCode::NOT_FOUND,
            WalletError::MissingToken | WalletError::ProofRequired | WalletError::InvalidToken(_) => {
                StatusCode::UNAUTHORIZED
            }
            _ => StatusCode::BAD_REQUEST,
        };
        let scheme = if matches!(error, WalletError::ProofRequired) { Scheme::Dpop } else { Scheme::Bearer };
        let challenge = (status == StatusCode::UNAUTHORIZED).then_some(scheme);
        let explained = !matches!(error, WalletError::MissingToken);
        Self { challenge, explained, ..Self::new(status, error.code(), &error.to_string()) }
    }
}

impl From<BodyError> for WalletRefusal {
    fn from(error: BodyError) -> Self {
        Self::new(error.status(), "invalid_request", &error.to_string())
    }
}

impl IntoResponse for WalletRefusal {
    fn into_response(self) -> Response {
        let challenge = self.challenge.map(|scheme| {
            let algorithms = match scheme {
                Scheme::Bearer => "",
                Scheme::Dpop => ", algs=\"ES256 ES256K EdDSA\"",
            };
            let ErrorBody { error, error_description, .. } = &self.body;
            let scheme = scheme.as_str();
            if !self.explained {
                return scheme.to_owned();
            }
            format!("{scheme} error=\"{error}\", error_description=\"{error_description}\"{algorithms}")
        });
        let mut response = (self.status, Json(self.body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
