//! The authorization request (section 5): what a wallet is asked, who asks, and where the answer goes.

use std::fmt;

use jose::jwe::{ContentEncryption, DecryptionKey};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use crate::dcql::{DcqlQuery, Format};
use crate::response::{Parameters, ResponseError};

/// The `typ` of a signed request object (section 5; RFC 9101, section 10.8).
pub const REQUEST_OBJECT_TYP: &str = "oauth-authz-req+jwt";

/// The media type under which a request object is served (section 5.10.1).
pub const REQUEST_OBJECT_MEDIA_TYPE: &str = "application/oauth-authz-req+jwt";

/// The `aud` of a request to a wallet that one doesn't know beforehand (section 5.8).
pub const AUDIENCE: &str = "https://self-issued.me/v2";

/// The response type (section 5.6).
pub const RESPONSE_TYPE: &str = "vp_token";

/// How any wallet on the device is called (section 13.1.2).
pub const INVOCATION: &str = "openid4vp://";

/// How long a wallet's nonce may be, in bytes.
pub const MAX_WALLET_NONCE_LEN: usize = 1024;

/// All but the unreserved characters of RFC 3986: a space is `%20`, which every decoder reads alike.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How a wallet finds out who asks (section 5.9.3).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum ClientIdPrefix {
    /// `redirect_uri`: the address of the answer alone, not signed.
    #[serde(rename = "redirect_uri")]
    RedirectUri,
    /// `decentralized_identifier`: a DID whose document has the key.
    #[default]
    #[serde(rename = "decentralized_identifier")]
    DecentralizedIdentifier,
    /// `x509_san_dns`: a DNS name of the certificate whose key signs.
    #[serde(rename = "x509_san_dns")]
    X509SanDns,
    /// `x509_hash`: the hash of the certificate whose key signs.
    #[serde(rename = "x509_hash")]
    X509Hash,
}

/// Who asks. Displayed, it is the full `client_id`, which is also the audience of what the wallet signs (section 5.9.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClientId {
    /// The response URI.
    RedirectUri(String),
    /// A DID.
    DecentralizedIdentifier(String),
    /// A DNS name.
    X509SanDns(String),
    /// The SHA-256 of the leaf certificate in DER.
    X509Hash([u8; 32]),
}

/// How the answer comes (sections 8.2 and 8.3.1).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum ResponseMode {
    /// `direct_post`: a form.
    #[default]
    #[serde(rename = "direct_post")]
    DirectPost,
    /// `direct_post.jwt`: a form with an encrypted message.
    #[serde(rename = "direct_post.jwt")]
    DirectPostJwt,
}

/// How a wallet should fetch the request object (section 5.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RequestUriMethod {
    /// `get`.
    Get,
    /// `post`, with a nonce of its own and what it can do. Wallets that don't know this use `get` all the same.
    Post,
}

/// The signature algorithms that the verifier reads, by their registered names.
#[derive(Clone, Copy, Debug)]
pub struct Algorithms<'a> {
    /// Of issuers.
    pub credentials: &'a [&'a str],
    /// Of holders: Key Binding JWTs, and presentations as a JWT.
    pub holders: &'a [&'a str],
}

/// An authorization request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub client_id: &'a ClientId,
    /// Where the answer goes.
    pub response_uri: &'a str,
    /// How it comes.
    pub response_mode: ResponseMode,
    /// Random, fresh for each request: what the wallet signs. `A-Za-z0-9-._~`.
    pub nonce: &'a str,
    /// Random, fresh for each request, at least 128 bits: what the answer carries. `A-Za-z0-9-._~`.
    pub state: &'a str,
    /// What is asked for.
    pub dcql_query: &'a DcqlQuery,
    /// What the verifier can read: [`client_metadata`].
    pub client_metadata: &'a Value,
    /// What the person is to approve, encoded; none: nothing. See [`TransactionData`](crate::transaction_data).
    pub transaction_data: &'a [String],
    /// The nonce that the wallet sent when it fetched this request object.
    pub wallet_nonce: Option<&'a str>,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
}

