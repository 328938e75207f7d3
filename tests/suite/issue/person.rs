//! The person: found or created by e-mail, and asked for consent.

use futures_util::future::join_all;
use model::{Consent, Email};
use support::{Partner, Server, Setup, on_both};

use super::{assert_error, hash_of};

const REJECTED: &str = "Consent rejected by user: this person has declined credentials from you.";

async fn user_uuid(server: &Server, partner: &Partner, email: &str) -> String {
    let issued = server.issued(&partner.token(email, &server.clock), &partner.request()).await;
    issued["userUuid"].as_str().expect("text").to_owned()
}

on_both!(an_address_is_trimmed_and_folded_to_compare_and_kept_as_written, async |server: Server| {
    let acme = server.partner("acme").await;
    let bravo = server.partner("bravo").await;
    let first = user_uuid(&server, &acme, "  Ada.Lovelace@Example.COM ").await;
    for (partner, email) in [
        (&acme, "ada.lovelace@example.com"),
        (&acme, "ADA.LOVELACE@EXAMPLE.COM"),
        (&bravo, "\tada.Lovelace@example.com\n"),
    ] {
        assert_eq!(user_uuid(&server, partner, email).await, first, "{email:?}");
    }
    let email = Email::parse("ada.lovelace@example.com").expect("an address");
    let holder = server.store.holder_by_email(&email).await.expect("answers").expect("there");
    assert_eq!(holder.email.as_str(), "Ada.Lovelace@Example.COM", "as first written, trimmed");
    assert_eq!(holder.id.as_str(), first);
    for other in ["ada.lovelace+x@example.com", "adalovelace@example.com", "ada.lovelace@example.org"] {
        assert_ne!(user_uuid(&server, &acme, other).await, first, "{other}");
    }
    // Letters of other scripts are folded as well.
    let first = user_uuid(&server, &acme, "ÉMILE@EXAMPLE.COM").await;
    assert_eq!(user_uuid(&server, &bravo, "émile@example.com").await, first);
});

on_both!(a_person_is_created_once_however_many_partners_and_replicas_ask, async |server: Server| {
    let acme = server.partner("acme").await;
    let bravo = server.partner("bravo").await;
    let replica = server.replica(Setup::default()).await;
    let pairs = [(&server, &acme), (&server, &bravo), (&replica, &acme), (&replica, &bravo)];
    let asking = (0..16).map(|place| {
        let (server, partner) = pairs[place % 4];
        user_uuid(server, partner, "ada@example.com")
    });
    let mut found = join_all(asking).await;
    found.dedup();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(server.store.holders(10).await.expect("people").len(), 1);
});

on_both!(the_token_alone_says_who_the_person_is, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let mut request = acme.request();
    request["email"] = "eve@example.com".into();
    let first = server.issued(&token, &request).await;
    assert_eq!(first["userUuid"], user_uuid(&server, &acme, "ada@example.com").await);
});

on_both!(consent_undecided_and_approved_may_be_issued_to_and_rejected_not, async |server: Server| {
    let acme = server.partner("acme").await;
    let bravo = server.partner("bravo").await;
    let token = acme.token("ada@example.com", &server.clock);
    let email = Email::parse("ada@example.com").expect("an address");
    let holder = server.engine.find_or_create_holder(&email).await.expect("a person");
    let tenant = acme.id.as_str().into();
    let undecided = server.issued(&token, &acme.request()).await;
    assert_eq!(undecided["userUuid"], holder.id.as_str());
    for (consent, message) in [
        (Consent::Approved, None),
        (Consent::Rejected, Some(REJECTED)),
        (Consent::Undecided, None),
        (Consent::Rejected, Some(REJECTED)),
    ] {
        server.engine.set_consent(&tenant, &holder, consent).await.expect("recorded");
        let answer = server.issue(&token, &acme.request()).await;
        match message {
            None => assert_eq!(answer.status, 200, "{consent}: {}", answer.text),
            Some(message) => assert_error(&answer, 409, message),
        }
    }
    // A rejection is for one tenant, and comes after the subject and before duplicates.
    server.issued(&bravo.token("ada@example.com", &server.clock), &bravo.request()).await;
    let mut request = acme.request();
    request["onDuplicate"] = "ignore".into();
    assert_error(&server.issue(&token, &request).await, 409, REJECTED);
    request["credentialSubject"]["age"] = "old".into();
    assert_eq!(server.issue(&token, &request).await.status, 400);
});

on_both!(what_was_issued_before_a_rejection_stays, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let hash = hash_of(&server.issued(&token, &acme.request()).await);
    let email = Email::parse("ada@example.com").expect("an address");
    let holder = server.engine.find_or_create_holder(&email).await.expect("a person");
    let tenant = acme.id.as_str().into();
    server.engine.set_consent(&tenant, &holder, Consent::Rejected).await.expect("recorded");
    assert_error(&server.issue(&token, &acme.request()).await, 409, REJECTED);
    server.wait_for(&token, &hash, "ONCHAIN").await;
});
