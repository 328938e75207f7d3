//! `POST /v1/credentials/issue-on-behalf`: what is issued, what is refused, and in which order.

mod body;
mod cap;
mod catalog;
mod claim_link;
mod duplicates;
mod http;
mod idempotency;
mod person;
mod subject;

use serde_json::{Value, json};
use support::{Answer, Server, on_both};

const JSON: (&str, &str) = ("content-type", "application/json");

/// The answer is an error of this status with just this message.
#[track_caller]
fn assert_error(answer: &Answer, status: u16, message: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.message(), message);
}

fn hash_of(issued: &Value) -> String {
    issued["coreClaimHash"].as_str().expect("a hash").to_owned()
}

/// The hashes of those credentials that are neither revoked nor expired.
async fn live(server: &Server, token: &str, hashes: &[String]) -> Vec<String> {
    let mut live = Vec::new();
    for hash in hashes {
        let answer = server.status(token, hash).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let status = answer.json();
        match status["vcStatus"].as_str() {
            Some("WAIT_ONCHAIN" | "ONCHAIN") => live.push(hash.clone()),
            Some("WAIT_REMOVE" | "REMOVE" | "EXPIRE") => {}
            _ => panic!("unknown status: {status}"),
        }
    }
    live
}

on_both!(the_answer_has_the_documented_members_only, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let answer = server.issue(&token, &acme.request()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let issued = answer.json();
    let mut members: Vec<&str> = issued.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["coreClaimHash", "credentialId", "userUuid"]);
    assert_eq!(issued["credentialId"], acme.program_id);
    let hash = hash_of(&issued);
    assert!(hash.len() == 64 && hash.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{hash}");
    let uuid = issued["userUuid"].as_str().expect("text");
    let dashes: Vec<usize> = uuid.match_indices('-').map(|(at, _)| at).collect();
    assert_eq!((uuid.len(), dashes), (36, vec![8, 13, 18, 23]), "{uuid}");
});

on_both!(the_seeds_request_is_accepted_with_each_on_duplicate, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    for on_duplicate in [json!("revoke"), json!("ignore")] {
        let mut request = acme.request();
        request["onDuplicate"] = on_duplicate;
        server.issued(&token, &request).await;
    }
    // Members that are not documented are left alone.
    let mut request = acme.request();
    request["future"] = json!({"x": [1]});
    server.issued(&token, &request).await;
});
