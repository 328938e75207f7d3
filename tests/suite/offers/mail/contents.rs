//! The messages as they are received.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Environment, MailServer, Message, Server, on_both};

use super::{do_jobs, mail_by_hand_to, now, offer, revoke, share};

/// A PNG of one pixel.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// An organisation profile with a logo.
async fn profile_with_logo(server: &Server, environment: &Environment, name: &str) -> Value {
    let form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\n{name}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"logo.png\"\r\n\
         Content-Type: image/png\r\n\r\n"
    );
    let mut body = form.into_bytes();
    body.extend(BASE64_STANDARD.decode(PIXEL).expect("base64"));
    body.extend(b"\r\n--b--\r\n");
    let request = server.request(Method::POST, &environment.path("/organisation-profiles"));
    let request = request
        .header("x-api-key", &environment.keys.admin)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body);
    let answer = server.send(request).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

/// What is the same at every run: the fields that people see, and the text.
fn shown(message: &Message, replacements: &[(&str, &str)]) -> String {
    let fields = ["From", "To", "Subject", "Auto-Submitted"];
    let fields: Vec<String> = fields.iter().map(|name| format!("{name}: {}", message.header(name))).collect();
    let shown = format!("{}\n\n{}", fields.join("\n"), message.part("text/plain"));
    replacements.iter().fold(shown, |text, (from, to)| text.replace(from, to))
}

/// The one message that was accepted, whose id and date are those of its job.
async fn the_message(server: &Server, smtp: &MailServer) -> Message {
    let job = super::the_job(server).await;
    assert_eq!(do_jobs(server).await, 1);
    let message = smtp.messages().pop().expect("a message");
    assert_eq!(message.header("Message-ID"), format!("<{}@example.org>", job.id));
    assert!(message.header("Date").ends_with(" +0000"), "{}", message.header("Date"));
    assert!(message.header("Content-Type").starts_with("multipart/alternative;"));
    message
}

