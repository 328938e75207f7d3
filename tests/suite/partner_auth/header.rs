//! What is wrong with the header of the request, the form of the token, or the header of the token.

use jose::b64url_encode;
use serde_json::{Value, json};
use support::{Claims, Partner, Server, on_both};

use super::{Refused, assert_refused, forge, refused};

const UNUSABLE: &str = "Send a compact JWS (header.payload.signature).";
const NOT_COMPACT: &str = "not a compact JWS: three parts joined by two dots are expected";
const MISSING_KID: &str = "Missing kid header in the Partner JWT: set it to the key's id in your JWKS.";
const WRONG_TYP: &str = "Missing typ header in the Partner JWT: set typ to \"JWT\".";

fn good(server: &Server, acme: &Partner) -> Claims {
    acme.claims("ada@example.com", &server.clock)
}

fn not_jws(why: &str) -> String {
    format!("Invalid x-partner-auth: {why}. {UNUSABLE}")
}

on_both!(a_missing_header_is_named, async |server: Server| {
    let acme = server.partner("acme").await;
    let missing = "Missing x-partner-auth header: send a signed Partner JWT in it, without \"Bearer\".";
    let post = server.request(reqwest::Method::POST, "/v1/credentials/issue-on-behalf");
    // An Authorization header is no substitute.
    let token = acme.token("ada@example.com", &server.clock);
    let post = post.header("authorization", format!("Bearer {token}")).json(&acme.request());
    for answer in [server.send(post).await, server.get("/v1/credentials/status?coreClaimHash=1").await] {
        assert_eq!(answer.status, 401, "{}", answer.text);
        assert_eq!(answer.message(), missing);
    }
    let bytes = reqwest::header::HeaderValue::from_bytes(b"\xff\xfe").expect("allowed in a header");
    let request = server.request(reqwest::Method::GET, "/v1/credentials/status");
    let answer = server.send(request.header("x-partner-auth", bytes)).await;
    assert_eq!(answer.message(), not_jws(NOT_COMPACT));
});

on_both!(what_is_no_compact_jws_is_refused_by_what_it_lacks, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let bearer = "x-partner-auth holds the bare Partner JWT: remove the \"Bearer\" prefix.";
    let (head, rest) = token.split_once('.').expect("three parts");
    let (payload, signature) = rest.split_once('.').expect("three parts");
    let rows = [
        refused("Bearer", format!("Bearer {token}"), bearer),
        refused("bearer", format!("bearer {token}"), bearer),
        refused("nothing", String::new(), not_jws(NOT_COMPACT)),
        refused("a word", "nonsense".to_owned(), not_jws(NOT_COMPACT)),
        refused("two parts", format!("{head}.{payload}"), not_jws(NOT_COMPACT)),
        refused("four parts", format!("{token}.{signature}"), not_jws(NOT_COMPACT)),
        refused("a JWE's five parts", format!("{token}.x.y"), not_jws(NOT_COMPACT)),
        refused(
            "no signature",
            format!("{head}.{payload}."),
            not_jws("the token is not signed: its third part is empty"),
        ),
        refused(
            "padding",
            format!("{head}=.{payload}.{signature}"),
            not_jws("the token's header is not canonical base64url without padding: Invalid padding"),
        ),
        refused(
            "far too long",
            format!("{token}{}", "A".repeat(20_000)),
            not_jws(&format!("the token has {} bytes; at most 16384 are read", token.len() + 20_000)),
        ),
    ];
    assert_refused(&server, &acme, &rows).await;
});

on_both!(only_rs256_and_es256_are_algorithms, async |server: Server| {
    let acme = server.partner("acme").await;
    let payload = Value::Object(good(&server, &acme).payload).to_string();
    let names = ["none", "None", "NONE", "nOnE", "HS256", "HS512", "RS512", "ES384", "ES512", "PS256"];
    let mut rows = Vec::new();
    for name in names.into_iter().chain(["EdDSA", "es256", "ES256K", "dir", ""]) {
        let header = json!({"alg": name, "kid": acme.key.kid, "typ": "JWT"});
        let message = format!("Unsupported algorithm in the Partner JWT: {name}. Sign with RS256 or ES256.");
        rows.push(refused(name, forge(&header, payload.as_bytes(), &[1; 64]), message));
    }
    let long = "x".repeat(500);
    let header = json!({"alg": long, "kid": acme.key.kid, "typ": "JWT"});
    let message =
        format!("Unsupported algorithm in the Partner JWT: {}. Sign with RS256 or ES256.", &long[..64]);
    rows.push(refused("a long name is cut", forge(&header, payload.as_bytes(), &[1; 64]), message));
    for (what, header, why) in [
        ("alg absent", json!({"kid": "k", "typ": "JWT"}), "the token's header has no `alg`"),
        ("alg a number", json!({"alg": 1, "typ": "JWT"}), "the header member `alg` is not a string"),
        ("alg an array", json!({"alg": ["ES256"]}), "the header member `alg` is not a string"),
        ("a header that is no object", json!(["ES256"]), "the token's header is not a JSON object"),
    ] {
        rows.push(refused(what, forge(&header, payload.as_bytes(), &[1; 64]), not_jws(why)));
    }
    assert_refused(&server, &acme, &rows).await;
});

