//! API keys over HTTP: made, shown once, listed, used, revoked.

use aws_lc_rs::digest::{SHA256, digest};
use model::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Environment, Server, on_both, query_texts};

/// Asks for an API key as the admin.
async fn ask(server: &Server, acme: &Environment, body: &Value) -> Answer {
    server.call(acme, &acme.keys.admin, Method::POST, "/api-keys", Some(body)).await
}

/// An API key that was made: what the answer said.
async fn made(server: &Server, acme: &Environment, body: &Value) -> Value {
    let answer = ask(server, acme, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json[name].as_str().unwrap_or_else(|| panic!("{name} is no text: {json}"))
}

/// What the list says of a key.
async fn listed(server: &Server, acme: &Environment, id: &str) -> Value {
    let answer = server.find(acme, &format!("/api-keys?filter.id={id}")).await.json();
    assert_eq!(answer["meta"]["totalItems"], 1, "{answer}");
    answer["data"][0].clone()
}

/// The status of a harmless request with a key.
async fn status_with(server: &Server, acme: &Environment, key: &str) -> u16 {
    server.call(acme, key, Method::GET, "/credential-offers/type-usage", None).await.status
}

fn moment(server: &Server, seconds: i64) -> String {
    server.clock.now().plus_seconds(seconds).rfc3339_millis()
}

on_both!(a_key_is_shown_once, async |server: Server| {
    let acme = server.environment("acme").await;
    let body = json!({"name": "CI \u{1f642}", "roles": ["Issuer_User", "Issuer_Admin", "Issuer_User"]});
    let answer = ask(&server, &acme, &body).await;
    assert_eq!((answer.status, answer.header("cache-control")), (201, Some("no-store")), "{}", answer.text);
    let mut created = answer.json();
    let raw = created.as_object_mut().expect("an object").remove("rawKey").expect("the key");
    let raw = raw.as_str().expect("a text").to_owned();
    let (prefix, digits) = raw.split_at(4);
    assert_eq!((prefix, digits.len()), ("bst_", 64), "256 random bits behind a prefix");
    assert!(digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{raw}");
    assert_eq!(text(&created, "keyMask"), format!("{}...", &raw[..10]));
    assert_eq!(created["name"], "CI \u{1f642}");
    assert_eq!(created["roles"], json!(["Issuer_Admin", "Issuer_User"]), "in one order, each once");
    assert_eq!(created["status"], "active");
    for unset in ["expiresAt", "lastUsedAt", "revokedAt"] {
        assert_eq!(created.get(unset), Some(&Value::Null), "{unset}");
    }
    assert_eq!(listed(&server, &acme, text(&created, "id")).await, created, "the list shows all but the key");
    assert_eq!(status_with(&server, &acme, &raw).await, 200);
    // Each key is another one, and so is each user.
    let other = made(&server, &acme, &body).await;
    for member in ["rawKey", "id", "userId"] {
        assert_ne!(other[member], created[member]);
    }
});

on_both!(neither_a_key_nor_its_hash_is_seen_again, async |server: Server| {
    let acme = server.environment("acme").await;
    let created = made(&server, &acme, &json!({"name": "seen", "roles": ["Issuer_Admin"]})).await;
    let raw = text(&created, "rawKey");
    let search = "/credential-offers?filter.email=ada@example.com";
    assert_eq!(server.call(&acme, raw, Method::GET, search, None).await.status, 200);
    let hash = digest(&SHA256, raw.as_bytes());
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let secrets = [&raw[4..], &raw[12..], hash.as_str(), &hash[..16]];
    for rest in ["/api-keys", "/audit-trail", "/credential-offers/search-history", search] {
        let answer =
            server.call(&acme, raw, Method::GET, &format!("{rest}{}limit=100", glue(rest)), None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let shown = format!("{}{:?}", answer.text, answer.headers).to_lowercase();
        for secret in secrets {
            assert!(!shown.contains(secret), "{rest} shows {secret}");
        }
    }
    // What the database keeps of it is the hash.
    let kept = if server.database_url.starts_with("sqlite:") {
        "lower(hex(key_hash))"
    } else {
        "encode(key_hash, 'hex')"
    };
    let sql = format!("SELECT {kept} FROM api_key WHERE id = '{}'", text(&created, "id"));
    assert_eq!(query_texts(&server.database_url, &sql).await, [hash]);
    let sql = "SELECT id || user_id || name || roles || mask || created_by FROM api_key";
    let kept = query_texts(&server.database_url, sql).await.concat();
    assert!(!kept.contains(&raw[12..]), "{kept}");
});

fn glue(rest: &str) -> char {
    if rest.contains('?') { '&' } else { '?' }
}

on_both!(a_revoked_key_is_refused_at_once, async |server: Server| {
    let acme = server.environment("acme").await;
    let replica = server.replica(support::Setup::default()).await;
    let created = made(&server, &acme, &json!({"name": "brief", "roles": ["Issuer_User"]})).await;
    let (id, key) = (text(&created, "id"), text(&created, "rawKey"));
    for server in [&server, &replica] {
        assert_eq!(status_with(server, &acme, key).await, 200);
    }
    let rest = format!("/api-keys/{id}");
    let revoke = async || server.call(&acme, &acme.keys.admin, Method::DELETE, &rest, None).await;
    let answer = revoke().await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    for server in [&server, &replica] {
        assert_eq!(status_with(server, &acme, key).await, 401);
    }
    let shown = listed(&server, &acme, id).await;
    assert_eq!(shown["status"], "revoked");
    assert!(shown["revokedAt"].is_string() && shown["lastUsedAt"].is_string(), "{shown}");
    let again = revoke().await;
    assert_eq!((again.status, again.code().as_str()), (404, "api_key_not_found"));
    assert_eq!(listed(&server, &acme, id).await, shown, "the first revocation stands");
    for (id, status, code) in [
        ("00000000-0000-4000-8000-000000000000", 404, "api_key_not_found"),
        ("nonsense", 400, "invalid_request"),
    ] {
        let rest = format!("/api-keys/{id}");
        let answer = server.call(&acme, &acme.keys.admin, Method::DELETE, &rest, None).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
    }
});

on_both!(an_admin_may_revoke_its_own_key, async |server: Server| {
    let acme = server.environment("acme").await;
    let created = made(&server, &acme, &json!({"name": "own", "roles": ["Issuer_Admin"]})).await;
    let (id, key) = (text(&created, "id"), text(&created, "rawKey"));
    let rest = format!("/api-keys/{id}");
    assert_eq!(server.call(&acme, key, Method::DELETE, &rest, None).await.status, 204);
    assert_eq!(server.call(&acme, key, Method::DELETE, &rest, None).await.status, 401);
    assert_eq!(status_with(&server, &acme, &acme.keys.admin).await, 200);
});

on_both!(a_key_ends_when_it_says, async |server: Server| {
    let acme = server.environment("acme").await;
    let expires_at = moment(&server, 3_600);
    let body = json!({"name": "an hour's", "roles": ["Issuer_User"], "expiresAt": expires_at});
    let created = made(&server, &acme, &body).await;
    let (id, key) = (text(&created, "id"), text(&created, "rawKey"));
    assert_eq!(created["expiresAt"], expires_at);
    server.clock.advance(3_500);
    assert_eq!(status_with(&server, &acme, key).await, 200);
    assert_eq!(listed(&server, &acme, id).await["status"], "active");
    server.clock.advance(101);
    assert_eq!(status_with(&server, &acme, key).await, 401);
    assert_eq!(listed(&server, &acme, id).await["status"], "expired");
    // A moment is a moment in every zone.
    let body = json!({"name": "zoned", "roles": ["Issuer_User"], "expiresAt": "2999-01-01T02:00:00+02:00"});
    let elsewhere = made(&server, &acme, &body).await;
    assert_eq!(elsewhere["expiresAt"], "2999-01-01T00:00:00.000Z");
    // An expired key can be revoked, too, and is then known as revoked.
    let rest = format!("/api-keys/{id}");
    let answer = server.call(&acme, &acme.keys.admin, Method::DELETE, &rest, None).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(listed(&server, &acme, id).await["status"], "revoked");
});

on_both!(last_use_is_known_to_the_minute, async |server: Server| {
    let acme = server.environment("acme").await;
    let created = made(&server, &acme, &json!({"name": "busy", "roles": ["Issuer_Auditor"]})).await;
    let (id, key) = (text(&created, "id"), text(&created, "rawKey"));
    let last_used = async || listed(&server, &acme, id).await["lastUsedAt"].clone();
    assert_eq!(last_used().await, Value::Null);
    assert_eq!(status_with(&server, &acme, key).await, 200);
    let first = last_used().await;
    assert!(first.is_string());
    server.clock.advance(30);
    assert_eq!(status_with(&server, &acme, key).await, 200);
    assert_eq!(last_used().await, first, "within the minute nothing is written");
    server.clock.advance(31);
    // What is refused for want of a role is a use of the key all the same.
    assert_eq!(server.call(&acme, key, Method::GET, "/api-keys", None).await.status, 403);
    let second = last_used().await;
    assert!(second.as_str() > first.as_str(), "{second} {first}");
    // A use where the key does not hold is none.
    server.clock.advance(61);
    let other = server.environment("umbrella").await;
    assert_eq!(status_with(&server, &other, key).await, 401);
    assert_eq!(last_used().await, second);
});

on_both!(what_is_wrong_with_a_key_to_be_is_said, async |server: Server| {
    let acme = server.environment("acme").await;
    let count = async || server.find(&acme, "/api-keys?limit=0").await.json()["meta"]["totalItems"].clone();
    let before = count().await;
    let long = "x".repeat(51);
    for (member, values) in [
        (
            "name",
            vec![Value::Null, json!(""), json!("   "), json!(long), json!("a\nb"), json!(7), json!(["x"])],
        ),
        (
            "roles",
            vec![
                Value::Null,
                json!([]),
                json!("Issuer_Admin"),
                json!(["Admin"]),
                json!(["issuer_admin"]),
                json!(["Issuer_User", "Wallet_Admin"]),
                json!([7]),
                json!([null]),
            ],
        ),
        (
            "expiresAt",
            vec![
                json!(moment(&server, -1)),
                json!("2025-06-20T06:44:22.629Z"),
                json!("tomorrow"),
                json!("2999-01-01"),
                json!(4_102_444_800_i64),
            ],
        ),
        ("userId", vec![json!("ada"), json!(7), json!("00000000-0000-4000-8000-00000000000")]),
    ] {
        for value in values {
            let mut body = json!({"name": "good", "roles": ["Issuer_User"]});
            body[member] = value.clone();
            let answer = ask(&server, &acme, &body).await;
            assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"), "{member} {value}");
            let message = answer.json()["message"].clone();
            assert!(
                message.as_str().is_some_and(|text| text.contains(member)),
                "{member} {value}: {message}"
            );
        }
    }
    assert_eq!(count().await, before);
    made(&server, &acme, &json!({"name": "\u{1f642}".repeat(50), "roles": ["Issuer_Auditor"]})).await;
});

on_both!(keys_are_found_by_what_they_are, async |server: Server| {
    let acme = server.environment("acme").await;
    let first = made(&server, &acme, &json!({"name": "Payroll", "roles": ["Issuer_User"]})).await;
    let body = json!({"name": "Door", "roles": ["Issuer_User"], "userId": first["userId"]});
    let second = made(&server, &acme, &body).await;
    let found = async |query: &str| {
        let answer = server.find(&acme, &format!("/api-keys?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let rows = answer.json()["data"].as_array().expect("a list").clone();
        rows.iter().map(|row| text(row, "name").to_owned()).collect::<Vec<_>>()
    };
    let user = text(&first, "userId");
    assert_eq!(found(&format!("filter.userId={user}&sortBy=name:ASC")).await, ["Door", "Payroll"]);
    assert_eq!(found("filter.name=$ilike:pay").await, ["Payroll"]);
    assert_eq!(found(&format!("filter.id=$in:{}", text(&second, "id"))).await, ["Door"]);
    assert_eq!(found("limit=1&sortBy=createdAt:DESC").await, ["Door"]);
    let wrong = server.find(&acme, "/api-keys?filter.rawKey=x").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "invalid_query"));
});
