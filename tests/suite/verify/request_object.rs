//! The address that a wallet opens, and the object behind it (OpenID4VP 1.0, section 5).

use jose::Algorithm;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, FORM, PresentationAsked, Server, form_body, on_both, parameters};

use super::common::{Asked, Door, refused, state};

/// Posts a form to the address of a request object.
async fn post(server: &Server, id: &str, form: &str) -> Answer {
    let request = server.request(Method::POST, &format!("/presentations/{id}/request"));
    server.send(request.header("content-type", FORM).body(form.to_owned())).await
}

async fn posted(server: &Server, id: &str, form: &str) -> PresentationAsked {
    let answer = post(server, id, form).await;
    assert_eq!(answer.status, 200, "{form}: {}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/oauth-authz-req+jwt"));
    server.verified_object(&answer.text).await
}

/// The algorithms that are verified.
fn algorithms() -> Vec<&'static str> {
    Algorithm::ALL.iter().map(|algorithm| algorithm.as_str()).collect()
}

on_both!(the_object_says_this_and_nothing_else, async |server: Server| {
    let door = Door::asking(&server, &json!({"requestSeconds": 120})).await;
    let Asked { id, made, read } = door.ask(&server).await;
    let url = server.engine.public_url();
    let host = url.trim_start_matches("http://").replace(':', "%3A");
    let did = format!("did:web:{host}:issuers:{}", door.acme.correlation_id);
    let client_id = format!("decentralized_identifier:{did}");
    let (now, issued) = (server.clock_seconds(), read.claims["iat"].as_i64().expect("a moment"));
    assert!((now - 60..=now).contains(&issued), "{issued}");
    let secret = |name: &str| {
        let text = read.text(name);
        assert!(text.len() == 32 && !text.contains(['=', '+', '/']), "{name}: {text}");
        text.to_owned()
    };
    let formats =
        json!({"dc+sd-jwt": {"sd-jwt_alg_values": algorithms(), "kb-jwt_alg_values": algorithms()}});
    let wanted = json!({
        "aud": "https://self-issued.me/v2",
        "client_id": client_id,
        "client_metadata": {"vp_formats_supported": formats},
        "dcql_query": door.held.query(&["fullName"]),
        "exp": issued + 120,
        "iat": issued,
        "nonce": secret("nonce"),
        "response_mode": "direct_post",
        "response_type": "vp_token",
        "response_uri": format!("{url}/presentations/{id}/response"),
        "state": secret("state"),
    });
    assert_eq!(read.claims, wanted);
    let kid = read.header["kid"].as_str().expect("a kid");
    assert!(kid.starts_with(&format!("{did}#")), "{kid}");
    assert_eq!(read.header, json!({"alg": "ES256", "typ": "oauth-authz-req+jwt", "kid": kid}));

    let address = parameters(made["authRequestURI"].as_str().expect("an address"));
    let pairs: Vec<(&str, &str)> =
        address.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request_uri = format!("{url}/presentations/{id}/request");
    let wanted =
        [("client_id", client_id.as_str()), ("request_uri", &request_uri), ("request_uri_method", "post")];
    assert_eq!(pairs, wanted);
    assert_eq!(made["authStatusURI"], format!("{url}/presentations/{id}/status"));
    assert_eq!(made["pageURI"], format!("{url}/present/{id}"));
    let until = model::Timestamp::from_seconds(issued + 120).rfc3339();
    let expires = made["expiresAt"].as_str().expect("a moment");
    assert_eq!(expires[..19], until[..19], "to the second");
    assert_eq!(made.as_object().map(serde_json::Map::len), Some(6), "{made}");
});

on_both!(encrypted_answers_are_asked_for_with_a_key, async |server: Server| {
    let door = Door::asking(&server, &json!({"responseMode": "direct_post.jwt"})).await;
    let asked = door.ask(&server).await;
    let metadata = &asked.read.claims["client_metadata"];
    let keys = metadata["jwks"]["keys"].as_array().expect("keys");
    assert_eq!(keys.len(), 1);
    let mut members: Vec<&String> = keys[0].as_object().expect("a key").keys().collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"], "no private member");
    for (name, value) in [("alg", "ECDH-ES"), ("crv", "P-256"), ("kty", "EC"), ("use", "enc")] {
        assert_eq!(keys[0][name], value);
    }
    let supported = &metadata["encrypted_response_enc_values_supported"];
    assert_eq!(*supported, json!(["A128GCM", "A256GCM"]));
    assert_eq!(asked.read.text("response_mode"), "direct_post.jwt");
});

