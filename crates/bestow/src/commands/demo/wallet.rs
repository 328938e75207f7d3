//! The story's wallet: it reads an offer, proves its key, gets a credential, and presents it.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use wallet::{CredentialOffer, Invitation, PresentationRequest, WalletKey, credential_request};

use super::client::{Client, parse};

/// A wallet with one key.
pub(super) struct Wallet {
    key: WalletKey,
}

impl Wallet {
    pub(super) fn new() -> Self {
        Self { key: WalletKey::generate() }
    }

    /// Claims the SD-JWT VC behind the address of an offer, `now` being the seconds since 1970.
    pub(super) async fn claim(&self, client: &Client, uri: &str, now: i64) -> anyhow::Result<String> {
        let offer = match Invitation::read(uri)? {
            Invitation::Value(offer) => offer,
            Invitation::Reference(url) => CredentialOffer::read(&parse(&client.fetch(&url).await?)?)?,
        };
        let form = offer.token_form(None);
        let token = client.post_form(&offer.endpoint("token"), &form).await?.json(200)?;
        let token = token["access_token"].as_str().context("the answer has no access_token")?;
        let nonce = client.post_form(&offer.endpoint("nonce"), "").await?.json(200)?;
        let nonce = nonce["c_nonce"].as_str().context("the answer has no c_nonce")?;
        let configuration = offer.configurations.iter().find(|id| id.ends_with(".dc+sd-jwt"));
        let configuration = configuration.context("the offer is for no SD-JWT VC")?;
        let proof = self.key.proof(&offer.issuer, nonce, now);
        let body = credential_request(configuration, &[proof]);
        let answer = client.post_json(&offer.endpoint("credential"), token, &body).await?.json(200)?;
        let credential = answer["credentials"][0]["credential"].as_str();
        Ok(credential.context("the answer has no credential")?.to_owned())
    }

    /// A credential that discloses these claims, bound to a verifier's request.
    pub(super) fn present(
        &self,
        request: &PresentationRequest,
        credential: &str,
        disclose: &[&str],
        now: i64,
    ) -> anyhow::Result<String> {
        Ok(request.present(credential, disclose, &self.key, now)?)
    }

    /// Whether a credential is bound to the wallet's key.
    pub(super) fn check_holds(&self, confirmation: Option<&Value>) -> anyhow::Result<()> {
        let jwk = confirmation.and_then(|cnf| cnf.get("jwk"));
        ensure!(jwk == Some(&self.key.jwk()), "it is bound to another key");
        Ok(())
    }
}
