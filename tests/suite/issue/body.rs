//! The form of the request.

use serde_json::{Value, json};
use support::{Partner, Server, Setup, on_both};

use super::{JSON, assert_error};

/// Bodies that are refused, and what is said of each.
fn rows(acme: &Partner) -> Vec<(Value, &'static str)> {
    let without = |names: &[&str]| {
        let mut request = acme.request();
        let members = request.as_object_mut().expect("an object");
        names.iter().for_each(|name| drop(members.remove(*name)));
        request
    };
    let with = |name: &str, value: Value| {
        let mut request = acme.request();
        request[name] = value;
        request
    };
    const ISSUER: &str = "Invalid field: issuerDid must be a string";
    const PROGRAM: &str = "Invalid field: credentialId must be a string";
    const SUBJECT: &str = "Invalid field: credentialSubject must be an object";
    const DUPLICATE: &str = "Invalid field: onDuplicate must be \"ignore\" or \"revoke\"";
    vec![
        (without(&["issuerDid"]), "Missing required field: issuerDid"),
        (without(&["credentialId"]), "Missing required field: credentialId"),
        (without(&["credentialSubject"]), "Missing required field: credentialSubject"),
        (with("issuerDid", Value::Null), "Missing required field: issuerDid"),
        (with("credentialSubject", Value::Null), "Missing required field: credentialSubject"),
        (
            without(&["issuerDid", "credentialSubject"]),
            "Missing required fields: issuerDid, credentialSubject",
        ),
        (json!({}), "Missing required fields: issuerDid, credentialId, credentialSubject"),
        (
            json!({"issuer_did": "x", "CredentialId": "y", "credentialsubject": {}}),
            "Missing required fields: issuerDid, credentialId, credentialSubject",
        ),
        (with("issuerDid", json!(7)), ISSUER),
        (with("issuerDid", json!([acme.issuer_did])), ISSUER),
        (with("issuerDid", json!({"did": acme.issuer_did})), ISSUER),
        (with("credentialId", json!(7)), PROGRAM),
        (with("credentialId", json!(true)), PROGRAM),
        (with("credentialSubject", json!("age")), SUBJECT),
        (with("credentialSubject", json!([{"age": 25}])), SUBJECT),
        (with("credentialSubject", json!(false)), SUBJECT),
        (with("onDuplicate", json!("replace")), DUPLICATE),
        (with("onDuplicate", json!("REVOKE")), DUPLICATE),
        (with("onDuplicate", json!("")), DUPLICATE),
        (with("onDuplicate", json!(true)), DUPLICATE),
        (with("onDuplicate", Value::Null), DUPLICATE),
        (with("onDuplicate", json!(["ignore"])), DUPLICATE),
    ]
}

on_both!(every_missing_or_wrong_field_is_named, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    for (body, message) in rows(&acme) {
        assert_error(&server.issue(&token, &body).await, 400, message);
    }
    assert_eq!(server.store.credential_count().await.expect("a count"), 0);
    assert!(server.store.holders(10).await.expect("people").is_empty());
});

on_both!(what_is_no_strict_json_object_is_refused, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let good = acme.request().to_string();
    let object = "The body must be a JSON object.";
    for (body, message) in [
        (String::new(), "Missing body: send a JSON object."),
        ("{".to_owned(), "Invalid body: not valid JSON: EOF while parsing an object at line 1 column 1."),
        ("age=25".to_owned(), "Invalid body: not valid JSON: expected value at line 1 column 1."),
        (format!("{good}{good}"), ""),
        ("[]".to_owned(), object),
        (format!("[{good}]"), object),
        ("\"text\"".to_owned(), object),
        ("null".to_owned(), object),
        (
            r#"{"issuerDid":"a","issuerDid":"b"}"#.to_owned(),
            "Invalid body: JSON object has the member `issuerDid` twice.",
        ),
        (
            r#"{"credentialSubject":{"age":17,"age":18}}"#.to_owned(),
            "Invalid body: JSON object has the member `age` twice.",
        ),
        (
            format!(r#"{{"credentialSubject":{}}}"#, deep(40)),
            "Invalid body: JSON nests deeper than 32 levels.",
        ),
        (deep(20_000), "Invalid body: JSON nests deeper than 32 levels."),
        ("{\"a\":NaN}".to_owned(), ""),
        ("\u{feff}{}".to_owned(), ""),
        (r#"{"a":"\ud800"}"#.to_owned(), ""),
    ] {
        let answer = server.post(&token, &[JSON], body.clone()).await;
        assert_eq!(answer.status, 400, "{body:.60}: {}", answer.text);
        let said = answer.message();
        match message {
            // Where in the text is the parser's business.
            "" => assert!(said.starts_with("Invalid body: not valid JSON: "), "{said}"),
            _ => assert_eq!(said, message),
        }
    }
    let answer = server.post(&token, &[JSON], &b"{\"issuerDid\":\"\xff\"}"[..]).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
});

on_both!(only_json_media_types_are_read, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let body = acme.request().to_string();
    let message = "The body must be JSON: send it with Content-Type: application/json.";
    assert_error(&server.post(&token, &[], body.clone()).await, 415, message);
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/json",
        "json",
        "",
    ] {
        let answer = server.post(&token, &[("content-type", media_type)], body.clone()).await;
        assert_error(&answer, 415, message);
    }
    for media_type in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/problem+json",
    ] {
        let answer = server.post(&token, &[("content-type", media_type)], body.clone()).await;
        assert_eq!(answer.status, 200, "{media_type}: {}", answer.text);
    }
});

on_both!(a_body_over_the_limit_is_413, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let message = "The body is larger than the 65536 bytes that are accepted.";
    let padded = |length: usize| {
        let body = acme.request().to_string();
        let spaces = " ".repeat(length - body.len());
        format!("{body}{spaces}")
    };
    assert_eq!(server.post(&token, &[JSON], padded(65_536)).await.status, 200);
    assert_error(&server.post(&token, &[JSON], padded(65_537)).await, 413, message);
    // The operator may set another limit.
    let limits = server::Limits { body_bytes: 100, ..server::Limits::default() };
    let replica = server.replica(Setup { limits, sequencer: false, ..Setup::default() }).await;
    let message = "The body is larger than the 100 bytes that are accepted.";
    assert_error(&replica.issue(&token, &acme.request()).await, 413, message);
});
