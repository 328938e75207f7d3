//! Who may call what: every operation of our own OpenAPI document is called by nobody, by who lacks the right, and by another
//! tenant. An operation that these tests do not know fails the walk.

mod api_key;
mod calls;
mod partner_jwt;
mod public;
mod strangers;
mod wallet;

use serde_json::{Value, json};
use support::{Server, on_both};

/// What an operation asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    /// Nothing.
    Public,
    /// A Partner JWT: issue on behalf.
    PartnerJwt,
    /// An API key: credential offers.
    ApiKey,
    /// An access token: wallets.
    AccessToken,
}

impl Security {
    fn of(operation: &Value) -> Option<Self> {
        let security = &operation["security"];
        if security.is_null() {
            Some(Self::Public)
        } else if *security == json!([{"partnerJwt": []}]) {
            Some(Self::PartnerJwt)
        } else if *security == json!([{"apiKey": []}]) {
            Some(Self::ApiKey)
        } else if *security == json!([{"accessToken": []}]) {
            Some(Self::AccessToken)
        } else {
            None
        }
    }
}

/// The ids of the document's operations that ask for this, sorted.
async fn operations(server: &Server, wanted: Security) -> Vec<String> {
    let document = server.published("/openapi.json").await;
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no id"));
            let security = Security::of(operation).unwrap_or_else(|| {
                panic!("{method} {path}: these tests do not know {}", operation["security"])
            });
            if security == wanted {
                found.push(id.to_owned());
            }
        }
    }
    assert!(!found.is_empty());
    found.sort_unstable();
    found
}

on_both!(every_operation_is_either_public_for_a_reason_or_asks_for_one_thing, async |server: Server| {
    let public = operations(&server, Security::Public).await;
    assert_eq!(public, public::REASONS.map(|(id, _)| id), "say in REASONS why anybody may call it");
    let keyed = operations(&server, Security::ApiKey).await;
    assert_eq!(keyed, api_key::ANSWERS.map(|(id, _)| id), "say in ANSWERS what each role is answered");
    assert_eq!(keyed, strangers::ANSWERS.map(|(id, _)| id), "say in ANSWERS what a stranger is answered");
});