on_both!(an_invitation, async |server: Server| {
    let smtp = MailServer::start(&[]);
    let server = server.afresh(mail_by_hand_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let mut wanted = acme.offer("ada@example.com", "Ada");
    let expires_at = now(&server).plus_seconds(86_400).rfc3339_millis();
    wanted["expirationDate"] = json!(expires_at);
    let id = server.offers(&acme, &[wanted]).await[0]["id"].as_str().expect("an id").to_owned();
    share(&server, &acme, std::slice::from_ref(&id)).await;
    let message = the_message(&server, &smtp).await;

    let text = message.part("text/plain");
    let expires =
        text.lines().find(|line| line.starts_with("The credential is valid until ")).expect("a line");
    let link = format!("{}/claim/{id}", server.url);
    let shown = shown(&message, &[(&server.url, "http://bestow.test"), (&id, "OFFER"), (expires, "EXPIRY")]);
    insta::allow_duplicates! { insta::assert_snapshot!(shown, @r"
From: Bestow <bestow@example.org>
To: ada@example.com
Subject: acme has a credential for you: Example Credential
Auto-Submitted: auto-generated

acme has a credential for you:

- Example Credential

Claim it into your wallet with this link:

http://bestow.test/claim/OFFER

EXPIRY

The link is for you alone: whoever has it can claim in your place, so do
not pass it on. If you did not expect this message, you need not do
anything.

This message was sent automatically on behalf of acme.
") };
    let html = message.part("text/html");
    assert_eq!(html.matches(&format!("href=\"{link}\"")).count(), 2, "{html}");
    assert!(html.contains(expires) && html.contains("<bdi>acme</bdi> has a credential for you"), "{html}");
    assert!(!html.contains("<img"), "there is no logo");
});

on_both!(a_logo_is_shown_where_there_is_one, async |server: Server| {
    let smtp = MailServer::start(&[]);
    let server = server.afresh(mail_by_hand_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let profile = profile_with_logo(&server, &acme, "Bücher & <Söhne>").await;
    let mut body = acme.bulk(&[acme.offer("ada@example.com", "Ada")]);
    body["organisationProfileId"] = profile["id"].clone();
    let made = server.call(&acme, &acme.keys.user, Method::POST, "/credential-offers", Some(&body)).await;
    let id = made.json()["credentialOffers"][0]["id"].as_str().expect("an id").to_owned();
    share(&server, &acme, &[id]).await;
    let message = the_message(&server, &smtp).await;

    let key_url = profile["image"]["keyUrl"].as_str().expect("a logo");
    let html = message.part("text/html");
    assert!(
        html.contains(&format!("<img src=\"{key_url}\" alt=\"Logo of Bücher &#38; &#60;Söhne&#62;\"")),
        "{html}"
    );
    assert_eq!(message.header("Subject"), "Bücher & <Söhne> has a credential for you: Example Credential");
    assert!(message.part("text/plain").starts_with("Bücher & <Söhne> has a credential for you:\n"));
    // Mail programs get it without a key.
    let logo = server.get(key_url.strip_prefix(&server.url).expect("of this server")).await;
    assert_eq!((logo.status, logo.header("content-type")), (200, Some("image/png")));
});

on_both!(a_revocation, async |server: Server| {
    let smtp = MailServer::start(&[]);
    let server = server.afresh(mail_by_hand_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let id = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    revoke(&server, &acme, &id, "Moved to <Genève>").await;
    let message = the_message(&server, &smtp).await;
    let text = message.part("text/plain");
    let revoked = text.lines().find(|line| line.starts_with("Revoked on ")).expect("a line");
    insta::allow_duplicates! { insta::assert_snapshot!(shown(&message, &[(revoked, "REVOKED")]), @r"
From: Bestow <bestow@example.org>
To: ada@example.com
Subject: acme revoked your credential: Example Credential
Auto-Submitted: auto-generated

acme revoked your credential:

- Example Credential

REVOKED

Reason: Moved to <Genève>

Whoever checks the credential from now on sees that it is no longer
valid. You need not do anything. If you have questions, please ask acme.

This message was sent automatically on behalf of acme.
") };
    let html = message.part("text/html");
    assert!(
        html.contains("Reason: <bdi>Moved to &#60;Genève&#62;</bdi>") && html.contains(revoked),
        "{html}"
    );
    assert!(!html.contains("<img") && !html.contains("href="), "{html}");
});

on_both!(nothing_secret_is_in_a_message, async |server: Server| {
    let smtp = MailServer::start(&[]);
    let server = server.afresh(mail_by_hand_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let mut wanted = acme.offer("ada@example.com", "Lovelace-Byron");
    wanted["claims"].as_array_mut().expect("a list").extend([
        json!({"dataType": "date", "claimName": "born", "claimValue": "1815-12-10"}),
        json!({"dataType": "number", "claimName": "level", "claimValue": "271828"}),
    ]);
    let id = server.offers(&acme, &[wanted.clone()]).await[0]["id"].as_str().expect("an id").to_owned();
    let invitation = server.get(&acme.path(&format!("/credential-offers/{id}/claim"))).await.json();
    let uri = invitation["uri"].as_str().expect("a claim code");
    share(&server, &acme, std::slice::from_ref(&id)).await;
    assert_eq!(do_jobs(&server).await, 1);
    let hash = server.claim(&acme, &id).await;
    let hash = hash.expect("claims");
    revoke(&server, &acme, &id, "Moved").await;
    assert_eq!(do_jobs(&server).await, 1);
    let subject = offer(&server, &acme, &id).await["subject"].as_str().expect("a DID").to_owned();

    let code = uri.split("pre-authorized_code%22%3A%22").nth(1).expect("a code");
    let code = code.split("%22").next().expect("its end");
    assert_eq!(code.len(), 22, "{uri}");
    let reference = wanted["referenceId"].as_str().expect("a text");
    let values = ["Lovelace", "1815-12-10", "271828", code, "pre-authorized", reference, &hash, &subject];
    let keys = [&acme.keys.admin, &acme.keys.user, &acme.keys.auditor].map(String::as_str);
    let internal = [acme.partner.id.as_str(), acme.id.as_str(), "bst_"];
    let messages = smtp.messages();
    assert_eq!(messages.len(), 2);
    for message in &messages {
        let all = format!("{}{}{}", message.raw, message.part("text/plain"), message.part("text/html"));
        for secret in values.iter().chain(&keys).chain(&internal) {
            assert!(!all.contains(secret), "{secret} is in {all}");
        }
    }
});
