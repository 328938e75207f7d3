//! What no wallet should send, at every endpoint: refused in the dialect's words, never a failure of ours.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Server, on_both};
use wallet::WalletKey;

use super::common::{
    begun, count, documents, fetched, offer, post_form, post_text, progress, refused, scan, sd_jwt,
    token_with,
};

const ENDPOINTS: [&str; 5] = ["token", "nonce", "credential", "deferred-credential", "notification"];

on_both!(an_issuer_that_is_none_has_no_endpoints, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let long = "a".repeat(3_000);
    for slug in ["nobody", "ACME", "%00", "acme%20", "'--", "..%2facme", &long] {
        for endpoint in ENDPOINTS {
            let request = server.request(Method::POST, &format!("/issuers/{slug}/{endpoint}"));
            let request = request.header("authorization", format!("Bearer {}", access.token));
            let request = if endpoint == "token" {
                let body = access.offer.token_form(None);
                request.header("content-type", "application/x-www-form-urlencoded").body(body)
            } else {
                request.json(&json!({}))
            };
            let answer = server.send(request).await;
            assert_eq!(answer.status, 404, "{slug} {endpoint}: {}", answer.text);
            assert_eq!(answer.json()["error"], "invalid_request", "{slug} {endpoint}: {}", answer.text);
            refused(&answer, 404, "invalid_request");
        }
    }
});

on_both!(other_methods_are_refused_in_the_same_words, async |server: Server| {
    let acme = server.environment("acme").await;
    for endpoint in ENDPOINTS {
        let path = format!("/issuers/{}/{endpoint}", acme.correlation_id);
        for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = server.send(server.request(method.clone(), &path)).await;
            assert_eq!(answer.status, 405, "{method} {endpoint}: {}", answer.text);
            refused(&answer, 405, "invalid_request");
            assert_eq!(answer.header("allow"), Some("POST"), "{method} {endpoint}");
        }
    }
});

on_both!(bytes_that_are_no_text_are_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let offer_read = scan(&server, &acme, &id).await;
    let (url, form) = (offer_read.endpoint("token"), offer_read.token_form(None));
    for (more, code) in [
        ("&client_id=%00", "invalid_request"),
        (&format!("&client_id={}", "x".repeat(5_000)), "invalid_request"),
        ("&tx_code=%00", "invalid_request"),
        ("&authorization_details=%ff", "invalid_authorization_details"),
        ("&x=%ff&x=%fe", "invalid_request"),
    ] {
        refused(&post_form(&server, &url, format!("{form}{more}")).await, 400, code);
    }
    let garbled = form.replace("pre-authorized_code=", "pre-authorized_code=%ff");
    refused(&post_form(&server, &url, garbled).await, 400, "invalid_grant");
    assert_eq!(token_with(&server, &offer_read, &[]).await.status, 200);

    let (_, access) = begun(&server, &acme).await;
    let authorization = format!("Bearer {}", access.token);
    let jwt = [("content-type", "application/jwt"), ("authorization", authorization.as_str())];
    for (headers, code) in [
        ([("content-type", "application/json"), jwt[1]], "invalid_credential_request"),
        (jwt, "invalid_request"),
    ] {
        let send = |request: reqwest::RequestBuilder| {
            let request = request.body(b"\xff\xfe{}".to_vec());
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
        };
        let answer = server.post_to(&access.offer.endpoint("credential"), send).await;
        assert_eq!(answer.status, 400, "{code}: {}", answer.text);
        refused(&answer, 400, code);
    }
});

on_both!(zero_bytes_in_names_are_names_of_nothing, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    let answer = server.ask_credential(&access, sd_jwt(&access), &[&key]).await;
    documents(&answer);
    for name in ["\u{0}", "a\u{0}b", "\u{fffd}", "'\"\\", "%00"] {
        let body = json!({"transaction_id": name});
        let answer = server.post_as(&access, "deferred-credential", &body).await;
        refused(&answer, 400, "invalid_transaction_id");
        let body = json!({"notification_id": name, "event": "credential_accepted"});
        refused(&server.post_as(&access, "notification", &body).await, 400, "invalid_notification_id");
        let answer = server.ask_credential(&access, name, &[&key]).await;
        refused(&answer, 400, "unknown_credential_configuration");
        let path = format!("/issuers/{}/credential-offers/{id}%00/1.0", acme.correlation_id);
        assert_eq!(server.get(&path).await.status, 404);
    }
});

