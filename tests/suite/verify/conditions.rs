//! Questions: the answer is yes or no, and nothing that it was told from is kept.

use serde_json::{Value, json};
use support::{Server, on_both};

use super::common::{Asked, Door, state};

fn condition(path: &str, operator: &str, value: impl Into<Value>) -> Value {
    json!({"credential": "m", "path": [path], "operator": operator, "value": value.into()})
}

on_both!(a_question_is_answered_with_yes_or_no, async |server: Server| {
    let door = Door::new(&server).await;
    let query = door.held.query(&["born", "level", "fullName", "active"]);
    let years = |years: u32| json!({"yearsAgo": years});
    let cases = [
        (vec![condition("born", "lessOrEqual", years(18))], true),
        (vec![condition("born", "lessOrEqual", years(90))], false),
        (vec![condition("born", "less", "1990-12-11")], true),
        (vec![condition("born", "greater", "1990-12-11")], false),
        (vec![condition("level", "equal", 41)], true),
        (vec![condition("level", "notEqual", 41)], false),
        (vec![condition("level", "greaterOrEqual", 41)], true),
        (vec![condition("level", "less", 40.5)], false),
        (vec![condition("fullName", "oneOf", json!(["Grace Hopper", "Ada Lovelace"]))], true),
        (vec![condition("active", "equal", true)], true),
        (vec![condition("level", "greater", 40), condition("active", "equal", false)], false),
        (vec![condition("level", "greater", 40), condition("active", "equal", true)], true),
    ];
    for (number, (conditions, verdict)) in cases.iter().enumerate() {
        let id = format!("q{number}");
        let more = json!({"definitionId": id, "dcqlQuery": query, "conditions": conditions});
        door.template(&server, &more).await;
        let made = server.ask(&door.acme, &door.keys, &id, None).await;
        let asked = server.read_asked(made["authRequestURI"].as_str().expect("an address")).await;
        let names = ["born", "level", "fullName", "active"];
        let answer = server.present(&asked, &door.held, &names).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{}"), "{conditions:?}");
        let correlation = made["correlationId"].as_str().expect("an id");
        let rest = format!("/definition/{id}/correlation/{correlation}");
        let result = door.call(&server, reqwest::Method::GET, &rest).await.json();
        assert_eq!((&result["status"], &result["verdict"]), (&json!("verified"), &json!(verdict)));
        let text = result.to_string();
        for value in ["1990-12-10", "Lovelace", "\"value\""] {
            assert!(!text.contains(value), "{value}: {text}");
        }
        assert_eq!(result["credentials"][0]["state"], "valid");
    }
});

on_both!(no_answer_is_no_verdict, async |server: Server| {
    let door = Door::new(&server).await;
    let query = door.held.query(&["level"]);
    let more = json!({"dcqlQuery": query, "conditions": [condition("level", "greater", 40)]});
    door.template(&server, &more).await;
    let Asked { id, read, .. } = door.ask(&server).await;
    assert_eq!(door.result(&server, &id).await["verdict"], Value::Null);
    // The claim is withheld: that is no "no".
    let answer = server.present(&read, &door.held, &["fullName"]).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    let result = door.result(&server, &id).await;
    assert_eq!((&result["status"], &result["verdict"]), (&json!("failed"), &Value::Null));
    assert_eq!(state(&server, &id).await, "failed");
});

on_both!(what_the_wallet_is_told_does_not_tell_the_verdict, async |server: Server| {
    let door = Door::new(&server).await;
    let query = door.held.query(&["level"]);
    for (id, level) in [("yes", 40), ("no", 42)] {
        let conditions = json!([condition("level", "greater", level)]);
        door.template(&server, &json!({"definitionId": id, "dcqlQuery": query, "conditions": conditions}))
            .await;
        let made = server.ask(&door.acme, &door.keys, id, None).await;
        let asked = server.read_asked(made["authRequestURI"].as_str().expect("an address")).await;
        assert!(!asked.claims.to_string().contains("condition"), "{}", asked.claims);
        let answer = server.present(&asked, &door.held, &["level"]).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
        let correlation = made["correlationId"].as_str().expect("an id");
        assert_eq!(state(&server, correlation).await, "verified");
    }
});
