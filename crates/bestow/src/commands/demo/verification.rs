//! The story's verifier: it checks what it is handed, and asks wallets to present.

use anyhow::{Context as _, ensure};
use keys::Secret;
use reqwest::Method;
use serde_json::{Value, json};
use wallet::{PresentationRequest, request_uri};

use super::client::{Client, eventually};
use super::say;
use super::wallet::Wallet;
use crate::development::Development;

/// Everything that a verifier knows.
pub(super) struct Verifier {
    client: Client,
    /// The path of the private API.
    api: String,
    definition: String,
    key: Secret<String>,
}

impl Verifier {
    pub(super) fn new(server: &Development) -> anyhow::Result<Self> {
        let demo = &server.demo;
        Ok(Self {
            client: Client::new(&server.context.settings.public_url)?,
            api: demo.verifier_path(),
            definition: demo.definition.definition_id.clone(),
            key: demo.users.verifier_user.clone(),
        })
    }

    /// Has a credential verified as anybody may, and sees that it is in this state.
    pub(super) async fn check(&self, credential: &str, state: &str) -> anyhow::Result<()> {
        let report = self.verify(credential).await?;
        ensure!(report["state"] == state, "it should be {state}: {report}");
        let checks = report["checks"].as_array().context("the report has no checks")?;
        let passed = checks.iter().filter(|check| check["result"] == "passed").count();
        say("verify", &format!("POST /v1/verify: {state}; {passed} of {} checks passed", checks.len()));
        Ok(())
    }

    /// The same, when it takes a moment.
    pub(super) async fn check_soon(&self, credential: &str, state: &str) -> anyhow::Result<()> {
        let seen = async || Ok(self.verify(credential).await?["state"] == state);
        eventually(seen).await.with_context(|| format!("it should be {state}"))?;
        self.check(credential, state).await
    }

    async fn verify(&self, credential: &str) -> anyhow::Result<Value> {
        let body = json!({ "credential": credential });
        self.client.call(Method::POST, "/v1/verify", None, Some(&body)).await?.json(200)
    }

    /// Asks a wallet for a name; what came of it.
    pub(super) async fn ask(&self, wallet: &Wallet, credential: &str, now: i64) -> anyhow::Result<Value> {
        let path = format!("{}/verifiable-presentations/definition/{}", self.api, self.definition);
        let header = Some(("x-api-key", self.key.expose().as_str()));
        let asked = self.client.call(Method::POST, &path, header, None).await?.json(201)?;
        let text = |name: &str| asked[name].as_str().with_context(|| format!("the answer has no {name}"));
        let object = self.client.fetch(&request_uri(text("authRequestURI")?)?).await?;
        let request = PresentationRequest::read(&object)?;
        let presented = wallet.present(&request, credential, &["fullName"], now)?;
        let form = request.answer("example", &presented);
        let answer = self.client.post_form(&request.response_uri, &form).await?;
        let path = format!("{path}/correlation/{}", text("correlationId")?);
        let mut result = self.client.call(Method::GET, &path, header, None).await?.json(200)?;
        result["answered"] = answer.status.into();
        Ok(result)
    }

    /// A wallet presents what it has.
    pub(super) async fn accepts(&self, wallet: &Wallet, credential: &str, now: i64) -> anyhow::Result<()> {
        let result = self.ask(wallet, credential, now).await?;
        ensure!(result["status"] == "verified", "it should be verified: {result}");
        let claim = &result["credentials"][0]["claims"][0];
        ensure!(
            claim["path"] == json!(["fullName"]) && claim["value"] == "Ada Lovelace",
            "it says something else: {result}"
        );
        say("present", "the wallet shows a verifier its name, and nothing else (OpenID4VP 1.0)");
        Ok(())
    }

    /// A wallet presents what was revoked.
    pub(super) async fn refuses(&self, wallet: &Wallet, credential: &str, now: i64) -> anyhow::Result<()> {
        let result = self.ask(wallet, credential, now).await?;
        let state = &result["credentials"][0]["state"];
        ensure!(
            result["status"] == "failed" && result["answered"] == 400 && state == "revoked",
            "it should be refused as revoked: {result}"
        );
        say("present", "the same once more: refused, it is revoked");
        Ok(())
    }
}
