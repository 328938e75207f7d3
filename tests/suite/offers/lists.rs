//! Pages of offers: in order, complete, linked; and what a list refuses.

use std::cmp::Ordering;

use serde_json::Value;
use support::{Server, execute_sql, on_both};

use super::golden::{OFFERS, Recorded};
use crate::offers::common::{each, id_of, list, listed, offer, refused};

/// What a list may be sorted by, by the name on the wire.
const SORTABLE: [&str; 8] =
    ["email", "credentialId", "status", "createdAt", "updatedAt", "issuedAt", "revokedAt", "expirationDate"];

/// Gives some offers values that others lack, and equal ones.
async fn vary(server: &Server) {
    let number = "CAST(reference_id AS BIGINT)";
    for change in [
        format!("expires_at = created_at + ({number} % 4) * 86400000000 WHERE {number} % 2 = 0"),
        format!("updated_at = created_at - ({number} % 6) * 7200000000"),
        format!("created_at = created_at - 3600000000 WHERE {number} % 7 = 1"),
    ] {
        execute_sql(&server.database_url, &format!("UPDATE offer SET {change}")).await;
    }
}

/// Follows the links called `next` from here to the end; all rows.
async fn follow(server: &Server, key: &str, first: &Value) -> Vec<Value> {
    let mut rows = list(first, "data").to_vec();
    let mut page = first.clone();
    while let Some(next) = page["links"]["next"].as_str() {
        let request = server.request(reqwest::Method::GET, server.path_of(next)).header("x-api-key", key);
        let answer = server.send(request).await;
        assert_eq!(answer.status, 200, "{next}: {}", answer.text);
        let answer = answer.json();
        assert_eq!(answer["links"]["current"], next);
        assert_eq!(answer["links"]["previous"], page["links"]["current"]);
        rows.extend(list(&answer, "data").iter().cloned());
        page = answer;
    }
    assert_eq!(page["meta"]["currentPage"], page["meta"]["totalPages"]);
    rows
}

/// By a column, rows without a value as if it were greater than all others; ties by creation and id.
fn compare(a: &Value, b: &Value, column: &str) -> Ordering {
    let by = |name: &str| match (a[name].as_str(), b[name].as_str()) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Greater,
        (_, None) => Ordering::Less,
        (a, b) => a.cmp(&b),
    };
    by(column).then(by("createdAt")).then(by("id"))
}

on_both!(pages_neither_repeat_nor_lose_rows, async |server: Server| {
    let recorded = Recorded::set_up(&server).await;
    vary(&server).await;
    let all = listed(&server, &recorded.nchain, "/credential-offers?limit=100").await;
    for column in SORTABLE {
        for direction in ["ASC", "DESC"] {
            let rest = format!("/credential-offers?limit=7&sortBy={column}:{direction}");
            let first = listed(&server, &recorded.nchain, &rest).await;
            let rows = follow(&server, &recorded.nchain.keys.auditor, &first).await;
            let mut wanted = list(&all, "data").to_vec();
            wanted.sort_by(|a, b| compare(a, b, column));
            if direction == "DESC" {
                wanted.reverse();
            }
            let ids = |rows: &[Value]| rows.iter().map(|row| id_of(row).to_owned()).collect::<Vec<_>>();
            assert_eq!(ids(&rows), ids(&wanted), "{rest}");
            assert_eq!(rows.len(), OFFERS);
        }
    }
});

