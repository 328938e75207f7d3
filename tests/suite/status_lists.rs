//! Status lists: whoever holds a credential can ask whether it was revoked, and learns nothing about any other.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use issuance::Revoked;
use model::{Actor, TenantId};
use serde_json::{Value, json};
use support::{Partner, STATUS_ENTRIES, Server, Setup, on_both, payload};
use vc::status::StatusBits;

/// Where a credential's status is published.
#[derive(Debug)]
struct Entry {
    hash: String,
    index: u32,
    token_list: String,
    bitstring_list: String,
}

/// Issues to a person, and reads from the credential where its status is.
async fn issue(server: &Server, partner: &Partner, email: &str) -> Entry {
    let token = partner.token(email, &server.clock);
    let issued = server.issued(&token, &partner.request()).await;
    let hash = issued["coreClaimHash"].as_str().expect("a hash").to_owned();
    let credential = server.credential(&token, &hash).await;
    let claims = |format: &str| -> Value {
        let document = credential["documents"][format].as_str().expect("a document");
        serde_json::from_slice(&payload(document)).expect("JSON")
    };
    let status = &claims("dc+sd-jwt")["status"]["status_list"];
    let w3c = &claims("jwt_vc_json")["vc"]["credentialStatus"];
    assert_eq!(
        (&w3c["type"], &w3c["statusPurpose"]),
        (&json!("BitstringStatusListEntry"), &json!("revocation"))
    );
    assert_eq!(w3c["statusListIndex"], status["idx"].to_string(), "one entry, whatever the format");
    Entry {
        hash,
        index: status["idx"].as_u64().and_then(|index| u32::try_from(index).ok()).expect("an index"),
        token_list: status["uri"].as_str().expect("a URI").to_owned(),
        bitstring_list: w3c["statusListCredential"].as_str().expect("a URL").to_owned(),
    }
}

fn revoked(bits: &StatusBits) -> BTreeSet<u32> {
    (0..bits.size()).filter(|index| bits.get(*index).expect("below the size")).collect()
}

/// What both lists of an entry say is revoked.
async fn both_lists(server: &Server, entry: &Entry) -> (BTreeSet<u32>, BTreeSet<u32>) {
    let token = server.token_status_list(&entry.token_list).await;
    let bitstring = server.bitstring_status_list(&entry.bitstring_list).await;
    (revoked(&token.bits), revoked(&bitstring.bits))
}

/// Waits until both lists of an entry say exactly this: a list that was signed a moment ago may be served once more.
async fn wait_for_lists(server: &Server, entry: &Entry, wanted: &BTreeSet<u32>) {
    for _ in 0..100 {
        let (token, bitstring) = both_lists(server, entry).await;
        if token == *wanted && bitstring == *wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the lists never showed {wanted:?}: {:?}", both_lists(server, entry).await);
}

fn emails(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("person{number}@example.com"))
}

on_both!(a_revocation_shows_in_both_lists_and_nowhere_else, async |server: Server| {
    let (acme, umbrella) = (server.partner("acme").await, server.partner("umbrella").await);
    let mut entries = Vec::new();
    for email in emails(3) {
        entries.push(issue(&server, &acme, &email).await);
    }
    let foreign = issue(&server, &umbrella, "person0@example.com").await;
    for entry in entries.iter().chain([&foreign]) {
        assert!(entry.index < STATUS_ENTRIES);
        assert_eq!(both_lists(&server, entry).await, Default::default(), "nobody is revoked at first");
    }

    let tenant = TenantId::from(acme.id.as_str());
    let mut wanted = BTreeSet::new();
    for entry in &entries[1..] {
        let hash = entry.hash.parse().expect("a hash");
        assert_eq!(
            server.engine.revoke(&Actor::operator(), &tenant, hash).await.expect("revokes"),
            Revoked::Now
        );
        assert_eq!(
            server.engine.revoke(&Actor::operator(), &tenant, hash).await.expect("answers"),
            Revoked::Already
        );
        wanted.insert(entry.index);
        wait_for_lists(&server, entry, &wanted).await;
    }
    assert_eq!(both_lists(&server, &foreign).await, Default::default(), "another issuer's lists are its own");
    // Whoever is not the owner revokes nothing.
    let hash = foreign.hash.parse().expect("a hash");
    assert_eq!(
        server.engine.revoke(&Actor::operator(), &tenant, hash).await.expect("answers"),
        Revoked::Unknown
    );
});

