//! Templates: made, found, changed and deleted; and what is no template.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Server, Setup, on_both};

use super::common::{Door, denied, merged};
use super::stranger;

async fn call(server: &Server, door: &Door, method: Method, rest: &str, body: Option<&Value>) -> Answer {
    server.call_verifier(&door.acme, &door.keys.admin, method, rest, body).await
}

async fn got(server: &Server, door: &Door, rest: &str) -> Value {
    let answer = call(server, door, Method::GET, rest, None).await;
    assert_eq!(answer.status, 200, "{rest}: {}", answer.text);
    answer.json()
}

on_both!(a_template_says_what_it_was_given_and_its_defaults, async |server: Server| {
    let door = Door::new(&server).await;
    let made = door.template(&server, &json!({"purpose": "To open the door"})).await;
    let wanted = json!({
        "definitionId": "d",
        "name": "Membership",
        "purpose": "To open the door",
        "public": false,
        "dcqlQuery": door.held.query(&["fullName"]),
        "trustedIssuers": null,
        "conditions": [],
        "clientIdPrefix": "decentralized_identifier",
        "correlationId": null,
        "responseMode": "direct_post",
        "keepSeconds": 3600,
        "requestSeconds": 300,
    });
    let mut shown = made.clone();
    let stamps: Vec<Value> = ["createdAt", "createdBy", "updatedAt", "updatedBy"]
        .iter()
        .map(|name| shown.as_object_mut().expect("an object").remove(*name).expect("a stamp"))
        .collect();
    assert_eq!(shown, wanted);
    assert_eq!((&stamps[0], &stamps[1]), (&stamps[2], &stamps[3]));
    assert_eq!(got(&server, &door, "/definitions/d").await, made);
    // Everything that can be said.
    let full = json!({
        "definitionId": "full-1_A",
        "name": "Über alles",
        "purpose": null,
        "public": true,
        "trustedIssuers": ["*"],
        "conditions": [{"credential": "m", "path": ["fullName"], "operator": "equal", "value": "Ada"}],
        "clientIdPrefix": "redirect_uri",
        "correlationId": door.acme.correlation_id,
        "responseMode": "direct_post.jwt",
        "keepSeconds": 0,
        "requestSeconds": 86_400,
    });
    let made = door.template(&server, &full).await;
    for (name, value) in full.as_object().expect("an object") {
        assert_eq!(made[name], *value, "{name}");
    }
    // What means nothing in a query is dropped.
    let mut query = door.held.query(&["fullName"]);
    query["credentials"][0]["unheard_of"] = json!(1);
    let made = door.template(&server, &json!({"definitionId": "e", "dcqlQuery": query})).await;
    assert_eq!(made["dcqlQuery"], door.held.query(&["fullName"]));
});

