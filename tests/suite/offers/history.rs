//! The history of searches, and when each credential was last offered.

use serde_json::json;
use support::{Environment, Server, on_both};

use crate::offers::common::{delete, each, id_of, list, listed, offer};

const HISTORY: &str = "/credential-offers/search-history";

/// How many searches a user sees.
async fn seen(server: &Server, acme: &Environment, key: &str) -> i64 {
    let answer = server.call(acme, key, reqwest::Method::GET, HISTORY, None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["meta"]["totalItems"].as_i64().expect("a number")
}

async fn search(server: &Server, acme: &Environment, key: &str, query: &str) {
    let rest = format!("/credential-offers?{query}");
    let answer = server.call(acme, key, reqwest::Method::GET, &rest, None).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
}

on_both!(a_search_is_remembered_as_it_was_asked, async |server: Server| {
    let acme = server.environment("acme").await;
    offer(&server, &acme, "ada@example.com").await;
    let query = "page=1&limit=5&sortBy=email:ASC&filter.email=ada@example.com&filter.status=$or:claimed\
                 &filter.status=$or:ready_to_claim";
    search(&server, &acme, &acme.keys.user, query).await;
    let history = listed(&server, &acme, HISTORY).await;
    let row = &list(&history, "data")[0];
    let path = format!("{}{}", server.url, acme.path("/credential-offers"));
    assert_eq!(
        row["searchQuery"],
        json!({
            "filter": {"email": "ada@example.com", "status": ["$or:claimed", "$or:ready_to_claim"]},
            "sortBy": ["email:ASC"],
            "page": 1,
            "limit": 5,
            "path": path,
        })
    );
    assert_eq!(row["recordsFound"], 1);
    assert_eq!(row["createdBy"], row["updatedBy"]);
    assert_eq!(row["createdAt"], row["updatedAt"]);
    assert_eq!((&row["deletedAt"], &row["deletedBy"]), (&json!(null), &json!(null)));
    assert_eq!(id_of(row).len(), 36);
    search(&server, &acme, &acme.keys.user, "search=ada").await;
    let history = listed(&server, &acme, HISTORY).await;
    assert_eq!(list(&history, "data")[0]["searchQuery"]["search"], "ada");
});

on_both!(only_searches_are_remembered_and_once_a_minute, async |server: Server| {
    let acme = server.environment("acme").await;
    let (user, admin) = (&acme.keys.user, &acme.keys.admin);
    for query in ["", "page=2", "limit=0", "sortBy=email:ASC", "x=1", "search="] {
        search(&server, &acme, user, query).await;
    }
    let refused = server.find(&acme, "/credential-offers?filter.nothing=1").await;
    assert_eq!(refused.status, 400);
    assert_eq!(seen(&server, &acme, admin).await, 0);
    for _ in 0..3 {
        search(&server, &acme, user, "filter.status=claimed").await;
    }
    assert_eq!(seen(&server, &acme, admin).await, 1);
    search(&server, &acme, user, "filter.status=revoked").await;
    search(&server, &acme, admin, "filter.status=claimed").await;
    assert_eq!(seen(&server, &acme, admin).await, 3, "another search, and another's");
    server.clock.advance(61);
    search(&server, &acme, user, "filter.status=claimed").await;
    assert_eq!(seen(&server, &acme, admin).await, 4);
});

on_both!(a_user_sees_its_own_searches, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let keys = &acme.keys;
    for key in [&keys.user, &keys.admin, &keys.auditor] {
        search(&server, &acme, key, "filter.status=claimed").await;
    }
    assert_eq!(seen(&server, &acme, &keys.user).await, 1);
    assert_eq!(seen(&server, &acme, &keys.admin).await, 3);
    assert_eq!(seen(&server, &acme, &keys.auditor).await, 3);
    assert_eq!(seen(&server, &umbrella, &umbrella.keys.admin).await, 0);
    // Its own filters narrow that further, and never widen it.
    let all = listed(&server, &acme, HISTORY).await;
    let users = each(&all, "data", "createdBy");
    for (user, own) in users.iter().zip([0, 0, 1]) {
        let rest = format!("{HISTORY}?filter.createdBy={user}");
        let answer = server.call(&acme, &keys.user, reqwest::Method::GET, &rest, None).await.json();
        assert_eq!(answer["meta"]["totalItems"], own, "latest first: the user searched first");
    }
});

on_both!(searches_are_forgotten_after_ninety_days, async |server: Server| {
    let acme = server.environment("acme").await;
    let (user, admin) = (&acme.keys.user, &acme.keys.admin);
    search(&server, &acme, user, "filter.status=claimed").await;
    server.clock.advance(10 * 86_400);
    search(&server, &acme, user, "filter.status=claimed").await;
    server.clock.advance(80 * 86_400 - 60);
    server.engine.housekeep().await.expect("tidies");
    assert_eq!(seen(&server, &acme, admin).await, 2);
    server.clock.advance(120);
    server.engine.housekeep().await.expect("tidies");
    assert_eq!(seen(&server, &acme, admin).await, 1);
});

on_both!(types_are_listed_by_their_latest_offer, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let usage = async || {
        let answer = server.find(&acme, "/credential-offers/type-usage").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let rows = answer.json();
        let rows = rows.as_array().expect("a list").iter();
        rows.map(|row| row["credentialType"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(usage().await, Vec::<String>::new());
    let tenant = acme.partner.id.as_str().into();
    let first = server.store.program(&tenant, &acme.credential_id.as_str().into()).await.expect("answers");
    let schema = first.expect("a program").schema_id;
    let second = server.another_program(&acme.partner, |program| program.schema = schema).await;
    let item = |program: &str| {
        let mut item = acme.offer("ada@example.com", "Ada");
        item["credentialId"] = json!(program);
        item
    };
    let made = server.offers(&acme, &[item(&acme.credential_id)]).await;
    assert_eq!(usage().await, [acme.credential_id.as_str()]);
    let rows = server.find(&acme, "/credential-offers/type-usage").await.json();
    assert_eq!(rows[0]["latestCreatedAt"], made[0]["createdAt"]);
    let latest = server.offers(&acme, &[item(&second)]).await;
    assert_eq!(usage().await, [second.as_str(), acme.credential_id.as_str()]);
    offer(&server, &umbrella, "ada@example.com").await;
    assert_eq!(usage().await.len(), 2);
    assert_eq!(delete(&server, &acme, id_of(&latest[0])).await.status, 204);
    assert_eq!(usage().await, [acme.credential_id.as_str()]);
});
