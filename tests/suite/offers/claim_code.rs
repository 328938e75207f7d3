//! Claim codes: what a wallet scans.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use serde_json::{Value, json};
use server::Limits;
use support::{Answer, Environment, Server, Setup, on_both};

use crate::offers::common::{NOTHING, claim_offer, delete, offer, refused};

const SCHEME: &str = "openid-credential-offer://?credential_offer=";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

async fn claim(server: &Server, acme: &Environment, id: &str) -> Answer {
    server.get(&acme.path(&format!("/credential-offers/{id}/claim"))).await
}

/// The offer that a `uri` carries.
fn carried(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    let uri = answer["uri"].as_str().expect("a URI");
    let encoded = uri.strip_prefix(SCHEME).unwrap_or_else(|| panic!("{uri}"));
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
    assert!(encoded.bytes().all(unreserved), "{uri}");
    let url = reqwest::Url::parse(uri).expect("a URL");
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert_eq!(pairs.len(), 1, "{uri}");
    serde_json::from_str(&pairs[0].1).expect("JSON, encoded once")
}

/// The pre-authorised code that a `uri` carries.
fn code(answer: &Answer) -> String {
    carried(answer)["grants"][GRANT]["pre-authorized_code"].as_str().expect("a code").to_owned()
}

on_both!(a_wallet_gets_a_credential_offer_of_draft_11, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme, "ada@example.com").await;
    let answer = claim(&server, &acme, &id).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let code = code(&answer);
    assert_eq!(code.len(), 22, "128 bits in base64url");
    assert_eq!(
        carried(&answer),
        json!({
            "grants": {GRANT: {"pre-authorized_code": code, "user_pin_required": false}},
            "credentials": [acme.credential_id],
            "credential_issuer": format!("{}/issuers/{}", server.url, acme.correlation_id),
        })
    );
    let mut body = answer.json();
    body["uri"] = Value::Null;
    let offers = body["offers"].take();
    let forms: Vec<[&str; 2]> = offers
        .as_array()
        .expect("a list")
        .iter()
        .map(|offer| ["draft", "by"].map(|name| offer[name].as_str().expect("a text")))
        .collect();
    let of = |draft| [[draft, "reference"], [draft, "value"]];
    assert_eq!(forms, ["1.0", "15", "13", "11"].map(of).concat());
    assert_eq!(offers[7]["uri"], answer.json()["uri"], "draft 11 by value is the seed's");
    assert_eq!(
        body,
        json!({
            "uri": null,
            "userPinRequired": false,
            "credentialNames": ["Example Credential"],
            "credentialTypes": ["ExampleCredential", "VerifiableCredential"],
            "organisationProfile": {"name": "acme", "image": null},
            "offers": null,
        })
    );
});

on_both!(a_live_code_is_shown_again_and_a_dead_one_never, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme, "ada@example.com").await;
    let other = offer(&server, &acme, "grace@example.com").await;
    let mut codes = BTreeSet::new();
    for _ in 0..4 {
        let first = code(&claim(&server, &acme, &id).await);
        assert!(codes.insert(first.clone()), "{first} was there before");
        server.clock.advance(590);
        assert_eq!(code(&claim(&server, &acme, &id).await), first);
        let replica = server.replica(Setup::default()).await;
        replica.clock.advance(server.clock_seconds() - replica.clock_seconds());
        assert_eq!(code(&claim(&replica, &acme, &id).await), first, "the master key and the row make it");
        server.clock.advance(11);
    }
    assert!(!codes.contains(&code(&claim(&server, &acme, &other).await)));
});

on_both!(at_once_there_is_one_code, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme, "ada@example.com").await;
    for _ in 0..3 {
        let asking = (0..16).map(|_| claim(&server, &acme, &id));
        let answers = futures_util::future::join_all(asking).await;
        let codes: BTreeSet<String> = answers.iter().map(code).collect();
        assert_eq!(codes.len(), 1, "{codes:?}");
        server.clock.advance(601);
    }
});

on_both!(a_code_ends_with_the_credential_that_it_is_for, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut item = acme.offer("ada@example.com", "Ada");
    let expiry = model::Timestamp::from_seconds(server.clock_seconds() + 300);
    item["expirationDate"] = json!(expiry.rfc3339());
    let id = crate::offers::common::id_of(&server.offers(&acme, &[item]).await[0]).to_owned();
    claim(&server, &acme, &id).await;
    let status = server.get(&acme.path(&format!("/credential-offers/{id}/status"))).await.json();
    assert_eq!(status["expiresAt"], expiry.millis());
});

