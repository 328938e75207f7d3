//! One event for each changed thing: who, with which key, what, from where, in which request.

use model::{Actor, Role};
use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Environment, Form, PIXEL, Server, on_both};
use wallet::{WalletKey, credential_request};

use super::{MEMBERS, call, call_form, count, done, identity, ready, revoking, text, trail};

const POST: Method = Method::POST;
const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

/// The events of a request are these, all of them by this key's user.
async fn assert_events(
    server: &Server,
    acme: &Environment,
    key: &str,
    request_id: &str,
    expected: &[(&str, &str)],
) {
    let events = trail(server, acme, &format!("filter.requestId={request_id}")).await;
    let mut expected: Vec<(String, String)> =
        expected.iter().map(|(action, target)| ((*action).to_owned(), (*target).to_owned())).collect();
    expected.sort_unstable();
    assert_eq!(done(&events), expected, "{request_id}");
    let (user, key_id) = identity(server, acme, key).await;
    for event in events {
        let mut members: Vec<&str> =
            event.as_object().expect("an object").keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, MEMBERS);
        let who = [&event["actor"], &event["createdBy"], &event["key"], &event["address"], &event["result"]];
        assert_eq!(who, ["user", &user, &key_id, "127.0.0.1", "ok"], "{event}");
        assert!(text(&event, "createdAt").ends_with('Z'), "{event}");
    }
}

fn id_of(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text);
    text(&answer.json(), "id").to_owned()
}

on_both!(making_offers_leaves_one_event_an_offer, async |server: Server| {
    let acme = server.environment("acme").await;
    let user = acme.keys.user.as_str();
    let good = acme.offer("ada@example.com", "Ada");
    let mut bad = good.clone();
    bad["claims"] = json!([]);
    let body = acme.bulk(&[good.clone(), bad.clone(), good]);
    let create = |body: &Value| (POST, "/credential-offers", Some(body.clone()));
    let answer = call(&server, &acme, user, create(&body), "create-1").await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let made = answer.json();
    let (first, second) =
        (text(&made["credentialOffers"][0], "id"), text(&made["credentialOffers"][1], "id"));
    let events = [("credential_offer.create", first), ("credential_offer.create", second)];
    assert_events(&server, &acme, user, "create-1", &events).await;
    let answer = call(&server, &acme, user, create(&acme.bulk(&[bad])), "create-2").await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_events(&server, &acme, user, "create-2", &[]).await;
    // A retry makes nothing.
    for (request_id, events) in [("create-3", 2), ("create-4", 0)] {
        let request = server.request(POST, &acme.path("/credential-offers")).header("x-api-key", user);
        let request = request.header("idempotency-key", "once").header("x-request-id", request_id);
        assert_eq!(server.send(request.json(&body)).await.status, 201);
        assert_eq!(trail(&server, &acme, &format!("filter.requestId={request_id}")).await.len(), events);
    }
});

on_both!(changing_offers_leaves_one_event_an_offer, async |server: Server| {
    let acme = server.environment("acme").await;
    let user = acme.keys.user.as_str();
    let (open, doomed) = (ready(&server, &acme).await, ready(&server, &acme).await);
    let claimed = server.claimed_offer(&acme, "grace@example.com", "Grace").await;
    let share = json!({"credentialOfferIds": [open, UNKNOWN, open, claimed]});
    let share = (POST, "/credential-offers/share-with-email", Some(share));
    assert_eq!(call(&server, &acme, user, share, "share").await.status, 201);
    let events = [("credential_offer.share_with_email", open.as_str())];
    assert_events(&server, &acme, user, "share", &events).await;

    let delete = (Method::DELETE, &*format!("/credential-offers/{doomed}"), None);
    assert_eq!(call(&server, &acme, user, delete, "delete").await.status, 204);
    assert_events(&server, &acme, user, "delete", &[("credential_offer.delete", &doomed)]).await;

    let revoke = revoking(&[&claimed, &open, &claimed, UNKNOWN]);
    let revoke = (Method::PATCH, "/credential-offers/revoke", Some(revoke));
    let answer = call(&server, &acme, user, revoke, "revoke").await;
    assert_eq!(answer.json()["failed"].as_array().map(Vec::len), Some(3), "{}", answer.text);
    assert_events(&server, &acme, user, "revoke", &[("credential_offer.revoke", &claimed)]).await;

    let resend = json!({"credentialOfferId": claimed});
    let resend = (POST, "/credential-offers/resend-revocation-email", Some(resend));
    assert_eq!(call(&server, &acme, user, resend, "resend").await.status, 201);
    let events = [("credential_offer.resend_revocation_email", claimed.as_str())];
    assert_events(&server, &acme, user, "resend", &events).await;
});

