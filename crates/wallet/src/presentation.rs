//! Presenting to a verifier (OpenID4VP 1.0): the request object, and the answer.

use serde_json::{Map, Value, json};
use thiserror::Error;
use url::Url;
use url::form_urlencoded::Serializer;
use vc::sd_jwt::{KeyBindingClaims, PathStep, ProcessError, bind, present};

use crate::WalletKey;

/// Why a request cannot be answered.
#[derive(Debug, Error)]
pub enum PresentationError {
    /// The address is none that a verifier makes.
    #[error("it is no address of an authorization request by reference")]
    Address,
    /// The request object lacks something.
    #[error("the request object has no {0}")]
    Missing(&'static str),
    /// The request object is no JWT.
    #[error("the request object is no JWT")]
    NotJwt,
    /// The credential is no SD-JWT.
    #[error("the credential: {0}")]
    Credential(#[from] ProcessError),
}

/// Where the request object of an address is (section 5.7, `request_uri`).
pub fn request_uri(address: &str) -> Result<String, PresentationError> {
    let url = Url::parse(address).map_err(|_| PresentationError::Address)?;
    let found = url.query_pairs().find(|(name, _)| name == "request_uri");
    found.map(|(_, uri)| uri.into_owned()).ok_or(PresentationError::Address)
}

/// What a verifier asks (section 5). That it is signed by whom it says is not checked here.
#[derive(Clone, Debug)]
pub struct PresentationRequest {
    /// Who asks: the audience of the answer.
    pub client_id: String,
    /// Where the answer goes.
    pub response_uri: String,
    /// What the proof of possession must carry.
    pub nonce: String,
    /// What the answer must carry.
    pub state: String,
    /// The query.
    pub dcql_query: Value,
}

impl PresentationRequest {
    /// Reads a request object.
    pub fn read(jwt: &str) -> Result<Self, PresentationError> {
        let payload = jwt.trim().split('.').nth(1).ok_or(PresentationError::NotJwt)?;
        let payload = jose::b64url_decode(payload).map_err(|_| PresentationError::NotJwt)?;
        let claims: Map<String, Value> =
            serde_json::from_slice(&payload).map_err(|_| PresentationError::NotJwt)?;
        let text = |name: &'static str| {
            let member = claims.get(name).and_then(Value::as_str);
            member.map(str::to_owned).ok_or(PresentationError::Missing(name))
        };
        Ok(Self {
            client_id: text("client_id")?,
            response_uri: text("response_uri")?,
            nonce: text("nonce")?,
            state: text("state")?,
            dcql_query: claims.get("dcql_query").cloned().ok_or(PresentationError::Missing("dcql_query"))?,
        })
    }

    /// An SD-JWT VC that discloses these claims of the subject and no others, bound to this request, `at` this many seconds since
    /// 1970.
    pub fn present(
        &self,
        credential: &str,
        disclose: &[&str],
        key: &WalletKey,
        at: i64,
    ) -> Result<String, PresentationError> {
        let mut keep = |path: &[PathStep]| matches!(path.first(), Some(PathStep::Name(name)) if disclose.contains(&name.as_str()));
        let presented = present(credential, &mut keep)?;
        let claims = KeyBindingClaims {
            nonce: &self.nonce,
            audience: &self.client_id,
            iat: at,
            transaction_data_hashes: &[],
        };
        Ok(bind(&presented, &claims, key.signing_key()))
    }

    /// The form that answers the request with one presentation of the credential that the query calls `id` (section 8.1).
    pub fn answer(&self, id: &str, presentation: &str) -> String {
        let vp_token = json!({ id: [presentation] }).to_string();
        Serializer::new(String::new())
            .append_pair("vp_token", &vp_token)
            .append_pair("state", &self.state)
            .finish()
    }
}