on_both!(templates_are_listed_page_by_page, async |server: Server| {
    let door = Door::new(&server).await;
    for number in 0..5 {
        door.template(
            &server,
            &json!({"definitionId": format!("d{number}"), "name": format!("No {number}")}),
        )
        .await;
    }
    let page = got(&server, &door, "/definitions?limit=2&page=2&sortBy=definitionId:ASC").await;
    let ids = |page: &Value| {
        let rows = page["data"].as_array().expect("a list").iter();
        rows.map(|row| row["definitionId"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&page), ["d2", "d3"]);
    assert_eq!((&page["meta"]["totalItems"], &page["meta"]["totalPages"]), (&json!(5), &json!(3)));
    let next = page["links"]["next"].as_str().expect("a link");
    assert!(next.starts_with(&format!("{}/products/web/", server.engine.public_url())), "{next}");
    let answer = server
        .send(server.request(Method::GET, server.path_of(next)).header("x-api-key", &door.keys.auditor));
    assert_eq!(ids(&answer.await.json()), ["d4"]);
    assert_eq!(ids(&got(&server, &door, "/definitions?filter.name=No%203").await), ["d3"]);
    assert_eq!(ids(&got(&server, &door, "/definitions?filter.definitionId=d1").await), ["d1"]);
});

on_both!(a_template_changes_and_what_was_asked_by_it_does_not, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let before = got(&server, &door, "/definitions/d").await;
    let asked = door.ask(&server).await;
    let body =
        door.body(&json!({"name": "Levels", "dcqlQuery": door.held.query(&["level"]), "keepSeconds": 0}));
    server.clock.advance(2);
    let answer = call(&server, &door, Method::PUT, "/definitions/d", Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let after = answer.json();
    assert_eq!((&after["name"], &after["keepSeconds"]), (&json!("Levels"), &json!(0)));
    assert_eq!((&after["createdAt"], &after["createdBy"]), (&before["createdAt"], &before["createdBy"]));
    assert_ne!(after["updatedAt"], before["updatedAt"]);
    assert_eq!(got(&server, &door, "/definitions/d").await, after);
    // The old request asks what it asked, and keeps what it said it would.
    let uri = asked.made["authRequestURI"].as_str().expect("an address");
    assert_eq!(server.read_asked(uri).await.claims, asked.read.claims);
    door.is_open(&server, &asked).await;
    let result = door.result(&server, &asked.id).await;
    assert_eq!(result["credentials"][0]["claims"][0]["value"], "Ada Lovelace");
    let new = door.ask(&server).await;
    assert_eq!(new.read.claims["dcql_query"], door.held.query(&["level"]));
    // What is left out takes its default; the id in the body may be left out, or the same, and nothing else.
    let mut body = door.body(&json!({}));
    body.as_object_mut().expect("an object").remove("definitionId");
    let answer = call(&server, &door, Method::PUT, "/definitions/d", Some(&body)).await;
    assert_eq!((answer.status, &answer.json()["keepSeconds"]), (200, &json!(3600)), "{}", answer.text);
    let other = merged(body.clone(), &json!({"definitionId": "e"}));
    denied(&call(&server, &door, Method::PUT, "/definitions/d", Some(&other)).await, 400, "invalid_request");
    let code = "presentation_definition_not_found";
    denied(&call(&server, &door, Method::PUT, "/definitions/none", Some(&body)).await, 404, code);
});

on_both!(a_template_is_deleted_and_what_was_asked_by_it_is_answered, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let (asked, made) = (door.ask(&server).await, door.make(&server, None).await);
    let answer = call(&server, &door, Method::DELETE, "/definitions/d", None).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let code = "presentation_definition_not_found";
    denied(&call(&server, &door, Method::GET, "/definitions/d", None).await, 404, code);
    denied(&call(&server, &door, Method::DELETE, "/definitions/d", None).await, 404, code);
    denied(&call(&server, &door, Method::POST, "/definition/d", None).await, 404, code);
    assert_eq!(got(&server, &door, "/definitions").await["data"], json!([]));
    door.is_open(&server, &asked).await;
    assert_eq!(door.result(&server, &asked.id).await["credentials"][0]["state"], "valid");
    let uri = made["authRequestURI"].as_str().expect("an address");
    assert_eq!(server.read_asked(uri).await.claims["dcql_query"], door.held.query(&["fullName"]));
    // Its name is free again.
    door.template(&server, &json!({})).await;
});

on_both!(a_name_is_given_once_in_a_tenant, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let body = door.body(&json!({"name": "Another"}));
    let answer = call(&server, &door, Method::POST, "/definitions", Some(&body)).await;
    denied(&answer, 409, "presentation_definition_exists");
    assert_eq!(got(&server, &door, "/definitions/d").await["name"], "Membership");
    let umbrella = server.environment("umbrella").await;
    let keys = server.verifiers(&umbrella).await;
    server.definition(&umbrella, &keys, &body).await;
});

