//! What happens to an offer between the token and the credential.

use serde_json::json;
use support::{Access, Environment, Server, on_both};
use wallet::WalletKey;

use super::common::{
    begun, change, count, delete, fetched, jwt_vc, offer, progress, record, refused, revoke, scan, sd_jwt,
};

/// Asks for the credential in both formats: both are denied. Why.
async fn denied(server: &Server, access: &Access) -> String {
    let mut reasons = Vec::new();
    for configuration in [sd_jwt(access), jwt_vc(access)] {
        let answer = server.ask_credential(access, configuration, &[&WalletKey::generate()]).await;
        reasons.push(refused(&answer, 400, "credential_request_denied"));
    }
    assert_eq!(reasons[0], reasons[1]);
    reasons.remove(0)
}

/// Nothing was issued, and nothing is left of the attempt.
async fn nothing_issued(server: &Server) {
    for table in ["credential", "delivery", "delivery_status", "ledger_entry", "used_once"] {
        assert_eq!(count(server, table).await, 0, "{table}");
    }
}

on_both!(a_deleted_offer_is_denied, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access) = begun(&server, &acme).await;
    assert_eq!(delete(&server, &acme, &id).await, 204);
    denied(&server, &access).await;
    nothing_issued(&server).await;
    let answer = server.get(&acme.path(&format!("/credential-offers/{id}/status"))).await;
    assert_eq!(answer.status, 404);
});

on_both!(an_offer_that_has_expired_is_denied, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut item = acme.offer("ada@example.com", "Ada");
    let end = model::Timestamp::from_seconds(server.clock_seconds() + 300);
    item["expirationDate"] = json!(end.rfc3339());
    let id = server.offers(&acme, &[item]).await[0]["id"].as_str().expect("an id").to_owned();
    let access = server.access(scan(&server, &acme, &id).await).await;
    server.clock.advance(301);
    let reason = denied(&server, &access).await;
    nothing_issued(&server).await;
    let seen = progress(&server, &acme, &id).await;
    assert_eq!((&seen["status"], &seen["error"]), (&json!("ERROR"), &json!(reason)));
    assert_eq!(record(&server, &acme, &id).await["status"], "ready_to_claim");
});

on_both!(what_was_delivered_is_not_delivered_again_after_its_end, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut item = acme.offer("ada@example.com", "Ada");
    let end = model::Timestamp::from_seconds(server.clock_seconds() + 300);
    item["expirationDate"] = json!(end.rfc3339());
    let id = server.offers(&acme, &[item]).await[0]["id"].as_str().expect("an id").to_owned();
    let access = server.access(scan(&server, &acme, &id).await).await;
    fetched(&server, &access, &[&WalletKey::generate()]).await;
    server.clock.advance(301);
    denied(&server, &access).await;
    assert_eq!(count(&server, "delivery").await, 1);
});

on_both!(a_revoked_offer_is_denied, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let first = server.access(scan(&server, &acme, &id).await).await;
    let second = server.access(scan(&server, &acme, &id).await).await;
    assert!(!revoke(&server, &acme, &id).await, "what nobody has claimed cannot be revoked");
    fetched(&server, &first, &[&WalletKey::generate()]).await;
    assert!(revoke(&server, &acme, &id).await);
    denied(&server, &first).await;
    denied(&server, &second).await;
    assert_eq!(count(&server, "delivery").await, 1);
    assert_eq!(record(&server, &acme, &id).await["status"], "revoked");
});

/// A program that is closed in this way denies; opened again, the same token gets the credential.
async fn closed_and_opened(server: &Server, acme: &Environment, close: impl FnOnce(&mut model::Program)) {
    let (id, access) = begun(server, acme).await;
    change(server, acme, close).await;
    denied(server, &access).await;
    nothing_issued(server).await;
    assert_eq!(record(server, acme, &id).await["status"], "ready_to_claim");
    change(server, acme, |program| {
        (program.published, program.opens_at, program.closes_at) = (true, None, None);
    })
    .await;
    fetched(server, &access, &[&WalletKey::generate()]).await;
}

on_both!(a_program_that_was_withdrawn_is_denied, async |server: Server| {
    let acme = server.environment("acme").await;
    closed_and_opened(&server, &acme, |program| program.published = false).await;
});

on_both!(a_program_that_has_closed_is_denied, async |server: Server| {
    let acme = server.environment("acme").await;
    let past = model::Timestamp::from_seconds(server.clock_seconds() - 1);
    closed_and_opened(&server, &acme, |program| program.closes_at = Some(past)).await;
});

on_both!(a_program_that_has_not_opened_is_denied, async |server: Server| {
    let acme = server.environment("acme").await;
    let later = model::Timestamp::from_seconds(server.clock_seconds() + 3600);
    closed_and_opened(&server, &acme, |program| program.opens_at = Some(later)).await;
});

on_both!(a_full_program_is_denied, async |server: Server| {
    let acme = server.environment("acme").await;
    change(&server, &acme, |program| program.cap = Some(1)).await;
    let (_, first) = begun(&server, &acme).await;
    let (id, second) = begun(&server, &acme).await;
    fetched(&server, &first, &[&WalletKey::generate()]).await;
    let reason = denied(&server, &second).await;
    assert_eq!(progress(&server, &acme, &id).await["error"], reason);
    assert_eq!(count(&server, "delivery").await, 1);
});

on_both!(what_the_page_says_is_what_the_wallet_is_told, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access) = begun(&server, &acme).await;
    fetched(&server, &access, &[&WalletKey::generate()]).await;
    assert_eq!(server.claim_code(&acme, &id).await.status, 409);
    let reference = format!("/issuers/{}/credential-offers/{id}/1.0", acme.correlation_id);
    assert_eq!(server.get(&reference).await.status, 409);
    assert!(revoke(&server, &acme, &id).await);
    assert_eq!(server.claim_code(&acme, &id).await.status, 410);
    assert_eq!(server.get(&reference).await.status, 410);
});