on_both!(making_what_surrounds_offers_leaves_one_event_a_thing, async |server: Server| {
    let acme = server.environment("acme").await;
    let admin = acme.keys.admin.as_str();
    let form = Form::default().file("image", "pixel.png", PIXEL);
    let upload = ("/credential-offers/image-upload", form.clone());
    let image = id_of(&call_form(&server, &acme, admin, upload, "image").await, 201);
    assert_events(&server, &acme, admin, "image", &[("image.upload", &image)]).await;

    let plain = ("/organisation-profiles", Form::default().text("name", "Plain"));
    let profile = id_of(&call_form(&server, &acme, admin, plain, "profile-1").await, 201);
    assert_events(&server, &acme, admin, "profile-1", &[("organisation_profile.create", &profile)]).await;
    let logo = ("/organisation-profiles", form.text("name", "Logo"));
    let answer = call_form(&server, &acme, admin, logo, "profile-2").await;
    let profile = id_of(&answer, 201);
    let image = text(&answer.json()["image"], "id").to_owned();
    let events = [("image.upload", image.as_str()), ("organisation_profile.create", &profile)];
    assert_events(&server, &acme, admin, "profile-2", &events).await;

    let body = json!({"name": "Spring"});
    let create = (POST, "/credential-offer-collections", Some(body));
    let collection = id_of(&call(&server, &acme, admin, create, "collection").await, 201);
    let events = [("credential_offer_collection.create", collection.as_str())];
    assert_events(&server, &acme, admin, "collection", &events).await;

    let body = json!({"name": "a key", "roles": ["Issuer_User"]});
    let create = (POST, "/api-keys", Some(body));
    let key = id_of(&call(&server, &acme, admin, create, "key-1").await, 201);
    assert_events(&server, &acme, admin, "key-1", &[("api_key.create", &key)]).await;
    let revoke = (Method::DELETE, &*format!("/api-keys/{key}"), None);
    assert_eq!(call(&server, &acme, admin, revoke, "key-2").await.status, 204);
    assert_events(&server, &acme, admin, "key-2", &[("api_key.revoke", &key)]).await;
});

on_both!(reading_leaves_nothing, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = ready(&server, &acme).await;
    let before = count(&server, &acme).await;
    for rest in [
        "/credential-offers?filter.email=ada@example.com",
        "/credential-offers/search-history",
        "/credential-offers/type-usage",
        &format!("/credential-offers/{id}"),
        &format!("/credential-offers/{id}/status"),
        "/organisation-profiles",
        "/credential-offer-collections",
        "/api-keys",
        "/audit-trail",
    ] {
        assert_eq!(server.find(&acme, rest).await.status, 200, "{rest}");
    }
    assert_eq!(count(&server, &acme).await, before);
});

on_both!(a_person_s_own_doing_is_the_holder_s, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = ready(&server, &acme).await;
    let path = acme.path(&format!("/credential-offers/{id}/claim"));
    for request_id in ["code-1", "code-2"] {
        let request = server.request(Method::GET, &path).header("x-request-id", request_id);
        assert_eq!(server.send(request).await.status, 200);
    }
    let access = server.access(server.scanned(&acme, &id, "1.0", "value").await).await;
    let proofs = server.proofs(&access.offer, &[&WalletKey::generate()]).await;
    let body = credential_request(&access.offer.configurations[0], &proofs);
    let request = server.request(Method::POST, server.path_of(&access.offer.endpoint("credential")));
    let request = request.bearer_auth(&access.token).header("x-request-id", "claim").json(&body);
    assert_eq!(server.send(request).await.status, 200);
    let events = trail(&server, &acme, "filter.actor=holder").await;
    let seen: Vec<[&Value; 5]> = events
        .iter()
        .map(|event| {
            [&event["action"], &event["target"], &event["key"], &event["address"], &event["requestId"]]
        })
        .collect();
    let (id, null) = (json!(id), Value::Null);
    let expected = [
        [&json!("credential_offer.claim_code"), &id, &null, &json!("127.0.0.1"), &json!("code-1")],
        [&json!("credential_offer.claim"), &id, &null, &json!("127.0.0.1"), &json!("claim")],
    ];
    assert_eq!(seen, expected, "the live code is shown again without an event");
    // Once it has ended, a new one is made, and that is another event.
    let id = ready(&server, &acme).await;
    let path = acme.path(&format!("/credential-offers/{id}/claim"));
    for _ in 0..2 {
        assert_eq!(server.get(&path).await.status, 200);
        server.clock.advance(601);
    }
    let codes = trail(&server, &acme, &format!("filter.target={id}&filter.actor=holder")).await;
    assert_eq!(codes.len(), 2, "{codes:?}");
});