/// Why a request cannot be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// Requests of this kind cannot be signed (section 5.9.3).
    #[error("a request with the prefix `redirect_uri` cannot be signed; send it by value")]
    Unsigned,
    /// Requests of the other kinds have to be signed.
    #[error("only a request with the prefix `redirect_uri` can be sent by value")]
    Signed,
    /// `nonce` or `state` is empty or has other characters.
    #[error("`{0}` has to be one or more of the characters A-Z, a-z, 0-9, `-`, `.`, `_` and `~`")]
    Unsafe(&'static str),
    /// The response URI is not one.
    #[error("the response URI has to be an absolute https URL (http in development) without a fragment")]
    ResponseUri,
    /// The client id names another place than the response URI.
    #[error(
        "the client id has to name the response URI: the same URI for `redirect_uri`, its host for `x509_san_dns`"
    )]
    ClientId,
    /// An encrypted answer is wanted, and there is no key for it.
    #[error("the response mode `direct_post.jwt` needs an encryption key in the client metadata")]
    NoEncryptionKey,
}

/// What comes with the `POST` by which a wallet fetches a request object (section 5.10). Other fields are ignored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WalletPost {
    /// Goes into the request object.
    pub wallet_nonce: Option<String>,
    /// What the wallet can do.
    pub wallet_metadata: Option<Map<String, Value>>,
}

impl ClientIdPrefix {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RedirectUri => "redirect_uri",
            Self::DecentralizedIdentifier => "decentralized_identifier",
            Self::X509SanDns => "x509_san_dns",
            Self::X509Hash => "x509_hash",
        }
    }

    /// Whether its requests are signed, and sent by reference; the others are sent by value.
    #[must_use]
    pub fn signs(self) -> bool {
        self != Self::RedirectUri
    }
}

impl ClientId {
    /// Its prefix.
    #[must_use]
    pub const fn prefix(&self) -> ClientIdPrefix {
        match self {
            Self::RedirectUri(_) => ClientIdPrefix::RedirectUri,
            Self::DecentralizedIdentifier(_) => ClientIdPrefix::DecentralizedIdentifier,
            Self::X509SanDns(_) => ClientIdPrefix::X509SanDns,
            Self::X509Hash(_) => ClientIdPrefix::X509Hash,
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.prefix().as_str())?;
        match self {
            Self::RedirectUri(text) | Self::DecentralizedIdentifier(text) | Self::X509SanDns(text) => {
                f.write_str(text)
            }
            Self::X509Hash(hash) => f.write_str(&jose::b64url_encode(hash)),
        }
    }
}

impl ResponseMode {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DirectPost => "direct_post",
            Self::DirectPostJwt => "direct_post.jwt",
        }
    }
}

impl RequestUriMethod {
    /// Its name: the case matters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
        }
    }
}

/// The verifier's metadata (section 5.1): for each format that the query asks for the algorithms (appendix B), and, for an
/// encrypted answer, the public half of the key and how the content may be encrypted.
#[must_use]
pub fn client_metadata(
    query: &DcqlQuery,
    algorithms: &Algorithms<'_>,
    encryption: Option<&DecryptionKey>,
) -> Value {
    let mut formats = Map::new();
    for format in query.formats() {
        let supported = match format {
            Format::DcSdJwt => {
                json!({ "sd-jwt_alg_values": algorithms.credentials, "kb-jwt_alg_values": algorithms.holders })
            }
            Format::JwtVcJson => json!({ "alg_values": both(algorithms) }),
        };
        formats.insert(format.as_str().to_owned(), supported);
    }
    let mut metadata = json!({ "vp_formats_supported": formats });
    if let Some(key) = encryption {
        metadata["jwks"] = json!({ "keys": [key.public_jwk()] });
        metadata["encrypted_response_enc_values_supported"] =
            ContentEncryption::ALL.iter().map(|enc| enc.as_str()).collect();
    }
    metadata
}

/// The algorithms of either, each once: one list is for credentials and for presentations.
fn both<'a>(algorithms: &Algorithms<'a>) -> Vec<&'a str> {
    let is_new = |name: &&&str| !algorithms.credentials.contains(*name);
    algorithms.credentials.iter().chain(algorithms.holders.iter().filter(is_new)).copied().collect()
}

