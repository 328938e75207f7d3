//! What these tests share.

use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Environment, Held, PresentationAsked, Server, Verifiers};

/// A tenant that verifies, and somebody who holds a credential of it.
pub(super) struct Door {
    pub(super) acme: Environment,
    pub(super) keys: Verifiers,
    pub(super) held: Held,
}

/// A request that was made, and as a wallet has read it.
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) made: Value,
    pub(super) read: PresentationAsked,
}

/// Takes over the members of one object into another.
pub(super) fn merged(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().into_iter().flatten() {
        base[name] = value.clone();
    }
    base
}

/// The outcome of one of a report's checks.
#[track_caller]
pub(super) fn outcome<'a>(report: &'a Value, name: &str) -> &'a str {
    check(report, name)["result"].as_str().expect("an outcome")
}

/// The reason of one of a report's checks.
#[track_caller]
pub(super) fn reason<'a>(report: &'a Value, name: &str) -> &'a str {
    check(report, name)["reason"].as_str().expect("a reason")
}

#[track_caller]
fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut checks = report["checks"].as_array().unwrap_or_else(|| panic!("no checks: {report}")).iter();
    checks.find(|check| check["check"] == name).unwrap_or_else(|| panic!("no check {name}: {report}"))
}

/// Every check of a report with its outcome, in their order.
pub(super) fn outcomes(report: &Value) -> Vec<(&str, &str)> {
    let checks = report["checks"].as_array().expect("checks").iter();
    checks
        .map(|check| {
            assert!(check["reason"].as_str().is_some_and(|why| why.ends_with('.')), "{check}");
            (check["check"].as_str().expect("a name"), check["result"].as_str().expect("an outcome"))
        })
        .collect()
}

/// The report says in one word what is wrong, and which check says so.
#[track_caller]
pub(super) fn says(report: &Value, state: &str, name: &str, result: &str) {
    assert_eq!((report["state"].as_str(), outcome(report, name)), (Some(state), result), "{report}");
    assert_eq!(report["valid"], state == "valid", "{report}");
    // No claim is shown of what is not shown to be signed.
    if ["format", "key", "signature"].contains(&name) && result != "passed" {
        assert_eq!(report["claims"], json!({}), "{report}");
    }
}

/// The answer refuses what a wallet sent, in the envelope of OAuth; what it says.
#[track_caller]
pub(super) fn refused(answer: &Answer, status: u16) -> String {
    let text = &answer.text;
    assert_eq!(answer.status, status, "{text}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{text}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{text}");
    let body = answer.json();
    let members: Vec<&String> = body.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["error", "error_description"], "{text}");
    assert_eq!(body["error"], "invalid_request", "{text}");
    let description = body["error_description"].as_str().expect("a description");
    let allowed = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
    assert!(!description.is_empty() && description.bytes().all(allowed), "RFC 6749, section 5.2: {text}");
    description.to_owned()
}

/// The answer is an error of this status and code, in the envelope of the tenants' API; its message.
#[track_caller]
pub(super) fn denied(answer: &Answer, status: u16, code: &str) -> String {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text);
    answer.json()["message"].as_str().expect("a message").to_owned()
}

impl Door {
    pub(super) async fn new(server: &Server) -> Self {
        // A test may need more than one.
        static DOORS: AtomicUsize = AtomicUsize::new(0);
        let name = format!("door{}", DOORS.fetch_add(1, Ordering::Relaxed));
        let acme = server.environment(&name).await;
        let (keys, held) = (server.verifiers(&acme).await, server.held(&acme).await);
        Self { acme, keys, held }
    }

    /// A template by the name of `d` that asks for `fullName`, with these members besides.
    pub(super) fn body(&self, more: &Value) -> Value {
        let query = self.held.query(&["fullName"]);
        let base = json!({"definitionId": "d", "name": "Membership", "dcqlQuery": query});
        merged(base, more)
    }

    /// Makes that template.
    pub(super) async fn template(&self, server: &Server, more: &Value) -> Value {
        server.definition(&self.acme, &self.keys, &self.body(more)).await
    }

    /// A tenant with that template.
    pub(super) async fn asking(server: &Server, more: &Value) -> Self {
        let door = Self::new(server).await;
        door.template(server, more).await;
        door
    }

    /// Asks by the template `d`; nobody has read it.
    pub(super) async fn make(&self, server: &Server, body: Option<&Value>) -> Value {
        server.ask(&self.acme, &self.keys, "d", body).await
    }

    /// Asks by the template `d`.
    pub(super) async fn ask(&self, server: &Server) -> Asked {
        self.ask_with(server, &json!({})).await
    }

    /// Asks by the template `d`, with this body.
    pub(super) async fn ask_with(&self, server: &Server, body: &Value) -> Asked {
        let made = self.make(server, Some(body)).await;
        let text = |name: &str| made[name].as_str().expect("a text").to_owned();
        Asked { id: text("correlationId"), read: server.read_asked(&text("authRequestURI")).await, made }
    }

    /// Calls the verifier's API as the user.
    pub(super) async fn call(&self, server: &Server, method: Method, rest: &str) -> Answer {
        server.call_verifier(&self.acme, &self.keys.user, method, rest, None).await
    }

    /// How a request stands, by the tenant's API.
    pub(super) async fn result(&self, server: &Server, id: &str) -> Value {
        let answer = self.call(server, Method::GET, &place(id)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Why a request failed.
    pub(super) async fn failure(&self, server: &Server, id: &str) -> (String, String) {
        let result = self.result(server, id).await;
        assert_eq!(result["status"], "failed", "{result}");
        let text = |name: &str| result["error"][name].as_str().expect("a text").to_owned();
        (text("code"), text("description"))
    }

    /// A request is as it was: the right answer is taken.
    pub(super) async fn is_open(&self, server: &Server, asked: &Asked) {
        let answer = server.present(&asked.read, &self.held, &["fullName"]).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
        assert_eq!(state(server, &asked.id).await, "verified");
    }
}

/// The path of a request that was made by the template `d`.
pub(super) fn place(id: &str) -> String {
    format!("/definition/d/correlation/{id}")
}

/// How a request stands, as anybody may see.
pub(super) async fn state(server: &Server, id: &str) -> String {
    let answer = server.get(&format!("/presentations/{id}/status")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["status"].as_str().expect("a word").to_owned()
}
