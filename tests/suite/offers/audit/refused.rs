//! What is refused leaves no event.

use model::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Environment, Form, Server, on_both};

use super::{call, call_form, count, ready, revoking, text};

const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

/// Requests that are refused as a whole or in all their parts, and the status.
fn refused(acme: &Environment, open: &str, claimed: &str) -> Vec<(u16, Method, String, Value)> {
    let (post, offers) = (Method::POST, "/credential-offers".to_owned());
    let key = json!({"name": "x", "roles": []});
    let mut body = acme.bulk(&[acme.offer("ada@example.com", "Ada")]);
    body["correlationId"] = json!("nobody");
    let mut late = acme.offer("ada@example.com", "Ada");
    late["expirationDate"] = json!("2001-01-01T00:00:00Z");
    let share = |ids: Value| json!({"credentialOfferIds": ids});
    let sharing = format!("{offers}/share-with-email");
    let resending = format!("{offers}/resend-revocation-email");
    vec![
        (404, post.clone(), offers.clone(), body),
        (400, post.clone(), offers.clone(), acme.bulk(&[])),
        (201, post.clone(), offers.clone(), acme.bulk(&[late])),
        (400, post.clone(), sharing.clone(), share(json!([]))),
        (201, post.clone(), sharing, share(json!([UNKNOWN, claimed]))),
        (409, post.clone(), resending.clone(), json!({"credentialOfferId": open})),
        (404, post.clone(), resending, json!({"credentialOfferId": UNKNOWN})),
        (409, Method::DELETE, format!("{offers}/{claimed}"), Value::Null),
        (404, Method::DELETE, format!("{offers}/{UNKNOWN}"), Value::Null),
        (400, Method::DELETE, format!("{offers}/x"), Value::Null),
        (200, Method::PATCH, format!("{offers}/revoke"), revoking(&[open, UNKNOWN])),
        (400, Method::PATCH, format!("{offers}/revoke"), json!({"revoke": [{"id": claimed}]})),
        (400, post.clone(), "/api-keys".to_owned(), key),
        (404, Method::DELETE, format!("/api-keys/{UNKNOWN}"), Value::Null),
        (400, post.clone(), "/credential-offer-collections".to_owned(), json!({"name": ""})),
        (413, post, "/credential-offer-collections".to_owned(), json!({"name": "x".repeat(70_000)})),
    ]
}

on_both!(what_is_refused_leaves_nothing, async |server: Server| {
    let acme = server.environment("acme").await;
    let open = ready(&server, &acme).await;
    let claimed = server.claimed_offer(&acme, "grace@example.com", "Grace").await;
    let before = count(&server, &acme).await;
    let admin = acme.keys.admin.as_str();
    for (status, method, rest, body) in refused(&acme, &open, &claimed) {
        let body = (!body.is_null()).then_some(body);
        let described =
            format!("{method} {rest} {}", body.as_ref().map(Value::to_string).unwrap_or_default());
        let answer = call(&server, &acme, admin, (method, &rest, body), "refused").await;
        let described = described.chars().take(200).collect::<String>();
        assert_eq!(answer.status, status, "{described}: {}", answer.text);
    }
    for (status, key) in [(401, "bst_unknown"), (403, acme.keys.auditor.as_str())] {
        let delete = (Method::DELETE, &*format!("/credential-offers/{open}"), None);
        assert_eq!(call(&server, &acme, key, delete, "refused").await.status, status);
    }
    let upload = "/credential-offers/image-upload";
    for (status, form) in [
        (400, Form::default()),
        (415, Form::default().file("image", "a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>")),
        (413, Form::default().file("image", "a.png", &vec![0; 5_242_881])),
    ] {
        let answer = call_form(&server, &acme, admin, (upload, form), "refused").await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    assert_eq!(count(&server, &acme).await, before);
});

on_both!(the_third_request_for_mail_leaves_nothing, async |server: Server| {
    let acme = server.environment("acme").await;
    let open = ready(&server, &acme).await;
    let before = count(&server, &acme).await;
    for (status, events) in [(201, 1), (201, 2), (429, 2)] {
        let share = json!({"credentialOfferIds": [open]});
        let share = (Method::POST, "/credential-offers/share-with-email", Some(share));
        let answer = call(&server, &acme, &acme.keys.user, share, "share").await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert_eq!(count(&server, &acme).await, before + events);
    }
});

on_both!(a_refused_issue_on_behalf_leaves_nothing, async |server: Server| {
    let acme = server.environment("acme").await;
    let before = count(&server, &acme).await;
    let token = acme.partner.token("ada@example.com", &server.clock);
    let mut bad = acme.partner.request();
    bad["credentialSubject"] = json!({"age": "old"});
    assert_eq!(server.issue(&token, &bad).await.status, 400);
    let mut unknown = acme.partner.request();
    unknown["credentialId"] = json!("nothing");
    assert_eq!(server.issue(&token, &unknown).await.status, 404);
    assert_eq!(server.issue("x.y.z", &acme.partner.request()).await.status, 401);
    assert_eq!(count(&server, &acme).await, before);
});

on_both!(an_offer_that_cannot_be_claimed_leaves_nothing, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut brief = acme.offer("ada@example.com", "Ada");
    brief["expirationDate"] = json!(server.clock.now().plus_seconds(60).rfc3339_millis());
    let offers = server.offers(&acme, &[brief]).await;
    let expired = text(&offers[0], "id").to_owned();
    let claimed = server.claimed_offer(&acme, "grace@example.com", "Grace").await;
    let before = count(&server, &acme).await;
    let claim = async |id: &str| {
        let answer = server.get(&acme.path(&format!("/credential-offers/{id}/claim"))).await;
        (answer.status, answer.code())
    };
    assert_eq!(claim(&claimed).await, (409, "credential_offer_already_claimed".to_owned()));
    assert_eq!(claim(UNKNOWN).await, (404, "credential_offer_not_found".to_owned()));
    for id in [claimed.as_str(), UNKNOWN] {
        server.claim(&acme, id).await.expect_err("cannot be claimed");
    }
    server.clock.advance(61);
    assert_eq!(claim(&expired).await, (410, "credential_offer_expired".to_owned()));
    assert_eq!(count(&server, &acme).await, before);
});