/// Good claims under a header that somebody spoiled; the signature is good.
fn header_rows(good: &Claims, acme: &Partner) -> Vec<Refused> {
    let with = |name: &str, value: Value| good.clone().with_header(name, value).sign(&acme.key.key);
    let without = |name: &str| good.clone().without_header(name).sign(&acme.key.key);
    let not_text = |name: &str| not_jws(&format!("the header member `{name}` is not a string"));
    let unknown = |kid: &str| {
        format!(
            "kid not found: your JWKS has no usable signing key \"{kid}\". Publish the key before you sign with it."
        )
    };
    vec![
        refused("kid absent", without("kid"), MISSING_KID),
        refused("kid empty", with("kid", json!("")), MISSING_KID),
        refused("kid a number", with("kid", json!(7)), not_text("kid")),
        refused("kid an array", with("kid", json!([acme.key.kid])), not_text("kid")),
        refused("kid null", with("kid", Value::Null), not_text("kid")),
        refused("kid unknown", with("kid", json!("other")), unknown("other")),
        refused("kid in another case", with("kid", json!("ACME-KEY")), unknown("ACME-KEY")),
        refused("kid a path", with("kid", json!("../../etc/passwd")), unknown("../../etc/passwd")),
        refused("kid SQL", with("kid", json!("' OR 1=1--")), unknown("\\' OR 1=1--")),
        refused("kid with a zero", with("kid", json!("a\u{0}")), unknown("a\\0")),
        refused("kid long", with("kid", json!("k".repeat(300))), unknown(&"k".repeat(64))),
        refused("typ absent", without("typ"), WRONG_TYP),
        refused("typ in lower case", with("typ", json!("jwt")), WRONG_TYP),
        refused("typ another", with("typ", json!("at+jwt")), WRONG_TYP),
        refused("typ a number", with("typ", json!(1)), not_text("typ")),
        refused("typ an array", with("typ", json!(["JWT"])), not_text("typ")),
        refused(
            "crit",
            with("crit", json!(["exp"])),
            not_jws("the header member `crit` is not accepted: no critical extension is supported"),
        ),
        refused(
            "b64",
            with("b64", json!(false)),
            not_jws("the header member `b64` is not accepted: the payload must be base64url"),
        ),
        refused(
            "zip",
            with("zip", json!("DEF")),
            not_jws("the header member `zip` is not accepted: the payload must not be compressed"),
        ),
    ]
}

on_both!(every_fault_of_the_tokens_header_is_named, async |server: Server| {
    let acme = server.partner("acme").await;
    let rows = header_rows(&good(&server, &acme), &acme);
    assert_refused(&server, &acme, &rows).await;
});

on_both!(a_token_header_is_strict_json, async |server: Server| {
    let acme = server.partner("acme").await;
    let payload = Value::Object(good(&server, &acme).payload).to_string();
    let deep = format!(r#"{{"alg":"ES256","x":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
    let twice = r#"{"alg":"ES256","kid":"acme-key","typ":"JWT","kid":"other"}"#.to_owned();
    let mut rows = Vec::new();
    for (what, header, why) in [
        ("a member twice", twice, "JSON object has the member `kid` twice"),
        ("deep", deep, "JSON nests deeper than 32 levels"),
        ("no JSON", "{".to_owned(), "not valid JSON: EOF while parsing an object at line 1 column 1"),
    ] {
        let input = format!("{}.{}", b64url_encode(header.as_bytes()), b64url_encode(payload.as_bytes()));
        let signature = b64url_encode(&acme.key.key.sign(input.as_bytes()));
        let message = not_jws(&format!("the token's header is refused: {why}"));
        rows.push(refused(what, format!("{input}.{signature}"), message));
    }
    assert_refused(&server, &acme, &rows).await;
});
