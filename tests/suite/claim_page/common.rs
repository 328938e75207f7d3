//! What tests of the page share.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use support::{Answer, Environment, Server};

/// An id that nothing has.
pub(super) const NOTHING: &str = "00000000-0000-4000-8000-000000000000";

/// Makes an offer; its id.
pub(super) async fn offer(server: &Server, acme: &Environment) -> String {
    offer_until(server, acme, None).await
}

/// Makes an offer of what expires in so many seconds; its id.
pub(super) async fn offer_until(server: &Server, acme: &Environment, seconds: Option<i64>) -> String {
    let mut item = acme.offer("ada@example.com", "Ada Lovelace");
    if let Some(seconds) = seconds {
        let expiry = model::Timestamp::from_seconds(server.clock_seconds() + seconds);
        item["expirationDate"] = json!(expiry.rfc3339());
    }
    server.offers(acme, &[item]).await[0]["id"].as_str().expect("an id").to_owned()
}

/// Claims an offer as a wallet does.
pub(super) async fn claim(server: &Server, acme: &Environment, id: &str) {
    server.claim(acme, id).await.expect("claims");
}

/// Revokes what was claimed.
pub(super) async fn revoke(server: &Server, acme: &Environment, id: &str) {
    let body = json!({"revoke": [{"id": id, "revocationReason": "Left the company"}]});
    let answer = call(server, acme, Method::PATCH, "/credential-offers/revoke", Some(&body)).await;
    assert_eq!((answer.status, &answer.json()["failed"]), (200, &json!([])), "{}", answer.text);
}

/// Deletes an offer.
pub(super) async fn delete(server: &Server, acme: &Environment, id: &str) {
    let answer = call(server, acme, Method::DELETE, &format!("/credential-offers/{id}"), None).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

async fn call(
    server: &Server,
    acme: &Environment,
    method: Method,
    rest: &str,
    body: Option<&Value>,
) -> Answer {
    server.call(acme, &acme.keys.user, method, rest, body).await
}

/// Opens a page as a browser whose reader prefers these languages.
pub(super) async fn open(server: &Server, id: &str, languages: &str) -> Answer {
    let request = server.request(Method::GET, &format!("/claim/{id}"));
    server.send(request.header("accept-language", languages)).await
}

/// A stream of events that is being read.
pub(super) struct Stream {
    response: Response,
    read: String,
}

impl Stream {
    /// Asks for the events of an offer.
    pub(super) async fn open(server: &Server, id: &str) -> Self {
        let request = server.request(Method::GET, &format!("/claim/{id}/events"));
        Self { response: request.send().await.expect("an answer"), read: String::new() }
    }

    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// The data of the next event, `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Option<String> {
        loop {
            while let Some((message, rest)) = self.read.split_once("\n\n") {
                let data =
                    message.split('\n').find_map(|line| line.strip_prefix("data: ")).map(str::to_owned);
                self.read = rest.to_owned();
                if data.is_some() {
                    return data;
                }
            }
            let chunk = self.response.chunk().await.expect("the stream goes on, or ends in good order")?;
            self.read.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// The data of all events until the stream ends.
    pub(super) async fn rest(mut self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Some(data) = self.next().await {
            rest.push(data);
        }
        rest
    }
}
