//! Reading the trail: whose it is, its filters and its pages.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Environment, Server, on_both};

use super::{call, count, identity, ready, text, trail};

on_both!(another_tenant_s_trail_is_not_seen, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let ours = ready(&server, &acme).await;
    let theirs = ready(&server, &umbrella).await;
    let token = umbrella.partner.token("ada@example.com", &server.clock);
    server.issued(&token, &umbrella.partner.request()).await;
    for (environment, seen, unseen) in [(&acme, &ours, &theirs), (&umbrella, &theirs, &ours)] {
        let events = trail(&server, environment, "").await;
        let targets: Vec<&str> = events.iter().map(|event| text(event, "target")).collect();
        assert!(targets.contains(&seen.as_str()) && !targets.contains(&unseen.as_str()), "{targets:?}");
        assert_eq!(events.len() as i64, count(&server, environment).await);
        assert!(trail(&server, environment, &format!("filter.target={unseen}")).await.is_empty());
    }
    // An alternative does not lead to them either.
    let query = format!("filter.target=$or:{ours}&filter.target=$or:{theirs}");
    assert_eq!(trail(&server, &acme, &query).await.len(), 1);
    let issued = trail(&server, &acme, "filter.action=credential.issue").await;
    assert!(issued.is_empty(), "{issued:?}");
});

/// Something of everything: the id of a collection that the user made.
async fn eventful(server: &Server, acme: &Environment) -> String {
    let id = ready(server, acme).await;
    assert_eq!(server.get(&acme.path(&format!("/credential-offers/{id}/claim"))).await.status, 200);
    let token = acme.partner.token("ada@example.com", &server.clock);
    server.issued(&token, &acme.partner.request()).await;
    let body = json!({"name": "Spring"});
    let create = (Method::POST, "/credential-offer-collections", Some(body));
    let answer = call(server, acme, &acme.keys.user, create, "the-one").await;
    text(&answer.json(), "id").to_owned()
}

on_both!(events_are_found_by_what_they_say, async |server: Server| {
    let acme = server.environment("acme").await;
    let before = server.clock_seconds();
    server.clock.advance(10);
    let collection = eventful(&server, &acme).await;
    let all = trail(&server, &acme, "").await;
    let one = all.iter().find(|event| event["target"] == collection.as_str()).expect("the event");
    let (user, key) = identity(&server, &acme, &acme.keys.user).await;
    let millis = format!("$btw:{0},{0}", text(one, "createdAt"));
    // Each column, with what the event must say there.
    let matching = |column: &str, value: &str| {
        all.iter()
            .filter(|event| event[column] == value)
            .map(|event| text(event, "id").to_owned())
            .collect::<Vec<_>>()
    };
    for (column, value) in [
        ("id", text(one, "id")),
        ("createdBy", user.as_str()),
        ("actor", "user"),
        ("actor", "partner"),
        ("actor", "holder"),
        ("actor", "operator"),
        ("key", key.as_str()),
        ("key", acme.partner.key.kid.as_str()),
        ("action", "credential_offer_collection.create"),
        ("target", collection.as_str()),
        ("address", "127.0.0.1"),
        ("requestId", "the-one"),
    ] {
        let found = trail(&server, &acme, &format!("filter.{column}={value}")).await;
        let found: Vec<String> = found.iter().map(|event| text(event, "id").to_owned()).collect();
        let expected = matching(column, value);
        assert!(!expected.is_empty(), "{column}={value}");
        assert_eq!(found, expected, "{column}={value}");
    }
    let found = trail(&server, &acme, &format!("filter.createdAt={millis}&filter.actor=user")).await;
    assert!(found.contains(one), "{found:?}");
    let rest = trail(&server, &acme, "filter.action=$not:$sw:credential_offer").await;
    assert!(
        !rest.is_empty() && rest.iter().all(|event| !text(event, "action").starts_with("credential_offer"))
    );
    let nobodys = trail(&server, &acme, "filter.key=$null").await;
    assert!(!nobodys.is_empty() && nobodys.iter().all(|event| event["key"].is_null()));
    let moment = model::Timestamp(before * 1_000_000 + 9_000_000).rfc3339_millis();
    let recent = trail(&server, &acme, &format!("filter.createdAt=$gt:{moment}")).await;
    assert_eq!(recent.len(), 4, "an offer, a code, a credential, a collection: {recent:?}");
});

on_both!(pages_show_every_event_once, async |server: Server| {
    let acme = server.environment("acme").await;
    let offers: Vec<Value> = (0..20).map(|n| acme.offer(&format!("u{n}@example.com"), "U")).collect();
    server.offers(&acme, &offers).await;
    let all = trail(&server, &acme, "").await;
    for (sort, newest_first) in
        [("", true), ("&sortBy=createdAt:DESC", true), ("&sortBy=createdAt:ASC", false)]
    {
        let mut seen = Vec::new();
        let mut next = Some(format!("/audit-trail?limit=7{sort}"));
        while let Some(rest) = next {
            let answer = server.find(&acme, &rest).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let page = answer.json();
            assert_eq!(page["meta"]["totalItems"], all.len());
            seen.extend(page["data"].as_array().expect("a list").clone());
            let base = format!("{}{}", server.url, acme.path(""));
            next = page["links"]["next"]
                .as_str()
                .map(|link| link.strip_prefix(&base).expect("a link to this list").to_owned());
        }
        if newest_first {
            seen.reverse();
        }
        assert_eq!(seen, all, "{sort}");
    }
});

on_both!(a_filter_that_cannot_be_applied_is_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    for (query, named) in [
        ("filter.nothing=x", "nothing"),
        ("filter.result=ok", "result"),
        ("filter.actor=robot", "actor"),
        ("filter.createdAt=yesterday", "createdAt"),
        ("filter.target=$near:x", "$near"),
        ("filter.createdAt=$ilike:2026", "$ilike"),
    ] {
        let answer = server.find(&acme, &format!("/audit-trail?{query}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_query"), "{query}");
        let message = answer.json()["message"].clone();
        assert!(message.as_str().is_some_and(|text| text.contains(named)), "{query}: {message}");
    }
    // Paging and sorting fall back.
    let answer = server.find(&acme, "/audit-trail?page=x&limit=-1&sortBy=nothing:UP").await;
    assert_eq!((answer.status, &answer.json()["meta"]["itemsPerPage"]), (200, &json!(20)));
});
