//! How far an issuance has come, step by step, as `GET {id}/status` says it.

use serde_json::{Value, json};
use support::{Environment, Server, on_both};
use wallet::WalletKey;

use super::common::{
    ask, asking, begun, delete, documents, fetched, offer, progress, refused, scan, sd_jwt, state, token_with,
};

/// Tells the issuer what became of a credential.
async fn notify(server: &Server, access: &support::Access, id: &Value, event: &str) -> support::Answer {
    let body =
        json!({"notification_id": id, "event": event, "event_description": "As the wallet says.", "x": {}});
    server.post_as(access, "notification", &body).await
}

on_both!(a_claim_goes_from_state_to_state, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let mut last = 0;
    let mut at = async |wanted: &str| {
        let seen = progress(&server, &acme, &id).await;
        assert_eq!((&seen["status"], seen.get("error")), (&json!(wanted), None), "{seen}");
        let updated = seen["lastUpdatedAt"].as_i64().expect("a moment");
        assert!(updated >= last, "{seen}");
        last = updated;
        server.clock.advance(1);
        updated
    };
    let created = at("OFFER_CREATED").await;
    let offer = scan(&server, &acme, &id).await;
    at("OFFER_CREATED").await;
    // A token request that fails, for want of a code that it does not need.
    refused(&token_with(&server, &offer, &[("tx_code", "123456")]).await, 400, "invalid_request");
    at("ACCESS_TOKEN_REQUESTED").await;
    let access = server.access(offer).await;
    at("ACCESS_TOKEN_CREATED").await;
    server.nonce(&access.offer).await;
    at("ACCESS_TOKEN_CREATED").await;
    let answer = server.ask_credential(&access, sd_jwt(&access), &[&WalletKey::generate()]).await;
    documents(&answer);
    assert!(at("CREDENTIAL_ISSUED").await > created);
    let notification = &answer.json()["notification_id"];
    assert_eq!(notify(&server, &access, notification, "credential_accepted").await.status, 204);
    let accepted = progress(&server, &acme, &id).await;
    assert_eq!(accepted["status"], "NOTIFICATION_CREDENTIAL_ACCEPTED");
    assert!(accepted["lastUpdatedAt"].as_i64().expect("a moment") > last);
});

on_both!(a_refusal_is_an_error_with_a_reason_until_the_wallet_does_better, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    let nonce = server.nonce(&access.offer).await;
    let foreign = key.proof("https://elsewhere.example", &nonce, server.clock_seconds());
    for (proofs, code) in [(vec![foreign], "invalid_proof"), (vec![], "invalid_proof")] {
        let reason = refused(&ask(&server, &access, &proofs).await, 400, code);
        let seen = progress(&server, &acme, &id).await;
        assert_eq!((&seen["status"], &seen["error"]), (&json!("ERROR"), &json!(reason)));
        for personal in ["ada", "Ada", "example.com"] {
            assert!(!seen["error"].to_string().contains(personal), "{seen}");
        }
    }
    let unknown = server.ask_credential(&access, "nothing", &[&key]).await;
    let reason = refused(&unknown, 400, "unknown_credential_configuration");
    assert_eq!(progress(&server, &acme, &id).await["error"], reason);

    fetched(&server, &access, &[&key]).await;
    let seen = progress(&server, &acme, &id).await;
    assert_eq!((&seen["status"], seen.get("error")), (&json!("CREDENTIAL_ISSUED"), None));
    // What is in the wallet stays there, whatever is asked afterwards.
    refused(
        &server.ask_credential(&access, "nothing", &[&key]).await,
        400,
        "unknown_credential_configuration",
    );
    assert_eq!(state(&server, &acme, &id).await, "CREDENTIAL_ISSUED");
});

on_both!(a_request_without_any_proof_is_an_error_too, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access) = begun(&server, &acme).await;
    let body = json!({"credential_configuration_id": sd_jwt(&access)});
    let reason = refused(&server.post_as(&access, "credential", &body).await, 400, "invalid_proof");
    let seen = progress(&server, &acme, &id).await;
    assert_eq!((&seen["status"], &seen["error"]), (&json!("ERROR"), &json!(reason)));
});

