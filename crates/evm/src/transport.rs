//! One question, one answer: JSON-RPC 2.0 over HTTP, with limits on what a node may answer.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::error::{RpcError, revert_data, tidy};
use crate::rpc::UrlError;

/// From the first byte sent to the last byte read.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of an answer. The largest are lists of events.
const MAX_ANSWER: usize = 8 << 20;

/// Parts of the URL shorter than this are no API keys, and would be found in every other word.
const MIN_SECRET: usize = 8;

/// A node, and how it is asked. Its URL is never shown: providers put API keys into it.
pub(crate) struct Transport {
    client: Client,
    url: Url,
    /// Where answers come from: the URL less user name and password, which go into a header.
    answers: Url,
    host: String,
    /// What of the URL may be an API key, in case that the node repeats it in an error.
    secrets: Vec<String>,
    next_id: AtomicU64,
}

/// A JSON-RPC answer. Members that it does not know, it leaves alone: some nodes add their own.
#[derive(Deserialize)]
struct Answer {
    jsonrpc: Option<String>,
    #[serde(default)]
    id: Value,
    // A raw value tells `null`, which is a result, from no result.
    #[serde(default, deserialize_with = "present")]
    result: Option<Box<RawValue>>,
    error: Option<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    data: Value,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

impl Transport {
    pub(crate) fn new(client: Client, url: &str) -> Result<Arc<Self>, UrlError> {
        let mut url = Url::parse(url).map_err(|_| UrlError::Form)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(UrlError::Scheme);
        }
        let host = url.host_str().ok_or(UrlError::Form)?;
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        url.set_fragment(None);
        let mut answers = url.clone();
        answers.set_username("").and_then(|()| answers.set_password(None)).map_err(|()| UrlError::Form)?;
        let secrets = secrets(&url);
        Ok(Arc::new(Self { client, url, answers, host, secrets, next_id: AtomicU64::new(1) }))
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Asks, and gives the `result` of the answer as JSON.
    pub(crate) async fn ask(&self, method: &'static str, params: &Value) -> Result<Box<RawValue>, RpcError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let request = self.client.post(self.url.clone()).json(&request).timeout(TIMEOUT);
        let response = request.send().await.map_err(|error| self.lost(&error))?;
        if *response.url() != self.answers {
            return Err(self.unreachable("it redirects, which is not followed"));
        }
        let status = response.status();
        let body = self.read(method, response).await?;
        match serde_json::from_slice(&body) {
            Ok(answer) => self.result(method, id, status, answer),
            // A proxy before the node has something to say, in HTML or in JSON of its own.
            Err(_) if !status.is_success() => Err(self.unreachable(&format!("it answers {status}"))),
            Err(_) => Err(self.malformed(method, "it is not one JSON-RPC object")),
        }
    }

    async fn read(&self, method: &'static str, mut response: Response) -> Result<Vec<u8>, RpcError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(&error))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(self.malformed(method, &format!("it is larger than {MAX_ANSWER} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn result(
        &self,
        method: &'static str,
        id: u64,
        status: StatusCode,
        answer: Answer,
    ) -> Result<Box<RawValue>, RpcError> {
        // A node that could not read the question, or did not try, may answer without its id.
        let without_id = answer.error.is_some() && answer.id.is_null();
        if answer.id.as_u64() != Some(id) && !without_id {
            return Err(self.malformed(method, "its id is another one"));
        }
        if answer.jsonrpc.as_deref() != Some("2.0") {
            return Err(self.malformed(method, "it is not JSON-RPC 2.0"));
        }
        match (answer.result, answer.error) {
            // JSON-RPC 2.0 forbids the other member even as null, but some nodes write it.
            (result, Some(error)) if result.as_deref().is_none_or(|result| result.get() == "null") => {
                Err(RpcError::Refused {
                    code: error.code,
                    message: tidy(&error.message, &self.secrets),
                    data: revert_data(&error.data),
                })
            }
            (Some(result), None) if status.is_success() => Ok(result),
            (Some(_), None) => Err(self.unreachable(&format!("it answers {status}"))),
            (Some(_), Some(_)) => Err(self.malformed(method, "it has both a result and an error")),
            (None, _) => Err(self.malformed(method, "it has neither a result nor an error")),
        }
    }

    /// No answer, or a part of one.
    fn lost(&self, error: &reqwest::Error) -> RpcError {
        if error.is_timeout() {
            return self.unreachable(&format!("it did not answer within {} s", TIMEOUT.as_secs()));
        }
        // reqwest's own text holds the URL; the innermost one says what the operating system or TLS did.
        let mut cause = error.source();
        while let Some(inner) = cause.and_then(std::error::Error::source) {
            cause = Some(inner);
        }
        let why = cause.map_or_else(|| "the connection broke".to_owned(), ToString::to_string);
        self.unreachable(&why)
    }

    fn unreachable(&self, why: &str) -> RpcError {
        RpcError::Unreachable { host: self.host.clone(), why: tidy(why, &self.secrets) }
    }

    pub(crate) fn malformed(&self, method: &'static str, why: &str) -> RpcError {
        RpcError::Malformed { host: self.host.clone(), method, why: tidy(why, &self.secrets) }
    }
}

/// User name, password, segments of the path, the query and its values, as far as they are long enough to be keys.
fn secrets(url: &Url) -> Vec<String> {
    let mut parts: Vec<String> = vec![url.username().to_owned()];
    parts.extend(url.password().map(str::to_owned));
    parts.extend(url.path_segments().into_iter().flatten().map(str::to_owned));
    parts.extend(url.query().map(str::to_owned));
    parts.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
    parts.retain(|part| part.len() >= MIN_SECRET);
    // The longest first: one may be a part of another.
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    parts
}