on_both!(a_replaced_credential_is_revoked_and_its_successor_is_not, async |server: Server| {
    let partner = server.partner("acme").await;
    let first = issue(&server, &partner, "ada@example.com").await;
    let second = issue(&server, &partner, "ada@example.com").await;
    assert_ne!(first.index, second.index);
    wait_for_lists(&server, &second, &BTreeSet::from([first.index])).await;
});

on_both!(a_list_says_how_long_it_may_be_kept, async |server: Server| {
    let partner = server.partner("acme").await;
    let entry = issue(&server, &partner, "ada@example.com").await;
    let token = server.token_status_list(&entry.token_list).await;
    let now = server.clock_seconds();
    assert!((now - 5..=now).contains(&token.iat), "{}", token.iat);
    assert_eq!((token.ttl, token.exp), (Some(30), Some(token.iat + 86_400)));
    let bitstring = server.bitstring_status_list(&entry.bitstring_list).await;
    let moment = |text: &str| model::Timestamp::parse_rfc3339(text).expect("RFC 3339").seconds();
    let until = moment(bitstring.valid_until.as_deref().expect("an end"));
    assert_eq!(until - moment(&bitstring.valid_from), 86_400);
    for url in [&entry.token_list, &entry.bitstring_list] {
        assert_eq!(server.follow(url).await.header("cache-control"), Some("public, max-age=1"));
    }
});

on_both!(lists_that_do_not_exist_are_404, async |server: Server| {
    let partner = server.partner("acme").await;
    for kind in ["status-lists", "bitstring-status-lists"] {
        // A list that nobody was put into yet is there: its address says nothing about how many were.
        assert_eq!(server.get(&format!("/issuers/{}/{kind}/0", partner.slug)).await.status, 200);
        for list in ["1", "-1", "x", "0x0", "1e3", "99999999999999999999", "%00"] {
            let answer = server.get(&format!("/issuers/{}/{kind}/{list}", partner.slug)).await;
            assert_eq!((answer.status, answer.message().as_str()), (404, "No such status list."), "{list}");
        }
        let answer = server.get(&format!("/issuers/nobody/{kind}/0")).await;
        assert_eq!((answer.status, answer.message().as_str()), (404, "No such status list."));
    }
});

on_both!(a_thousand_indexes_are_distinct_and_hide_the_order_of_issuing, async |server: Server| {
    let partner = server.partner("acme").await;
    let mut indexes = Vec::new();
    for wave in emails(1000).collect::<Vec<_>>().chunks(50) {
        let entries = join_all(wave.iter().map(|email| issue(&server, &partner, email))).await;
        indexes.extend(entries.into_iter().map(|entry| entry.index));
    }
    assert_eq!(indexes.iter().collect::<BTreeSet<_>>().len(), 1000, "no two credentials share an entry");
    // Neighbours in time are no neighbours in the list: of 999 steps about half go up. (The bound is 16 standard deviations
    // of a random order away; a counter would go up all the time.)
    let ascending = indexes.windows(2).filter(|pair| pair[0] < pair[1]).count();
    assert!((350..650).contains(&ascending), "{ascending} of 999 steps go up");
    let near = indexes.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 16).count();
    assert!(near < 20, "{near} of 999 steps are short");
});

on_both!(two_replicas_never_give_out_the_same_entry, async |server: Server| {
    let partner = server.partner("acme").await;
    let replica = server.replica(Setup::default()).await;
    let people: Vec<String> = emails(200).collect();
    let (ours, theirs) = people.split_at(100);
    let (ours, theirs) = tokio::join!(
        join_all(ours.iter().map(|email| issue(&server, &partner, email))),
        join_all(theirs.iter().map(|email| issue(&replica, &partner, email))),
    );
    let indexes: BTreeSet<u32> = ours.iter().chain(&theirs).map(|entry| entry.index).collect();
    assert_eq!(indexes.len(), 200);
});
