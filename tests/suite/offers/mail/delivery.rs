//! Each message arrives, and once, whatever happens to the mail server and to the workers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mail::{Security, SmtpSettings, TransportSettings};
use support::{MailServer, Server, Setup, eventually, on_both};

use super::{
    jobs, mail_by_hand_to, mail_to, offer_to, offer_to_many, people, sent_offers, share, until_all_is_done,
};

/// How many messages may be under way over one connection pool: what was accepted, but not confirmed when a server or a worker
/// died, is sent again, because nobody can know.
const UNDER_WAY: usize = 4;

/// Checks that each of so many people has exactly one message, told by its `Message-ID`; how many copies beyond that there are.
fn copies_beyond_one_each(smtp: &MailServer, count: usize) -> usize {
    let messages = smtp.messages();
    let mut received: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for message in &messages {
        received.entry(message.header("To")).or_default().insert(message.header("Message-ID"));
    }
    assert_eq!(received.keys().cloned().collect::<Vec<_>>(), people(count), "nobody is forgotten");
    let ids: BTreeSet<&String> = received.values().flatten().collect();
    assert!(received.values().all(|ids| ids.len() == 1), "{received:?}");
    assert_eq!(ids.len(), count, "everybody's message is another");
    messages.len() - count
}

on_both!(each_of_200_messages_arrives_once_though_the_mail_server_is_killed, async |server: Server| {
    let mut smtp = MailServer::start(&[]);
    let server = server.afresh(mail_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let ids = offer_to_many(&server, &acme, 200).await;
    share(&server, &acme, &ids[..100]).await;
    share(&server, &acme, &ids[100..]).await;
    eventually("some have arrived", async || smtp.messages().len() >= 40).await;
    smtp.kill();
    let before = smtp.messages().len();
    assert!(before < 200, "it was killed in the middle");
    let failed = async || jobs(&server).await.iter().any(|job| job.last_error.is_some());
    eventually("an attempt fails", failed).await;

    smtp.start_again(&[]);
    until_all_is_done(&server).await;
    let copies = copies_beyond_one_each(&smtp, 200);
    println!("killed after {before} of 200; {copies} came twice");
    assert!(copies <= UNDER_WAY, "{copies}");
    assert_eq!(sent_offers(&server, &acme).await, 200);
});

on_both!(a_mail_server_that_is_down_at_first_delays_and_loses_nothing, async |server: Server| {
    let mut smtp = MailServer::start(&[]);
    smtp.kill();
    let server = server.afresh(mail_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let ids = offer_to_many(&server, &acme, 200).await;
    share(&server, &acme, &ids[..100]).await;
    share(&server, &acme, &ids[100..]).await;
    let all_failed = async || jobs(&server).await.iter().all(|job| job.last_error.is_some());
    eventually("every attempt fails", all_failed).await;
    assert_eq!(jobs(&server).await.len(), 200);
    assert_eq!(sent_offers(&server, &acme).await, 0);

    smtp.start_again(&[]);
    until_all_is_done(&server).await;
    assert_eq!(copies_beyond_one_each(&smtp, 200), 0);
    assert_eq!(sent_offers(&server, &acme).await, 200);
});

on_both!(two_replicas_share_the_work_and_send_nothing_twice, async |server: Server| {
    let smtp = MailServer::start(&[]);
    let one = server.afresh(mail_by_hand_to(&smtp)).await;
    let other = one.replica(mail_by_hand_to(&smtp)).await;
    let acme = one.environment("acme").await;
    let ids = offer_to_many(&one, &acme, 200).await;
    share(&one, &acme, &ids[..100]).await;
    share(&one, &acme, &ids[100..]).await;
    let (by_one, by_other) =
        tokio::join!(crate::offers::mail::do_jobs(&one), crate::offers::mail::do_jobs(&other));
    assert!(by_one > 0 && by_other > 0, "both worked: {by_one}, {by_other}");
    assert_eq!(by_one + by_other, 200);
    assert_eq!(copies_beyond_one_each(&smtp, 200), 0);
    until_all_is_done(&one).await;
    assert_eq!(sent_offers(&one, &acme).await, 200);
});

on_both!(what_a_dead_worker_had_taken_is_sent_by_another_when_its_time_is_over, async |server: Server| {
    // Messages are kept, but never confirmed: so the worker dies in the middle of sending.
    let mut smtp = MailServer::start(&["--stall", "."]);
    let server = server.afresh(mail_by_hand_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let ids = offer_to_many(&server, &acme, 30).await;
    share(&server, &acme, &ids).await;
    let engine = Arc::clone(&server.engine);
    let worker = tokio::spawn(async move { engine.run_jobs().await });
    eventually("some have arrived", async || smtp.messages().len() == UNDER_WAY).await;
    worker.abort();
    assert!(worker.await.expect_err("it did not end by itself").is_cancelled());
    smtp.kill();
    smtp.start_again(&[]);

    let taken = jobs(&server).await.iter().filter(|job| job.attempt == 1).count();
    assert!((UNDER_WAY..30).contains(&taken), "{taken}");
    let other = server.replica(mail_to(&smtp)).await;
    eventually("what was not taken is sent", async || jobs(&other).await.len() == taken).await;
    assert_eq!(smtp.messages().len(), 30 - taken + UNDER_WAY);
    other.clock.advance(61);
    until_all_is_done(&other).await;
    assert_eq!(copies_beyond_one_each(&smtp, 30), UNDER_WAY);
    assert_eq!(sent_offers(&server, &acme).await, 30);
});

on_both!(a_worker_that_is_stopped_finishes_what_it_has_taken, async |server: Server| {
    let smtp = MailServer::start(&[]);
    let server = server.afresh(mail_by_hand_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let ids = offer_to_many(&server, &acme, 100).await;
    share(&server, &acme, &ids).await;
    let worker = server.replica(mail_to(&smtp)).await;
    eventually("some have arrived", async || smtp.messages().len() >= 10).await;
    drop(worker);
    let nothing_taken = async || jobs(&server).await.iter().all(|job| job.attempt == 0);
    eventually("nothing is under way", nothing_taken).await;
    assert!(!jobs(&server).await.is_empty(), "it did not do all");

    let other = server.replica(mail_to(&smtp)).await;
    until_all_is_done(&other).await;
    assert_eq!(copies_beyond_one_each(&smtp, 100), 0);
});

/// A mail server that wants encryption and a login gets both.
async fn arrives_encrypted(server: Server, option: &str, security: Security) {
    let smtp = MailServer::start(&["--tls", option, "--user", "bestow", "--password", "s3cret"]);
    let with =
        |settings: SmtpSettings| Setup { mail: Some(TransportSettings::Smtp(settings)), ..Setup::default() };
    let server = server.afresh(with(smtp.settings_with_login(security, "bestow", "s3cret"))).await;
    let acme = server.environment("acme").await;
    let ids = offer_to(&server, &acme, &["ada@example.com"]).await;
    share(&server, &acme, &ids).await;
    until_all_is_done(&server).await;
    let messages = smtp.messages();
    assert_eq!(messages.len(), 1);
    let received = messages[0].header("Received");
    assert!(received.contains("bestow) by test with TLS"), "{received}");
}

on_both!(starttls_with_a_login, async |server: Server| {
    arrives_encrypted(server, "starttls", Security::StartTls).await;
});

on_both!(tls_with_a_login, async |server: Server| {
    arrives_encrypted(server, "implicit", Security::Tls).await;
});
