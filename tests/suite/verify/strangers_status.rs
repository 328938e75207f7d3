//! Status lists of strangers.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::{Server, eventually, on_both};
use vc::status::StatusListToken;

use super::common::{merged, outcome, reason, says};
use super::stranger::{LIST, METADATA, Page, Stranger, bits, new_key, signed};
use super::strangers::trusting;

on_both!(a_list_token_says_whether_it_was_revoked, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    stranger.publish(&stranger.list(&[7]));
    let report = server.verify(&stranger.sd_jwt(&stranger.entry(6)), &trusting()).await;
    says(&report, "valid", "status", "passed");
    assert!(reason(&report, "status").contains(LIST), "{report}");
    let report = server.verify(&stranger.sd_jwt(&stranger.entry(7)), &trusting()).await;
    says(&report, "revoked", "status", "failed");
    // Who does not trust the issuer is told that, too.
    let report = server.verify(&stranger.sd_jwt(&stranger.entry(7)), &json!({})).await;
    says(&report, "revoked", "issuer", "failed");
    let report = server.verify(&stranger.sd_jwt(&stranger.entry(1_024)), &trusting()).await;
    says(&report, "invalid", "status", "failed");
    assert_eq!(stranger.host.asked(LIST), 1, "once for many");
});

on_both!(two_bits_say_more_than_one, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    // Entry 0 is valid, 1 revoked, 2 suspended, 3 something of the issuer's own.
    let lst = bits(1_024, &[2, 5, 6, 7]).to_lst();
    let claims =
        json!({"sub": stranger.list_url(), "iat": stranger.now, "status_list": {"bits": 2, "lst": lst}});
    let token = signed(&stranger.key, &json!({"typ": "statuslist+jwt", "kid": "k1"}), &claims);
    stranger.host.put(LIST, Page::new(token));
    for (index, state) in
        [(0, "valid"), (1, "revoked"), (2, "suspended"), (3, "invalid"), (511, "valid"), (512, "invalid")]
    {
        let report = server.verify(&stranger.sd_jwt(&stranger.entry(index)), &trusting()).await;
        says(&report, state, "status", if state == "valid" { "passed" } else { "failed" });
    }
});

on_both!(a_bitstring_list_says_whether_it_was_suspended, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    for (purpose, state) in [("suspension", "suspended"), ("revocation", "revoked")] {
        let stranger = Stranger::start(&server.clock).await;
        stranger.publish_bitstring(purpose, &[94_567], &json!({}));
        let document = |index| stranger.jwt_vc(&stranger.bitstring_entry(purpose, index));
        says(&server.verify(&document(94_566), &trusting()).await, "valid", "status", "passed");
        says(&server.verify(&document(94_567), &trusting()).await, state, "status", "failed");
        says(&server.verify(&document(131_072), &trusting()).await, "invalid", "status", "failed");
        // A list for another purpose does not say whether this holds.
        let other = stranger.jwt_vc(&stranger.bitstring_entry("refresh", 5));
        assert_ne!(outcome(&server.verify(&other, &trusting()).await, "status"), "passed");
    }
    // Of two entries each counts.
    stranger.publish_bitstring("suspension", &[3], &json!({}));
    let entry = |index| stranger.bitstring_entry("suspension", index)["credentialStatus"].take();
    let both = stranger.jwt_vc(&json!({"credentialStatus": [entry(2), entry(3)]}));
    says(&server.verify(&both, &trusting()).await, "suspended", "status", "failed");
    let neither = stranger.jwt_vc(&json!({"credentialStatus": [entry(2), entry(4)]}));
    says(&server.verify(&neither, &trusting()).await, "valid", "status", "passed");
    let many: Vec<Value> = (0..20).map(entry).collect();
    let many = stranger.jwt_vc(&json!({ "credentialStatus": many }));
    says(&server.verify(&many, &trusting()).await, "invalid", "status", "failed");
});

