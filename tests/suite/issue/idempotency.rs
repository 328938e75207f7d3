//! The `Idempotency-Key` header.

use futures_util::future::join_all;
use model::{Consent, Email};
use serde_json::{Value, json};
use support::{Answer, Partner, Server, Setup, on_both};

use super::{JSON, assert_error, hash_of};

const REUSED: &str =
    "Idempotency-Key conflict: this key was used for another request. Use a new key for a new request.";
const INVALID: &str = "Invalid header: Idempotency-Key is 1 to 255 visible ASCII characters";

async fn send(server: &Server, partner: &Partner, email: &str, key: &str, body: &Value) -> Answer {
    let token = partner.token(email, &server.clock);
    server.post(&token, &[JSON, ("idempotency-key", key)], body.to_string()).await
}

async fn count(server: &Server) -> i64 {
    server.store.credential_count().await.expect("a count")
}

on_both!(a_retry_gets_the_first_answer_byte_for_byte, async |server: Server| {
    let acme = server.partner("acme").await;
    let body = acme.request();
    let first = send(&server, &acme, "ada@example.com", "key-1", &body).await;
    assert_eq!(first.status, 200, "{}", first.text);
    // What has become of the credential since does not matter.
    let newer = send(&server, &acme, "ada@example.com", "key-2", &body).await;
    assert_ne!(newer.text, first.text);
    for _ in 0..3 {
        let again = send(&server, &acme, "ADA@example.com", "key-1", &body).await;
        assert_eq!((again.status, &again.text), (200, &first.text));
    }
    assert_eq!(count(&server).await, 2);
});

on_both!(a_key_is_for_one_body_one_person_and_one_tenant, async |server: Server| {
    let acme = server.partner("acme").await;
    let bravo = server.partner("bravo").await;
    let body = acme.request();
    let first = send(&server, &acme, "ada@example.com", "key", &body).await;
    let mut other = body.clone();
    other["credentialSubject"]["age"] = json!(26);
    assert_error(&send(&server, &acme, "ada@example.com", "key", &other).await, 409, REUSED);
    // The very bytes count.
    let token = acme.token("ada@example.com", &server.clock);
    let spaced = server.post(&token, &[JSON, ("idempotency-key", "key")], format!("{body} ")).await;
    assert_error(&spaced, 409, REUSED);
    assert_error(&send(&server, &acme, "eve@example.com", "key", &body).await, 409, REUSED);
    assert_eq!(count(&server).await, 1);
    // Keys differ in case, and another tenant has its own.
    let upper = send(&server, &acme, "ada@example.com", "KEY", &other).await;
    assert_eq!(upper.status, 200, "{}", upper.text);
    let theirs = send(&server, &bravo, "ada@example.com", "key", &bravo.request()).await;
    assert_eq!(theirs.status, 200, "{}", theirs.text);
    assert_ne!(hash_of(&theirs.json()), hash_of(&first.json()));
});

on_both!(an_ignored_duplicate_is_remembered_too, async |server: Server| {
    let acme = server.partner("acme").await;
    let mut body = acme.request();
    body["onDuplicate"] = json!("ignore");
    let first = send(&server, &acme, "ada@example.com", "one", &body).await;
    let same = send(&server, &acme, "ada@example.com", "two", &body).await;
    assert_eq!(same.text, first.text);
    let token = acme.token("ada@example.com", &server.clock);
    server.issued(&token, &acme.request()).await;
    let again = send(&server, &acme, "ada@example.com", "two", &body).await;
    assert_eq!(again.text, first.text, "although that one is revoked by now");
});

on_both!(a_refusal_is_not_remembered, async |server: Server| {
    let acme = server.partner("acme").await;
    server.change_program(&acme, |program| program.published = false).await;
    assert_eq!(send(&server, &acme, "ada@example.com", "key", &acme.request()).await.status, 404);
    let mut bad = acme.request();
    bad["credentialSubject"] = json!({});
    server.change_program(&acme, |program| program.published = true).await;
    assert_eq!(send(&server, &acme, "ada@example.com", "key", &bad).await.status, 400);
    assert_eq!(send(&server, &acme, "ada@example.com", "key", &acme.request()).await.status, 200);
});

on_both!(requests_at_once_with_one_key_get_one_answer, async |server: Server| {
    let acme = server.partner("acme").await;
    let replica = server.replica(Setup::default()).await;
    let body = acme.request();
    let servers = [&server, &replica];
    let asking = (0..24).map(|place| send(servers[place % 2], &acme, "ada@example.com", "key", &body));
    let mut texts: Vec<String> = join_all(asking)
        .await
        .into_iter()
        .map(|answer| {
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.text
        })
        .collect();
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert_eq!(count(&server).await, 1);
});

on_both!(of_different_people_at_once_with_one_key_one_wins, async |server: Server| {
    let acme = server.partner("acme").await;
    let body = acme.request();
    let people: Vec<String> = (0..16).map(|person| format!("person{person}@example.com")).collect();
    let answers = join_all(people.iter().map(|email| send(&server, &acme, email, "key", &body))).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(good.len(), 1);
    bad.into_iter().for_each(|answer| assert_error(answer, 409, REUSED));
    assert_eq!(count(&server).await, 1);
    assert_eq!(server.store.holders(100).await.expect("people").len(), 1);
});

on_both!(an_answer_outlives_what_led_to_it_and_is_forgotten_after_a_day, async |server: Server| {
    let acme = server.partner("acme").await;
    let body = acme.request();
    let first = send(&server, &acme, "ada@example.com", "key", &body).await;
    server.change_program(&acme, |program| program.published = false).await;
    let email = Email::parse("ada@example.com").expect("an address");
    let holder = server.engine.find_or_create_holder(&email).await.expect("a person");
    let tenant = acme.id.as_str().into();
    server.engine.set_consent(&tenant, &holder, Consent::Rejected).await.expect("recorded");
    server.clock.advance(86_000);
    server.engine.housekeep().await.expect("tidies");
    let again = send(&server, &acme, "ada@example.com", "key", &body).await;
    assert_eq!((again.status, &again.text), (200, &first.text));
    server.change_program(&acme, |program| program.published = true).await;
    server.engine.set_consent(&tenant, &holder, Consent::Approved).await.expect("recorded");
    server.clock.advance(500);
    server.engine.housekeep().await.expect("tidies");
    let new = send(&server, &acme, "ada@example.com", "key", &body).await;
    assert_eq!(new.status, 200, "{}", new.text);
    assert_ne!(new.text, first.text);
});

on_both!(a_key_is_visible_text_of_limited_length, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let body = acme.request().to_string();
    for key in ["", " ", "two words", "tab\there", &"k".repeat(256)] {
        let answer = server.post(&token, &[JSON, ("idempotency-key", key)], body.clone()).await;
        assert_error(&answer, 400, INVALID);
    }
    let bytes = reqwest::header::HeaderValue::from_bytes("ключ".as_bytes()).expect("allowed in a header");
    let request = server.request(reqwest::Method::POST, "/v1/credentials/issue-on-behalf");
    let request = request.header("x-partner-auth", &token).header("idempotency-key", bytes);
    assert_error(&server.send(request.json(&acme.request())).await, 400, INVALID);
    for key in ["k", "8e03978e-40d5-43dd-bc93-6894a57f9324", "\"quoted\"", "' OR 1=1 --", &"k".repeat(255)] {
        let key = key.replace(' ', "_");
        let answer = server.post(&token, &[JSON, ("idempotency-key", &key)], body.clone()).await;
        assert_eq!(answer.status, 200, "{key}: {}", answer.text);
    }
});
