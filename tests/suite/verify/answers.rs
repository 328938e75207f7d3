//! Which answers a request takes: one, in time, its own; and what else a wallet may say.

use reqwest::Url;
use serde_json::{Value, json};
use support::{FORM, PresentationAsked, Server, form_body, on_both};
use tokio::join;

use super::common::{Asked, Door, denied, place, refused, state};

/// The form in which a wallet presents nothing.
fn refusal(read: &PresentationAsked) -> String {
    let why = [("error", "access_denied"), ("error_description", "Not today"), ("state", read.text("state"))];
    form_body(&why)
}

on_both!(a_request_takes_one_answer, async |server: Server| {
    for mode in ["direct_post", "direct_post.jwt"] {
        let door = Door::asking(&server, &json!({"responseMode": mode})).await;
        let asked = door.ask(&server).await;
        let shown = door.held.present(&asked.read, &["fullName"], server.clock_seconds());
        let form = asked.read.form(&json!({"m": [shown]}));
        assert_eq!(server.respond(&asked.read, form.clone()).await.status, 200);
        let text = refused(&server.respond(&asked.read, form).await, 409);
        assert!(text.contains("answered already"), "{text}");
        refused(&server.present(&asked.read, &door.held, &["fullName"]).await, 409);
        refused(&server.respond(&asked.read, refusal(&asked.read)).await, 409);
        refused(&server.get(&format!("/presentations/{}/request", asked.id)).await, 409);
        assert_eq!(state(&server, &asked.id).await, "verified");
    }
});

on_both!(of_two_answers_at_once_one_is_taken, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    for _ in 0..10 {
        let Asked { id, read, .. } = door.ask(&server).await;
        let (good, bad) =
            join!(server.present(&read, &door.held, &["fullName"]), server.respond(&read, refusal(&read)),);
        let mut statuses = [good.status, bad.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", good.text, bad.text);
        let wanted = if good.status == 200 { "verified" } else { "failed" };
        assert_eq!(state(&server, &id).await, wanted);
        let events = format!("/audit-trail?filter.target={id}&filter.action=presentation.answer");
        assert_eq!(server.find(&door.acme, &events).await.json()["meta"]["totalItems"], 1);
    }
});

on_both!(an_answer_to_another_request_changes_nothing, async |server: Server| {
    for mode in ["direct_post", "direct_post.jwt"] {
        let door = Door::asking(&server, &json!({"responseMode": mode})).await;
        let (one, other) = (door.ask(&server).await, door.ask(&server).await);
        let shown = door.held.present(&other.read, &["fullName"], server.clock_seconds());
        let form = other.read.form(&json!({"m": [shown]}));
        refused(&server.respond(&one.read, form).await, 400);
        for asked in [&one, &other] {
            assert_eq!(state(&server, &asked.id).await, "sent");
            door.is_open(&server, asked).await;
        }
    }
});

on_both!(what_is_no_answer_leaves_the_request_open, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let asked = door.ask(&server).await;
    let state_of = asked.read.text("state");
    let token = json!({"m": [door.held.present(&asked.read, &["fullName"], server.clock_seconds())]});
    let token = token.to_string();
    for form in [
        form_body(&[("vp_token", &token)]),
        form_body(&[("vp_token", &token), ("state", "another")]),
        form_body(&[("vp_token", &token), ("state", "")]),
        form_body(&[("vp_token", &token), ("vp_token", &token), ("state", state_of)]),
        form_body(&[("vp_token", &token), ("state", state_of), ("state", state_of)]),
        form_body(&[("vp_token", "garbage"), ("state", state_of)]),
        form_body(&[("vp_token", "[]"), ("state", state_of)]),
        form_body(&[("vp_token", "{\"m\":[1]}"), ("state", state_of)]),
        form_body(&[("vp_token", "{\"m\":[]}"), ("state", state_of)]),
        form_body(&[("vp_token", &token), ("error", "access_denied"), ("state", state_of)]),
        form_body(&[("state", state_of)]),
        form_body(&[("error", "access_denied")]),
        form_body(&[("error", "access_denied"), ("state", "another")]),
        String::new(),
        "%FF%FE".to_owned(),
    ] {
        refused(&server.respond(&asked.read, form.clone()).await, 400);
        assert_eq!(state(&server, &asked.id).await, "sent", "{form}");
    }
    // JSON is no form.
    let url = asked.read.text("response_uri");
    let body = json!({"vp_token": {}, "state": state_of}).to_string();
    let json = server.post_to(url, |post| post.header("content-type", "application/json").body(body)).await;
    refused(&json, 415);
    door.is_open(&server, &asked).await;
});

on_both!(a_browser_s_form_and_unknown_fields_are_taken, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let asked = door.ask(&server).await;
    let shown = door.held.present(&asked.read, &["fullName"], server.clock_seconds());
    let form = asked.read.plain(&json!({"m": [shown]})) + "&iss=wallet&unheard_of=1";
    let url = asked.read.text("response_uri");
    let content_type = format!("{FORM};charset=UTF-8");
    let answer = server.post_to(url, |post| post.header("content-type", content_type).body(form)).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
});