on_both!(a_list_is_fetched_once_in_its_time, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let list = StatusListToken { ttl: Some(1), ..stranger.list(&[]) };
    // Its server says nothing of caches; its signer says a second.
    stranger.publish(&list);
    let documents: Vec<String> = (0..20).map(|index| stranger.sd_jwt(&stranger.entry(index))).collect();
    for document in &documents {
        says(&server.verify(document, &trusting()).await, "valid", "status", "passed");
    }
    let asked = stranger.host.asked(LIST);
    assert!(asked < 20, "not once each: {asked}");
    stranger.publish(&StatusListToken { bits: bits(1_024, &[3]), ..list });
    eventually("the new list is read", async || {
        server.verify(&documents[3], &trusting()).await["state"] == "revoked"
    })
    .await;
    assert!(stranger.host.asked(LIST) > asked);
});

on_both!(many_who_ask_at_once_are_answered_by_few_fetches, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let list = StatusListToken { ttl: Some(600), ..stranger.list(&[7]) };
    stranger.host.put(LIST, Page::new(list.sign(&stranger.key, "k1")).after(Duration::from_millis(50)));
    let documents: Vec<String> = (0..16).map(|index| stranger.sd_jwt(&stranger.entry(index))).collect();
    let trusting = trusting();
    let reports = join_all(documents.iter().map(|document| server.verify(document, &trusting))).await;
    for (index, report) in reports.iter().enumerate() {
        assert_eq!(report["state"], if index == 7 { "revoked" } else { "valid" }, "{index}");
    }
    assert_eq!(stranger.host.asked(METADATA), 1, "keys");
    assert_eq!(stranger.host.asked(LIST), 1, "the list");
    for document in &documents {
        server.verify(document, &trusting).await;
    }
    assert_eq!(stranger.host.asked(LIST), 1);
});

on_both!(a_list_that_is_over_or_not_begun_says_nothing, async |server: Server| {
    for change in [-3_600, 3_600] {
        let stranger = Stranger::start(&server.clock).await;
        let document = stranger.sd_jwt(&stranger.entry(7));
        let now = stranger.now;
        let list = stranger.list(&[7]);
        let list = if change < 0 {
            StatusListToken { iat: now - 7_200, exp: Some(now + change), ..list }
        } else {
            StatusListToken { iat: now + change, exp: None, ..list }
        };
        stranger.publish(&list);
        let report = server.verify(&document, &trusting()).await;
        says(&report, "indeterminate", "status", "indeterminate");
    }
    let stranger = Stranger::start(&server.clock).await;
    let document = stranger.jwt_vc(&stranger.bitstring_entry("revocation", 7));
    stranger.publish_bitstring("revocation", &[], &json!({"validUntil": "2020-01-01T00:00:00Z"}));
    says(&server.verify(&document, &trusting()).await, "indeterminate", "status", "indeterminate");
    // One that is remembered, too, is over when it is over.
    let stranger = Stranger::start(&server.clock).await;
    let document = stranger.sd_jwt(&stranger.entry(7));
    let list = StatusListToken { exp: Some(stranger.now + 100), ttl: Some(3_600), ..stranger.list(&[]) };
    stranger.publish(&list);
    says(&server.verify(&document, &trusting()).await, "valid", "status", "passed");
    server.clock.advance(200);
    says(&server.verify(&document, &trusting()).await, "indeterminate", "status", "indeterminate");
});

on_both!(a_list_that_cannot_be_had_leaves_it_open, async |server: Server| {
    for page in [
        Page::new("").status(404),
        Page::new("").status(503),
        Page::new("").status(302).header("location", "/elsewhere"),
        Page::new(" ".repeat((4 << 20) + 1)),
    ] {
        let stranger = Stranger::start(&server.clock).await;
        stranger.host.put(LIST, page);
        let documents = [
            stranger.sd_jwt(&stranger.entry(7)),
            stranger.jwt_vc(&stranger.bitstring_entry("revocation", 7)),
        ];
        for document in documents {
            let report = server.verify(&document, &trusting()).await;
            says(&report, "indeterminate", "status", "indeterminate");
            assert_eq!(report["claims"], json!({"seat": "12A"}));
        }
        assert_eq!(stranger.host.asked("/elsewhere"), 0);
    }
    let stranger = Stranger::start(&server.clock).await;
    let unheard_of = stranger.sd_jwt(&json!({"status": {"unheard_of": {"uri": "x"}}}));
    says(&server.verify(&unheard_of, &trusting()).await, "indeterminate", "status", "indeterminate");
    // The metadata are known, and then the server goes away.
    let document = stranger.sd_jwt(&stranger.entry(7));
    stranger.host.stop();
    says(&server.verify(&document, &trusting()).await, "indeterminate", "status", "indeterminate");
});

