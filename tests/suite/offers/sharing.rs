//! Inviting by e-mail, and telling again that something is revoked.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Environment, Server, Setup, on_both};

use crate::offers::common::{
    NOTHING, eventually, get, id_of, keys_of_one_user, mails, offer, refused, revoke, share,
};

async fn resend(server: &Server, acme: &Environment, key: &str, id: &str) -> Answer {
    let body = json!({"credentialOfferId": id});
    let rest = "/credential-offers/resend-revocation-email";
    server.call(acme, key, Method::POST, rest, Some(&body)).await
}

/// The answer is that it was asked for too often; in how many seconds to ask again.
#[track_caller]
fn wait_of(answer: &Answer) -> i64 {
    refused(answer, 429, "rate_limited");
    let seconds: i64 = answer.header("retry-after").expect("a wait").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    seconds
}

on_both!(each_offer_has_its_own_outcome, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let mut nameless = acme.offer("", "Nobody");
    nameless["email"] = Value::Null;
    let mut short = acme.offer("ada@example.com", "Ada");
    let expiry = model::Timestamp::from_seconds(server.clock_seconds() + 60);
    short["expirationDate"] = json!(expiry.rfc3339());
    let made = server.offers(&acme, &[acme.offer("ada@example.com", "Ada"), nameless, short]).await;
    let [good, nameless, expired] = [0, 1, 2].map(|place| id_of(&made[place]));
    let claimed = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    let revoked = server.claimed_offer(&acme, "grace@example.com", "Grace").await;
    revoke(&server, &acme, &[&revoked]).await;
    let theirs = offer(&server, &umbrella, "ada@example.com").await;
    server.clock.advance(61);
    let upper = good.to_uppercase();
    let ids = [NOTHING, good, nameless, &claimed, &upper, &revoked, expired, &theirs, good];
    let answer = share(&server, &acme, &acme.keys.user, &ids).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let answer = answer.json();
    let outcomes: Vec<(&str, &str, &str)> = answer
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default();
            assert_eq!(text("error").is_empty(), text("code").is_empty(), "{entry}");
            (text("credentialOfferId"), text("status"), text("code"))
        })
        .collect();
    let failed = |id, code| (id, "FAILED", code);
    assert_eq!(
        outcomes,
        [
            failed(NOTHING, "credential_offer_not_found"),
            (good, "ENQUEUED", ""),
            failed(nameless, "credential_offer_email_missing"),
            failed(claimed.as_str(), "credential_offer_already_claimed"),
            failed(revoked.as_str(), "credential_offer_already_revoked"),
            failed(expired, "credential_offer_expired"),
            failed(theirs.as_str(), "credential_offer_not_found"),
        ]
    );
    eventually("emailSent", async || (get(&server, &acme, good).await["emailSent"] == true).then_some(()))
        .await;
    // One invitation, and the message about the revocation.
    eventually("two mails", async || (mails(&server).len() == 2).then_some(())).await;
});

on_both!(the_message_has_the_link_and_nothing_secret, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut item = acme.offer("ada@example.com", "Augusta Secret King");
    item["referenceId"] = json!("SECRET-REFERENCE");
    let id = id_of(&server.offers(&acme, &[item]).await[0]).to_owned();
    let invitation = server.get(&acme.path(&format!("/credential-offers/{id}/claim"))).await.json();
    let uri = invitation["uri"].as_str().expect("a URI");
    let (_, code) = uri.split_once("pre-authorized_code%22%3A%22").expect("a code");
    let code = &code[..22];
    let answer = share(&server, &acme, &acme.keys.user, &[&id]).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let mail = eventually("a mail", async || mails(&server).pop()).await;
    assert!(mail.contains(&format!("{}/claim/{id}", server.url)), "{mail}");
    assert!(mail.contains("acme") && mail.contains("Example Credential"), "{mail}");
    assert!(mail.contains("To: ada@example.com"), "{mail}");
    let keys = [&acme.keys.user, &acme.keys.admin, &acme.keys.auditor];
    for secret in ["Augusta", "SECRET-REFERENCE", code, "openid-credential-offer", acme.id.as_str()] {
        assert!(!mail.contains(secret), "{secret} in {mail}");
    }
    assert!(keys.iter().all(|key| !mail.contains(key.as_str())), "{mail}");
    eventually("emailSent", async || (get(&server, &acme, &id).await["emailSent"] == true).then_some(()))
        .await;
});