on_both!(a_wallet_s_refusal_ends_the_request, async |server: Server| {
    for mode in ["direct_post", "direct_post.jwt"] {
        let door = Door::asking(&server, &json!({"responseMode": mode})).await;
        let asked = door.ask(&server).await;
        let answer = server.respond(&asked.read, refusal(&asked.read)).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
        let failure = door.failure(&server, &asked.id).await;
        assert_eq!(failure, ("access_denied".to_owned(), "Not today".to_owned()));
        let result = door.result(&server, &asked.id).await;
        assert_eq!((&result["credentials"], &result["verdict"]), (&json!([]), &Value::Null));
        assert_eq!(state(&server, &asked.id).await, "failed");
        refused(&server.present(&asked.read, &door.held, &["fullName"]).await, 409);
    }
    // An encrypted refusal is one, too.
    let door = Door::asking(&server, &json!({"responseMode": "direct_post.jwt"})).await;
    let asked = door.ask(&server).await;
    let why = json!({"error": "access_denied", "state": asked.read.text("state")});
    let jwe = asked.read.encrypt(&why, jose::jwe::ContentEncryption::A256Gcm);
    let answer = server.respond(&asked.read, form_body(&[("response", &jwe)])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(door.failure(&server, &asked.id).await.0, "access_denied");
});

on_both!(an_expired_request_takes_nothing, async |server: Server| {
    let door = Door::asking(&server, &json!({"requestSeconds": 60})).await;
    let (asked, other) = (door.ask(&server).await, door.ask(&server).await);
    server.clock.advance(50);
    door.is_open(&server, &asked).await;
    server.clock.advance(11);
    let text = refused(&server.present(&other.read, &door.held, &["fullName"]).await, 410);
    assert!(text.contains("expired"), "{text}");
    refused(&server.respond(&other.read, refusal(&other.read)).await, 410);
    assert_eq!(state(&server, &other.id).await, "expired");
    assert_eq!(state(&server, &asked.id).await, "verified", "what was answered does not expire");
});

/// The code with which the person's browser is sent back.
fn response_code(answer: &support::Answer, base: &str) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1), "{body}");
    let uri = Url::parse(body["redirect_uri"].as_str().expect("an address")).expect("a URL");
    assert!(uri.as_str().starts_with(base), "{uri}");
    let codes: Vec<String> =
        uri.query_pairs().filter(|(name, _)| name == "response_code").map(|(_, code)| code.into()).collect();
    assert!(codes.len() == 1 && codes[0].len() >= 22, "{uri}");
    codes[0].clone()
}

on_both!(the_person_s_browser_is_sent_back_with_a_code, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let back = json!({"redirectUri": "https://shop.example/back?cart=7"});
    let (asked, other) = (door.ask_with(&server, &back).await, door.ask_with(&server, &back).await);
    assert!(!asked.read.claims.to_string().contains("shop.example"), "the object does not say where");
    let answer = server.present(&asked.read, &door.held, &["fullName"]).await;
    let code = response_code(&answer, "https://shop.example/back?cart=7&");
    let foreign = server.present(&other.read, &door.held, &["fullName"]).await;
    let foreign = response_code(&foreign, "https://shop.example/back?cart=7&");
    assert_ne!(code, foreign);

    // Without the code, nobody is shown what a stranger may have presented.
    let without = door.result(&server, &asked.id).await;
    assert_eq!((&without["status"], &without["credentials"]), (&json!("verified"), &json!([])));
    let with = async |code: &str| {
        door.call(&server, reqwest::Method::GET, &format!("{}?responseCode={code}", place(&asked.id))).await
    };
    let result = with(&code).await.json();
    assert_eq!(result["credentials"][0]["claims"][0]["value"], "Ada Lovelace");
    for wrong in [foreign.as_str(), "", "garbage"] {
        let answer = with(wrong).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(!answer.text.contains("Lovelace"), "{}", answer.text);
    }
});

on_both!(who_refused_is_sent_back_too, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let asked = door.ask_with(&server, &json!({"redirectUri": "https://shop.example/back"})).await;
    let answer = server.respond(&asked.read, refusal(&asked.read)).await;
    response_code(&answer, "https://shop.example/back?");
});

on_both!(only_web_addresses_are_gone_back_to, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let long = format!("https://shop.example/{}", "a".repeat(2_048));
    for uri in [
        "javascript:alert(1)",
        "ftp://shop.example/",
        "shop.example",
        "https://shop.example/#x",
        "data:,x",
        &long,
    ] {
        let body = json!({ "redirectUri": uri });
        let call = server.call_verifier(
            &door.acme,
            &door.keys.user,
            reqwest::Method::POST,
            "/definition/d",
            Some(&body),
        );
        let text = denied(&call.await, 400, "invalid_request");
        assert!(text.contains("redirectUri"), "{uri}: {text}");
    }
});
