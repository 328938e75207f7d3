//! A credential that a stranger was given, checked with what its issuer publishes.

use anyhow::Context as _;
use anyhow::ensure;
use jose::{JwkSet, PublicKey};
use serde_json::{Map, Value};
use url::Url;
use vc::sd_jwt::SdJwt;
use vc::status::StatusListToken;

use super::client::{Client, parse};

/// A status list is no larger, in bits.
const LIST_LIMIT: u32 = vc::status::MAX_SIZE;

/// A credential whose signature holds.
pub(super) struct Checked {
    pub(super) sd_jwt: String,
    pub(super) claims: Map<String, Value>,
    /// The key that signed it.
    key: PublicKey,
}

impl Checked {
    /// Checks an SD-JWT VC with the key that its issuer publishes.
    pub(super) async fn new(client: &Client, text: &str) -> anyhow::Result<Self> {
        let sd_jwt = SdJwt::parse(text)?;
        let payload: Value = serde_json::from_slice(sd_jwt.issuer_jwt().payload())?;
        let issuer = payload["iss"].as_str().context("it names no issuer")?;
        let metadata = parse(&client.fetch(&metadata_url(issuer)?).await?)?;
        ensure!(metadata["issuer"] == issuer, "the metadata are another issuer's");
        let keys = JwkSet::parse(metadata["jwks"].to_string().as_bytes())?;
        let key = keys.verify(sd_jwt.issuer_jwt())?.key.clone();
        let claims = sd_jwt.process_vc(&key)?;
        Ok(Self { sd_jwt: text.to_owned(), claims, key })
    }

    /// Looks the credential up in the Token Status List that it names.
    pub(super) async fn is_revoked(&self, client: &Client) -> anyhow::Result<bool> {
        let status = self.claims.get("status").context("it names no status list")?;
        let uri = status["status_list"]["uri"].as_str().context("it names no status list")?;
        let index = status["status_list"]["idx"].as_u64().context("it has no place in the status list")?;
        let list = StatusListToken::verify(client.fetch(uri).await?.trim(), &self.key, LIST_LIMIT)?;
        ensure!(list.sub == uri, "the status list is another one");
        Ok(list.bits.get(u32::try_from(index)?)?)
    }
}

/// Where an issuer's metadata are: the well-known path goes before the issuer's own.
fn metadata_url(issuer: &str) -> anyhow::Result<String> {
    let mut url = Url::parse(issuer).context("the issuer is no URL")?;
    url.set_path(&format!("/.well-known/jwt-vc-issuer{}", url.path()));
    Ok(url.to_string())
}
