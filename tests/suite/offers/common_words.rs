//! Words that most offers of a tenant share are learned, and the search finds the same with them as without.

use serde_json::Value;
use support::{Environment, Server, Setup, on_both, query_texts};

use crate::offers::common::{claim_offer, delete, each, eventually, id_of, listed};

/// As many as it takes until the store learns.
const BEFORE: usize = 5_001;
/// Made once it has; every second of them has the word.
const AFTER: usize = 30;

fn offers(
    acme: &Environment,
    numbers: std::ops::Range<usize>,
    land: impl Fn(usize) -> &'static str,
) -> Vec<Value> {
    numbers
        .map(|number| {
            acme.offer(&format!("p{number}@example.com"), &format!("Person{number} {}", land(number)))
        })
        .collect()
}

async fn total(server: &Server, acme: &Environment, query: &str) -> usize {
    let found = listed(server, acme, &format!("/credential-offers?limit=0&filter.search={query}")).await;
    usize::try_from(found["meta"]["totalItems"].as_u64().expect("a number")).expect("not so many")
}

on_both!(shared_words_are_learned_and_found_as_before, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    // Another replica, which knows the tenant from before.
    let other = server.replica(Setup::default()).await;
    let mut made = other.offers(&acme, &offers(&acme, 0..1, |_| "Atlantis")).await;
    for thousand in 0..BEFORE / 1_000 {
        let numbers = thousand * 1_000 + 1..(thousand + 1) * 1_000 + 1;
        made.extend(server.offers(&acme, &offers(&acme, numbers, |_| "Atlantis")).await);
    }
    let with_bits = async || {
        let sql = "SELECT CAST(COUNT(*) AS TEXT) FROM offer WHERE common_0 <> 0";
        query_texts(&server.database_url, sql).await.remove(0).parse::<usize>().expect("a number")
    };
    eventually("what was made before is written again", async || (with_bits().await == BEFORE).then_some(()))
        .await;
    let learned = query_texts(&server.database_url, "SELECT words FROM common_words").await.remove(0);
    let learned: Vec<&str> = learned.split_whitespace().collect();
    assert!(["atlantis", "example", "com"].iter().all(|word| learned.contains(word)), "{learned:?}");
    assert!(!learned.iter().any(|word| word.starts_with("tenant") || word.starts_with('p')), "{learned:?}");

    // The process that has learned writes with bits, the other does not yet: a search finds both.
    let land = |number| if number % 2 == 0 { "Atlantis" } else { "Lemuria" };
    let middle = BEFORE + AFTER / 2;
    made.extend(server.offers(&acme, &offers(&acme, BEFORE..middle, land)).await);
    made.extend(other.offers(&acme, &offers(&acme, middle..BEFORE + AFTER, land)).await);
    assert_eq!(with_bits().await, middle);
    server.offers(&umbrella, &offers(&umbrella, 0..3, land)).await;

    let half = AFTER / 2;
    let searches = [
        ("atlantis", BEFORE + half),
        ("ATLANTIS.", BEFORE + half),
        ("lemuria", half),
        ("atlantis lemuria", 0),
        ("atlantis example com", BEFORE + half),
        ("atlantis examplecredential", BEFORE + half),
        ("atlantis person7", 1),
        ("person5004 com atlantis", 1),
        ("person5005 com atlantis", 0),
        ("person5005 com", 1),
        ("person5026 com atlantis", 1),
        ("person5027 com atlantis", 0),
        ("p5027@example.com", 1),
    ];
    for (words, hits) in searches {
        assert_eq!(total(&server, &acme, &format!("$fulltext:{words}")).await, hits, "{words}");
        let others = BEFORE + AFTER - hits;
        assert_eq!(total(&server, &acme, &format!("$not:$fulltext:{words}")).await, others, "not {words}");
    }
    assert_eq!(total(&server, &umbrella, "$fulltext:atlantis").await, 2);
    assert_eq!(total(&server, &umbrella, "$not:$fulltext:atlantis").await, 1);

    let page = "/credential-offers?limit=3&sortBy=email:DESC&filter.search=$fulltext:atlantis com";
    let found = listed(&server, &acme, page).await;
    assert_eq!(each(&found, "data", "email"), ["p9@example.com", "p99@example.com", "p999@example.com"]);

    // Claiming writes an offer's words again, with those that are common by now.
    for number in [7, BEFORE + 1, BEFORE + 25] {
        claim_offer(&server, &acme, id_of(&made[number])).await.expect("claims");
    }
    assert_eq!(total(&server, &acme, "$fulltext:atlantis&filter.status=claimed").await, 3);
    assert_eq!(total(&server, &acme, "$not:$fulltext:atlantis&filter.status=claimed").await, 0);
    assert_eq!(total(&server, &acme, "$fulltext:atlantis person7 did").await, 1);
    assert_eq!(total(&server, &acme, "$fulltext:atlantis").await, BEFORE + half);
    for number in [8, BEFORE + 3] {
        assert_eq!(delete(&server, &acme, id_of(&made[number])).await.status, 204);
    }
    assert_eq!(total(&server, &acme, "$fulltext:atlantis").await, BEFORE + half - 2);
    assert_eq!(total(&server, &acme, "$not:$fulltext:atlantis").await, half);
});
