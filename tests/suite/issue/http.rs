//! HTTP around the call: routes, methods, limits, browsers, request ids.

use std::num::NonZeroU32;

use reqwest::Method;
use server::Limits;
use support::{Database, Server, Setup, on_both};

use super::assert_error;

const ISSUE: &str = "/v1/credentials/issue-on-behalf";
const STATUS: &str = "/v1/credentials/status?coreClaimHash=1";

on_both!(an_unknown_route_is_404, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    for path in
        ["/", "/v1", "/v1/credentials", "/v2/credentials/status", "/v1/credentials/a/b", "/%00", "/.."]
    {
        for answer in [server.get(path).await, server.get_as(&token, path).await] {
            assert_error(&answer, 404, "No such route. See /docs.");
        }
    }
    let wrong = server.request(Method::POST, "/v1/credentials/issue-on-behalf/").json(&acme.request());
    assert_error(&server.send(wrong).await, 404, "No such route. See /docs.");
});

on_both!(another_method_is_405_and_told_which_are_allowed, async |server: Server| {
    for (method, path, allowed) in [
        (Method::GET, ISSUE, "POST"),
        (Method::HEAD, ISSUE, "POST"),
        (Method::PUT, ISSUE, "POST"),
        (Method::PATCH, ISSUE, "POST"),
        (Method::DELETE, ISSUE, "POST"),
        (Method::TRACE, ISSUE, "POST"),
        (Method::POST, STATUS, "GET,HEAD"),
        (Method::DELETE, STATUS, "GET,HEAD"),
        (Method::TRACE, STATUS, "GET,HEAD"),
        (Method::from_bytes(b"BREW").expect("a method"), STATUS, "GET,HEAD"),
    ] {
        let answer = server.send(server.request(method.clone(), path)).await;
        assert_eq!(answer.status, 405, "{method} {path}: {}", answer.text);
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
        if method != Method::HEAD {
            assert_eq!(answer.message(), "Method not allowed here. The Allow header says which are.");
        }
    }
});

async fn too_many_requests(database: Database) {
    let limits = Limits { partner_requests_per_second: NonZeroU32::new(2), ..Limits::default() };
    let server = Server::start_with(database, Setup { limits, ..Setup::default() }).await;
    let acme = server.partner("acme").await;
    let bravo = server.partner("bravo").await;
    let token = acme.token("ada@example.com", &server.clock);
    let mut refused = Vec::new();
    // However slow the machine is, a burst of 50 at 2 a second is too many.
    let burst = (0..50).map(|_| server.status(&token, "none"));
    for answer in futures_util::future::join_all(burst).await {
        match answer.status {
            404 => {}
            _ => refused.push(answer),
        }
    }
    let first = refused.first().expect("one too many");
    assert_error(
        first,
        429,
        "Too many requests. Wait as long as Retry-After says, then back off exponentially.",
    );
    let wait: u64 = first.header("retry-after").expect("a header").parse().expect("seconds");
    assert!((1..=30).contains(&wait), "{wait}");
    let theirs = bravo.token("ada@example.com", &server.clock);
    assert_eq!(server.issue(&theirs, &bravo.request()).await.status, 200, "each partner has its own limit");
    let mut status = server.issue(&token, &acme.request()).await.status;
    for _ in 0..200 {
        if status != 429 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        status = server.issue(&token, &acme.request()).await.status;
    }
    assert_eq!(status, 200, "after a while");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_that_asks_too_often_is_429_on_sqlite() {
    too_many_requests(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_that_asks_too_often_is_429_on_postgres() {
    too_many_requests(Database::Postgres).await;
}

on_both!(a_browser_may_call, async |server: Server| {
    let acme = server.partner("acme").await;
    let preflight = server
        .request(Method::OPTIONS, ISSUE)
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,x-partner-auth,idempotency-key");
    let answer = server.send(preflight).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let methods = answer.header("access-control-allow-methods").expect("methods");
    assert!(methods.split(',').any(|method| method.trim() == "POST"), "{methods}");
    let headers = answer.header("access-control-allow-headers").expect("headers").to_ascii_lowercase();
    for name in ["content-type", "x-partner-auth", "idempotency-key"] {
        assert!(headers.split(',').any(|header| header.trim() == name), "{headers}");
    }
    assert_eq!(answer.header("access-control-allow-credentials"), None, "no cookies");
    for token in [acme.token("ada@example.com", &server.clock), "bad".to_owned()] {
        let call = server.request(Method::POST, ISSUE).header("origin", "https://app.example.com");
        let answer = server.send(call.header("x-partner-auth", token).json(&acme.request())).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "errors can be read, too");
        let exposed = answer.header("access-control-expose-headers").expect("exposed");
        assert!(exposed.contains("x-request-id") && exposed.contains("retry-after"), "{exposed}");
    }
});

on_both!(every_answer_has_a_request_id, async |server: Server| {
    for path in ["/healthz", "/nowhere", STATUS] {
        let generated = server.get(path).await;
        let id = generated.header("x-request-id").expect("an id").to_owned();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        assert_ne!(server.get(path).await.header("x-request-id"), Some(id.as_str()));
        let echoed =
            server.send(server.request(Method::GET, path).header("x-request-id", "Trace-1.a_b")).await;
        assert_eq!(echoed.header("x-request-id"), Some("Trace-1.a_b"));
        for unfit in ["", "two words", "a\tb", "<script>", "{}", &"x".repeat(65)] {
            let answer = server.send(server.request(Method::GET, path).header("x-request-id", unfit)).await;
            let id = answer.header("x-request-id").expect("an id");
            assert!(id != unfit && id.len() == 32, "{unfit:?}: {id}");
        }
    }
});

on_both!(a_failure_of_ours_is_500_and_does_not_say_why, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    server.store.close().await;
    let message = "Server-side failure. Retry with exponential backoff.";
    assert_error(&server.issue(&token, &acme.request()).await, 500, message);
    assert_error(&server.get_as(&token, STATUS).await, 500, message);
});