on_both!(what_an_operator_does_is_the_operator_s, async |server: Server| {
    let acme = server.environment("acme").await;
    let key = server.api_key(&acme.partner, &[Role::User]).await;
    let (_, key_id) = identity(&server, &acme, &key).await;
    let (tenant, id) = (acme.partner.id.as_str().into(), key_id.as_str().into());
    server.engine.revoke_api_key(&Actor::operator(), &tenant, &id).await.expect("revokes");
    let events = trail(&server, &acme, &format!("filter.target={key_id}")).await;
    let actions: Vec<&str> = events.iter().map(|event| text(event, "action")).collect();
    assert_eq!(actions, ["api_key.create", "api_key.revoke"]);
    for event in &events {
        let who = [&event["actor"], &event["createdBy"]];
        assert_eq!(who, ["operator", "operator"], "{event}");
        assert!(["key", "address", "requestId"].iter().all(|unset| event[unset].is_null()), "{event}");
    }
});

on_both!(issue_on_behalf_is_the_partner_s, async |server: Server| {
    let acme = server.environment("acme").await;
    let token = acme.partner.token("ada@example.com", &server.clock);
    let mut ignoring = acme.partner.request();
    ignoring["onDuplicate"] = json!("ignore");
    let mut ids = Vec::new();
    for (request_id, body, expected) in [
        ("issue-1", acme.partner.request(), vec!["credential.issue"]),
        ("issue-2", acme.partner.request(), vec!["credential.issue", "credential.revoke"]),
        ("issue-3", ignoring, vec![]),
    ] {
        let headers = [("content-type", "application/json"), ("x-request-id", request_id)];
        let answer = server.post(&token, &headers, body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let hash = answer.json()["coreClaimHash"].clone();
        let credential = server.credential(&token, hash.as_str().expect("a hash")).await;
        ids.push(text(&credential, "vcId").to_owned());
        let events = trail(&server, &acme, &format!("filter.requestId={request_id}")).await;
        let did: Vec<String> = done(&events).into_iter().map(|(action, _)| action).collect();
        assert_eq!(did, expected, "{request_id}");
        for event in &events {
            let who = [&event["actor"], &event["createdBy"], &event["key"], &event["address"]];
            assert_eq!(who, ["partner", &acme.partner.id, &acme.partner.key.kid, "127.0.0.1"], "{event}");
            // The new one is issued; the one before is revoked.
            let issued = text(event, "action") == "credential.issue";
            let target = if issued { &ids[ids.len() - 1] } else { &ids[0] };
            assert!(target.contains(text(event, "target")), "{event} {ids:?}");
        }
    }
    // A retry with an idempotency key does nothing.
    for (request_id, events) in [("issue-4", 2), ("issue-5", 0)] {
        let headers =
            [("content-type", "application/json"), ("x-request-id", request_id), ("idempotency-key", "once")];
        let answer = server.post(&token, &headers, acme.partner.request().to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(trail(&server, &acme, &format!("filter.requestId={request_id}")).await.len(), events);
    }
});

on_both!(a_request_without_a_readable_id_is_given_one, async |server: Server| {
    let acme = server.environment("acme").await;
    for sent in [None, Some("not readable: {}"), Some("")] {
        let mut request = server.request(POST, &acme.path("/credential-offer-collections"));
        request = request.header("x-api-key", &acme.keys.user).header("x-forwarded-for", "203.0.113.9");
        if let Some(sent) = sent {
            request = request.header("x-request-id", sent);
        }
        let answer = server.send(request.json(&json!({"name": "Spring"}))).await;
        let id = answer.header("x-request-id").expect("an id").to_owned();
        assert_eq!(id.len(), 32, "{id}");
        let events = trail(&server, &acme, &format!("filter.requestId={id}")).await;
        assert_eq!(done(&events), [("credential_offer_collection.create".to_owned(), id_of(&answer, 201))]);
        assert_eq!(events[0]["address"], "127.0.0.1", "nobody is trusted to say otherwise");
    }
});
