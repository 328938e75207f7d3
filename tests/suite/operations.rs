//! What operators and their machines see: health, metrics, documentation, log lines, and an orderly end.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Database, DevServer, Server, TestClock, http_client, on_both};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

on_both!(it_is_ready_as_long_as_the_database_answers, async |server: Server| {
    let answer = server.get("/healthz").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "ok\n"));
    let answer = server.get("/readyz").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "ready\n"));
    server.store.close().await;
    let answer = server.get("/readyz").await;
    assert_eq!((answer.status, answer.text.as_str()), (503, "the database does not answer\n"));
    let answer = server.get("/healthz").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "ok\n"), "restarting would not help");
});

on_both!(without_a_database_the_answer_is_a_500_that_says_nothing_else, async |server: Server| {
    let partner = server.partner("acme").await;
    let token = partner.token("ada@example.com", &server.clock);
    server.store.close().await;
    let answer = server.issue(&token, &partner.request()).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.message(), "Server-side failure. Retry with exponential backoff.");
});

/// The value of a counter by its name and labels, as Prometheus writes it.
fn counter(metrics: &str, series: &str) -> Option<f64> {
    let line = metrics.lines().find(|line| line.starts_with(series))?;
    line.rsplit_once(' ')?.1.parse().ok()
}

on_both!(metrics_count_what_happens, async |server: Server| {
    let partner = server.partner("acme").await;
    let token = partner.token("ada@example.com", &server.clock);
    let issued = server.issued(&token, &partner.request()).await;
    server.wait_for(&token, issued["coreClaimHash"].as_str().expect("a hash"), "ONCHAIN").await;
    server.get("/nowhere/ada@example.com").await;
    let answer = server.get("/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4"));
    // Other tests of this process count along: these are the least.
    let issue = r#"method="POST",route="/v1/credentials/issue-on-behalf",status="200""#;
    for (series, least) in [
        ("bestow_issued_total ", 1.0),
        (&format!("bestow_http_requests_total{{{issue}}}"), 1.0),
        ("bestow_log_checkpoints_total ", 1.0),
        ("bestow_log_size ", 1.0),
        ("bestow_log_pending_leaves ", 0.0),
        (r#"bestow_batch_size_count{batch="commit"}"#, 1.0),
        (r#"bestow_http_request_seconds_count{route="/v1/credentials/status"}"#, 1.0),
        (r#"bestow_http_requests_total{method="GET",route="none",status="404"}"#, 1.0),
    ] {
        let value = counter(&answer.text, series).unwrap_or_else(|| panic!("no {series} in {}", answer.text));
        assert!(value >= least, "{series} is {value}");
    }
    // A label is a route, never a path: paths may name people and credentials, and are without end.
    assert!(!answer.text.contains("ada@example.com") && !answer.text.contains(&partner.id));
});

on_both!(the_api_documents_itself, async |server: Server| {
    let document = server.published("/openapi.json").await;
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{document}");
    for path in ["/v1/credentials/issue-on-behalf", "/v1/credentials/status", "/log/checkpoint"] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    let page = server.get("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").is_some_and(|media_type| media_type.starts_with("text/html")));
    assert!(page.text.contains("swagger-ui-bundle.js"), "{}", page.text);
    for asset in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        let answer = server.get(&format!("/docs/{asset}")).await;
        assert_eq!(answer.status, 200, "{asset} is served from here, not from elsewhere");
        if asset == "swagger-initializer.js" {
            assert!(answer.text.contains("/openapi.json"), "{}", answer.text);
        }
    }
    assert_eq!(server.get("/docs").await.status, 200, "without the slash, too");
});

/// A server process with everything that it could say switched on.
async fn talkative(database: Database, format: &str) -> (tempfile::TempDir, DevServer) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = database.create(&folder).await;
    let settings = [("BESTOW_LOGGING_LEVEL", "trace"), ("BESTOW_LOGGING_FORMAT", format)];
    let server = DevServer::new(folder.path(), &url, &settings);
    (folder, server)
}

