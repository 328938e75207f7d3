//! The audit trail: what every write of both dialects leaves in it, and what leaves nothing.

mod atomic;
mod reading;
mod refused;
mod writes;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Environment, Form, Server};

/// The members of an event.
const MEMBERS: [&str; 10] =
    ["action", "actor", "address", "createdAt", "createdBy", "id", "key", "requestId", "result", "target"];

fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json[name].as_str().unwrap_or_else(|| panic!("{name} is no text: {json}"))
}

/// A page of the trail, as the admin sees it, oldest first.
async fn trail(server: &Server, acme: &Environment, query: &str) -> Vec<Value> {
    let answer = server.find(acme, &format!("/audit-trail?limit=100&sortBy=createdAt:ASC&{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["data"].as_array().expect("a list").clone()
}

/// How many events there are.
async fn count(server: &Server, acme: &Environment) -> i64 {
    let answer = server.find(acme, "/audit-trail?limit=0").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["meta"]["totalItems"].as_i64().expect("a number")
}

/// Each event's action and target, sorted.
fn done(events: &[Value]) -> Vec<(String, String)> {
    let pair = |event: &Value| (text(event, "action").to_owned(), text(event, "target").to_owned());
    let mut done: Vec<_> = events.iter().map(pair).collect();
    done.sort_unstable();
    done
}

/// Who a key acts as: the user's id, and the key's.
async fn identity(server: &Server, acme: &Environment, key: &str) -> (String, String) {
    let answer = server.find(acme, "/api-keys?limit=100").await.json();
    let mask = format!("{}...", &key[..10]);
    let keys = answer["data"].as_array().expect("a list");
    let found = keys.iter().find(|listed| listed["keyMask"] == mask.as_str()).expect("the key is listed");
    (text(found, "userId").to_owned(), text(found, "id").to_owned())
}

/// Calls the dialect, naming the request.
async fn call(
    server: &Server,
    acme: &Environment,
    key: &str,
    (method, rest, body): (Method, &str, Option<Value>),
    request_id: &str,
) -> Answer {
    let mut request = server.request(method, &acme.path(rest)).header("x-request-id", request_id);
    request = request.header("x-api-key", key);
    if let Some(body) = body {
        request = request.json(&body);
    }
    server.send(request).await
}

/// Sends a form, naming the request.
async fn call_form(
    server: &Server,
    acme: &Environment,
    key: &str,
    (rest, form): (&str, Form),
    request_id: &str,
) -> Answer {
    let request = server.request(Method::POST, &acme.path(rest)).header("x-request-id", request_id);
    let request = request.header("x-api-key", key).header("content-type", form.content_type());
    server.send(request.body(form.body())).await
}

/// An offer that nobody has claimed; its id.
async fn ready(server: &Server, acme: &Environment) -> String {
    let offers = server.offers(acme, &[acme.offer("ada@example.com", "Ada")]).await;
    text(&offers[0], "id").to_owned()
}

fn revoking(ids: &[&str]) -> Value {
    let items: Vec<Value> = ids.iter().map(|id| json!({"id": id, "revocationReason": "Left"})).collect();
    json!({"revoke": items})
}