on_both!(a_user_may_ask_twice_a_minute_whatever_key_and_replica, async |server: Server| {
    let acme = server.environment("acme").await;
    let replica = server.replica(Setup::default()).await;
    let id = offer(&server, &acme, "ada@example.com").await;
    let [one, two] = keys_of_one_user(&server, &acme).await;
    assert_eq!(share(&server, &acme, &one, &[&id]).await.status, 201);
    assert_eq!(share(&replica, &acme, &two, &[&id]).await.status, 201);
    for (server, key) in [(&server, &one), (&server, &two), (&replica, &one), (&replica, &two)] {
        wait_of(&share(server, &acme, key, &[&id]).await);
    }
    // Another user, and another operation, have their own two.
    assert_eq!(share(&server, &acme, &acme.keys.user, &[&id]).await.status, 201);
    let revoked = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    revoke(&server, &acme, &[&revoked]).await;
    assert_eq!(resend(&server, &acme, &one, &revoked).await.status, 201);
    assert_eq!(resend(&replica, &acme, &two, &revoked).await.status, 201);
    wait_of(&resend(&server, &acme, &one, &revoked).await);
});

on_both!(whoever_waits_as_long_as_was_said_is_let_in, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme, "ada@example.com").await;
    let key = &acme.keys.user;
    assert_eq!(share(&server, &acme, key, &[&id]).await.status, 201);
    server.clock.advance(20);
    assert_eq!(share(&server, &acme, key, &[&id]).await.status, 201);
    let wait = wait_of(&share(&server, &acme, key, &[&id]).await);
    assert!(wait <= 40, "the window slides: {wait}");
    server.clock.advance(wait - 20);
    // Asking in vain changes nothing.
    let left = wait_of(&share(&server, &acme, key, &[&id]).await);
    assert!(left <= 20, "{left}");
    server.clock.advance(left);
    assert_eq!(share(&server, &acme, key, &[&id]).await.status, 201);
    let wait = wait_of(&share(&server, &acme, key, &[&id]).await);
    assert!(wait <= 20, "until the second of the first two is a minute ago: {wait}");
});

on_both!(a_request_that_is_refused_does_not_count, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme, "ada@example.com").await;
    let rest = "/credential-offers/share-with-email";
    for ids in [
        json!(null),
        json!([]),
        json!("all"),
        json!([5]),
        json!(["no-uuid"]),
        json!(vec![NOTHING; 101]),
        json!({"id": id}),
    ] {
        let body = json!({"credentialOfferIds": ids});
        let answer = server.call(&acme, &acme.keys.user, Method::POST, rest, Some(&body)).await;
        refused(&answer, 400, "invalid_request");
    }
    refused(&share(&server, &acme, &acme.keys.auditor, &[&id]).await, 403, "forbidden");
    refused(&share(&server, &acme, "bst_no", &[&id]).await, 401, "unauthorized");
    for _ in 0..2 {
        assert_eq!(share(&server, &acme, &acme.keys.user, &[&id]).await.status, 201);
    }
    wait_of(&share(&server, &acme, &acme.keys.user, &[&id]).await);
});

on_both!(at_once_two_requests_are_let_in, async |server: Server| {
    let acme = server.environment("acme").await;
    let replica = server.replica(Setup::default()).await;
    let id = offer(&server, &acme, "ada@example.com").await;
    let servers = [&server, &replica];
    let ids = [id.as_str()];
    let asking = (0..16).map(|place| share(servers[place % 2], &acme, &acme.keys.user, &ids));
    let answers = futures_util::future::join_all(asking).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 2);
    answers.iter().filter(|answer| answer.status != 201).for_each(|answer| assert!(wait_of(answer) > 0));
});

on_both!(a_person_is_told_again_of_a_revocation_only, async |server: Server| {
    let acme = server.environment("acme").await;
    let key = &acme.keys.user;
    refused(&resend(&server, &acme, key, NOTHING).await, 404, "credential_offer_not_found");
    refused(&resend(&server, &acme, key, "1").await, 400, "invalid_request");
    let ready = offer(&server, &acme, "ada@example.com").await;
    refused(&resend(&server, &acme, key, &ready).await, 409, "credential_offer_not_revoked");
    let claimed = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    refused(&resend(&server, &acme, key, &claimed).await, 409, "credential_offer_not_revoked");
    let mut nameless = acme.offer("", "Nobody");
    nameless["email"] = Value::Null;
    let nameless = id_of(&server.offers(&acme, &[nameless]).await[0]).to_owned();
    crate::offers::common::claim_offer(&server, &acme, &nameless).await.expect("claims");
    revoke(&server, &acme, &[&nameless, &claimed]).await;
    refused(&resend(&server, &acme, key, &nameless).await, 400, "credential_offer_email_missing");
    eventually("the first mail", async || (mails(&server).len() == 1).then_some(())).await;
    eventually("its mark", async || {
        (get(&server, &acme, &claimed).await["revocationEmailSent"] == true).then_some(())
    })
    .await;
    let answer = resend(&server, &acme, key, &claimed).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.json(), json!({"message": "The revocation e-mail will be sent again."}));
    eventually("the second mail", async || (mails(&server).len() == 2).then_some(())).await;
    for mail in mails(&server) {
        assert!(mail.contains("To: ada@example.com") && mail.contains("Left the company"), "{mail}");
    }
});