on_both!(a_list_of_somebody_else_does_not_count, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let document = stranger.sd_jwt(&stranger.entry(7));
    let good = stranger.list(&[]);
    let other = new_key();
    let fresh = |text: String| Page::new(text).header("cache-control", "no-store");
    let typ = |typ: &str| {
        let claims: Value = serde_json::from_slice(&good.payload()).expect("JSON");
        signed(&stranger.key, &json!({"typ": typ, "kid": "k1"}), &claims)
    };
    let elsewhere = StatusListToken { sub: format!("{}/other", stranger.host.url), ..good.clone() };
    let pages = [
        good.sign(&other, "k1"),
        good.sign(&other, "k2"),
        elsewhere.sign(&stranger.key, "k1"),
        typ("JWT"),
        typ("vc+jwt"),
        "garbage".to_owned(),
        stranger.sd_jwt(&json!({"sub": stranger.list_url()})),
    ];
    for page in pages {
        stranger.host.put(LIST, fresh(page.clone()));
        let report = server.verify(&document, &trusting()).await;
        says(&report, "invalid", "status", "failed");
    }
    stranger.host.put(LIST, fresh(good.sign(&stranger.key, "k1")));
    says(&server.verify(&document, &trusting()).await, "valid", "status", "passed");
});

on_both!(a_list_by_another_issuer_counts_if_that_one_is_trusted, async |server: Server| {
    let (stranger, helper) = (Stranger::start(&server.clock).await, Stranger::start(&server.clock).await);
    let uri = helper.list_url();
    let claims = json!({"iss": helper.host.url, "sub": uri, "iat": helper.now, "status_list": {"bits": 1, "lst": bits(1_024, &[7]).to_lst()}});
    let token = signed(&helper.key, &json!({"typ": "statuslist+jwt", "kid": "k1"}), &claims);
    helper.host.put(LIST, Page::new(token));
    let document = stranger.sd_jwt(&json!({"status": {"status_list": {"uri": uri, "idx": 6}}}));
    let only = |issuers: Value| json!({"policy": {"trustedIssuers": issuers}});
    let report = server.verify(&document, &only(json!([stranger.host.url]))).await;
    says(&report, "invalid", "status", "failed");
    let both = only(json!([stranger.host.url, helper.host.url]));
    says(&server.verify(&document, &both).await, "valid", "status", "passed");
    // Whom one caller trusts, another need not: what is remembered does not leak from one to the next.
    let report = server.verify(&document, &only(json!([stranger.host.url]))).await;
    assert_eq!(outcome(&report, "status"), "failed", "{report}");
});

on_both!(a_bitstring_list_by_somebody_else_does_not_count, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let document = stranger.jwt_vc(&stranger.bitstring_entry("revocation", 7));
    let good = |more: Value| stranger.publish_bitstring("revocation", &[], &more);
    for more in [
        json!({"issuer": "did:web:issuer.example"}),
        json!({"id": "https://issuer.example/list"}),
        json!({"type": ["VerifiableCredential"]}),
        json!({"credentialSubject": {}}),
    ] {
        let stranger = Stranger::start(&server.clock).await;
        let document = stranger.jwt_vc(&stranger.bitstring_entry("revocation", 7));
        stranger.publish_bitstring("revocation", &[], &merged(json!({}), &more));
        let report = server.verify(&document, &trusting()).await;
        assert_ne!(report["state"], "valid", "{more}: {report}");
        assert_ne!(outcome(&report, "status"), "passed", "{more}: {report}");
    }
    good(json!({}));
    says(&server.verify(&document, &trusting()).await, "valid", "status", "passed");
});
