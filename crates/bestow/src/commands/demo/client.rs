//! The HTTP client of the demo: a partner's server, a user with an API key, and a stranger.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use reqwest::Method;
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

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    path: String,
    pub(super) status: u16,
    pub(super) text: String,
}

impl Answer {
    /// The body as JSON, if the status is this.
    pub(super) fn json(&self, status: u16) -> anyhow::Result<Value> {
        ensure!(self.status == status, "{} answered {}: {}", self.path, self.status, self.text);
        parse(&self.text)
    }
}

impl Client {
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        Ok(Self { http: http::client()?, url: url.to_owned() })
    }

    /// Asks for a path with a header that says who asks, and a JSON body.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        header: Option<(&str, &str)>,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        send(request).await
    }

    /// POSTs JSON to a path as a partner.
    pub(super) async fn post(&self, path: &str, token: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, Some(("x-partner-auth", token)), Some(body)).await?.json(200)
    }

    /// GETs a path as a partner.
    pub(super) async fn get(&self, path: &str, token: &str) -> anyhow::Result<String> {
        good(self.call(Method::GET, path, Some(("x-partner-auth", token)), None).await?)
    }

    /// GETs a URL as anybody.
    pub(super) async fn fetch(&self, url: &str) -> anyhow::Result<String> {
        good(send(self.http.get(url)).await?)
    }

    /// POSTs a form to a URL as anybody.
    pub(super) async fn post_form(&self, url: &str, form: &str) -> anyhow::Result<Answer> {
        let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded");
        send(request.body(form.to_owned())).await
    }

    /// POSTs JSON to a URL with an access token.
    pub(super) async fn post_json(&self, url: &str, token: &str, body: &Value) -> anyhow::Result<Answer> {
        let request = self.http.post(url).header("content-type", "application/json").bearer_auth(token);
        send(request.body(body.to_string())).await
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

async fn send(request: reqwest::RequestBuilder) -> anyhow::Result<Answer> {
    let response = request.send().await?;
    let (status, path) = (response.status().as_u16(), response.url().path().to_owned());
    Ok(Answer { path, status, text: response.text().await? })
}

fn good(answer: Answer) -> anyhow::Result<String> {
    let Answer { path, status, text } = answer;
    ensure!((200..300).contains(&status), "{path} answered {status}: {text}");
    Ok(text)
}
