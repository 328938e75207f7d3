//! `GET /v1/credentials/status`: where a credential stands.

use model::Timestamp;
use serde_json::Value;
use support::{Database, Partner, Server, Setup, on_both};

const UNKNOWN: &str = "No credential found for the given hash.";

async fn issue(server: &Server, partner: &Partner) -> (String, String) {
    let token = partner.token("ada@example.com", &server.clock);
    let issued = server.issued(&token, &partner.request()).await;
    (token, issued["coreClaimHash"].as_str().expect("a hash").to_owned())
}

fn members(status: &Value) -> Vec<&str> {
    let mut members: Vec<&str> = status.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    members
}

/// Reads `YYYY-MM-DD HH:MM:SS`, UTC, and nothing else.
fn moment(value: &Value) -> Timestamp {
    let text = value.as_str().expect("text");
    assert_eq!(text.len(), 19, "{text}");
    let moment = Timestamp::parse_rfc3339(&format!("{}Z", text.replace(' ', "T"))).expect("a moment");
    assert_eq!(moment.datetime(), text);
    moment
}

on_both!(the_answer_has_the_documented_members, async |server: Server| {
    use model::Clock;
    let acme = server.partner("acme").await;
    let before = server.clock.now().seconds();
    let (token, hash) = issue(&server, &acme).await;
    let answer = server.status(&token, &hash).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let status = server.wait_for(&token, &hash, "ONCHAIN").await;
    assert_eq!(
        members(&status),
        ["coreClaimHash", "issuanceDate", "issuerDid", "issuerId", "schemeId", "vcId", "vcStatus"]
    );
    assert_eq!(status["coreClaimHash"], *hash);
    assert_eq!(status["issuerDid"], acme.issuer_did);
    assert_eq!(status["schemeId"], acme.schema_id);
    let issuer = server.store.issuer_by_did(&acme.issuer_did).await.expect("answers").expect("there");
    assert_eq!(status["issuerId"], issuer.id.as_str());
    let credential = server.credential(&token, &hash).await;
    assert_eq!(status["vcId"], credential["vcId"]);
    let issued_at = moment(&status["issuanceDate"]).seconds();
    assert!((before..=server.clock.now().seconds()).contains(&issued_at), "{status}");
});

on_both!(an_expiring_credential_says_when_and_then_that_it_has, async |server: Server| {
    let acme = server.partner("acme").await;
    server.change_program(&acme, |program| program.validity_seconds = Some(600)).await;
    let (token, hash) = issue(&server, &acme).await;
    let status = server.wait_for(&token, &hash, "ONCHAIN").await;
    assert_eq!(members(&status).len(), 8, "{status}");
    let (issued, expires) = (moment(&status["issuanceDate"]), moment(&status["expirationDate"]));
    assert_eq!(expires.seconds() - issued.seconds(), 600);
    server.clock.advance(590);
    let token = acme.token("ada@example.com", &server.clock);
    assert_eq!(server.status(&token, &hash).await.json()["vcStatus"], "ONCHAIN");
    server.clock.advance(15);
    let expired = server.status(&token, &hash).await.json();
    assert_eq!(expired["vcStatus"], "EXPIRE");
    assert_eq!(expired["expirationDate"], status["expirationDate"]);
    // A revocation outranks it.
    server
        .engine
        .revoke(&model::Actor::operator(), &acme.id.as_str().into(), hash.parse().expect("a hash"))
        .await
        .expect("revoked");
    server.wait_for(&token, &hash, "REMOVE").await;
});

/// A server without a sequencer, and then a replica that has one.
async fn every_status(database: Database) {
    let setup = Setup { sequencer: false, ..Setup::default() };
    let server = Server::start_with(database, setup).await;
    let acme = server.partner("acme").await;
    let (token, hash) = issue(&server, &acme).await;
    let status = async || server.status(&token, &hash).await.json()["vcStatus"].clone();
    assert_eq!(status().await, "WAIT_ONCHAIN");
    let sequencer = server.replica(Setup::default()).await;
    server.wait_for(&token, &hash, "ONCHAIN").await;
    drop(sequencer);
    let (_, second) = issue(&server, &acme).await;
    // The sequencer may still be on its way out.
    let revoked = status().await;
    assert!(revoked == "WAIT_REMOVE" || revoked == "REMOVE", "{revoked}");
    let _sequencer = server.replica(Setup::default()).await;
    server.wait_for(&token, &hash, "REMOVE").await;
    server.wait_for(&token, &second, "ONCHAIN").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_waits_is_anchored_is_revoked_and_removed_on_sqlite() {
    every_status(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_waits_is_anchored_is_revoked_and_removed_on_postgres() {
    every_status(Database::Postgres).await;
}

async fn waiting_to_be_removed(database: Database) {
    let setup = Setup { sequencer: false, ..Setup::default() };
    let server = Server::start_with(database, setup).await;
    let acme = server.partner("acme").await;
    let (token, first) = issue(&server, &acme).await;
    let (_, second) = issue(&server, &acme).await;
    let status = async |hash: &str| server.status(&token, hash).await.json()["vcStatus"].clone();
    assert_eq!(status(&first).await, "WAIT_REMOVE");
    assert_eq!(status(&second).await, "WAIT_ONCHAIN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_waits_for_the_log_on_sqlite() {
    waiting_to_be_removed(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_waits_for_the_log_on_postgres() {
    waiting_to_be_removed(Database::Postgres).await;
}

on_both!(a_missing_parameter_is_400, async |server: Server| {
    let acme = server.partner("acme").await;
    let (token, hash) = issue(&server, &acme).await;
    for query in
        ["", "?", "?coreClaimHash", "?coreClaimHash=", "?coreclaimhash=x", "?hash=x", &format!("?{hash}")]
    {
        let answer = server.get_as(&token, &format!("/v1/credentials/status{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
        assert_eq!(answer.message(), "Missing required parameter: coreClaimHash", "{query}");
    }
});

on_both!(an_unknown_malformed_or_foreign_hash_is_404, async |server: Server| {
    let acme = server.partner("acme").await;
    let bravo = server.partner("bravo").await;
    let (token, hash) = issue(&server, &acme).await;
    let theirs = bravo.token("ada@example.com", &server.clock);
    let answer = server.status(&theirs, &hash).await;
    assert_eq!((answer.status, answer.message().as_str()), (404, UNKNOWN), "another partner's");
    for unknown in [
        "239704895d0c4693d33ee7ab9e37c6eb295f178d80074a32d4ace53b1a779c44".to_owned(),
        "x".to_owned(),
        "%00".to_owned(),
        "%ff".to_owned(),
        "' OR 1=1 --".replace(' ', "%20"),
        hash[1..].to_owned(),
        format!("{hash}0"),
        format!("0x{hash}"),
        hash.to_uppercase(),
        format!("%20{hash}"),
        "0".repeat(5_000),
    ] {
        let answer = server.status(&token, &unknown).await;
        assert_eq!(answer.status, 404, "{unknown}: {}", answer.text);
        assert_eq!(answer.message(), UNKNOWN, "{unknown}");
    }
});

on_both!(a_poll_needs_no_email_and_any_person_will_do, async |server: Server| {
    let acme = server.partner("acme").await;
    let (_, hash) = issue(&server, &acme).await;
    let nobody = acme.claims("", &server.clock).without("email").sign(&acme.key.key);
    let other = acme.token("eve@example.com", &server.clock);
    for token in [nobody, other] {
        server.wait_for(&token, &hash, "ONCHAIN").await;
    }
});
