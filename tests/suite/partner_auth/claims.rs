//! What is wrong with a token's claims; the signature is good.

use issuance::TokenSettings;
use model::Clock;
use serde_json::{Value, json};
use support::{Claims, Database, Partner, Server, Setup, on_both};

use super::{NOBODYS, Refused, assert_refused, is_accepted, refused};

const MISSING_EXP: &str =
    "Missing claim in the Partner JWT: exp, the time of expiry in seconds since 1970 (5 minutes from now).";
const EXP_TYPE: &str = "The Partner JWT's exp claim must be a number: seconds since 1970-01-01T00:00:00Z.";
const TOO_LONG: &str = "The Partner JWT lives too long: exp may be at most 86400 s ahead.";
const SCOPE: &str = "The Partner JWT's scope claim must hold \"issue\" (a space-separated list, for example \"issue on-behalf\").";
const MISSING_PARTNER: &str = "Missing claim in the Partner JWT: partnerId, a string, your Partner ID.";
const UNKNOWN_PARTNER: &str = "Unknown partnerId in the Partner JWT: check your Partner ID.";
const MISSING_EMAIL: &str = "Missing claim in the Partner JWT: email, the address of the person to issue to.";

fn good(server: &Server, acme: &Partner) -> Claims {
    acme.claims("ada@example.com", &server.clock)
}

/// The same claims with `exp` written like this.
fn with_raw_exp(good: &Claims, acme: &Partner, exp: &str) -> String {
    let payload = Value::Object(good.clone().with("exp", "EXP").payload).to_string();
    let payload = payload.replace("\"EXP\"", exp);
    acme.key.key.sign_compact(&Value::Object(good.header.clone()), payload.as_bytes())
}

on_both!(exp_is_a_number_of_seconds_that_is_not_far_away, async |server: Server| {
    let acme = server.partner("acme").await;
    let good = good(&server, &acme);
    let now = server.clock.now().seconds();
    let mut rows = vec![
        refused("absent", good.clone().without("exp").sign(&acme.key.key), MISSING_EXP),
        refused("one day and a minute", with_raw_exp(&good, &acme, &format!("{}", now + 86_460)), TOO_LONG),
        refused("milliseconds", with_raw_exp(&good, &acme, &format!("{}000", now + 300)), EXP_TYPE),
        refused("the year 9999", with_raw_exp(&good, &acme, "253402300799"), TOO_LONG),
        refused("the year 10000", with_raw_exp(&good, &acme, "253402300800"), EXP_TYPE),
    ];
    let text = format!("\"{}\"", now + 300);
    let array = format!("[{}]", now + 300);
    for exp in [&text, &array, "null", "true", "{}", "-1", "1e400", "-1e400", "99999999999999999999999"] {
        rows.push(refused("not a date", with_raw_exp(&good, &acme, exp), EXP_TYPE));
    }
    assert_refused(&server, &acme, &rows).await;
    for exp in [format!("{}.5", now + 300), format!("{}e0", now + 300), format!("{}", now + 86_400)] {
        assert!(is_accepted(&server, &with_raw_exp(&good, &acme, &exp)).await, "{exp}");
    }
});

on_both!(an_expired_token_is_told_when_it_expired, async |server: Server| {
    let acme = server.partner("acme").await;
    let now = server.clock.now();
    for (seconds, accepted) in [(-25, true), (-35, false), (-86_400, false)] {
        let exp = now.plus_seconds(seconds);
        let token = good(&server, &acme).with("exp", exp.seconds()).sign(&acme.key.key);
        let answer = server.status(&token, NOBODYS).await;
        assert_eq!(answer.status == 404, accepted, "{seconds}: {}", answer.text);
        if !accepted {
            let message = answer.message();
            let start = format!("Token expired at {} (it is now ", exp.rfc3339());
            assert!(message.starts_with(&start), "{message}");
            assert!(message.ends_with("): sign a fresh Partner JWT, and check your clock."), "{message}");
        }
    }
});

on_both!(nbf_and_iat_are_not_in_the_future, async |server: Server| {
    let acme = server.partner("acme").await;
    let now = server.clock.now().seconds();
    for claim in ["nbf", "iat"] {
        for (value, accepted) in [
            (json!(now - 86_400), true),
            (json!(now), true),
            (json!(now + 25), true),
            (json!(now + 60), false),
            (json!(now.to_string()), false),
            (json!([now]), false),
            (Value::Null, false),
        ] {
            let token = good(&server, &acme).with(claim, value.clone()).sign(&acme.key.key);
            let answer = server.status(&token, NOBODYS).await;
            assert_eq!(answer.status == 404, accepted, "{claim} {value}: {}", answer.text);
            if !accepted {
                let message = answer.message();
                let start =
                    format!("The Partner JWT's {claim} claim is in the future or no number (it is now ");
                assert!(message.starts_with(&start), "{message}");
                assert!(message.ends_with("): check your clock."), "{message}");
            }
        }
    }
});