async fn logs_keep_secrets(database: Database) {
    let (_folder, server) = talkative(database, "json").await;
    let mut process = server.start().await;
    let (partner, client, clock) = (server.partner(), http_client(), TestClock::default());
    let (email, place) = ("Grace.Hopper+navy@Secret-Place.example", "Zzyzx Springs 4711");
    let good = partner.token(email, &clock);
    let expired = partner.claims(email, &clock).with("exp", 1_000_000).sign(&partner.key.key);
    let mut request = partner.request();
    request["credentialSubject"]["location"] = json!(place);
    let mut bad = request.clone();
    bad["credentialSubject"]["age"] = json!("Zzyzx Springs 4711");
    let mut ids = Vec::new();
    for (token, body, wanted) in
        [(&good, &request, 200), (&good, &request, 200), (&good, &bad, 400), (&expired, &request, 401)]
    {
        let call = client.request(Method::POST, format!("{}/v1/credentials/issue-on-behalf", server.url));
        let call = call.header("x-partner-auth", token).header("idempotency-key", format!("zzyzx-{wanted}"));
        let answer = call.json(body).send().await.expect("an answer");
        assert_eq!(answer.status(), wanted);
        ids.push(answer.headers()["x-request-id"].to_str().expect("a text").to_owned());
        let hash = answer.json::<Value>().await.expect("JSON")["coreClaimHash"].clone();
        if let Some(hash) = hash.as_str() {
            for path in ["status?coreClaimHash=", "proof?coreClaimHash=", ""] {
                let call = client.get(format!("{}/v1/credentials/{path}{hash}", server.url));
                call.header("x-partner-auth", token).send().await.expect("an answer");
            }
        }
    }
    process.terminate().await;
    let log = process.log();
    assert!(process.ended().await.success());
    assert_no_secret(&server, &log, &[email, place, &good, &expired]);
    assert_structured(&log, &ids[2..]);
}

/// Looks for what must not be in a log, and for the longer parts of it.
fn assert_no_secret(server: &DevServer, log: &str, secrets: &[&str]) {
    let log = log.to_lowercase();
    let mut wanted: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
    wanted.extend(["hopper", "secret-place", "zzyzx springs"].map(str::to_owned));
    // Of a token, neither the claims nor the signature.
    let parts =
        secrets.iter().filter(|secret| secret.starts_with("eyJ")).flat_map(|token| token.split('.').skip(1));
    wanted.extend(parts.map(str::to_owned));
    // Of the keys in the folder, no line.
    for file in fs::read_dir(server.data_dir()).expect("the folder").map(|file| file.expect("a file").path())
    {
        let is_key = file.extension().is_some_and(|extension| extension == "pem" || extension == "key");
        if is_key {
            let text = fs::read_to_string(&file).expect("a text");
            wanted.extend(text.lines().filter(|line| !line.starts_with('-')).map(str::to_owned));
        }
    }
    assert!(wanted.len() > 12, "the keys were looked for, too: {}", wanted.len());
    for secret in wanted {
        assert!(!log.contains(&secret.to_lowercase()), "the log shows {secret}");
    }
}

/// Each line is JSON, and each refused request is found by the id that its caller was given.
fn assert_structured(log: &str, refused: &[String]) {
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(lines.len() > 10, "{log}");
    for id in refused {
        let found =
            lines.iter().any(|line| line["span"]["id"] == **id && line["fields"]["message"] == "refused");
        assert!(found, "no line says that {id} was refused");
    }
}

mod no_secret_and_nothing_personal_is_logged {
    use super::*;

    #[tokio::test]
    async fn sqlite() {
        logs_keep_secrets(Database::Sqlite).await;
    }

    #[tokio::test]
    async fn postgres() {
        logs_keep_secrets(Database::Postgres).await;
    }
}

/// Sends a request but for its last byte.
async fn begin_request(address: &str, token: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let head = format!(
        "POST /v1/credentials/issue-on-behalf HTTP/1.1\r\nhost: {address}\r\nx-partner-auth: {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("writes");
    stream.write_all(&body.as_bytes()[..body.len() - 1]).await.expect("writes");
    stream
}

async fn finishes_what_is_in_flight(database: Database) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = database.create(&folder).await;
    let server = DevServer::new(folder.path(), &url, &[]);
    let mut process = server.start().await;
    let (partner, clock) = (server.partner(), TestClock::default());
    let address = server.url.trim_start_matches("http://");
    let body = partner.request().to_string();
    let token = partner.token("ada@example.com", &clock);
    let mut stream = begin_request(address, &token, &body).await;
    // Another request, answered now, shows that the server has read what came before it.
    http_client().get(format!("{}/healthz", server.url)).send().await.expect("an answer");
    process.terminate().await;
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    stream.write_all(&body.as_bytes()[body.len() - 1..]).await.expect("it still listens to this one");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer, then the end");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let log = process.log();
    assert!(process.ended().await.success(), "{log}");

    let hash: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON");
    let process = server.start().await;
    let status = format!(
        "{}/v1/credentials/status?coreClaimHash={}",
        server.url,
        hash["coreClaimHash"].as_str().expect("a hash")
    );
    let answer = http_client().get(status).header("x-partner-auth", &token).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "what was answered is there after a restart");
    process.kill().await;
}

mod sigterm_finishes_what_is_in_flight_and_ends_well {
    use super::*;

    #[tokio::test]
    async fn sqlite() {
        finishes_what_is_in_flight(Database::Sqlite).await;
    }

    #[tokio::test]
    async fn postgres() {
        finishes_what_is_in_flight(Database::Postgres).await;
    }
}
