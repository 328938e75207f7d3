//! Wallets: who has no access token, one that is none, or one of another issuer.

use reqwest::Method;
use serde_json::json;
use support::{Access, Answer, Server, on_both};

use super::{Security, operations};

/// The endpoint of an operation that needs an access token; `None` if this file does not know it.
fn endpoint(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "fetchCredential" => "credential",
        "fetchDeferredCredential" => "deferred-credential",
        "notifyIssuer" => "notification",
        _ => return None,
    })
}

async fn call(server: &Server, slug: &str, operation: &str, header: Option<(&str, &str)>) -> Answer {
    let endpoint =
        endpoint(operation).unwrap_or_else(|| panic!("{operation} is new: say in endpoint where it is"));
    let mut request = server.request(Method::POST, &format!("/issuers/{slug}/{endpoint}"));
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    server.send(request.json(&json!({}))).await
}

async fn access(server: &Server, name: &str) -> (support::Environment, Access) {
    let environment = server.environment(name).await;
    let offer = environment.offer("ada@example.com", "Ada Lovelace");
    let id = server.offers(&environment, &[offer]).await[0]["id"].as_str().expect("an id").to_owned();
    let access = server.access(server.scanned(&environment, &id, "1.0", "value").await).await;
    (environment, access)
}

on_both!(nothing_is_fetched_without_a_token_of_the_issuer, async |server: Server| {
    let (acme, own) = access(&server, "acme").await;
    let (_, foreign) = access(&server, "umbrella").await;
    let bearer = |token: &str| format!("Bearer {token}");
    let (foreign, api_key) = (bearer(&foreign.token), bearer(&acme.keys.admin));
    let partner = bearer(&acme.partner.token("ada@example.com", &server.clock));
    let good = bearer(&own.token);
    for operation in operations(&server, Security::AccessToken).await {
        let slug = &acme.correlation_id;
        let refused = async |header| {
            let answer = call(&server, slug, &operation, header).await;
            assert_eq!(answer.status, 401, "{operation} {header:?}: {}", answer.text);
            assert_eq!(answer.json()["error"], "invalid_token", "{operation}");
            let challenge = answer.header("www-authenticate").expect("a challenge").to_owned();
            assert!(challenge.starts_with("Bearer"), "{challenge}");
        };
        refused(None).await;
        for value in ["Bearer", "Bearer ", "Basic YTpi", "Bearer garbage", &foreign, &api_key, &partner] {
            refused(Some(("authorization", value))).await;
        }
        refused(Some(("x-api-key", &acme.keys.admin))).await;
        // With its own token the same request is refused for what it lacks, not for the token.
        let answer = call(&server, slug, &operation, Some(("authorization", &good))).await;
        assert_eq!(answer.status, 400, "{operation}: {}", answer.text);
    }
    server.clock.advance(601);
    for operation in operations(&server, Security::AccessToken).await {
        let header = Some(("authorization", good.as_str()));
        let answer = call(&server, &acme.correlation_id, &operation, header).await;
        assert_eq!(answer.status, 401, "{operation}, once it is over: {}", answer.text);
    }
});
