//! What a tenant reads of its requests, for how long, and who may.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Server, on_both, query_texts};

use super::common::{Asked, Door, denied, place, refused, state};

/// A request that was answered.
async fn answered(server: &Server, door: &Door) -> Asked {
    let asked = door.ask(server).await;
    door.is_open(server, &asked).await;
    asked
}

/// What the database has of a result, in hex; `none` if there is none.
async fn stored(server: &Server, id: &str) -> String {
    let hex =
        if server.database_url.starts_with("sqlite:") { "hex(result)" } else { "encode(result, 'hex')" };
    let sql = format!("SELECT COALESCE(NULLIF({hex}, ''), 'none') FROM presentation WHERE id = '{id}'");
    query_texts(&server.database_url, &sql).await.remove(0).to_lowercase()
}

fn in_hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

on_both!(a_request_goes_from_created_to_sent_to_verified, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let made = door.make(&server, None).await;
    let id = made["correlationId"].as_str().expect("an id");
    let before = door.result(&server, id).await;
    let nothing = |result: &Value| {
        assert_eq!(result["credentials"], json!([]), "{result}");
        for name in ["verdict", "error", "claimsKeptUntil"] {
            assert_eq!(result[name], Value::Null, "{name}: {result}");
        }
    };
    assert_eq!((&before["status"], &before["definitionId"]), (&json!("created"), &json!("d")));
    assert_eq!(before["expiresAt"], made["expiresAt"]);
    nothing(&before);
    let read = server.read_asked(made["authRequestURI"].as_str().expect("an address")).await;
    let sent = door.result(&server, id).await;
    assert_eq!(sent["status"], "sent");
    nothing(&sent);
    assert_eq!(server.present(&read, &door.held, &["fullName"]).await.status, 200);
    let verified = door.result(&server, id).await;
    assert_eq!((&verified["status"], &verified["error"]), (&json!("verified"), &Value::Null));
    assert_eq!(verified["createdAt"], before["createdAt"]);
    assert_eq!(verified["createdBy"], before["createdBy"]);
    assert!(verified["claimsKeptUntil"].is_string(), "{verified}");
    let shown = &verified["credentials"][0];
    assert_eq!(shown["types"], json!([door.held.vct()]));
    let issuer = format!("{}/issuers/{}", server.engine.public_url(), door.acme.correlation_id);
    assert_eq!(shown["issuer"], issuer.as_str());
    assert_eq!(shown["claims"], json!([{"path": ["fullName"], "value": "Ada Lovelace"}]));
    let sealed = stored(&server, id).await;
    assert!(sealed.len() > 200 && !sealed.contains(&in_hex("Lovelace")), "it is sealed");
});

on_both!(an_auditor_sees_how_requests_stand_and_no_claim, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let asked = answered(&server, &door).await;
    let read = async |key: &str, rest: &str| {
        let answer = server.call_verifier(&door.acme, key, Method::GET, rest, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.text
    };
    let one = place(&asked.id);
    for key in [&door.keys.admin, &door.keys.user] {
        assert!(read(key, &one).await.contains("Ada Lovelace"));
    }
    let seen = read(&door.keys.auditor, &one).await;
    assert!(seen.contains("verified") && !seen.contains("Lovelace"), "{seen}");
    for key in [&door.keys.admin, &door.keys.user, &door.keys.auditor] {
        let list = read(key, "").await;
        assert!(list.contains(&asked.id) && !list.contains("Lovelace"), "a list shows no claims: {list}");
    }
    let rest = one.clone();
    let answer = server.call_verifier(&door.acme, &door.keys.auditor, Method::DELETE, &rest, None).await;
    denied(&answer, 403, "forbidden");
});

