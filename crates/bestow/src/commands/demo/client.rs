//! The HTTP client of the demo: a partner's server, and later a stranger.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::http;

/// How long something may take that should happen soon.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Speaks to one server.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    pub(super) url: String,
}

impl Client {
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        Ok(Self { http: http::client()?, url: url.to_owned() })
    }

    /// POSTs JSON to a path as a partner.
    pub(super) async fn post(&self, path: &str, token: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.http.post(format!("{}{path}", self.url)).header("x-partner-auth", token);
        let request = request.header("content-type", "application/json").body(body.to_string());
        parse(&send(request).await?)
    }

    /// GETs a path as a partner.
    pub(super) async fn get(&self, path: &str, token: &str) -> anyhow::Result<String> {
        send(self.http.get(format!("{}{path}", self.url)).header("x-partner-auth", token)).await
    }

    /// GETs a URL as anybody.
    pub(super) async fn fetch(&self, url: &str) -> anyhow::Result<String> {
        send(self.http.get(url)).await
    }

    /// Polls a credential's status until it is this one.
    pub(super) async fn wait_for_status(&self, hash: &str, token: &str, wanted: &str) -> anyhow::Result<()> {
        let path = format!("/v1/credentials/status?coreClaimHash={hash}");
        let seen = async || Ok(parse(&self.get(&path, token).await?)?["vcStatus"] == wanted);
        eventually(seen).await.with_context(|| format!("its status should be {wanted}"))
    }
}

/// Looks again and again until it is so.
pub(super) async fn eventually(is_so: impl AsyncFn() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let look = async {
        while !is_so().await? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    };
    match tokio::time::timeout(PATIENCE, look).await {
        Ok(outcome) => outcome,
        Err(_) => bail!("it was not so within {} s", PATIENCE.as_secs()),
    }
}

pub(super) fn parse(text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text).context("the answer is not JSON")
}

async fn send(request: reqwest::RequestBuilder) -> anyhow::Result<String> {
    let response = request.send().await?;
    let (status, path) = (response.status(), response.url().path().to_owned());
    let text = response.text().await?;
    ensure!(status.is_success(), "{path} answered {status}: {text}");
    Ok(text)
}
