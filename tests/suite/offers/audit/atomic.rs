//! The trail and what it tells of are one transaction: who loses a race leaves no event, and where no event can be written
//! nothing is done.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Environment, Form, PIXEL, Server, execute_sql, on_both};
use wallet::WalletKey;

use super::{call, call_form, count, ready, revoking, text, trail};

const AT_ONCE: usize = 16;

/// How many answers there are of each status.
fn statuses(answers: &[Answer]) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    for answer in answers {
        *statuses.entry(answer.status).or_default() += 1;
    }
    statuses
}

async fn at_once(server: &Server, acme: &Environment, request: (Method, &str, Option<Value>)) -> Vec<Answer> {
    let one = |_| call(server, acme, &acme.keys.admin, request.clone(), "race");
    join_all((0..AT_ONCE).map(one)).await
}

on_both!(of_many_deletions_one_is_told_of, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = ready(&server, &acme).await;
    let rest = format!("/credential-offers/{id}");
    let answers = at_once(&server, &acme, (Method::DELETE, &rest, None)).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(204, 1), (404, AT_ONCE - 1)]));
    let events = trail(&server, &acme, "filter.action=credential_offer.delete").await;
    assert_eq!(events.len(), 1, "{events:?}");
});

on_both!(of_many_revocations_one_is_told_of, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    let request = (Method::PATCH, "/credential-offers/revoke", Some(revoking(&[&id])));
    let answers = at_once(&server, &acme, request).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, AT_ONCE)]));
    let done = answers.iter().filter(|answer| answer.json()["failed"] == json!([])).count();
    assert_eq!(done, 1);
    let events = trail(&server, &acme, "filter.action=credential_offer.revoke").await;
    assert_eq!(events.len(), 1, "{events:?}");
});

on_both!(of_many_revocations_of_a_key_one_is_told_of, async |server: Server| {
    let acme = server.environment("acme").await;
    let body = json!({"name": "x", "roles": ["Issuer_User"]});
    let made = call(&server, &acme, &acme.keys.admin, (Method::POST, "/api-keys", Some(body)), "x").await;
    let rest = format!("/api-keys/{}", text(&made.json(), "id"));
    let answers = at_once(&server, &acme, (Method::DELETE, &rest, None)).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(204, 1), (404, AT_ONCE - 1)]));
    assert_eq!(trail(&server, &acme, "filter.action=api_key.revoke").await.len(), 1);
});

on_both!(of_many_claim_codes_one_is_told_of, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = ready(&server, &acme).await;
    let rest = format!("/credential-offers/{id}/claim");
    let answers = at_once(&server, &acme, (Method::GET, &rest, None)).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, AT_ONCE)]));
    assert!(answers.iter().all(|answer| answer.text == answers[0].text), "all see one code");
    assert_eq!(trail(&server, &acme, "filter.action=credential_offer.claim_code").await.len(), 1);
});

on_both!(whether_claimed_or_deleted_one_of_them_is_told, async |server: Server| {
    let acme = server.environment("acme").await;
    for _ in 0..8 {
        let id = ready(&server, &acme).await;
        let access = server.access(server.scanned(&acme, &id, "1.0", "value").await).await;
        let configuration = &access.offer.configurations[0];
        let (key, rest) = (WalletKey::generate(), format!("/credential-offers/{id}"));
        let keys = [&key];
        let (claimed, deleted) = tokio::join!(
            server.ask_credential(&access, configuration, &keys),
            call(&server, &acme, &acme.keys.admin, (Method::DELETE, &rest, None), "race"),
        );
        let events = trail(&server, &acme, &format!("filter.target={id}")).await;
        let actions: Vec<&str> = events.iter().map(|event| text(event, "action")).collect();
        let claimed = claimed.status == 200;
        let last = if claimed { "credential_offer.claim" } else { "credential_offer.delete" };
        assert_eq!(actions, ["credential_offer.create", "credential_offer.claim_code", last]);
        assert_eq!(deleted.status, if claimed { 409 } else { 204 }, "{}", deleted.text);
    }
});

on_both!(of_many_retries_one_is_told_of, async |server: Server| {
    let acme = server.environment("acme").await;
    let body = acme.bulk(&[acme.offer("ada@example.com", "Ada"), acme.offer("bob@example.com", "Bob")]);
    let one = async |_| {
        let request = server.request(Method::POST, &acme.path("/credential-offers"));
        let request = request.header("x-api-key", &acme.keys.user).header("idempotency-key", "once");
        server.send(request.json(&body)).await
    };
    let answers = join_all((0..AT_ONCE).map(one)).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(201, AT_ONCE)]));
    assert_eq!(trail(&server, &acme, "filter.action=credential_offer.create").await.len(), 2);
});

