//! The token endpoint: a code is good once, for a while, at its own issuer.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Access, Server, on_both};
use wallet::WalletKey;

use super::common::{
    GRANT, ask_token, begun, count, delete, documents, fetched, offer, post_form, refused, revoke, scan,
    token_with,
};

on_both!(a_token_is_what_rfc_6749_says, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let answer = token_with(&server, &offer, &[]).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/json")),
        "{}",
        answer.text
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut token = answer.json();
    let text = token["access_token"].take();
    assert!(text.as_str().is_some_and(|text| text.len() >= 43), "256 bits: {text}");
    assert_eq!(token, json!({"access_token": null, "token_type": "Bearer", "expires_in": 600}));
    // The database has no token that anybody could use, and no code.
    let text = text.as_str().expect("a token").to_owned();
    for table in ["access_token", "claim_code", "used_once", "audit_event"] {
        for secret in [&text, &offer.code] {
            assert!(!dump(&server, table).await.contains(secret.as_str()), "{table}");
        }
    }
});

/// All that a table holds, as text.
async fn dump(server: &Server, table: &str) -> String {
    let sql = if server.database_url.starts_with("sqlite:") {
        let sql = format!("SELECT name FROM pragma_table_info('{table}')");
        let columns = support::query_texts(&server.database_url, &sql).await;
        let columns: Vec<String> =
            columns.iter().map(|name| format!("COALESCE(quote({name}), '')")).collect();
        format!("SELECT {} FROM {table}", columns.join(" || ' ' || "))
    } else {
        format!("SELECT t::text FROM {table} t")
    };
    support::query_texts(&server.database_url, &sql).await.join("\n")
}

on_both!(a_code_that_is_none_is_refused, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let id = offer(&server, &acme).await;
    let offer_read = scan(&server, &acme, &id).await;
    let theirs = offer(&server, &umbrella).await;
    let theirs = scan(&server, &umbrella, &theirs).await;
    let url = offer_read.endpoint("token");
    let long = "A".repeat(10_000);
    for code in
        ["", "x", &offer_read.code[1..], &format!("{}A", offer_read.code), &theirs.code, "\0", "'--", &long]
    {
        let answer = ask_token(&server, &url, &[("grant_type", GRANT), ("pre-authorized_code", code)]).await;
        assert_eq!(answer.status, 400, "{code}: {}", answer.text);
        refused(&answer, 400, "invalid_grant");
    }
    // Neither was the other issuer's code used up by that.
    for offer in [&offer_read, &theirs] {
        assert_eq!(token_with(&server, offer, &[]).await.status, 200);
    }
});

on_both!(a_code_is_used_once, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let access = server.access(offer.clone()).await;
    for _ in 0..2 {
        refused(&token_with(&server, &offer, &[]).await, 400, "invalid_grant");
    }
    // Draft 13 writes the same code in another way.
    for draft in [".11", ".13", ".15", ".1.0"] {
        let mut again = offer.clone();
        again.code.push_str(draft);
        refused(&token_with(&server, &again, &[]).await, 400, "invalid_grant");
    }
    assert_eq!(count(&server, "access_token").await, 1);
    fetched(&server, &access, &[&WalletKey::generate()]).await;
    refused(&token_with(&server, &offer, &[]).await, 400, "invalid_grant");
});

on_both!(a_code_is_used_once_whatever_the_edition, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let newest = server.scanned(&acme, &id, "1.0", "value").await;
    let oldest = server.scanned(&acme, &id, "11", "reference").await;
    assert_ne!(newest.code, oldest.code);
    assert_eq!(token_with(&server, &oldest, &[]).await.status, 200);
    refused(&token_with(&server, &newest, &[]).await, 400, "invalid_grant");
});

on_both!(a_code_ends_after_ten_minutes_and_another_is_made, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let old = scan(&server, &acme, &id).await;
    server.clock.advance(601);
    refused(&token_with(&server, &old, &[]).await, 400, "invalid_grant");
    let new = scan(&server, &acme, &id).await;
    assert_ne!(new.code, old.code);
    refused(&token_with(&server, &old, &[]).await, 400, "invalid_grant");
    assert_eq!(token_with(&server, &new, &[]).await.status, 200);
});

on_both!(what_can_no_longer_be_claimed_gives_no_token, async |server: Server| {
    let acme = server.environment("acme").await;
    let deleted = offer(&server, &acme).await;
    let of_deleted = scan(&server, &acme, &deleted).await;
    assert_eq!(delete(&server, &acme, &deleted).await, 204);
    refused(&token_with(&server, &of_deleted, &[]).await, 400, "invalid_grant");

    let mut item = acme.offer("ada@example.com", "Ada");
    let end = model::Timestamp::from_seconds(server.clock_seconds() + 120);
    item["expirationDate"] = json!(end.rfc3339());
    let expiring = server.offers(&acme, &[item]).await.remove(0);
    let of_expiring = scan(&server, &acme, expiring["id"].as_str().expect("an id")).await;
    server.clock.advance(121);
    refused(&token_with(&server, &of_expiring, &[]).await, 400, "invalid_grant");

    let (claimed, access) = begun(&server, &acme).await;
    fetched(&server, &access, &[&WalletKey::generate()]).await;
    assert!(revoke(&server, &acme, &claimed).await);
    refused(&token_with(&server, &access.offer, &[]).await, 400, "invalid_grant");
    crate::wallet::common::change(&server, &acme, |program| program.published = false).await;
    assert_eq!(count(&server, "access_token").await, 1);
});

