//! What a mail server does not take, and when it is tried again.

use support::{MailServer, Server, eventually, on_both};

use super::{
    do_jobs, jobs, mail_by_hand_to, mail_to, now, offer, offer_to, recipients, share, the_job,
    until_all_is_done,
};

const DAY: i64 = 86_400;

on_both!(a_refused_recipient_holds_up_nobody_and_can_be_tried_again, async |server: Server| {
    let mut smtp = MailServer::start(&["--refuse", "^gone"]);
    let server = server.afresh(mail_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let ids = offer_to(&server, &acme, &["gone@example.com", "ada@example.com", "grace@example.com"]).await;
    share(&server, &acme, &ids).await;
    let given_up = async || jobs(&server).await.iter().filter(|job| job.failed_at.is_some()).count() == 1;
    eventually("one job is given up", given_up).await;
    eventually("the others are done", async || jobs(&server).await.len() == 1).await;
    assert_eq!(recipients(&smtp), ["ada@example.com", "grace@example.com"]);
    let job = the_job(&server).await;
    assert_eq!((job.subject.as_str(), job.attempt), (ids[0].as_str(), 1));
    assert_eq!(
        job.last_error.as_deref(),
        Some("the message cannot be sent: the mail server refused the message or its recipient (550 5.1.1)")
    );
    assert_eq!(server.store.job_counts().await.expect("the database answers"), (0, 1));
    assert_eq!(offer(&server, &acme, &ids[0]).await["emailSent"], false);
    assert_eq!(offer(&server, &acme, &ids[1]).await["emailSent"], true);

    // It is not tried again by itself, however long one waits.
    server.clock.advance(DAY);
    assert_eq!(do_jobs(&server).await, 0);
    smtp.kill();
    smtp.start_again(&[]);
    assert!(server.store.retry_job(&job.id, now(&server)).await.expect("the database answers"));
    until_all_is_done(&server).await;
    assert_eq!(recipients(&smtp), ["ada@example.com", "gone@example.com", "grace@example.com"]);
    assert_eq!(offer(&server, &acme, &ids[0]).await["emailSent"], true);
    assert!(
        !server.store.retry_job(&job.id, now(&server)).await.expect("the database answers"),
        "it is done"
    );
});

on_both!(sharing_again_what_was_given_up_begins_anew, async |server: Server| {
    let mut smtp = MailServer::start(&["--refuse", "^gone"]);
    let server = server.afresh(mail_by_hand_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let ids = offer_to(&server, &acme, &["gone@example.com"]).await;
    share(&server, &acme, &ids).await;
    assert_eq!(do_jobs(&server).await, 1);
    let first = the_job(&server).await;
    assert!(first.failed_at.is_some());

    smtp.kill();
    smtp.start_again(&[]);
    share(&server, &acme, &ids).await;
    let second = the_job(&server).await;
    assert_ne!(second.id, first.id, "another message");
    assert_eq!((second.attempt, second.failed_at, second.last_error), (0, None, None));
    assert_eq!(do_jobs(&server).await, 1);
    assert_eq!(recipients(&smtp), ["gone@example.com"]);
    assert!(jobs(&server).await.is_empty());
});

on_both!(a_deferred_message_is_tried_again_after_waits_that_double, async |server: Server| {
    let mut smtp = MailServer::start(&["--defer", "^busy"]);
    let server = server.afresh(mail_by_hand_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let ids = offer_to(&server, &acme, &["busy@example.com"]).await;
    share(&server, &acme, &ids).await;
    let id = the_job(&server).await.id;
    for (attempt, wait) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        let before = now(&server);
        assert_eq!(server.engine.run_jobs().await.expect("the database answers"), 1);
        let job = the_job(&server).await;
        assert_eq!((&job.id, job.attempt, job.failed_at), (&id, attempt, None));
        assert!(
            before.plus_seconds(wait) <= job.run_at && job.run_at <= now(&server).plus_seconds(wait),
            "{job:?}"
        );
        assert_eq!(
            job.last_error.as_deref(),
            Some(
                "the message was not sent, but may be later: the mail server cannot take the message now (451 4.2.1)"
            )
        );
        server.clock.advance(wait);
    }
    assert_eq!(recipients(&smtp), [""; 0]);

    smtp.kill();
    smtp.start_again(&[]);
    assert_eq!(do_jobs(&server).await, 1);
    let messages = smtp.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].header("Message-ID"), format!("<{id}@example.org>"), "over all attempts");
    assert_eq!(offer(&server, &acme, &ids[0]).await["emailSent"], true);
});

on_both!(a_message_that_nobody_takes_for_five_days_is_given_up, async |server: Server| {
    let smtp = MailServer::start(&["--defer", "^busy"]);
    let server = server.afresh(mail_by_hand_to(&smtp)).await;
    let acme = server.environment("acme").await;
    let ids = offer_to(&server, &acme, &["busy@example.com"]).await;
    share(&server, &acme, &ids).await;
    server.clock.advance(5 * DAY - 60);
    assert_eq!(do_jobs(&server).await, 1);
    assert_eq!(the_job(&server).await.failed_at, None, "not yet");
    server.clock.advance(61);
    assert_eq!(do_jobs(&server).await, 1);
    let job = the_job(&server).await;
    assert!(job.failed_at.is_some());
    assert!(job.last_error.is_some_and(|error| error.ends_with("(451 4.2.1)")));
    server.clock.advance(DAY);
    assert_eq!(do_jobs(&server).await, 0);
    assert_eq!(recipients(&smtp), [""; 0]);
    assert_eq!(offer(&server, &acme, &ids[0]).await["emailSent"], false);
});
