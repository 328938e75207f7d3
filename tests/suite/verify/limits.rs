//! `POST /v1/verify` of what is too large, too deep or nothing at all.

use std::num::NonZeroU32;

use reqwest::Method;
use serde_json::{Value, json};
use server::Limits;
use support::{Answer, Server, Setup, on_both};

use super::common::{outcome, outcomes, says};
use super::stranger;
use super::stranger::{Host, LIST, Page, Stranger, bits, disclosure};

async fn post(server: &Server, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = server.request(Method::POST, "/v1/verify").header("content-type", content_type);
    server.send(request.body(body)).await
}

async fn post_json(server: &Server, body: &Value) -> Answer {
    post(server, "application/json", body.to_string()).await
}

on_both!(a_body_without_a_credential_is_refused, async |server: Server| {
    for body in [
        json!({}),
        json!({"credential": null}),
        json!({"credential": 1}),
        json!({"credential": ["a"]}),
        json!({"credential": "a", "nonce": 1}),
        json!({"credential": "a", "audience": ["x"]}),
        json!({"credential": "a", "proof": {}}),
        json!({"credential": "a", "policy": "trust me"}),
    ] {
        let answer = post_json(&server, &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        assert!(!answer.message().is_empty());
    }
    for text in ["", "garbage", "[]", "\"a\"", "{\"credential\":\"a\",\"credential\":\"b\"}"] {
        let answer = post(&server, "application/json", text).await;
        assert_eq!(answer.status, 400, "{text}: {}", answer.text);
    }
    let answer = post(&server, "text/plain", "{\"credential\":\"a\"}").await;
    assert_eq!(answer.status, 415, "{}", answer.text);
});

on_both!(a_body_that_is_too_large_is_refused, async |server: Server| {
    let largest = 2 * verify::MAX_LEN;
    let answer = post_json(&server, &json!({"credential": "a".repeat(largest)})).await;
    assert_eq!(answer.status, 413, "{}", answer.text);
    // What the body has room for may still be too long for a document.
    let report = server.verify(&"a".repeat(verify::MAX_LEN + 1), &json!({})).await;
    says(&report, "invalid", "format", "failed");
    let report = server.verify(&"a".repeat(verify::MAX_LEN), &json!({})).await;
    says(&report, "invalid", "format", "failed");
});

on_both!(what_cannot_be_read_is_said_to_be_unreadable, async |server: Server| {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let nested = jose::b64url_encode(format!("{{\"vc\":{deep}}}").as_bytes());
    let header = jose::b64url_encode(b"{\"alg\":\"ES256\"}");
    let none = jose::b64url_encode(b"{\"alg\":\"none\",\"typ\":\"JWT\"}");
    for document in [
        String::new(),
        "  \n".to_owned(),
        "garbage".to_owned(),
        "a.b.c".to_owned(),
        "~".to_owned(),
        "~~~~".to_owned(),
        "https://issuer.example/credential".to_owned(),
        "openid4vp://?client_id=x".to_owned(),
        "{}".to_owned(),
        "{\"payload\":1}".to_owned(),
        format!("{{\"payload\":{deep}}}"),
        format!("{header}.{nested}.AAAA"),
        format!("{none}.{}.", jose::b64url_encode(b"{\"vc\":{}}")),
        format!("{header}.{}.AAAA", jose::b64url_encode(b"{\"sub\":\"x\"}")),
        "\u{0}\u{feff}".to_owned(),
    ] {
        let report = server.verify(&document, &json!({})).await;
        says(&report, "invalid", "format", "failed");
        assert_eq!(outcomes(&report), [("format", "failed")], "{document}");
        assert_eq!((report.get("kind"), report.get("format")), (None, None), "{document}: {report}");
    }
    // JSON that is too deep for a body.
    let answer = post(&server, "application/json", format!("{{\"credential\":{deep}}}")).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
});

on_both!(two_thousand_disclosures_are_too_many, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let made = |count: usize| {
        let (digests, texts): (Vec<String>, Vec<String>) =
            (0..count).map(|number| disclosure(&format!("claim{number}"), &json!(number))).unzip();
        let document = stranger.sd_jwt(&json!({"_sd": digests, "_sd_alg": "sha-256"}));
        format!("{document}{}~", texts.join("~"))
    };
    let trusting = json!({"policy": {"trustedIssuers": ["*"]}});
    let report = server.verify(&made(1_000), &trusting).await;
    says(&report, "valid", "signature", "passed");
    assert_eq!(report["claims"]["claim999"], 999);
    let report = server.verify(&made(2_000), &trusting).await;
    says(&report, "invalid", "format", "failed");
});