/// Changes that make a template none, and what the refusal must name.
fn bad() -> Vec<(Value, &'static str)> {
    let query = |credential: Value| json!({"dcqlQuery": {"credentials": [credential]}});
    let meta = json!({"vct_values": ["https://types.example/t"]});
    let condition = |more: Value| {
        let base = json!({"credential": "m", "path": ["fullName"], "operator": "equal", "value": "Ada"});
        json!({"conditions": [merged(base, &more)]})
    };
    vec![
        (json!({"definitionId": ""}), "definitionId"),
        (json!({"definitionId": "with space"}), "definitionId"),
        (json!({"definitionId": "a/b"}), "definitionId"),
        (json!({"definitionId": "x".repeat(65)}), "definitionId"),
        (json!({"definitionId": 1}), "definitionId"),
        (json!({"name": ""}), "name"),
        (json!({"name": null}), "name"),
        (json!({"name": "x".repeat(65)}), "name"),
        (json!({"name": "a\nb"}), "name"),
        (json!({"purpose": "x".repeat(301)}), "purpose"),
        (json!({"public": "yes"}), "public"),
        (json!({"keepSeconds": -1}), "keepSeconds"),
        (json!({"keepSeconds": 2_592_001}), "keepSeconds"),
        (json!({"keepSeconds": "3600"}), "keepSeconds"),
        (json!({"requestSeconds": 29}), "requestSeconds"),
        (json!({"requestSeconds": 86_401}), "requestSeconds"),
        (json!({"trustedIssuers": []}), "trustedIssuers"),
        (json!({"trustedIssuers": ["acme"]}), "trustedIssuers[0]"),
        (json!({"trustedIssuers": ["*", "https://a b"]}), "trustedIssuers[1]"),
        (json!({"trustedIssuers": vec!["*"; 65]}), "trustedIssuers"),
        (json!({"clientIdPrefix": "web-origin"}), "clientIdPrefix"),
        (json!({"responseMode": "fragment"}), "responseMode"),
        (json!({"unheardOf": 1}), "unheardOf"),
        (json!({"dcqlQuery": null}), "dcqlQuery"),
        (json!({"dcqlQuery": "all"}), "dcqlQuery"),
        (json!({"dcqlQuery": {}}), "credentials"),
        (json!({"dcqlQuery": {"credentials": []}}), "credentials"),
        (query(json!({"id": "m", "format": "mso_mdoc", "meta": {"doctype_value": "x"}})), "mso_mdoc"),
        (query(json!({"id": "m", "format": "dc+sd-jwt"})), "meta"),
        (query(json!({"id": "m m", "format": "dc+sd-jwt", "meta": meta})), "id"),
        (query(json!({"id": "m", "format": "dc+sd-jwt", "meta": meta, "claims": [{"path": []}]})), "path"),
        (query(json!({"id": "m", "format": "dc+sd-jwt", "meta": meta, "claims": []})), "claims"),
        (query(json!({"id": "m", "format": "dc+sd-jwt", "meta": meta, "claim_sets": [["a"]]})), "claim_sets"),
        (condition(json!({"credential": "x"})), "conditions[0]"),
        (condition(json!({"path": ["level"]})), "conditions[0]"),
        (condition(json!({"operator": "like"})), "`like`"),
        (condition(json!({"value": {"yearsAgo": 18}})), "conditions[0]"),
        (condition(json!({"operator": "oneOf"})), "conditions[0]"),
        (condition(json!({"unheardOf": 1})), "unheardOf"),
    ]
}

on_both!(what_is_no_template_is_refused_with_what_is_wrong, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    for (change, named) in bad() {
        let body = merged(door.body(&json!({"definitionId": "e"})), &change);
        let answer = call(&server, &door, Method::POST, "/definitions", Some(&body)).await;
        let text = denied(&answer, 400, "invalid_request");
        assert!(text.contains(named), "{change}: {text}");
        if change.get("definitionId").is_none() {
            let body = merged(door.body(&json!({})), &change);
            let answer = call(&server, &door, Method::PUT, "/definitions/d", Some(&body)).await;
            assert_eq!(denied(&answer, 400, "invalid_request"), text, "{change}");
        }
    }
    let list = got(&server, &door, "/definitions").await;
    assert_eq!((&list["meta"]["totalItems"], &list["data"][0]["name"]), (&json!(1), &json!("Membership")));
    let body = json!({"name": "x".repeat(200_000)});
    let answer = call(&server, &door, Method::POST, "/definitions", Some(&body)).await;
    assert_eq!(answer.status, 413, "{}", answer.text);
});

on_both!(what_could_not_be_signed_is_refused_at_once, async |server: Server| {
    let door = Door::new(&server).await;
    for prefix in ["x509_san_dns", "x509_hash"] {
        let body = door.body(&json!({"clientIdPrefix": prefix}));
        let answer = call(&server, &door, Method::POST, "/definitions", Some(&body)).await;
        let text = denied(&answer, 409, "certificate_missing");
        assert!(text.contains("verifier.certificate_file"), "{text}");
    }
    let umbrella = server.environment("umbrella").await;
    for slug in ["nobody", umbrella.correlation_id.as_str()] {
        let body = door.body(&json!({"correlationId": slug}));
        let answer = call(&server, &door, Method::POST, "/definitions", Some(&body)).await;
        denied(&answer, 409, "signing_key_missing");
    }
});

on_both!(a_certificate_that_does_not_name_the_host_is_told_of, async |server: Server| {
    use issuance::{VerificationSettings, VerifierCertificate};
    let (chain, key) = stranger::certified("verifier.example");
    let certificate = VerifierCertificate { chain, key: std::sync::Arc::new(key) };
    let verification =
        VerificationSettings { certificate: Some(certificate), ..VerificationSettings::default() };
    let server = server.afresh(Setup { verification, host: "localhost", ..Setup::default() }).await;
    let door = Door::new(&server).await;
    door.template(&server, &json!({"definitionId": "hash", "clientIdPrefix": "x509_hash"})).await;
    let body = door.body(&json!({"clientIdPrefix": "x509_san_dns"}));
    let answer = call(&server, &door, Method::POST, "/definitions", Some(&body)).await;
    // A template that could not ask is refused now, not when somebody stands at the door.
    denied(&answer, 409, "certificate_missing");
});
