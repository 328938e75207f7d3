//! The envelope of errors: one of each status.

use model::Clock;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use support::{Answer, Environment, Server, on_both};

/// A request of a user, named.
fn request(server: &Server, acme: &Environment, method: Method, rest: &str) -> RequestBuilder {
    let request = server.request(method, &acme.path(rest)).header("x-request-id", "ours-4711");
    request.header("x-api-key", &acme.keys.user)
}

/// The answers to be reviewed, by status.
async fn refusals(server: &Server, acme: &Environment) -> Vec<Answer> {
    let mut brief = acme.offer("ada@example.com", "Ada");
    brief["expirationDate"] = json!(server.clock.now().plus_seconds(60).rfc3339_millis());
    let offers = server.offers(acme, &[brief, acme.offer("grace@example.com", "Grace")]).await;
    let id = |place: usize| offers[place]["id"].as_str().expect("an id").to_owned();
    let claimed = server.claimed_offer(acme, "alan@example.com", "Alan").await;
    server.clock.advance(61);
    let share = json!({"credentialOfferIds": [id(1)]});
    let sharing = || request(server, acme, Method::POST, "/credential-offers/share-with-email").json(&share);
    for _ in 0..2 {
        assert_eq!(server.send(sharing()).await.status, 201);
    }
    let offers = "/credential-offers";
    let unknown = format!("{offers}/00000000-0000-4000-8000-000000000000");
    let anonymous = server.request(Method::GET, &acme.path(offers)).header("x-request-id", "ours-4711");
    let collection = json!({"name": "x".repeat(70_000)});
    let mut answers = Vec::new();
    for request in [
        request(server, acme, Method::GET, "/credential-offers?filter.colour=red"),
        anonymous,
        request(server, acme, Method::GET, "/api-keys"),
        request(server, acme, Method::GET, &unknown),
        request(server, acme, Method::PUT, offers),
        request(server, acme, Method::DELETE, &format!("{offers}/{claimed}")),
        request(server, acme, Method::GET, &format!("{offers}/{}/claim", id(0))),
        request(server, acme, Method::POST, "/credential-offer-collections").json(&collection),
        request(server, acme, Method::POST, offers).header("content-type", "text/plain").body("offers"),
        sharing(),
    ] {
        answers.push(server.send(request).await);
    }
    answers
}

on_both!(each_status_has_the_envelope, async |server: Server| {
    let acme = server.environment("acme").await;
    let answers = refusals(&server, &acme).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [400, 401, 403, 404, 405, 409, 410, 413, 415, 429]);
    let bodies: Vec<Value> = answers
        .iter()
        .map(|answer| {
            assert!(!answer.code().is_empty());
            answer.json()
        })
        .collect();
    insta::assert_json_snapshot!("refusals", bodies);
    assert_eq!(answers[4].header("allow"), Some("GET,HEAD,POST"));
    let wait: u64 = answers[9].header("retry-after").and_then(|text| text.parse().ok()).expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
});

on_both!(what_there_is_not_has_the_envelope_too, async |server: Server| {
    let acme = server.environment("acme").await;
    for path in [
        acme.path("/nothing"),
        acme.path(""),
        "/products/web/".to_owned(),
        format!("/products/web/{}", acme.id),
    ] {
        let answer = server.get(&path).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
    }
    for (method, rest) in [(Method::DELETE, "/audit-trail"), (Method::PATCH, "/api-keys")] {
        let answer = server.send(server.request(method, &acme.path(rest))).await;
        assert_eq!((answer.status, answer.code().as_str()), (405, "method_not_allowed"), "{rest}");
    }
    // The id is generated where none was sent, and each answer has its own.
    let ids = [server.get(&acme.path("/nothing")).await, server.get(&acme.path("/nothing")).await];
    let ids = ids.map(|answer| answer.json()["requestId"].as_str().expect("a text").to_owned());
    assert!(ids[0] != ids[1] && ids[0].len() == 32, "{ids:?}");
});

on_both!(a_failure_of_ours_says_nothing_else, async |server: Server| {
    let acme = server.environment("acme").await;
    server.store.close().await;
    for (method, rest) in [(Method::GET, "/credential-offers"), (Method::POST, "/api-keys")] {
        let answer = server.send(request(&server, &acme, method, rest).json(&json!({}))).await;
        assert_eq!((answer.status, answer.code().as_str()), (500, "internal_error"), "{rest}");
        assert_eq!(answer.json()["message"], "Server-side failure. Retry with exponential backoff.");
    }
});
