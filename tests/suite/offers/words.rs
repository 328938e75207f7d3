//! Full-text search: `filter.search=$fulltext:...` and `search=...`.

use serde_json::json;
use support::{Environment, Server, on_both};

use crate::offers::common::{claim, claim_offer, delete, each, get, id_of, list, listed, offer};

/// The people that a search finds, by address, oldest offer first.
async fn found(server: &Server, acme: &Environment, words: &str) -> String {
    let rest = format!("/credential-offers?sortBy=createdAt:ASC&filter.search=$fulltext:{words}");
    let answer = listed(server, acme, &rest).await;
    let people = each(&answer, "data", "email").join(" ");
    assert_eq!(answer["meta"]["totalItems"], list(&answer, "data").len());
    for other in [format!("search={words}"), format!("filter.search={words}")] {
        let rest = format!("/credential-offers?sortBy=createdAt:ASC&{other}");
        assert_eq!(each(&listed(server, acme, &rest).await, "data", "email").join(" "), people, "{other}");
    }
    people
}

on_both!(a_word_is_found_wherever_it_stands, async |server: Server| {
    let acme = server.environment("acme").await;
    let body = json!({"name": "Graduates of Zürich"});
    let rest = "/credential-offer-collections";
    let collection =
        server.call(&acme, &acme.keys.user, reqwest::Method::POST, rest, Some(&body)).await.json();
    let mut ada = acme.offer("Ada.Lovelace+x@Example.org", "Augusta King, Countess");
    ada["referenceId"] = json!("CASE-2025/0042");
    ada["claims"].as_array_mut().expect("a list").push(claim("number", "score", "12.50"));
    let mut body = acme.bulk(&[ada]);
    body["credentialOfferCollectionId"] = collection["id"].clone();
    let made = crate::offers::common::create(&server, &acme, &body).await.json();
    let id = id_of(&list(&made, "credentialOffers")[0]).to_owned();
    server.offers(&acme, &[acme.offer("grace@example.com", "Grace Hopper")]).await;
    let a = "Ada.Lovelace+x@Example.org";
    for words in [
        "lovelace",
        "LOVELACE",
        "Ada.Lovelace%2Bx@Example.org",
        "example.org",
        "countess",
        "augusta countess",
        "countess augusta",
        "King,",
        "0042",
        "CASE-2025/0042",
        "12.50",
        "zürich",
        "Z%C3%9CRICH",
        "graduates king",
        "ada credential",
        "ada%20example%20verifiablecredential",
        "augusta%09king",
    ] {
        assert_eq!(found(&server, &acme, words).await, a, "{words}");
    }
    for words in ["lovelac", "ovelace", "augusta grace", "nobody", "countess & nobody", "zurich"] {
        assert_eq!(found(&server, &acme, &words.replace('&', "%26")).await, "", "{words}");
    }
    // What all offers of a program share: name, types, id, issuer.
    let both = format!("{a} grace@example.com");
    let slug = &acme.correlation_id;
    for words in
        ["example", "credential", "examplecredential", "verifiablecredential", &acme.credential_id, slug]
    {
        assert_eq!(found(&server, &acme, words).await, both, "{words}");
    }
    assert_eq!(found(&server, &acme, &acme.partner.issuer_did).await, both);

    // The subject is known once somebody has claimed.
    claim_offer(&server, &acme, &id).await.expect("claims");
    let claimed = get(&server, &acme, &id).await;
    let subject = claimed["subject"].as_str().expect("a DID");
    assert_eq!(found(&server, &acme, subject).await, a);
    assert_eq!(found(&server, &acme, "lovelace graduates 0042").await, a, "and nothing else is lost");
});

on_both!(a_search_is_no_language, async |server: Server| {
    let acme = server.environment("acme").await;
    offer(&server, &acme, "or@example.com").await;
    offer(&server, &acme, "near@example.com").await;
    for (words, people) in [
        ("or", "or@example.com"),
        ("near", "near@example.com"),
        ("or OR near", ""),
        ("or | near", ""),
        ("NOT or", ""),
        ("!or", "or@example.com"),
        ("\"or\"", "or@example.com"),
        ("nea*", ""),
        ("nea:*", ""),
        ("' or 1=1 --", ""),
        ("(near", "near@example.com"),
        ("near <-> example", "near@example.com"),
        ("words:near", ""),
        ("\\near", "near@example.com"),
    ] {
        assert_eq!(found(&server, &acme, &words.replace('<', "%3C")).await, people, "{words}");
    }
});

on_both!(what_is_deleted_is_not_found, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme, "ada@example.com").await;
    offer(&server, &acme, "grace@example.com").await;
    assert_eq!(found(&server, &acme, "lovelace").await, "ada@example.com grace@example.com");
    assert_eq!(delete(&server, &acme, &id).await.status, 204);
    assert_eq!(found(&server, &acme, "lovelace").await, "grace@example.com");
    assert_eq!(found(&server, &acme, "ada").await, "grace@example.com", "the claim's first word");
    let not = listed(&server, &acme, "/credential-offers?filter.search=$not:$fulltext:lovelace").await;
    assert_eq!(not["meta"]["totalItems"], 0);
});

on_both!(a_search_combines_with_filters, async |server: Server| {
    let acme = server.environment("acme").await;
    let ids = crate::offers::common::offers(&server, &acme, 6).await;
    claim_offer(&server, &acme, &ids[2]).await.expect("claims");
    let total = async |query: &str| {
        let found = listed(&server, &acme, &format!("/credential-offers?{query}")).await;
        found["meta"]["totalItems"].as_i64().expect("a number")
    };
    assert_eq!(total("filter.search=$fulltext:ada&filter.status=claimed").await, 1);
    assert_eq!(total("search=ada&filter.search=$fulltext:person3").await, 1);
    assert_eq!(total("filter.search=$fulltext:person1&filter.search=$or:$fulltext:person2").await, 2);
    assert_eq!(total("filter.search=$or:$fulltext:person1&filter.status=$or:claimed").await, 2);
    assert_eq!(total("filter.search=$not:$fulltext:person1").await, 5);
    assert_eq!(total("filter.search=$fulltext:ada&limit=0").await, 6);
});
