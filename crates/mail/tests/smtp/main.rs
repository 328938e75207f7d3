//! Sending to a real mail server: what arrives, and what every failure means.

#[path = "../../../../tests/support/mail_server.rs"]
#[expect(unreachable_pub, reason = "shared with the end-to-end tests, which have them in a library")]
mod mail_server;
#[path = "../../../../tests/support/message.rs"]
#[expect(unreachable_pub, reason = "shared with the end-to-end tests, which have them in a library")]
mod message;

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::future::join_all;
use mail::{Content, Envelope, Fault, MailSettings, MailSetupError, Mailer};
use mail::{Security, SendError, SmtpSettings, TransportSettings};
use mail_server::MailServer;
use message::Message;
use model::{Email, Timestamp};

/// The options of a server that wants a password.
const LOGIN: [&str; 4] = ["--user", "bestow", "--password", "s3cret"];

async fn open(smtp: SmtpSettings) -> Result<Mailer, MailSetupError> {
    let transport = TransportSettings::Smtp(smtp);
    Mailer::open(MailSettings { from: "Bestow <no-reply@bestow.example>".to_owned(), transport }).await
}

async fn mailer(smtp: SmtpSettings) -> Mailer {
    open(smtp).await.expect("settings that work")
}

async fn send(mailer: &Mailer, to: &str, message_id: &str) -> Result<(), SendError> {
    let to = Email::parse(to).expect("an address");
    let content = Content {
        subject: "Grüße".to_owned(),
        text: "Hello\n.\n..two dots\nEnd\n".to_owned(),
        html: "<p>Hello</p>\n".to_owned(),
    };
    mailer
        .send(&Envelope { to: &to, message_id, date: Timestamp::from_seconds(1_768_807_125) }, &content)
        .await
}

/// The `Received` line of the one message that was accepted.
fn received(server: &MailServer) -> String {
    let messages = server.messages();
    assert_eq!(messages.len(), 1);
    messages[0].raw.lines().next().expect("a line").to_owned()
}

#[tokio::test]
async fn a_message_arrives_as_it_was_written() {
    let server = MailServer::start(&[]);
    send(&mailer(server.settings(Security::None)).await, "ada@example.com", "m-1").await.expect("sent");
    let message = server.messages().pop().expect("a message");
    assert_eq!(message.part("text/plain"), "Hello\n.\n..two dots\nEnd\n");
    let (received, message) = message.raw.split_once("\r\n").expect("lines");
    assert!(
        received.contains("from bestow.example") && received.contains("nobody) by test with TCP"),
        "{received}"
    );
    insta::assert_snapshot!(message.replace("\r\n", "\n"));
}