impl Request<'_> {
    /// The claims of the request object, to be signed with the `typ` [`REQUEST_OBJECT_TYP`] and, in its header, the `kid` of
    /// the DID document or the `x5c` of the certificate. There is no `iss`: wallets have to ignore it (section 5).
    ///
    /// # Errors
    ///
    /// [`RequestError`] if such a request is not signed, or a rule about its members is broken.
    pub fn payload(&self) -> Result<Value, RequestError> {
        if !self.client_id.prefix().signs() {
            return Err(RequestError::Unsigned);
        }
        self.check()?;
        let mut payload = Map::new();
        for (name, value) in self.members() {
            payload.insert(name.to_owned(), value);
        }
        payload.insert("aud".to_owned(), AUDIENCE.into());
        payload.insert("iat".to_owned(), self.iat.into());
        payload.insert("exp".to_owned(), self.exp.into());
        if let Some(nonce) = self.wallet_nonce {
            payload.insert("wallet_nonce".to_owned(), nonce.into());
        }
        Ok(payload.into())
    }

    /// The whole request in a URI, unsigned. Objects are written as JSON (section 5.1). `invocation` is [`INVOCATION`] or the
    /// address of one wallet.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if such a request has to be signed, or a rule about its members is broken.
    pub fn by_value(&self, invocation: &str) -> Result<String, RequestError> {
        if self.client_id.prefix().signs() {
            return Err(RequestError::Signed);
        }
        self.check()?;
        let write = |(name, value): (&'static str, Value)| match value {
            Value::String(text) => (name, text),
            value => (name, value.to_string()),
        };
        Ok(with_query(invocation, &self.members().into_iter().map(write).collect::<Vec<_>>()))
    }

    /// What both ways of sending have.
    fn members(&self) -> Vec<(&'static str, Value)> {
        let mut members = vec![
            ("response_type", RESPONSE_TYPE.into()),
            ("client_id", self.client_id.to_string().into()),
            ("response_mode", self.response_mode.as_str().into()),
            ("response_uri", self.response_uri.into()),
            ("nonce", self.nonce.into()),
            ("state", self.state.into()),
            ("dcql_query", self.dcql_query.to_json()),
            ("client_metadata", self.client_metadata.clone()),
        ];
        if !self.transaction_data.is_empty() {
            members.push(("transaction_data", json!(self.transaction_data)));
        }
        members
    }

    fn check(&self) -> Result<(), RequestError> {
        for (name, value) in [("nonce", self.nonce), ("state", self.state)] {
            let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            if value.is_empty() || !value.bytes().all(is_safe) {
                return Err(RequestError::Unsafe(name));
            }
        }
        let uri = Url::parse(self.response_uri).map_err(|_| RequestError::ResponseUri)?;
        if !matches!(uri.scheme(), "https" | "http") || uri.fragment().is_some() {
            return Err(RequestError::ResponseUri);
        }
        let is_named = match self.client_id {
            ClientId::RedirectUri(named) => named == self.response_uri,
            ClientId::X509SanDns(name) => uri.host_str().is_some_and(|host| host.eq_ignore_ascii_case(name)),
            ClientId::DecentralizedIdentifier(_) | ClientId::X509Hash(_) => true,
        };
        if !is_named {
            return Err(RequestError::ClientId);
        }
        let has_key = self.client_metadata["jwks"]["keys"][0].is_object();
        match self.response_mode {
            ResponseMode::DirectPostJwt if !has_key => Err(RequestError::NoEncryptionKey),
            _ => Ok(()),
        }
    }
}

/// A URI that says where the request object is. `invocation` is [`INVOCATION`] or the address of one wallet.
#[must_use]
pub fn by_reference(
    invocation: &str,
    client_id: &ClientId,
    request_uri: &str,
    method: RequestUriMethod,
) -> String {
    let parameters = [
        ("client_id", client_id.to_string()),
        ("request_uri", request_uri.to_owned()),
        ("request_uri_method", method.as_str().to_owned()),
    ];
    with_query(invocation, &parameters)
}

fn with_query(invocation: &str, parameters: &[(&str, String)]) -> String {
    let mut uri = invocation.to_owned();
    for (name, value) in parameters {
        let has_query = uri.contains('?');
        // An address may end in `?`, or in `&`, for the query to be put behind it.
        if !uri.ends_with(['?', '&']) {
            uri.push(if has_query { '&' } else { '?' });
        }
        uri.push_str(name);
        uri.push('=');
        uri.extend(utf8_percent_encode(value, ENCODED));
    }
    uri
}

/// Reads what a wallet posts to fetch a request object: a form of at most `limit` bytes, which may be empty.
///
/// # Errors
///
/// [`ResponseError`] if it is not a form, or one of the two fields is too long or not JSON.
pub fn wallet_post(body: &str, limit: usize) -> Result<WalletPost, ResponseError> {
    let mut parameters = Parameters::parse(body, limit)?;
    let wallet_nonce = parameters.take_short("wallet_nonce", MAX_WALLET_NONCE_LEN)?;
    let wallet_metadata = parameters.take("wallet_metadata");
    let wallet_metadata =
        wallet_metadata.map(|text| crate::response::object("wallet_metadata", &text)).transpose()?;
    Ok(WalletPost { wallet_nonce, wallet_metadata })
}