on_both!(a_list_that_inflates_without_end_is_refused, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let document = stranger.sd_jwt(&stranger.entry(5));
    // 2^24 bits are what is read; this is as much more as the largest list token can hold.
    let bomb = bomb(64 << 20);
    let token = |lst: &str| {
        let claims =
            json!({"sub": stranger.list_url(), "iat": stranger.now, "status_list": {"bits": 1, "lst": lst}});
        let header = json!({"typ": "statuslist+jwt", "kid": "k1"});
        stranger::signed(&stranger.key, &header, &claims)
    };
    stranger.host.put(LIST, Page::new(token(&bomb)));
    let trusting = json!({"policy": {"trustedIssuers": ["*"]}});
    let report = server.verify(&document, &trusting).await;
    says(&report, "invalid", "status", "failed");
    // The largest that is read, for comparison.
    stranger.host.put(LIST, Page::new(token(&bits(1 << 24, &[]).to_lst())));
    says(&server.verify(&document, &trusting).await, "valid", "status", "passed");
});

/// A status list of so many bytes of zeros, as `lst`: it compresses a thousandfold.
fn bomb(bytes: usize) -> String {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..bytes >> 20 {
        encoder.write_all(&zeros).expect("into memory");
    }
    jose::b64url_encode(&encoder.finish().expect("into memory"))
}

on_both!(no_document_makes_us_fetch_without_end, async |server: Server| {
    // Thirty presentations' credentials, each of another issuer that answers slowly or not at all.
    let host = Host::start().await;
    let key = stranger::new_key();
    let credential = |number: usize| {
        let issuer =
            format!("did:web:{}:{number}", host.url.trim_start_matches("http://").replace(':', "%3A"));
        host.put(&format!("/{number}/did.json"), Page::new("{}"));
        let claims = json!({"iss": issuer, "vc": {
            "@context": ["https://www.w3.org/2018/credentials/v1"],
            "type": ["VerifiableCredential"],
            "credentialSubject": {},
        }});
        stranger::signed(&key, &json!({"typ": "JWT", "kid": format!("{issuer}#k")}), &claims)
    };
    let credentials: Vec<String> = (0..30).map(credential).collect();
    let texts: Vec<&str> = credentials.iter().map(String::as_str).collect();
    let vp = support::jwt_vp(&wallet::WalletKey::generate(), &texts, &json!({"nonce": "n", "aud": "x"}));
    let report = server.verify(&vp, &json!({})).await;
    assert_eq!(report["valid"], false);
    assert!(host.asked_at_all() <= 24, "{} were fetched", host.asked_at_all());
    let last = &report["credentials"].as_array().and_then(|inner| inner.last()).expect("reports");
    assert_eq!(outcome(last, "key"), "indeterminate", "{last}");
});

on_both!(addresses_that_ask_too_often_are_told_so, async |server: Server| {
    let limits = Limits { public_requests_per_minute: NonZeroU32::new(3), ..Limits::default() };
    let server = server.afresh(Setup { limits, ..Setup::default() }).await;
    let body = json!({"credential": "a"});
    for _ in 0..3 {
        assert_eq!(post_json(&server, &body).await.status, 200);
    }
    let answer = post_json(&server, &body).await;
    assert_eq!(answer.status, 429, "{}", answer.text);
    assert!(answer.header("retry-after").is_some_and(|wait| wait.parse::<u32>().is_ok()));
    // Wallets are told so in their own words.
    let answer = server.get("/presentations/00000000-0000-4000-8000-000000000000/request").await;
    assert_eq!(answer.status, 429, "{}", answer.text);
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
});