on_both!(a_program_that_was_withdrawn_gives_no_token, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    crate::wallet::common::change(&server, &acme, |program| program.published = false).await;
    refused(&token_with(&server, &offer, &[]).await, 400, "invalid_grant");
    crate::wallet::common::change(&server, &acme, |program| program.published = true).await;
    assert_eq!(token_with(&server, &offer, &[]).await.status, 200, "the code was not used up");
});

on_both!(a_malformed_request_is_refused_and_uses_nothing_up, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let (url, code) = (offer.endpoint("token"), offer.code.as_str());
    let (invalid, good) = ("invalid_request", [("grant_type", GRANT), ("pre-authorized_code", code)]);
    for (form, error) in [
        (vec![], invalid),
        (vec![good[1]], invalid),
        (vec![good[0]], invalid),
        (vec![good[0], ("pre_authorized_code", code)], invalid),
        (vec![good[0], ("code", code)], invalid),
        (vec![good[0], good[1], good[1]], invalid),
        (vec![good[0], good[0], good[1]], invalid),
        (vec![good[0], good[1], ("x", "1"), ("x", "2")], invalid),
        (vec![good[0], good[1], ("tx_code", "123456")], invalid),
        (vec![("grant_type", "authorization_code"), ("code", code)], "unsupported_grant_type"),
        (vec![("grant_type", "password"), good[1]], "unsupported_grant_type"),
        (vec![("grant_type", ""), good[1]], "unsupported_grant_type"),
        (
            vec![("grant_type", "URN:ietf:params:oauth:grant-type:pre-authorized_code"), good[1]],
            "unsupported_grant_type",
        ),
    ] {
        let answer = ask_token(&server, &url, &form).await;
        assert_eq!(answer.status, 400, "{form:?}: {}", answer.text);
        refused(&answer, 400, error);
    }
    assert_eq!(token_with(&server, &offer, &[]).await.status, 200);
});

on_both!(a_body_of_another_kind_is_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let (url, body) = (offer.endpoint("token"), offer.token_form(None));
    let members = json!({"grant_type": GRANT, "pre-authorized_code": offer.code});
    let json = server.post_to(&url, |request| request.json(&members)).await;
    refused(&json, 415, "invalid_request");
    let none = server.post_to(&url, |request| request).await;
    refused(&none, 415, "invalid_request");
    let large = format!("{body}&x={}", "A".repeat(200_000));
    refused(&post_form(&server, &url, large).await, 413, "invalid_request");
    let in_query = post_form(&server, &format!("{url}?{body}"), String::new()).await;
    refused(&in_query, 400, "invalid_request");
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = server.send(server.request(method, server.path_of(&url))).await;
        refused(&answer, 405, "invalid_request");
        assert_eq!(answer.header("allow"), Some("POST"));
    }
    let nobody = format!("{}/issuers/nobody/token", server.url);
    refused(&post_form(&server, &nobody, body).await, 404, "invalid_request");
    assert_eq!(token_with(&server, &offer, &[]).await.status, 200);
});

on_both!(unknown_parameters_are_ignored, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let more = [
        ("x-odd", "1"),
        ("scope", "openid"),
        ("resource", "https://x.example"),
        ("tx_code", ""),
        ("client_id", "w"),
    ];
    let answer = token_with(&server, &offer, &more).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
});

/// One of the `authorization_details`.
fn detail(kind: &str, configuration: &str) -> Value {
    json!({"type": kind, "credential_configuration_id": configuration})
}

on_both!(authorization_details_bring_identifiers_to_ask_by, async |server: Server| {
    let acme = server.environment("acme").await;
    for wanted in [vec![1], vec![0], vec![0, 1]] {
        let id = offer(&server, &acme).await;
        let offer = scan(&server, &acme, &id).await;
        let named = |place: &usize| detail("openid_credential", &offer.configurations[*place]);
        let details = Value::from_iter(wanted.iter().map(named)).to_string();
        let answer = token_with(&server, &offer, &[("authorization_details", &details)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let access = Access::new(offer.clone(), &answer.json());
        let details = answer.json()["authorization_details"].take();
        let details = details.as_array().expect("a list");
        assert_eq!(details.len(), wanted.len(), "what was asked for: {details:?}");
        for (detail, place) in details.iter().zip(wanted) {
            assert_eq!(detail["type"], "openid_credential");
            assert_eq!(detail["credential_configuration_id"], offer.configurations[place].as_str());
            let identifier = &detail["credential_identifiers"][0];
            let proofs = server.proofs(&offer, &[&WalletKey::generate()]).await;
            let body = json!({"credential_identifier": identifier, "proofs": {"jwt": proofs}});
            let document = documents(&server.post_as(&access, "credential", &body).await).remove(0);
            assert_eq!(document.contains('~'), offer.configurations[place].ends_with("+sd-jwt"));
        }
    }
});

on_both!(authorization_details_of_something_else_are_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let (kind, known) = ("openid_credential", offer.configurations[0].as_str());
    for details in [
        "x".to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        "[1]".to_owned(),
        json!([{"type": kind}]).to_string(),
        json!([{"credential_configuration_id": known}]).to_string(),
        json!([{"type": kind, "credential_configuration_id": 1}]).to_string(),
        json!([detail("payment", known)]).to_string(),
        json!([detail(kind, "x")]).to_string(),
        json!([detail(kind, &acme.partner.program_id)]).to_string(),
        json!([detail(kind, known), detail(kind, "x")]).to_string(),
    ] {
        let answer = token_with(&server, &offer, &[("authorization_details", &details)]).await;
        assert_eq!(answer.status, 400, "{details}: {}", answer.text);
        // RFC 9396, section 5.
        refused(&answer, 400, "invalid_authorization_details");
    }
    assert_eq!(token_with(&server, &offer, &[]).await.status, 200, "the code was not used up");
});