on_both!(there_is_no_code_for_what_cannot_be_claimed, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let id = offer(&server, &acme, "ada@example.com").await;
    let not_found = "credential_offer_not_found";
    refused(&claim(&server, &acme, NOTHING).await, 404, not_found);
    refused(&claim(&server, &umbrella, &id).await, 404, not_found);
    refused(&claim(&server, &acme, "no-uuid").await, 400, "invalid_request");
    for env in ["0000000000000000", "nothing", "%00", "..%2f"] {
        for public in ["claim", "status"] {
            let path = format!("/products/web/{env}/issuer/api/private/credential-offers/{id}/{public}");
            refused(&server.get(&path).await, 404, not_found);
        }
    }
    assert_eq!(claim(&server, &acme, &id).await.status, 200);
    claim_offer(&server, &acme, &id).await.expect("claims");
    refused(&claim(&server, &acme, &id).await, 409, "credential_offer_already_claimed");
    crate::offers::common::revoke(&server, &acme, &[&id]).await;
    refused(&claim(&server, &acme, &id).await, 410, "credential_offer_already_revoked");
    let deleted = offer(&server, &acme, "ada@example.com").await;
    assert_eq!(claim(&server, &acme, &deleted).await.status, 200);
    assert_eq!(delete(&server, &acme, &deleted).await.status, 204);
    refused(&claim(&server, &acme, &deleted).await, 404, not_found);
    let codes = support::query_texts(&server.database_url, "SELECT subject_id FROM claim_code").await;
    assert!(!codes.contains(&deleted), "the code is gone with the offer");
});

/// A server that lets an address ask three times a minute where no key is needed.
fn limited(proxies: &[&str]) -> Setup {
    let limits = Limits {
        public_requests_per_minute: NonZeroU32::new(3),
        trusted_proxies: proxies.iter().map(|network| network.parse().expect("a network")).collect(),
        ..Limits::default()
    };
    Setup { limits, ..Setup::default() }
}

/// How many of four requests with this header are let in.
async fn admitted(server: &Server, path: &str, forwarded: &str) -> usize {
    let mut admitted = 0;
    for _ in 0..4 {
        let request = server.request(reqwest::Method::GET, path).header("x-forwarded-for", forwarded);
        let answer = server.send(request).await;
        if answer.status == 200 {
            admitted += 1;
            continue;
        }
        refused(&answer, 429, "rate_limited");
        let seconds: u64 = answer.header("retry-after").expect("a wait").parse().expect("seconds");
        assert!((1..=60).contains(&seconds), "{seconds}");
    }
    admitted
}

on_both!(an_address_may_not_ask_too_often, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme, "ada@example.com").await;
    let claim = acme.path(&format!("/credential-offers/{id}/claim"));
    let status = acme.path(&format!("/credential-offers/{id}/status"));
    // Whatever a stranger's header says, its address is that of the connection.
    let open = server.replica(limited(&["192.0.2.0/24"])).await;
    assert_eq!(admitted(&open, &claim, "198.51.100.1").await, 3);
    assert_eq!(admitted(&open, &status, "198.51.100.2").await, 0, "one budget for both");
    let answer = open.find(&acme, &format!("/credential-offers/{id}")).await;
    assert_eq!(answer.status, 200, "whoever has a key is not counted");

    let behind = server.replica(limited(&["127.0.0.0/8", "192.0.2.0/24"])).await;
    assert_eq!(admitted(&behind, &claim, "198.51.100.1").await, 3);
    assert_eq!(admitted(&behind, &status, "198.51.100.1").await, 0);
    assert_eq!(admitted(&behind, &claim, "198.51.100.2").await, 3, "another has a budget of its own");
    // What is before the nearest stranger, the stranger wrote.
    assert_eq!(admitted(&behind, &claim, "203.0.113.1, 198.51.100.1, 192.0.2.7").await, 0);
    assert_eq!(admitted(&behind, &claim, "198.51.100.1, 203.0.113.9").await, 3);
    // Of IPv6, a network counts.
    assert_eq!(admitted(&behind, &claim, "2001:db8:1:2::1").await, 3);
    assert_eq!(admitted(&behind, &claim, "2001:db8:1:2:ffff::9").await, 0);
});