on_both!(an_unsigned_request_is_all_in_its_address, async |server: Server| {
    let door = Door::asking(&server, &json!({"clientIdPrefix": "redirect_uri"})).await;
    let data = json!({"transactionData": [{"type": "payment", "credential_ids": ["m"], "amount": "5"}]});
    let Asked { id, made, read } = door.ask_with(&server, &data).await;
    let response_uri = format!("{}/presentations/{id}/response", server.engine.public_url());
    assert_eq!(read.client_id(), format!("redirect_uri:{response_uri}"));
    assert_eq!(read.text("response_uri"), response_uri);
    assert_eq!(read.claims["dcql_query"], door.held.query(&["fullName"]));
    assert_eq!(read.claims["transaction_data"].as_array().map(Vec::len), Some(1));
    let address = parameters(made["authRequestURI"].as_str().expect("an address"));
    let names: Vec<&str> = address.keys().map(String::as_str).collect();
    let wanted = [
        "client_id",
        "client_metadata",
        "dcql_query",
        "nonce",
        "response_mode",
        "response_type",
        "response_uri",
        "state",
        "transaction_data",
    ];
    assert_eq!(names, wanted);
    // There is no object to fetch.
    refused(&server.get(&format!("/presentations/{id}/request")).await, 404);
    assert_eq!(state(&server, &id).await, "created");
});

on_both!(the_object_may_be_fetched_again_in_either_way, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let made = door.make(&server, None).await;
    let id = made["correlationId"].as_str().expect("an id");
    let address = made["authRequestURI"].as_str().expect("an address");
    assert_eq!(state(&server, id).await, "created");
    let first = server.read_asked(address).await;
    assert_eq!(state(&server, id).await, "sent");
    assert_eq!(server.read_asked(address).await.claims, first.claims);
    // Wallets that know no POST, that know it as it is specified, and that send their metadata as they are.
    assert_eq!(posted(&server, id, "").await.claims, first.claims);
    let flat = form_body(&[("vp_formats_supported", "{\"dc+sd-jwt\":{}}"), ("unheard_of", "1")]);
    assert_eq!(posted(&server, id, &flat).await.claims, first.claims);
    for nonce in ["wn-123", "+/= &", "ü"] {
        let metadata =
            json!({"vp_formats_supported": {}, "authorization_encryption_alg_values_supported": ["x"]});
        let form = form_body(&[("wallet_metadata", &metadata.to_string()), ("wallet_nonce", nonce)]);
        let mut claims = posted(&server, id, &form).await.claims;
        assert_eq!(claims.as_object_mut().expect("claims").remove("wallet_nonce"), Some(json!(nonce)));
        assert_eq!(claims, first.claims);
    }
    // The next has none.
    assert_eq!(server.read_asked(address).await.claims, first.claims);
    assert_eq!(state(&server, id).await, "sent");
    let answer = server.present(&first, &door.held, &["fullName"]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
});

on_both!(a_get_of_a_browser_s_fetch_is_answered, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let made = door.make(&server, None).await;
    let path = format!("/presentations/{}/request", made["correlationId"].as_str().expect("an id"));
    let request = server.request(Method::GET, &path).header("content-type", FORM);
    let accept = "application/oauth-authz-req+jwt, application/jwt;q=0.9, text/plain";
    let answer = server.send(request.header("accept", accept)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.text.split('.').count(), 3);
    assert_eq!(answer.text.trim(), answer.text);
});

on_both!(what_is_no_form_of_a_wallet_is_refused, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let made = door.make(&server, None).await;
    let id = made["correlationId"].as_str().expect("an id");
    let long = "n".repeat(70_000);
    for (form, status) in [
        ("wallet_nonce=a&wallet_nonce=b".to_owned(), 400),
        ("wallet_metadata=garbage".to_owned(), 400),
        ("wallet_metadata=%5B%5D".to_owned(), 400),
        (format!("wallet_nonce={long}"), 413),
    ] {
        refused(&post(&server, id, &form).await, status);
    }
    assert_eq!(state(&server, id).await, "created", "nobody has read it");
});

on_both!(what_names_no_request_is_not_found, async |server: Server| {
    Door::asking(&server, &json!({})).await;
    for id in ["00000000-0000-4000-8000-000000000000", "no-uuid", "%FF"] {
        for what in ["request", "status"] {
            refused(&server.get(&format!("/presentations/{id}/{what}")).await, 404);
        }
        refused(&post(&server, id, "").await, 404);
        let request = server.request(Method::POST, &format!("/presentations/{id}/response"));
        let answer = server.send(request.header("content-type", FORM).body("vp_token=%7B%7D&state=s")).await;
        refused(&answer, 404);
    }
});

on_both!(the_state_says_nothing_personal, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let asked = door.ask(&server).await;
    server.clock.advance(7);
    door.is_open(&server, &asked).await;
    let answer = server.get(&format!("/presentations/{}/status", asked.id)).await;
    let body = answer.json();
    let last = body["lastUpdated"].as_i64().expect("a moment");
    let made = asked.read.claims["iat"].as_i64().expect("a moment");
    assert!(((made + 7) * 1000..=(server.clock_seconds() + 1) * 1000).contains(&last), "{body}");
    let wanted: Value = json!({
        "correlationId": asked.id, "definitionId": "d", "status": "verified", "lastUpdated": last,
    });
    assert_eq!(body, wanted);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
});