on_both!(roles_of_one_side_open_nothing_of_the_other, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let asked = door.ask(&server).await;
    for key in [&door.acme.keys.admin, &door.acme.keys.user, &door.acme.keys.auditor] {
        for rest in ["", "/definitions", "/definitions/d", place(&asked.id).as_str()] {
            let answer = server.call_verifier(&door.acme, key, Method::GET, rest, None).await;
            denied(&answer, 403, "forbidden");
        }
        let answer = server.call_verifier(&door.acme, key, Method::POST, "/definition/d", None).await;
        denied(&answer, 403, "forbidden");
    }
    for key in [&door.keys.admin, &door.keys.user, &door.keys.auditor] {
        for rest in ["/credential-offers", "/api-keys", "/audit-trail", "/organisation-profiles"] {
            let answer = server.call(&door.acme, key, Method::GET, rest, None).await;
            denied(&answer, 403, "forbidden");
        }
        let body = door.acme.bulk(&[door.acme.offer("eve@example.com", "Eve")]);
        let call = server.call(&door.acme, key, Method::POST, "/credential-offers", Some(&body));
        denied(&call.await, 403, "forbidden");
    }
});

on_both!(what_was_shown_is_kept_as_long_as_the_template_says, async |server: Server| {
    let door = Door::asking(&server, &json!({"keepSeconds": 600})).await;
    let asked = answered(&server, &door).await;
    server.clock.advance(590);
    server.engine.housekeep().await.expect("tidies");
    let shown = door.result(&server, &asked.id).await;
    assert_eq!(shown["credentials"][0]["claims"][0]["value"], "Ada Lovelace");
    server.clock.advance(15);
    // It is not shown any more, and then it is gone.
    let gone = door.result(&server, &asked.id).await;
    assert_eq!((&gone["status"], &gone["credentials"]), (&json!("verified"), &json!([])));
    assert_ne!(stored(&server, &asked.id).await, "none");
    server.engine.housekeep().await.expect("tidies");
    assert_eq!(stored(&server, &asked.id).await, "none");
    assert_eq!(door.result(&server, &asked.id).await["status"], "verified", "that it was is still known");
    assert_eq!(state(&server, &asked.id).await, "verified");
});

on_both!(nothing_is_kept_where_nothing_is_to_be_kept, async |server: Server| {
    let door = Door::asking(&server, &json!({"keepSeconds": 0})).await;
    let asked = answered(&server, &door).await;
    let result = door.result(&server, &asked.id).await;
    assert_eq!((&result["status"], &result["credentials"]), (&json!("verified"), &json!([])));
    assert_eq!(result["claimsKeptUntil"], Value::Null);
    assert_eq!(stored(&server, &asked.id).await, "none");
});

on_both!(a_result_can_be_erased, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let (asked, other) = (answered(&server, &door).await, answered(&server, &door).await);
    let answer = door.call(&server, Method::DELETE, &place(&asked.id)).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let result = door.result(&server, &asked.id).await;
    assert_eq!((&result["status"], &result["credentials"]), (&json!("verified"), &json!([])));
    assert_eq!(result["claimsKeptUntil"], Value::Null);
    assert_eq!(stored(&server, &asked.id).await, "none");
    assert_ne!(stored(&server, &other.id).await, "none", "another's stays");
    let answer = door.call(&server, Method::DELETE, &place(&asked.id)).await;
    assert_eq!(answer.status, 204, "again is as good: {}", answer.text);
    let answer = door.call(&server, Method::DELETE, &place("00000000-0000-4000-8000-000000000000")).await;
    denied(&answer, 404, "presentation_not_found");
    let answer = door.call(&server, Method::DELETE, &place("no-uuid")).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
});

on_both!(an_open_request_that_is_erased_can_still_be_answered, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let asked = door.ask(&server).await;
    let answer = door.call(&server, Method::DELETE, &place(&asked.id)).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(state(&server, &asked.id).await, "sent", "there was nothing to erase yet");
    door.is_open(&server, &asked).await;
    let shown = door.result(&server, &asked.id).await;
    assert_eq!(shown["credentials"][0]["claims"][0]["value"], "Ada Lovelace");
});