async fn other_times(database: Database) {
    let tokens = TokenSettings { leeway: 0, longest_life: 60, ..TokenSettings::default() };
    let server = Server::start_with(database, Setup { tokens, ..Setup::default() }).await;
    let acme = server.partner("acme").await;
    let tried = async |seconds: i64| {
        let exp = server.clock.now().plus_seconds(seconds).seconds();
        server.status(&good(&server, &acme).with("exp", exp).sign(&acme.key.key), NOBODYS).await
    };
    assert_eq!(tried(55).await.status, 404);
    let message = tried(120).await.message();
    assert_eq!(message, "The Partner JWT lives too long: exp may be at most 60 s ahead.");
    let message = tried(-1).await.message();
    assert!(message.starts_with("Token expired at "), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leeway_and_the_longest_life_are_settings_on_sqlite() {
    other_times(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leeway_and_the_longest_life_are_settings_on_postgres() {
    other_times(Database::Postgres).await;
}

on_both!(scope_must_hold_the_word_issue, async |server: Server| {
    let acme = server.partner("acme").await;
    let good = good(&server, &acme);
    let scoped = |scope: Value| good.clone().with("scope", scope).sign(&acme.key.key);
    let mut rows = vec![refused("absent", good.clone().without("scope").sign(&acme.key.key), SCOPE)];
    for scope in [
        json!("verify"),
        json!("on-behalf"),
        json!("issuer"),
        json!("reissue"),
        json!("Issue"),
        json!("issue,on-behalf"),
        json!("issue\ton-behalf"),
        json!(""),
        json!(["issue"]),
        json!({"issue": true}),
        json!(true),
        Value::Null,
    ] {
        rows.push(refused("without issue", scoped(scope), SCOPE));
    }
    assert_refused(&server, &acme, &rows).await;
    for scope in ["issue", "issue on-behalf", "on-behalf issue", "verify issue"] {
        assert!(is_accepted(&server, &scoped(json!(scope))).await, "{scope}");
    }
});

on_both!(partner_id_is_a_text_that_we_know, async |server: Server| {
    let acme = server.partner("acme").await;
    let good = good(&server, &acme);
    let absent = good.clone().without("partnerId").sign(&acme.key.key);
    let mut rows = vec![refused("absent", absent, MISSING_PARTNER)];
    for (value, message) in [
        (json!(""), MISSING_PARTNER),
        (json!(7), MISSING_PARTNER),
        (json!([acme.id]), MISSING_PARTNER),
        (json!({"id": acme.id}), MISSING_PARTNER),
        (Value::Null, MISSING_PARTNER),
        (json!("8b1a9953-c461-4296-a2a8-2c0c2a1c9f3e"), UNKNOWN_PARTNER),
        (json!("acme"), UNKNOWN_PARTNER),
        (json!(acme.id.to_uppercase()), UNKNOWN_PARTNER),
        (json!(format!("{} ", acme.id)), UNKNOWN_PARTNER),
        (json!("' OR '1'='1"), UNKNOWN_PARTNER),
        (json!("\u{0}"), UNKNOWN_PARTNER),
        (json!("x".repeat(5_000)), UNKNOWN_PARTNER),
    ] {
        rows.push(refused(
            "a spoilt one",
            good.clone().with("partnerId", value).sign(&acme.key.key),
            message,
        ));
    }
    assert_refused(&server, &acme, &rows).await;
});

fn email_rows() -> Vec<(Value, &'static str)> {
    const FORM: &str = "The Partner JWT's email claim is not of the form name@domain.";
    const EMPTY: &str = "The Partner JWT's email claim is empty.";
    let long = format!("ada@{}.com", "x".repeat(260));
    vec![
        (Value::Null, MISSING_EMAIL),
        (json!(""), EMPTY),
        (json!(" \t "), EMPTY),
        (json!("ada"), FORM),
        (json!("ada@"), FORM),
        (json!("@example.com"), FORM),
        (json!("ada@example.com, bob@example.com"), FORM),
        (json!("Ada <ada@example.com>"), FORM),
        (json!("ada@example.com\u{0}"), FORM),
        (json!("ada\r\nbcc: bob@example.com"), FORM),
        (json!(["ada@example.com"]), FORM),
        (json!({"address": "ada@example.com"}), FORM),
        (json!(7), FORM),
        (json!(long), "The Partner JWT's email claim is longer than 254 characters."),
    ]
}

on_both!(a_malformed_email_is_refused_to_issue_and_not_to_poll, async |server: Server| {
    let acme = server.partner("acme").await;
    for (email, message) in email_rows() {
        let token = good(&server, &acme).with("email", email.clone()).sign(&acme.key.key);
        assert!(is_accepted(&server, &token).await, "{email}");
        let answer = server.issue(&token, &acme.request()).await;
        assert_eq!(answer.status, 401, "{email}: {}", answer.text);
        assert_eq!(answer.message(), message, "{email}");
    }
    assert_eq!(server.store.credential_count().await.expect("a count"), 0);
    assert!(server.store.holders(10).await.expect("people").is_empty());
});

/// Payloads that are no object of claims.
fn payload_rows(acme: &Partner, good: &Claims) -> Vec<Refused> {
    let header = Value::Object(good.header.clone());
    let twice = format!(
        "{},\"scope\":\"issue\"}}",
        Value::Object(good.payload.clone()).to_string().trim_end_matches('}')
    );
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(40), "]".repeat(40));
    [
        ("empty", "", "not valid JSON: EOF while parsing a value at line 1 column 0"),
        ("an array", "[]", "it is not an object"),
        ("a text", "\"issue\"", "it is not an object"),
        ("a number", "1", "it is not an object"),
        ("a member twice", &twice, "JSON object has the member `scope` twice"),
        ("deep", &deep, "JSON nests deeper than 32 levels"),
    ]
    .into_iter()
    .map(|(what, payload, why)| {
        let token = acme.key.key.sign_compact(&header, payload.as_bytes());
        refused(what, token, format!("The Partner JWT's payload is not a JSON object of claims: {why}."))
    })
    .collect()
}

on_both!(a_payload_is_a_strict_json_object, async |server: Server| {
    let acme = server.partner("acme").await;
    let rows = payload_rows(&acme, &good(&server, &acme));
    assert_refused(&server, &acme, &rows).await;
});
