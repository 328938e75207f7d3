//! The `Idempotency-Key` header of making offers.

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::{Answer, Environment, Server, Setup, on_both};

use crate::offers::common::{create_with, each, keys_of_one_user, listed, refused};

const KEY: &str = "idempotency-key";

async fn send(server: &Server, acme: &Environment, key: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), (KEY, key)];
    create_with(server, acme, &headers, body.to_string()).await
}

/// The same, as another user.
async fn send_as(server: &Server, acme: &Environment, user: &str, key: &str, body: &Value) -> Answer {
    let request = server.request(reqwest::Method::POST, &acme.path("/credential-offers"));
    server.send(request.header("x-api-key", user).header(KEY, key).json(body)).await
}

async fn count(server: &Server, acme: &Environment) -> i64 {
    let found = listed(server, acme, "/credential-offers?limit=0").await;
    found["meta"]["totalItems"].as_i64().expect("a number")
}

on_both!(a_retry_gets_the_first_answer_byte_for_byte, async |server: Server| {
    let acme = server.environment("acme").await;
    let body = acme.bulk(&[acme.offer("ada@example.com", "Ada"), json!("bad")]);
    let first = send(&server, &acme, "key", &body).await;
    assert_eq!(first.status, 201, "{}", first.text);
    for _ in 0..3 {
        let again = send(&server, &acme, "key", &body).await;
        assert_eq!((again.status, &again.text), (201, &first.text));
        assert_eq!(again.header("content-type"), Some("application/json"));
    }
    // Its other key is the same user.
    let [one, two] = keys_of_one_user(&server, &acme).await;
    let theirs = send_as(&server, &acme, &one, "key", &body).await;
    assert_ne!(theirs.text, first.text, "another user has its own keys");
    assert_eq!(send_as(&server, &acme, &two, "key", &body).await.text, theirs.text);
    assert_eq!(count(&server, &acme).await, 2);
});

on_both!(a_key_is_for_one_body_and_one_tenant, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let body = acme.bulk(&[acme.offer("ada@example.com", "Ada")]);
    let first = send(&server, &acme, "key", &body).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let other = acme.bulk(&[acme.offer("ada@example.com", "Bea")]);
    refused(&send(&server, &acme, "key", &other).await, 409, "idempotency_key_reused");
    assert_eq!(send(&server, &acme, "KEY", &other).await.status, 201);
    let theirs = umbrella.bulk(&[umbrella.offer("ada@example.com", "Ada")]);
    assert_eq!(send(&server, &umbrella, "key", &theirs).await.status, 201);
    // Issuing on behalf has keys of its own.
    let token = acme.partner.token("ada@example.com", &server.clock);
    let headers = [("content-type", "application/json"), (KEY, "key")];
    let issued = server.post(&token, &headers, acme.partner.request().to_string()).await;
    assert_eq!(issued.status, 200, "{}", issued.text);
    assert_eq!(count(&server, &acme).await, 2);
});

on_both!(a_refusal_is_not_remembered, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut body = acme.bulk(&[acme.offer("ada@example.com", "Ada")]);
    body["correlationId"] = json!("nothing");
    refused(&send(&server, &acme, "key", &body).await, 404, "correlation_id_not_supported");
    body["correlationId"] = json!(acme.correlation_id);
    assert_eq!(send(&server, &acme, "key", &body).await.status, 201);
    for key in ["", "two words", &"k".repeat(256)] {
        refused(&send(&server, &acme, key, &body).await, 400, "invalid_request");
    }
    assert_eq!(count(&server, &acme).await, 1);
});

on_both!(an_answer_is_kept_for_a_day, async |server: Server| {
    let acme = server.environment("acme").await;
    let body = acme.bulk(&[acme.offer("ada@example.com", "Ada")]);
    let first = send(&server, &acme, "key", &body).await;
    server.clock.advance(86_000);
    server.engine.housekeep().await.expect("tidies");
    assert_eq!(send(&server, &acme, "key", &body).await.text, first.text);
    server.clock.advance(500);
    server.engine.housekeep().await.expect("tidies");
    assert_ne!(send(&server, &acme, "key", &body).await.text, first.text);
    assert_eq!(count(&server, &acme).await, 2);
});

on_both!(of_requests_at_once_one_makes_the_offers, async |server: Server| {
    let acme = server.environment("acme").await;
    let replica = server.replica(Setup::default()).await;
    let items: Vec<Value> =
        (0..20).map(|person| acme.offer(&format!("person{person}@example.com"), "Ada")).collect();
    let body = acme.bulk(&items);
    let servers = [&server, &replica];
    let asking = (0..12).map(|place| send(servers[place % 2], &acme, "key", &body));
    let answers = join_all(asking).await;
    for answer in &answers {
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(each(&answer.json(), "credentialOffers", "id").len(), 20);
        // A replica of a test has an address of its own, which is in no offer.
        assert_eq!(answer.text, answers[0].text);
    }
    assert_eq!(count(&server, &acme).await, 20);
});