#[tokio::test]
async fn starttls_and_tls_encrypt_and_log_in() {
    for (option, security) in [("starttls", Security::StartTls), ("implicit", Security::Tls)] {
        for mechanism in ["PLAIN", "LOGIN"] {
            let options = [&LOGIN[..], &["--tls", option, "--mechanism", mechanism]].concat();
            let server = MailServer::start(&options);
            let settings = server.settings_with_login(security, "bestow", "s3cret");
            send(&mailer(settings).await, "ada@example.com", "m-1").await.expect("sent");
            let received = received(&server);
            assert!(received.contains("bestow) by test with TLS"), "{option}, {mechanism}: {received}");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_for_the_operator_to_mend() {
    let server = MailServer::start(&LOGIN);
    let wrong = server.settings_with_login(Security::None, "bestow", "wrong");
    for settings in [wrong, server.settings(Security::None)] {
        let mailer = mailer(settings).await;
        match send(&mailer, "ada@example.com", "m-1").await {
            Err(SendError::Temporary(Fault::Login(reply))) => {
                assert!([530, 535].contains(&reply.code), "{reply}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(server.messages().len(), 0);
}

#[tokio::test]
async fn a_password_goes_through_no_open_line() {
    let server = MailServer::start(&LOGIN);
    let settings = server.settings_with_login(Security::None, "bestow", "s3cret");
    assert_eq!(
        format!("{:?}", settings.login),
        r#"Some(Login { username: "bestow", password: Password(..) })"#
    );
    // To this machine it may.
    send(&mailer(settings.clone()).await, "ada@example.com", "m-1").await.expect("sent");
    let remote = SmtpSettings { host: "mail.example.com".to_owned(), ..settings };
    assert!(matches!(open(remote).await, Err(MailSetupError::PasswordInClear)));
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing() {
    let server = MailServer::start(&LOGIN);
    let settings = server.settings_with_login(Security::StartTls, "bestow", "s3cret");
    let result = send(&mailer(settings).await, "ada@example.com", "m-1").await;
    assert!(matches!(result, Err(SendError::Temporary(Fault::Connection(_)))), "{result:?}");
    assert_eq!(server.messages().len(), 0);
}

#[tokio::test]
async fn an_answer_slipped_in_before_the_encryption_is_not_believed() {
    let server = MailServer::start(&["--tls", "starttls", "--inject"]);
    let settings = SmtpSettings { timeout: Duration::from_secs(5), ..server.settings(Security::StartTls) };
    let result = send(&mailer(settings).await, "ada@example.com", "m-1").await;
    assert!(matches!(result, Err(SendError::Temporary(Fault::Connection(_)))), "{result:?}");
    assert_eq!(server.messages().len(), 0);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    for (option, security) in [("starttls", Security::StartTls), ("implicit", Security::Tls)] {
        let server = MailServer::start(&["--tls", option]);
        let trusted = server.settings(security);
        let unknown = SmtpSettings { trust_certificate: None, ..trusted.clone() };
        // Right authority, other name.
        let other_name = SmtpSettings { host: "127.0.0.1".to_owned(), ..trusted };
        for settings in [unknown, other_name] {
            match send(&mailer(settings).await, "ada@example.com", "m-1").await {
                Err(SendError::Temporary(Fault::Connection(why))) => {
                    assert!(why.contains("certificate"), "{why}");
                }
                other => panic!("{option}: {other:?}"),
            }
        }
        assert_eq!(server.messages().len(), 0);
    }
}

#[tokio::test]
async fn a_file_of_certificates_that_is_missing_or_empty_is_said_at_once() {
    let server = MailServer::start(&[]);
    let settings = server.settings(Security::Tls);
    let authority = settings.trust_certificate.clone().expect("a file");
    for name in ["missing.pem", "server.key"] {
        let trust_certificate = Some(authority.with_file_name(name));
        let opened = open(SmtpSettings { trust_certificate, ..settings.clone() }).await;
        assert!(matches!(opened, Err(MailSetupError::Certificate { .. })), "{name}");
    }
}

#[tokio::test]
async fn what_the_server_says_decides_whether_to_try_again() {
    let server = MailServer::start(&["--refuse", "^gone", "--defer", "^busy"]);
    let settings = SmtpSettings { connections: NonZeroU32::MIN, ..server.settings(Security::None) };
    let mailer = mailer(settings).await;

    let refused = send(&mailer, "gone.ada@example.com", "m-1").await.expect_err("refused");
    assert!(
        matches!(&refused, SendError::Permanent(Fault::Refused(reply)) if reply.code == 550),
        "{refused:?}"
    );
    let deferred = send(&mailer, "busy.ada@example.com", "m-2").await.expect_err("deferred");
    assert!(
        matches!(&deferred, SendError::Temporary(Fault::Busy(reply)) if reply.code == 451),
        "{deferred:?}"
    );
    // The server's words have the address in them.
    for error in [refused, deferred] {
        assert!(!format!("{error} {error:?}").contains("example.com"), "{error:?}");
    }
    // The connection is as good as before.
    send(&mailer, "ada@example.com", "m-3").await.expect("sent");
    assert!(received(&server).contains("from bestow.example"));
}

#[tokio::test]
async fn a_sender_that_is_refused_is_for_the_operator_to_mend() {
    let server = MailServer::start(&["--refuse-sender", "bestow"]);
    let result = send(&mailer(server.settings(Security::None)).await, "ada@example.com", "m-1").await;
    assert!(
        matches!(&result, Err(SendError::Temporary(Fault::Sender(reply))) if reply.code == 550),
        "{result:?}"
    );
}

#[tokio::test]
async fn addresses_beyond_ascii_need_a_server_that_takes_them() {
    let server = MailServer::start(&[]);
    let plain = mailer(server.settings(Security::None)).await;
    let result = send(&plain, "björn@example.com", "m-1").await;
    assert!(matches!(result, Err(SendError::Permanent(Fault::Utf8))), "{result:?}");
    // A domain is a matter of the DNS alone.
    send(&plain, "ada@bücher.example", "m-2").await.expect("sent");
    assert_eq!(server.messages()[0].header("To"), "ada@xn--bcher-kva.example");

    let server = MailServer::start(&["--utf8"]);
    send(&mailer(server.settings(Security::None)).await, "björn@example.com", "m-1").await.expect("sent");
    assert_eq!(server.messages()[0].header("To"), "björn@example.com");
}

#[tokio::test]
async fn a_server_that_is_down_may_come_back() {
    let mut server = MailServer::start(&[]);
    let mailer = mailer(server.settings(Security::None)).await;
    send(&mailer, "ada@example.com", "m-1").await.expect("sent");

    server.kill();
    for _ in 0..2 {
        let result = send(&mailer, "ada@example.com", "m-2").await;
        assert!(matches!(result, Err(SendError::Temporary(Fault::Connection(_)))), "{result:?}");
    }
    server.start_again(&[]);
    send(&mailer, "ada@example.com", "m-2").await.expect("sent");
    assert_eq!(server.messages().len(), 2);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_left_and_its_late_answer_is_not_taken_for_another() {
    let server = MailServer::start(&["--stall", "^slow"]);
    let settings = SmtpSettings {
        timeout: Duration::from_secs(1),
        connections: NonZeroU32::MIN,
        ..server.settings(Security::None)
    };
    let mailer = mailer(settings).await;
    let result = send(&mailer, "slow.ada@example.com", "m-1").await;
    assert!(matches!(result, Err(SendError::Temporary(Fault::Timeout))), "{result:?}");
    send(&mailer, "ada@example.com", "m-2").await.expect("sent");
    let ports: HashSet<String> = server.messages().iter().map(peer).collect();
    assert_eq!(ports.len(), 2, "the second message has its own connection");
}

/// The client's side of the connection by which a message came.
fn peer(message: &Message) -> String {
    message.raw.split(['(', ',']).nth(1).expect("host:port").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_messages_share_few_connections_and_each_arrives_once() {
    let server = MailServer::start(&["--tls", "starttls"]);
    let mailer = mailer(server.settings(Security::StartTls)).await;
    let sent = join_all((0..200).map(|n| {
        let (mailer, to, id) = (&mailer, format!("p{n:03}@example.com"), format!("m-{n:03}"));
        async move { send(mailer, &to, &id).await }
    }))
    .await;
    assert!(sent.iter().all(Result::is_ok), "{:?}", sent.iter().find(|result| result.is_err()));

    let accepted = server.messages();
    assert_eq!(accepted.len(), 200);
    for (n, message) in accepted.iter().enumerate() {
        assert_eq!(message.header("To"), format!("p{n:03}@example.com"));
        assert_eq!(message.header("Message-ID"), format!("<m-{n:03}@bestow.example>"));
    }
    let peers: HashSet<String> = accepted.iter().map(peer).collect();
    assert!((1..=4).contains(&peers.len()), "{peers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_confirmed_is_there_though_the_server_was_killed() {
    // Two messages are kept, but their confirmation never comes.
    let mut server = MailServer::start(&["--stall", "^slow"]);
    let mailer = mailer(server.settings(Security::None)).await;
    let messages: Vec<(String, &str)> = (0..60)
        .map(|n| (format!("m-{n:02}"), if n < 2 { "slow.ada@example.com" } else { "ada@example.com" }))
        .collect();
    let attempts = join_all(messages.iter().map(|(id, to)| send(&mailer, to, id)));
    let killed_in_between = async {
        while server.messages().len() < 10 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.kill();
    };
    let (results, ()) = tokio::join!(attempts, killed_in_between);

    let has = |server: &MailServer, id: &str| {
        server.messages().iter().any(|message| message.raw.contains(&format!("<{id}@")))
    };
    let mut failed = Vec::new();
    for (message, result) in messages.iter().zip(&results) {
        match result {
            Ok(()) => assert!(has(&server, &message.0), "{} was confirmed", message.0),
            Err(SendError::Temporary(Fault::Connection(_))) => failed.push(message),
            other => panic!("{other:?}"),
        }
    }
    assert!(failed.len() >= 2, "{failed:?}");

    server.start_again(&[]);
    for (id, to) in failed {
        send(&mailer, to, id).await.expect("sent");
    }
    assert!(messages.iter().all(|(id, _)| has(&server, id)), "each arrived");
}