on_both!(of_many_issuances_each_that_happened_is_told_of, async |server: Server| {
    let acme = server.environment("acme").await;
    let token = acme.partner.token("ada@example.com", &server.clock);
    let body = acme.partner.request();
    let answers = join_all((0..AT_ONCE).map(|_| server.issue(&token, &body))).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, AT_ONCE)]));
    let issued = server.store.credential_count().await.expect("a count") as usize;
    let of = async |action: &str| trail(&server, &acme, &format!("filter.action={action}")).await.len();
    assert_eq!(of("credential.issue").await, issued);
    assert_eq!(of("credential.revoke").await, issued - 1, "one is live, and all others made room");
});

/// Every write of both dialects on these offers.
async fn write_everything(server: &Server, acme: &Environment, open: &str, claimed: &str) -> Vec<Answer> {
    let (post, admin) = (Method::POST, acme.keys.admin.as_str());
    let key = json!({"name": "x", "roles": ["Issuer_User"]});
    let offers = acme.bulk(&[acme.offer("eve@example.com", "Eve")]);
    let share = json!({"credentialOfferIds": [open]});
    let delete = format!("/credential-offers/{open}");
    let claim = format!("/credential-offers/{open}/claim");
    let mut answers = Vec::new();
    for request in [
        (post.clone(), "/credential-offers", Some(offers)),
        (post.clone(), "/credential-offers/share-with-email", Some(share)),
        (post.clone(), "/credential-offer-collections", Some(json!({"name": "Spring"}))),
        (post, "/api-keys", Some(key)),
        (Method::GET, &claim, None),
        (Method::DELETE, &delete, None),
        (Method::PATCH, "/credential-offers/revoke", Some(revoking(&[claimed]))),
    ] {
        answers.push(call(server, acme, admin, request, "unwritten").await);
    }
    let form = Form::default().text("name", "Acme").file("image", "pixel.png", PIXEL);
    for rest in ["/credential-offers/image-upload", "/organisation-profiles"] {
        answers.push(call_form(server, acme, admin, (rest, form.clone()), "unwritten").await);
    }
    answers
}

/// All that the admin sees of its environment.
async fn seen(server: &Server, acme: &Environment) -> Vec<Value> {
    let mut seen = Vec::new();
    for rest in ["/credential-offers", "/organisation-profiles", "/credential-offer-collections"] {
        seen.push(server.find(acme, rest).await.json());
    }
    let keys = server.find(acme, "/api-keys?limit=0").await.json();
    seen.push(keys["meta"]["totalItems"].clone());
    seen
}

on_both!(what_cannot_be_told_is_not_done, async |server: Server| {
    let acme = server.environment("acme").await;
    let open = ready(&server, &acme).await;
    let claimed = server.claimed_offer(&acme, "grace@example.com", "Grace").await;
    let token = acme.partner.token("ada@example.com", &server.clock);
    let scanned = ready(&server, &acme).await;
    let access = server.access(server.scanned(&acme, &scanned, "1.0", "value").await).await;
    let (before, events) = (seen(&server, &acme).await, count(&server, &acme).await);
    let credentials = server.store.credential_count().await.expect("a count");

    execute_sql(&server.database_url, "ALTER TABLE audit_event RENAME TO audit_event_away").await;
    for answer in write_everything(&server, &acme, &open, &claimed).await {
        assert_eq!((answer.status, answer.code().as_str()), (500, "internal_error"), "{}", answer.text);
        assert!(!answer.text.contains("audit_event"), "the cause is for the log: {}", answer.text);
    }
    assert_eq!(server.issue(&token, &acme.partner.request()).await.status, 500);
    assert_eq!(server.claim_code(&acme, &open).await.status, 500);
    let key = WalletKey::generate();
    let refused = server.ask_credential(&access, &access.offer.configurations[0], &[&key]).await;
    assert_eq!((refused.status, &refused.json()["error"]), (500, &json!("server_error")));
    execute_sql(&server.database_url, "ALTER TABLE audit_event_away RENAME TO audit_event").await;

    assert_eq!(seen(&server, &acme).await, before);
    assert_eq!(count(&server, &acme).await, events);
    assert_eq!(server.store.credential_count().await.expect("a count"), credentials);
    let status = server.get(&acme.path(&format!("/credential-offers/{open}/status"))).await.json();
    assert!(status.get("expiresAt").is_none(), "no claim code was made: {status}");
    assert!(
        !server.mail_dir().exists() || std::fs::read_dir(server.mail_dir()).expect("a folder").count() == 0
    );
    // Everything works again, and what failed was not counted against the user's two requests for mail.
    for answer in write_everything(&server, &acme, &open, &claimed).await {
        assert!((200..300).contains(&answer.status), "{}", answer.text);
    }
    assert_eq!(server.issue(&token, &acme.partner.request()).await.status, 200);
});
