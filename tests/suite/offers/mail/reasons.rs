//! A message goes out as long as there is a reason to send it, and as often.

use reqwest::Method;
use serde_json::json;
use support::{MailServer, Server, on_both};

use super::{do_jobs, jobs, mail_by_hand_to, now, offer, offer_to, recipients, revoke, share};

on_both!(who_can_no_longer_claim_is_not_invited, async |server: Server| {
    let smtp = MailServer::start(&[]);
    let server = server.afresh(mail_by_hand_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let mut ids =
        offer_to(&server, &acme, &["deleted@example.com", "claimed@example.com", "ada@example.com"]).await;
    let mut expiring = acme.offer("expired@example.com", "Ada");
    expiring["expirationDate"] = json!(now(&server).plus_seconds(3600).rfc3339_millis());
    let expiring = server.offers(&acme, &[expiring]).await.remove(0);
    ids.push(expiring["id"].as_str().expect("an id").to_owned());
    share(&server, &acme, &ids).await;
    assert_eq!(jobs(&server).await.len(), 4);

    let rest = format!("/credential-offers/{}", ids[0]);
    assert_eq!(server.call(&acme, &acme.keys.user, Method::DELETE, &rest, None).await.status, 204);
    server.claim(&acme, &ids[1]).await.expect("claims");
    assert_eq!(jobs(&server).await.len(), 2, "both took their job with them");
    server.clock.advance(3601);
    assert_eq!(do_jobs(&server).await, 2);
    assert_eq!(recipients(&smtp), ["ada@example.com"]);
    assert!(jobs(&server).await.is_empty());
    for (id, sent) in [(&ids[1], false), (&ids[2], true), (&ids[3], false)] {
        assert_eq!(offer(&server, &acme, id).await["emailSent"], sent, "{id}");
    }
});

on_both!(
    sharing_twice_while_one_waits_sends_one_and_sharing_what_was_sent_sends_another,
    async |server: Server| {
        let smtp = MailServer::start(&[]);
        let server = server.afresh(mail_by_hand_to(&smtp)).await;
        let acme = server.environment("acme").await;
        let ids = offer_to(&server, &acme, &["ada@example.com"]).await;
        share(&server, &acme, &ids).await;
        let waiting = jobs(&server).await;
        share(&server, &acme, &ids).await;
        assert_eq!(jobs(&server).await, waiting);
        assert_eq!(do_jobs(&server).await, 1);
        assert_eq!(recipients(&smtp), ["ada@example.com"]);

        server.clock.advance(61);
        share(&server, &acme, &ids).await;
        assert_eq!(do_jobs(&server).await, 1);
        let messages = smtp.messages();
        assert_eq!(messages.len(), 2);
        assert_ne!(messages[0].header("Message-ID"), messages[1].header("Message-ID"));
        assert!(jobs(&server).await.is_empty());
    }
);

on_both!(a_revocation_is_told_once_and_again_when_asked_for, async |server: Server| {
    let smtp = MailServer::start(&[]);
    let server = server.afresh(mail_by_hand_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let id = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    revoke(&server, &acme, &id, "Left the company").await;
    assert_eq!(offer(&server, &acme, &id).await["revocationEmailSent"], false);
    assert_eq!(do_jobs(&server).await, 1);
    let revoked = offer(&server, &acme, &id).await;
    assert_eq!((&revoked["revocationEmailSent"], &revoked["emailSent"]), (&json!(true), &json!(false)));

    let body = json!({"credentialOfferId": id});
    let path = "/credential-offers/resend-revocation-email";
    let answer = server.call(&acme, &acme.keys.user, Method::POST, path, Some(&body)).await;
    assert!((200..300).contains(&answer.status), "{}", answer.text);
    assert_eq!(do_jobs(&server).await, 1);
    let messages = smtp.messages();
    assert_eq!(recipients(&smtp), ["ada@example.com", "ada@example.com"]);
    assert_ne!(messages[0].header("Message-ID"), messages[1].header("Message-ID"));
    assert_eq!(messages[0].part("text/plain"), messages[1].part("text/plain"));
});

on_both!(an_offer_without_an_address_is_revoked_in_silence, async |server: Server| {
    let smtp = MailServer::start(&[]);
    let server = server.afresh(mail_by_hand_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let mut nameless = acme.offer("ada@example.com", "Ada");
    nameless.as_object_mut().expect("an object").remove("email");
    let id = server.offers(&acme, &[nameless]).await[0]["id"].as_str().expect("an id").to_owned();
    server.claim(&acme, &id).await.expect("claims");
    revoke(&server, &acme, &id, "Left the company").await;
    assert!(jobs(&server).await.is_empty());
    assert_eq!(offer(&server, &acme, &id).await["revocationEmailSent"], false);
});