on_both!(what_cannot_be_sorted_by_is_dropped, async |server: Server| {
    let recorded = Recorded::set_up(&server).await;
    let sorted = async |query: &str| {
        let found = listed(&server, &recorded.nchain, &format!("/credential-offers?limit=1&{query}")).await;
        found["meta"]["sortBy"].to_string()
    };
    assert_eq!(sorted("sortBy=createdBy:ASC&sortBy=email:ASC").await, r#"[["email","ASC"]]"#);
    assert_eq!(sorted("sortBy=subject:ASC").await, r#"[["createdAt","DESC"]]"#);
    assert_eq!(sorted("sortBy=email:ASC&sortBy=email:DESC").await, r#"[["email","ASC"]]"#);
    assert_eq!(sorted("sortBy=email:ASC;DROP").await, r#"[["createdAt","DESC"]]"#);
});

on_both!(links_lead_on_whatever_an_address_holds, async |server: Server| {
    let acme = server.environment("acme").await;
    let email = "a+b&c=d%41#e'?@example.com";
    for _ in 0..3 {
        offer(&server, &acme, email).await;
    }
    offer(&server, &acme, "a_b@example.com").await;
    let encoded = "a%2Bb%26c%3Dd%2541%23e'%3F%40example.com";
    for filter in [format!("filter.email={encoded}"), format!("filter.email=$in:x@example.com,{encoded}")] {
        let rest = format!("/credential-offers?limit=1&{filter}&sortBy=email:ASC");
        let first = listed(&server, &acme, &rest).await;
        assert_eq!(first["meta"]["totalItems"], 3, "{rest}");
        let rows = follow(&server, &acme.keys.user, &first).await;
        assert_eq!(
            rows.iter().map(|row| row["email"].as_str().expect("one")).collect::<Vec<_>>(),
            [email; 3]
        );
        let last = first["links"]["last"].as_str().expect("a link");
        assert!(last.is_ascii() && !last.contains([' ', '+', '#', '\'']), "{last}");
        let request = server.request(reqwest::Method::GET, server.path_of(last));
        let last = server.send(request.header("x-api-key", &acme.keys.user)).await.json();
        assert_eq!(last["links"]["first"], first["links"]["current"]);
        assert_eq!(last["meta"]["filter"], first["meta"]["filter"]);
    }
});

/// Queries that are refused, and what the refusal names.
const REFUSED: [(&str, &[&str]); 28] = [
    ("filter.nothing=1", &["Column 'nothing' is not filterable", "credentialOfferCollection.id"]),
    ("filter.claims=Ada", &["Column 'claims'"]),
    ("filter.=1", &["Column ''"]),
    ("filter.email'--=1", &["Column 'email'--'"]),
    ("filter.collection=1", &["Column 'collection'"]),
    ("filter.email=$fulltext:ada", &["'$fulltext'", "'email'", "$ilike"]),
    ("filter.email=$fake:ada", &["'$fake'", "'email'"]),
    ("filter.email=$not:$fake:ada", &["'$fake'", "'email'"]),
    ("filter.createdAt=$like:2025", &["'$like'", "'createdAt'"]),
    ("filter.createdAt=$contains:2025", &["'$contains'", "'createdAt'"]),
    ("filter.status=$gt:claimed", &["'$gt'", "'status'"]),
    ("filter.id=$btw:a,b", &["'$btw'", "'id'"]),
    ("filter.search=$null", &["'$null'", "'search'"]),
    ("filter.search=$gt:ada", &["'$gt'", "'search'"]),
    ("filter.credentialTypes=$gt:A", &["'$gt'", "'credentialTypes'"]),
    ("filter.createdAt=yesterday", &["'yesterday'", "'createdAt'", "2025-06-20"]),
    ("filter.createdAt=2025-02-30", &["'2025-02-30'"]),
    ("filter.createdAt=$in:2025-06-01,soon", &["'soon'"]),
    ("filter.createdAt=$btw:2025-06-01,2025-06-02,2025-06-03", &["$btw takes two values"]),
    ("filter.createdAt=", &["''", "'createdAt'"]),
    ("filter.status=expired", &["'expired'", "'status'", "ready_to_claim, claimed, revoked"]),
    ("filter.credentialOfferCollection.id=c1", &["'c1'", "must be a UUID"]),
    ("filter.organisationProfileId=$in:c1", &["'c1'", "must be a UUID"]),
    ("filter.email=$like:", &["''", "'email'"]),
    ("filter.search=$fulltext:%25", &["'%'", "'search'"]),
    ("filter.email=a%00b", &["'email'"]),
    ("filter.email=$like:%00", &["'email'"]),
    ("filter.credentialNames=$contains:a%00", &["'credentialNames'"]),
];

on_both!(what_cannot_be_asked_is_refused_by_name, async |server: Server| {
    let acme = server.environment("acme").await;
    offer(&server, &acme, "ada@example.com").await;
    for (query, names) in REFUSED {
        // A good filter beside it changes nothing.
        for query in [query.to_owned(), format!("filter.status=ready_to_claim&{query}")] {
            let answer = server.find(&acme, &format!("/credential-offers?{query}")).await;
            let message = refused(&answer, 400, "invalid_query");
            for name in names {
                assert!(message.contains(name), "{query}: {message}");
            }
        }
    }
    for (many, says) in [
        ("filter.email=x&".repeat(51), "at most 50"),
        (format!("filter.email={}", "x".repeat(1_001)), "at most 1000 characters"),
        (format!("filter.email=$in:{}", vec!["x"; 101].join(",")), "at most 100"),
        (format!("search={}", "x".repeat(1_001)), "at most 1000 characters"),
        (format!("x={}", "x".repeat(16 * 1_024)), "too long"),
    ] {
        let answer = server.find(&acme, &format!("/credential-offers?{many}")).await;
        let message = refused(&answer, 400, "invalid_query");
        assert!(message.contains(says), "{message}");
    }
    for list in ["credential-offers/search-history", "audit-trail", "organisation-profiles", "api-keys"] {
        let answer = server.find(&acme, &format!("/{list}?filter.nothing=1")).await;
        refused(&answer, 400, "invalid_query");
    }
});

on_both!(other_lists_know_the_same_language, async |server: Server| {
    let acme = server.environment("acme").await;
    let rest = "/credential-offer-collections";
    for name in ["alpha", "beta", "gamma"] {
        let body = serde_json::json!({"name": name});
        let made = server.call(&acme, &acme.keys.user, reqwest::Method::POST, rest, Some(&body)).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    let names = async |query: &str| {
        let found = listed(&server, &acme, &format!("{rest}?{query}")).await;
        each(&found, "data", "name").join(" ")
    };
    assert_eq!(names("").await, "gamma beta alpha");
    assert_eq!(names("filter.name=beta").await, "beta");
    assert_eq!(names("filter.name=$in:beta,alpha").await, "beta alpha");
    assert_eq!(names("filter.name=$not:$like:a%25").await, "gamma beta alpha");
    assert_eq!(names("limit=1&page=2").await, "beta");
    let keys = listed(&server, &acme, "/api-keys?limit=1").await;
    assert_eq!(keys["meta"]["totalItems"], 3);
    let profiles = listed(&server, &acme, "/organisation-profiles?filter.name=acme").await;
    assert_eq!(each(&profiles, "data", "id"), [acme.profile_id.as_str()]);
});