on_both!(what_a_wallet_says_is_shown_without_control_characters, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access) = begun(&server, &acme).await;
    let answer = server.ask_credential(&access, sd_jwt(&access), &[&WalletKey::generate()]).await;
    let notification = answer.json()["notification_id"].clone();
    for (said, shown) in [
        (json!("a\u{0}b\r\nc\u{1b}[31m"), json!("abc[31m")),
        (json!("<b>\u{1f4a5}</b>"), json!("<b>\u{1f4a5}</b>")),
        (json!("x".repeat(10_000)), json!("x".repeat(500))),
        (json!(7), Value::Null),
        (Value::Null, Value::Null),
    ] {
        let event = "credential_failure";
        let body = json!({"notification_id": notification, "event": event, "event_description": said});
        assert_eq!(server.post_as(&access, "notification", &body).await.status, 204);
        let seen = progress(&server, &acme, &id).await;
        assert_eq!((&seen["status"], &seen["error"]), (&json!("NOTIFICATION_CREDENTIAL_FAILURE"), &shown));
    }
});

on_both!(numbers_without_end_are_no_moments, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    for name in ["iat", "exp", "nbf"] {
        for number in ["1e400", "-1e400", "9223372036854775808", "123456789012345678901234567890"] {
            let nonce = server.nonce(&access.offer).await;
            let mut claims =
                json!({"aud": access.offer.issuer, "iat": server.clock_seconds(), "nonce": nonce});
            claims[name] = serde_json::from_str(number).expect("a number");
            let proof = key.sign_proof(&json!({"jwk": key.jwk()}), &claims);
            let answer = crate::wallet::common::ask(&server, &access, &[proof]).await;
            assert_eq!(answer.status, 400, "{name} {number}: {}", answer.text);
            refused(&answer, 400, "invalid_proof");
        }
    }
    fetched(&server, &access, &[&key]).await;
});

on_both!(what_is_used_up_stays_so_when_it_is_forgotten, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    let proofs = server.proofs(&access.offer, &[&key]).await;
    documents(&crate::wallet::common::ask(&server, &access, &proofs).await);
    for seconds in [250, 60, 250] {
        server.clock.advance(seconds);
        server.engine.housekeep().await.expect("the database answers");
        let (_, fresh) = begun(&server, &acme).await;
        refused(&crate::wallet::common::ask(&server, &fresh, &proofs).await, 400, "invalid_nonce");
        refused(&token_with(&server, &access.offer, &[]).await, 400, "invalid_grant");
    }
    server.clock.advance(3_600);
    server.engine.housekeep().await.expect("the database answers");
    for table in ["used_once", "access_token"] {
        assert_eq!(count(&server, table).await, 0, "{table}: it would grow without end");
    }
    let answer = server.post_as(&access, "credential", &json!({})).await;
    refused(&answer, 401, "invalid_token");
});

on_both!(a_proof_is_as_long_as_it_need_be, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    let nonce = server.nonce(&access.offer).await;
    let mut claims = json!({"aud": access.offer.issuer, "iat": server.clock_seconds(), "nonce": nonce});
    claims["x"] = json!("A".repeat(20_000));
    let proof = key.sign_proof(&json!({"jwk": key.jwk()}), &claims);
    refused(&crate::wallet::common::ask(&server, &access, &[proof]).await, 400, "invalid_proof");
    let many = vec!["A".repeat(8_000); 11];
    refused(&crate::wallet::common::ask(&server, &access, &many).await, 400, "invalid_proof");
    let body =
        json!({"credential_configuration_id": sd_jwt(&access), "proofs": {"jwt": ["A".repeat(140_000)]}});
    let answer = post_text(&server, &access, "credential", "application/json", body.to_string()).await;
    refused(&answer, 413, "invalid_request");
    fetched(&server, &access, &[&key]).await;
});

on_both!(a_wallet_in_a_browser_may_ask, async |server: Server| {
    let acme = server.environment("acme").await;
    for endpoint in ENDPOINTS {
        let path = format!("/issuers/{}/{endpoint}", acme.correlation_id);
        let preflight = server
            .request(Method::OPTIONS, &path)
            .header("origin", "https://wallet.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization, content-type, dpop");
        let answer = server.send(preflight).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
        let allowed = answer.header("access-control-allow-headers").expect("headers").to_ascii_lowercase();
        for name in ["authorization", "content-type", "dpop"] {
            assert!(allowed.split(',').any(|one| one.trim() == name), "{endpoint}: {allowed}");
        }
    }
    let path = format!("/issuers/{}/credential", acme.correlation_id);
    let request = server.request(Method::POST, &path).header("origin", "https://wallet.example");
    let answer = server.send(request.json(&json!({}))).await;
    assert_eq!(answer.status, 401);
    let exposed = answer.header("access-control-expose-headers").expect("headers").to_ascii_lowercase();
    assert!(exposed.contains("www-authenticate"), "the page sees the challenge: {exposed}");
});
