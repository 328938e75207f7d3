//! The credential endpoint: what is asked for, and in which words.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Access, Server, on_both};
use wallet::WalletKey;

use super::common::{begun, change, claims, count, documents, fetched, jwt_vc, post_text, refused, sd_jwt};

/// A good request, apart from what names the credential.
async fn proved(server: &Server, access: &Access) -> Value {
    let proofs = server.proofs(&access.offer, &[&WalletKey::generate()]).await;
    json!({"proofs": {"jwt": proofs}})
}

on_both!(what_is_asked_for_must_be_named_once, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let id = sd_jwt(&access);
    let (configuration, identifier, request) =
        ("unknown_credential_configuration", "unknown_credential_identifier", "invalid_credential_request");
    for (name, code) in [
        (json!({}), request),
        (json!({"credential_configuration_id": id, "credential_identifier": id}), request),
        (json!({"credential_configuration_id": [id]}), request),
        (json!({"credential_configuration_id": 7}), request),
        (json!({"credential_identifier": {"id": id}}), request),
        (json!({"credential_configuration_id": ""}), configuration),
        (json!({"credential_configuration_id": "x"}), configuration),
        (json!({"credential_configuration_id": format!("{id} ")}), configuration),
        (json!({"credential_configuration_id": id.to_uppercase()}), configuration),
        (json!({"credential_configuration_id": format!("{}.mso_mdoc", acme.credential_id)}), configuration),
        (
            json!({"credential_configuration_id": format!("{}.jwt_vc_json", acme.credential_id)}),
            configuration,
        ),
        (json!({"credential_configuration_id": "\u{0}"}), configuration),
        (json!({"credential_identifier": "x"}), identifier),
        (json!({"credential_identifier": ""}), identifier),
    ] {
        let mut body = proved(&server, &access).await;
        body.as_object_mut().expect("an object").extend(name.as_object().expect("an object").clone());
        let answer = server.post_as(&access, "credential", &body).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text);
        refused(&answer, 400, code);
    }
    assert_eq!(count(&server, "delivery").await, 0);
    fetched(&server, &access, &[&WalletKey::generate()]).await;
});

on_both!(a_token_is_for_the_credential_that_was_offered, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let (_, access) = begun(&server, &acme).await;
    // The issuer has this one, but it was not offered.
    let other = &acme.partner.program_id;
    for id in [other.clone(), format!("{other}.dc+sd-jwt")] {
        for name in ["credential_configuration_id", "credential_identifier"] {
            let mut body = proved(&server, &access).await;
            body[name] = json!(id);
            let answer = server.post_as(&access, "credential", &body).await;
            refused(&answer, 400, "credential_request_denied");
        }
    }
    // Another issuer's is unknown here, as are drafts.
    let draft = server.another_program(&acme.partner, |program| program.published = false).await;
    for id in [umbrella.credential_id.clone(), draft] {
        let mut body = proved(&server, &access).await;
        body["credential_configuration_id"] = json!(id);
        refused(&server.post_as(&access, "credential", &body).await, 400, "unknown_credential_configuration");
    }
    // A format in which the program does not sign.
    change(&server, &acme, |program| program.formats = vec![model::Format::JwtVcJson]).await;
    let mut body = proved(&server, &access).await;
    body["credential_configuration_id"] = json!(sd_jwt(&access));
    refused(&server.post_as(&access, "credential", &body).await, 400, "unknown_credential_configuration");
    let answer = server.ask_credential(&access, jwt_vc(&access), &[&WalletKey::generate()]).await;
    assert_eq!(documents(&answer).len(), 1);
});

on_both!(a_body_that_is_no_request_is_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let body = {
        let mut body = proved(&server, &access).await;
        body["credential_configuration_id"] = json!(sd_jwt(&access));
        body
    };
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let twice = body.to_string().replacen('{', "{\"credential_configuration_id\":\"x\",", 1);
    for text in ["", "x", "[]", "null", "\"x\"", "{", &body.to_string()[1..], &deep, &twice, "{\"a\":1e}"] {
        let answer = post_text(&server, &access, "credential", "application/json", text).await;
        assert_eq!(answer.status, 400, "{text}: {}", answer.text);
        refused(&answer, 400, "invalid_credential_request");
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jwk", "x"] {
        let answer = post_text(&server, &access, "credential", content_type, body.to_string()).await;
        refused(&answer, 415, "invalid_request");
    }
    let large = format!("{{\"x\":\"{}\"}}", "A".repeat(200_000));
    let answer = post_text(&server, &access, "credential", "application/json", large).await;
    refused(&answer, 413, "invalid_request");
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let path = server.path_of(&access.offer.endpoint("credential")).to_owned();
        let answer = server.send(server.request(method, &path)).await;
        refused(&answer, 405, "invalid_request");
    }
    let typed =
        post_text(&server, &access, "credential", "application/json; charset=utf-8", body.to_string()).await;
    assert_eq!(documents(&typed).len(), 1, "nothing was used up");
});

on_both!(odd_members_and_headers_are_ignored, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let mut body = proved(&server, &access).await;
    body["credential_configuration_id"] = json!(sd_jwt(&access));
    body["x-odd"] = json!({"deep": [1, null, {"a": "b"}]});
    body["issuer_state"] = json!("x");
    body["credential_response_encryption"] = Value::Null;
    body["credential_identifier"] = Value::Null;
    let authorization = format!("Bearer {}", access.token);
    let url = access.offer.endpoint("credential");
    let answer = server
        .post_to(&url, |request| {
            let request =
                request.header("authorization", authorization).header("accept", "text/html;q=0.1, x/y");
            request.header("x-fapi-customer-ip-address", "2001:db8::1").json(&body)
        })
        .await;
    assert_eq!(documents(&answer).len(), 1);
    assert!(answer.header("date").is_some());
});

on_both!(the_nonce_endpoint_needs_nothing, async |server: Server| {
    let acme = server.environment("acme").await;
    let url = format!("{}/issuers/{}/nonce", server.url, acme.correlation_id);
    let mut seen = std::collections::BTreeSet::new();
    for body in ["", "{}", "x=1"] {
        let answer = server.post_to(&url, |request| request.body(body)).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let answer = answer.json();
        assert_eq!(answer.as_object().map(serde_json::Map::len), Some(1), "{answer}");
        assert!(seen.insert(answer["c_nonce"].as_str().expect("a nonce").to_owned()));
    }
    let get = server.get(server.path_of(&url)).await;
    refused(&get, 405, "invalid_request");
    let nobody = server.send(server.request(Method::POST, "/issuers/nobody/nonce")).await;
    refused(&nobody, 404, "invalid_request");
});

on_both!(a_credential_says_until_when_it_is_valid, async |server: Server| {
    let acme = server.environment("acme").await;
    change(&server, &acme, |program| program.validity_seconds = Some(3600)).await;
    let (_, access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    let now = server.clock_seconds();
    let sd = fetched(&server, &access, &[&key]).await.remove(0);
    let end = claims(&sd)["exp"].as_i64().expect("a moment");
    assert!((now + 3600..now + 3630).contains(&end), "an end that is near is exact");
    server.clock.advance(60);
    // What is delivered later is the same credential: it ends when the first does.
    let jwt = documents(&server.ask_credential(&access, jwt_vc(&access), &[&key]).await).remove(0);
    assert_eq!(claims(&jwt)["exp"], end);
});