on_both!(requests_are_found_by_template_id_and_by_what_they_are, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    door.template(&server, &json!({"definitionId": "e"})).await;
    let verified = answered(&server, &door).await;
    let sent = door.ask(&server).await;
    let made = door.make(&server, None).await["correlationId"].clone();
    let others = server.ask(&door.acme, &door.keys, "e", None).await["correlationId"].clone();
    let found = async |query: &str| {
        let answer = door.call(&server, Method::GET, query).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        let page = answer.json();
        let rows = page["data"].as_array().expect("a list").iter();
        let ids: Vec<Value> = rows.map(|row| row["correlationId"].clone()).collect();
        assert_eq!(page["meta"]["totalItems"].as_u64(), Some(ids.len() as u64), "{page}");
        ids
    };
    let (verified, sent) = (json!(verified.id), json!(sent.id));
    assert_eq!(
        found("").await,
        [others.clone(), made.clone(), sent.clone(), verified.clone()],
        "the latest first"
    );
    assert_eq!(found("?filter.definitionId=e").await, std::slice::from_ref(&others));
    assert_eq!(found("?filter.status=verified").await, std::slice::from_ref(&verified));
    assert_eq!(found("?filter.status=sent").await, std::slice::from_ref(&sent));
    assert_eq!(found(&format!("?filter.correlationId={}", made.as_str().expect("an id"))).await, [made]);
    let answer = door.call(&server, Method::GET, "?filter.nothing=x").await;
    assert_eq!(answer.status, 400, "{}", answer.text);
});

on_both!(an_expired_request_is_found_as_expired, async |server: Server| {
    let door = Door::asking(&server, &json!({"requestSeconds": 30})).await;
    let asked = door.ask(&server).await;
    server.clock.advance(31);
    assert_eq!(door.result(&server, &asked.id).await["status"], "expired");
    assert_eq!(state(&server, &asked.id).await, "expired");
    for (status, count) in [("expired", 1), ("sent", 0), ("created", 0)] {
        let page = door.call(&server, Method::GET, &format!("?filter.status={status}")).await.json();
        assert_eq!(page["meta"]["totalItems"], count, "{status}: {page}");
    }
    refused(&server.present(&asked.read, &door.held, &["fullName"]).await, 410);
    refused(&server.get(&format!("/presentations/{}/request", asked.id)).await, 410);
});

on_both!(a_request_is_found_under_its_own_template_and_tenant_only, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    door.template(&server, &json!({"definitionId": "e"})).await;
    let asked = answered(&server, &door).await;
    let rest = format!("/definition/e/correlation/{}", asked.id);
    denied(&door.call(&server, Method::GET, &rest).await, 404, "presentation_not_found");
    denied(&door.call(&server, Method::DELETE, &rest).await, 404, "presentation_not_found");
    let umbrella = server.environment("umbrella").await;
    let keys = server.verifiers(&umbrella).await;
    server.definition(&umbrella, &keys, &door.body(&json!({}))).await;
    for method in [Method::GET, Method::DELETE] {
        let answer = server.call_verifier(&umbrella, &keys.admin, method, &place(&asked.id), None).await;
        denied(&answer, 404, "presentation_not_found");
    }
    assert_ne!(stored(&server, &asked.id).await, "none");
});

on_both!(the_trail_says_who_asked_answered_and_erased, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let asked = answered(&server, &door).await;
    assert_eq!(door.call(&server, Method::DELETE, &place(&asked.id)).await.status, 204);
    let put = door.body(&json!({"name": "Members"}));
    let call = server.call_verifier(&door.acme, &door.keys.admin, Method::PUT, "/definitions/d", Some(&put));
    assert_eq!(call.await.status, 200);
    let call = server.call_verifier(&door.acme, &door.keys.admin, Method::DELETE, "/definitions/d", None);
    assert_eq!(call.await.status, 204);
    let trail = async |target: &str| {
        let path = format!("/audit-trail?filter.target={target}&sortBy=createdAt:ASC");
        let page = server.find(&door.acme, &path).await.json();
        let events = page["data"].as_array().unwrap_or_else(|| panic!("{page}")).clone();
        let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let say = |event: &Value| format!("{} {}", text(event, "actor"), text(event, "action"));
        (events.iter().map(say).collect::<Vec<_>>(), page.to_string())
    };
    let (events, all) = trail(&asked.id).await;
    assert_eq!(
        events,
        ["user presentation.request", "holder presentation.answer", "user presentation.erase"]
    );
    assert!(!all.contains("Lovelace"), "{all}");
    let (events, _) = trail("d").await;
    let wanted = ["create", "update", "delete"].map(|verb| format!("user presentation_definition.{verb}"));
    assert_eq!(events, wanted);
});
