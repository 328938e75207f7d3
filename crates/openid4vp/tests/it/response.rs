//! What wallets post (section 8).

use jose::b64url_decode;
use jose::jwe::{ContentEncryption, DecryptionKey, EncryptionKey, JweError, Message};
use openid4vp::response::{
    Answer, Form, MAX_DESCRIPTION_CHARS, MAX_MULTIPLE, MAX_PARAMETERS, MAX_PRESENTATION_LEN, Presentation,
    ResponseError, VpToken, WalletError,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use url::form_urlencoded;

const LIMIT: usize = 4 << 20;

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn parse(pairs: &[(&str, &str)]) -> Result<Form, ResponseError> {
    Form::parse(&form(pairs), LIMIT)
}

fn key() -> DecryptionKey {
    DecryptionKey::from_scalar(&[7; 32]).unwrap()
}

fn encrypted(members: &Value) -> String {
    let to_us = EncryptionKey::from_jwk(&key().public_jwk()).unwrap();
    let message = Message { enc: ContentEncryption::A128Gcm, compressed: false, typ: None, cty: None };
    let mut seed = 0;
    to_us.encrypt(&message, members.to_string().as_bytes(), &mut |bytes| {
        seed += 1;
        bytes.fill(seed);
    })
}

fn error(code: &str) -> WalletError {
    WalletError { code: code.to_owned(), description: None, state: None }
}

#[test]
fn presentations_in_the_clear() {
    let token = json!({ "my_credential": ["eyJ~a~"], "other-1": ["eyJ.b", { "payload": "x" }] }).to_string();
    let read = parse(&[("vp_token", &token), ("state", "s-1"), ("iss", "x"), ("unknown", "")]).unwrap();
    let Form::Plain(Answer::Presented { vp_token, state }) = &read else { panic!("{read:?}") };
    assert_eq!(state.as_deref(), Some("s-1"));
    assert_eq!(vp_token.presentations.keys().collect::<Vec<_>>(), ["my_credential", "other-1"]);
    assert_eq!(vp_token.presentations["my_credential"], [Presentation::Text("eyJ~a~".to_owned())]);
    let texts: Vec<Option<&str>> =
        vp_token.presentations["other-1"].iter().map(Presentation::as_text).collect();
    assert_eq!(texts, [Some("eyJ.b"), None]);
    assert_eq!(read.answer(None, LIMIT).unwrap().state(), Some("s-1"));
}

#[test]
fn the_encrypted_example_of_the_specification() {
    // Section 8.3, with its published private key.
    let d = "Et-3ce0omz8_TuZ96Df9lp0GAaaDoUnDe6X-CRO7Aww";
    let key = DecryptionKey::from_scalar(&b64url_decode(d).unwrap().try_into().unwrap()).unwrap();
    let jwe = "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSIsImtpZCI6ImFjIiwiZXBrIjp7Imt0eSI6IkVDIiwieCI6Im5ubVZwbTNWM2pia\
               GNhZlFhUkJrU1ZOSGx3Wkh3dC05ck9wSnVmeVlJdWsiLCJ5IjoicjRmakRxd0p5czlxVU9QLV9iM21SNVNaRy0tQ3dPMm1pYzVWU05UWU\
               45ZyIsImNydiI6IlAtMjU2In19..uAYcHRUSSn2X0WPX.yVzlGSYG4qbg0bq18JcUiDRw56yVnbKR8E7S7YlEtzT00RqE3Pw5oTpUG3hdL\
               N4taHZ9gC1kwak8JOnJgQ.1wR024_3-qtAlx1oFIUpQQ";
    let read = parse(&[("response", jwe)]).unwrap();
    let Answer::Presented { vp_token, state } = read.answer(Some(&key), LIMIT).unwrap() else { panic!() };
    assert_eq!(vp_token, VpToken::parse(&json!({ "example_credential_id": ["eyJhb...YMetA"] })).unwrap());
    assert_eq!(state, None);
}

#[test]
fn an_encrypted_answer_has_the_same_members() {
    let open =
        |members: Value| parse(&[("response", &encrypted(&members))]).unwrap().answer(Some(&key()), LIMIT);
    let token = json!({ "c": ["x"] });
    let answer = open(json!({ "vp_token": token, "state": "s", "other": [1] })).unwrap();
    assert_eq!(
        answer,
        Answer::Presented { vp_token: VpToken::parse(&token).unwrap(), state: Some("s".to_owned()) }
    );
    let refused = open(json!({ "error": "access_denied", "error_description": "no", "state": "s" })).unwrap();
    let expected =
        WalletError { description: Some("no".into()), state: Some("s".into()), ..error("access_denied") };
    assert_eq!(refused, Answer::Refused(expected));

    assert!(matches!(open(json!({ "state": "s" })), Err(ResponseError::Nothing)));
    assert!(matches!(open(json!([token])), Err(ResponseError::NotAnObject("response"))));
    assert!(matches!(
        open(json!({ "vp_token": token, "state": 1 })),
        Err(ResponseError::NotAString("state"))
    ));
    assert!(matches!(open(json!({ "vp_token": "{}" })), Err(ResponseError::NotAnObject("vp_token"))));
    assert!(matches!(
        open(json!({ "vp_token": token, "error": "x" })),
        Err(ResponseError::Both("vp_token", "error"))
    ));
}

#[test]
fn an_encrypted_answer_that_cannot_be_read() {
    let open = |jwe: &str, limit| parse(&[("response", jwe)]).unwrap().answer(Some(&key()), limit);
    let jwe = encrypted(&json!({ "vp_token": { "c": ["x"] } }));
    assert!(matches!(open(&jwe, jwe.len() - 1), Err(ResponseError::Jwe(JweError::TooLong { .. }))));
    assert!(matches!(open("eyJ.a.b", LIMIT), Err(ResponseError::Jwe(JweError::NotCompact))));
    let other = DecryptionKey::from_scalar(&[8; 32]).unwrap();
    let refused = parse(&[("response", &jwe)]).unwrap().answer(Some(&other), LIMIT);
    assert!(matches!(refused, Err(ResponseError::Jwe(JweError::Decryption))));
    let to_us = EncryptionKey::from_jwk(&key().public_jwk()).unwrap();
    let message = Message { enc: ContentEncryption::A256Gcm, compressed: true, typ: None, cty: None };
    for text in [r#"{"vp_token":{"c":["x"]},"vp_token":{"c":["y"]}}"#, "not JSON", ""] {
        let jwe = to_us.encrypt(&message, text.as_bytes(), &mut |bytes| bytes.fill(1));
        assert!(matches!(open(&jwe, LIMIT), Err(ResponseError::Json { name: "response", .. })), "{text}");
    }
}

#[test]
fn an_answer_comes_as_it_was_asked_for() {
    let plain = || parse(&[("vp_token", r#"{"c":["x"]}"#)]).unwrap();
    let jwe = encrypted(&json!({ "vp_token": { "c": ["x"] } }));
    let secret = || parse(&[("response", &jwe)]).unwrap();
    let refusal = || parse(&[("error", "invalid_request")]).unwrap();
    assert!(plain().answer(None, LIMIT).is_ok());
    assert!(matches!(plain().answer(Some(&key()), LIMIT), Err(ResponseError::NotEncrypted)));
    assert!(matches!(secret().answer(None, LIMIT), Err(ResponseError::Encrypted)));
    assert!(secret().answer(Some(&key()), LIMIT).is_ok());
    for wanted in [None, Some(&key())] {
        assert_eq!(refusal().answer(wanted, LIMIT).unwrap(), Answer::Refused(error("invalid_request")));
    }
}

#[test]
fn a_state_beside_the_message_is_that_inside_it() {
    let open = |inside: Value, outside: &str| {
        parse(&[("response", &encrypted(&inside)), ("state", outside)]).unwrap().answer(Some(&key()), LIMIT)
    };
    let token = json!({ "c": ["x"] });
    assert_eq!(open(json!({ "vp_token": token, "state": "s" }), "s").unwrap().state(), Some("s"));
    assert_eq!(open(json!({ "vp_token": token }), "s").unwrap().state(), Some("s"));
    assert_eq!(open(json!({ "error": "x" }), "s").unwrap().state(), Some("s"));
    assert!(matches!(open(json!({ "vp_token": token, "state": "s" }), "t"), Err(ResponseError::State)));
}

#[test]
fn errors_of_wallets() {
    // The example of section 8.2.
    let body = "error=invalid_request&error_description=unsupported%20client_id_prefix&state=eyJhb...6-sVA";
    let Form::Plain(Answer::Refused(read)) = Form::parse(body, LIMIT).unwrap() else { panic!() };
    assert_eq!(read.code, "invalid_request");
    assert_eq!(read.description.as_deref(), Some("unsupported client_id_prefix"));
    assert_eq!(read.state.as_deref(), Some("eyJhb...6-sVA"));
    assert!(!read.is_denied() && error("access_denied").is_denied());

    let long = format!("a\nb\u{7}{}", "\u{e9}".repeat(MAX_DESCRIPTION_CHARS));
    let Form::Plain(Answer::Refused(read)) = parse(&[("error", "x"), ("error_description", &long)]).unwrap()
    else {
        panic!()
    };
    let description = read.description.unwrap();
    assert!(description.starts_with("a b \u{e9}") && description.chars().count() == MAX_DESCRIPTION_CHARS);
    for odd in ["a\"b", "a\\b", "\u{e9}", "a\nb"] {
        assert!(matches!(parse(&[("error", odd)]), Err(ResponseError::ErrorCode)), "{odd}");
    }
    let long = parse(&[("error", &"x".repeat(200))]);
    assert!(matches!(long, Err(ResponseError::ParameterTooLong { name: "error", .. })));
}

#[test]
fn forms_that_are_no_answer() {
    for empty in ["", "&&", "state=s", "vp_token=", "vp_token", "error=&vp_token=&response="] {
        assert!(matches!(Form::parse(empty, LIMIT), Err(ResponseError::Nothing)), "{empty}");
    }
    let token = r#"{"c":["x"]}"#;
    let both = |pairs: &[(&str, &str)]| match parse(pairs) {
        Err(ResponseError::Both(one, other)) => (one, other),
        other => panic!("{other:?}"),
    };
    assert_eq!(both(&[("response", "a"), ("vp_token", token)]), ("response", "vp_token"));
    assert_eq!(both(&[("response", "a"), ("error", "x")]), ("response", "error"));
    assert_eq!(both(&[("error", "x"), ("vp_token", token)]), ("vp_token", "error"));
    for name in ["vp_token", "state", "unknown"] {
        let twice = parse(&[("vp_token", token), (name, token), (name, token)]);
        assert!(matches!(twice, Err(ResponseError::Duplicate(found)) if found == name));
    }
    assert!(matches!(Form::parse("error=x&state=%FF", LIMIT), Err(ResponseError::NotUtf8)));
    assert!(matches!(Form::parse("error=x", 6), Err(ResponseError::TooLong { len: 7, max: 6 })));
    let many: String = (0..=MAX_PARAMETERS).map(|name| format!("p{name}=1&")).collect();
    assert!(matches!(Form::parse(&many, LIMIT), Err(ResponseError::TooManyParameters)));
    let state = "s".repeat(2000);
    let long = parse(&[("vp_token", token), ("state", &state)]);
    assert!(matches!(long, Err(ResponseError::ParameterTooLong { name: "state", .. })));
    let long = parse(&[("response", "a"), ("state", &state)]);
    assert!(matches!(long, Err(ResponseError::ParameterTooLong { name: "state", .. })));
}

#[test]
fn tokens_that_are_none() {
    let read = |token: Value| match parse(&[("vp_token", &token.to_string())]) {
        Err(error) => error.to_string(),
        Ok(read) => panic!("{read:?}"),
    };
    let text = parse(&[("vp_token", "eyJhbGciOi...")]).unwrap_err();
    assert!(matches!(text, ResponseError::Json { name: "vp_token", .. }));
    let twice = parse(&[("vp_token", r#"{"c":["x"],"c":["y"]}"#)]).unwrap_err();
    assert!(matches!(twice, ResponseError::Json { name: "vp_token", .. }));
    assert_eq!(read(json!(["x"])), "`vp_token` is not a JSON object");
    for count in [json!({}), json!({ "c": [] }), json!({ "c": vec!["x"; MAX_MULTIPLE + 1] })] {
        assert!(read(count).contains("1 to 16 members"));
    }
    let ids: Vec<String> = (0..17).map(|id| format!("i{id}")).collect();
    let wide: Value = ids.iter().map(|id| (id.clone(), json!(["x"]))).collect();
    assert!(read(wide).contains("1 to 16 members"));
    let sum: Value = ids[..3].iter().map(|id| (id.clone(), json!(vec!["x"; 16]))).collect();
    assert!(read(sum).contains("at most 32"));
    assert_eq!(
        read(json!({ "a b": ["x"] })),
        "`vp_token` has the member `a b`, which is the id of no credential query"
    );
    assert_eq!(read(json!({ "c": "x" })), "`vp_token` has to have an array of presentations for `c`");
    assert_eq!(read(json!({ "c": [1] })), "a presentation for `c` is neither a string nor an object");
    for long in
        [json!("x".repeat(MAX_PRESENTATION_LEN + 1)), json!({ "a": "x".repeat(MAX_PRESENTATION_LEN) })]
    {
        assert!(read(json!({ "c": [long] })).contains("is longer than"));
    }
    assert!(VpToken::parse(&json!({ "c": ["x".repeat(MAX_PRESENTATION_LEN)] })).is_ok());
}

proptest! {
    #[test]
    fn any_form_is_read_or_refused(body in "(vp_token|response|error|state|%|=|&|\\+|%7B%7D|\\PC){0,30}") {
        if let Ok(read) = Form::parse(&body, LIMIT) {
            let _ = read.clone().answer(None, LIMIT);
            let _ = read.answer(Some(&key()), LIMIT);
        }
    }

    /// What another implementation of forms writes, we read.
    #[test]
    fn values_come_through_a_form(text in "\\PC{1,40}", state in "[^\u{0}]{1,40}") {
        let token = json!({ "c": [text] }).to_string();
        let read = parse(&[("state", &state), ("vp_token", &token)]).unwrap().answer(None, LIMIT).unwrap();
        prop_assert_eq!(read.state(), Some(state.as_str()));
        let Answer::Presented { vp_token, .. } = &read else { panic!() };
        prop_assert_eq!(vp_token.presentations["c"][0].as_text(), Some(text.as_str()));
    }
}