/// A new offer in a wallet: its id, the token, and the notification id.
async fn claimed(server: &Server, acme: &Environment) -> (String, support::Access, Value) {
    let (id, access) = begun(server, acme).await;
    let answer = server.ask_credential(&access, sd_jwt(&access), &[&WalletKey::generate()]).await;
    documents(&answer);
    let notification = answer.json()["notification_id"].clone();
    (id, access, notification)
}

on_both!(a_wallet_says_what_became_of_the_credential, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access, notification) = claimed(&server, &acme).await;
    for (event, wanted) in [
        ("credential_failure", "NOTIFICATION_CREDENTIAL_FAILURE"),
        ("credential_accepted", "NOTIFICATION_CREDENTIAL_ACCEPTED"),
        ("credential_deleted", "NOTIFICATION_CREDENTIAL_DELETED"),
    ] {
        // Said three times, it is one event.
        for _ in 0..3 {
            let answer = notify(&server, &access, &notification, event).await;
            assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{event}");
            assert_eq!(state(&server, &acme, &id).await, wanted);
        }
    }
    // The credential stays what it is: a wallet does not revoke.
    let record = crate::wallet::common::record(&server, &acme, &id).await;
    assert_eq!(record["status"], "claimed");
    // Each answer has a notification of its own.
    let further = server.ask_credential(&access, sd_jwt(&access), &[&WalletKey::generate()]).await;
    assert_eq!(state(&server, &acme, &id).await, "CREDENTIAL_ISSUED");
    let second = &further.json()["notification_id"];
    assert_ne!(*second, notification);
    assert_eq!(notify(&server, &access, second, "credential_accepted").await.status, 204);
    assert_eq!(notify(&server, &access, &notification, "credential_accepted").await.status, 204);
});

on_both!(a_notification_that_is_none_is_refused, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let (id, access, notification) = claimed(&server, &acme).await;
    let (_, other, _) = claimed(&server, &acme).await;
    let (_, foreign, _) = claimed(&server, &umbrella).await;
    for access in [&other, &foreign] {
        let answer = notify(&server, access, &notification, "credential_deleted").await;
        refused(&answer, 400, "invalid_notification_id");
    }
    let answer = notify(&server, &access, &json!("unknown"), "credential_deleted").await;
    refused(&answer, 400, "invalid_notification_id");
    let request = "invalid_notification_request";
    for event in ["", "credential_stolen", "Credential_Deleted"] {
        refused(&notify(&server, &access, &notification, event).await, 400, request);
    }
    for body in [
        json!({}),
        json!({"notification_id": notification}),
        json!({"event": "credential_deleted"}),
        json!({"notification_id": 1, "event": "credential_deleted"}),
        json!({"notification_id": notification, "event": ["credential_deleted"]}),
        json!([notification]),
    ] {
        refused(&server.post_as(&access, "notification", &body).await, 400, request);
    }
    let mut stranger = access.clone();
    stranger.token = "x".to_owned();
    let answer = notify(&server, &stranger, &notification, "credential_deleted").await;
    crate::wallet::common::unauthorized(&answer, "Bearer", "invalid_token");
    assert_eq!(state(&server, &acme, &id).await, "CREDENTIAL_ISSUED");
});

on_both!(a_missing_or_wrong_code_is_a_token_that_was_asked_for, async |server: Server| {
    let acme = asking(&server, "acme", |policy| policy.tx_code = Some(model::TxCodeMode::Text)).await;
    for typed in [&[][..], &[("tx_code", "no-code-1")]] {
        let id = offer(&server, &acme).await;
        let offer = scan(&server, &acme, &id).await;
        assert_eq!(token_with(&server, &offer, typed).await.status, 400);
        assert_eq!(state(&server, &acme, &id).await, "ACCESS_TOKEN_REQUESTED");
        assert_eq!(delete(&server, &acme, &id).await, 204);
    }
});

on_both!(a_state_is_that_of_its_own_offer, async |server: Server| {
    let acme = server.environment("acme").await;
    let (one, two) = (begun(&server, &acme).await, begun(&server, &acme).await);
    fetched(&server, &one.1, &[&WalletKey::generate()]).await;
    assert_eq!(state(&server, &acme, &one.0).await, "CREDENTIAL_ISSUED");
    assert_eq!(state(&server, &acme, &two.0).await, "ACCESS_TOKEN_CREATED");
});
