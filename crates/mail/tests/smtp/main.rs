//! Sending to a real mail server: what arrives, and what every failure means.

mod server;

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::future::join_all;
use mail::{Content, Envelope, Fault, Login, MailSettings, MailSetupError, Mailer, Password};
use mail::{Security, SendError, SmtpSettings, TransportSettings};
use model::{Email, Timestamp};
use server::{Place, Server};

fn smtp(port: u16) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".to_owned(),
        port,
        security: Security::None,
        login: None,
        timeout: Duration::from_secs(30),
        connections: NonZeroU32::new(4).expect("not zero"),
        trust_certificate: None,
    }
}

fn encrypted(place: &Place, server: &Server, security: Security) -> SmtpSettings {
    SmtpSettings { security, trust_certificate: Some(place.authority()), ..smtp(server.port) }
}

fn login(password: &str) -> Option<Login> {
    Some(Login { username: "bestow".to_owned(), password: Password::new(password.to_owned()) })
}

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
fn received(place: &Place) -> String {
    let accepted = place.accepted();
    assert_eq!(accepted.len(), 1);
    accepted[0].lines().next().expect("a line").to_owned()
}

#[tokio::test]
async fn a_message_arrives_as_it_was_written() {
    let place = Place::new();
    let server = place.start(&[]);
    send(&mailer(smtp(server.port)).await, "ada@example.com", "m-1").await.expect("sent");
    let message = place.accepted().pop().expect("a message");
    let (received, message) = message.split_once("\r\n").expect("lines");
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
            let place = Place::new();
            let server = place.start(&[
                "--tls",
                option,
                "--user",
                "bestow",
                "--password",
                "s3cret",
                "--mechanism",
                mechanism,
            ]);
            let settings = SmtpSettings { login: login("s3cret"), ..encrypted(&place, &server, security) };
            send(&mailer(settings).await, "ada@example.com", "m-1").await.expect("sent");
            let received = received(&place);
            assert!(received.contains("bestow) by test with TLS"), "{option}, {mechanism}: {received}");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_for_the_operator_to_mend() {
    let place = Place::new();
    let server = place.start(&["--user", "bestow", "--password", "s3cret"]);
    for login in [login("wrong"), None] {
        let mailer = mailer(SmtpSettings { login, ..smtp(server.port) }).await;
        match send(&mailer, "ada@example.com", "m-1").await {
            Err(SendError::Temporary(Fault::Login(reply))) => {
                assert!([530, 535].contains(&reply.code), "{reply}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(place.accepted().len(), 0);
}

#[tokio::test]
async fn a_password_goes_through_no_open_line() {
    let place = Place::new();
    let server = place.start(&["--user", "bestow", "--password", "s3cret"]);
    let settings = SmtpSettings { login: login("s3cret"), ..smtp(server.port) };
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
    let place = Place::new();
    let server = place.start(&["--user", "bestow", "--password", "s3cret"]);
    let settings = SmtpSettings { login: login("s3cret"), ..encrypted(&place, &server, Security::StartTls) };
    let result = send(&mailer(settings).await, "ada@example.com", "m-1").await;
    assert!(matches!(result, Err(SendError::Temporary(Fault::Connection(_)))), "{result:?}");
    assert_eq!(place.accepted().len(), 0);
}

#[tokio::test]
async fn an_answer_slipped_in_before_the_encryption_is_not_believed() {
    let place = Place::new();
    let server = place.start(&["--tls", "starttls", "--inject"]);
    let settings =
        SmtpSettings { timeout: Duration::from_secs(5), ..encrypted(&place, &server, Security::StartTls) };
    let result = send(&mailer(settings).await, "ada@example.com", "m-1").await;
    assert!(matches!(result, Err(SendError::Temporary(Fault::Connection(_)))), "{result:?}");
    assert_eq!(place.accepted().len(), 0);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let place = Place::new();
    for (option, security) in [("starttls", Security::StartTls), ("implicit", Security::Tls)] {
        let server = place.start(&["--tls", option]);
        let trusted = encrypted(&place, &server, security);
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
    }
    assert_eq!(place.accepted().len(), 0);
}

#[tokio::test]
async fn a_file_of_certificates_that_is_missing_or_empty_is_said_at_once() {
    let place = Place::new();
    let missing = place.authority().with_file_name("missing.pem");
    let settings = SmtpSettings { security: Security::Tls, trust_certificate: Some(missing), ..smtp(465) };
    assert!(matches!(open(settings.clone()).await, Err(MailSetupError::Certificate { .. })));
    let key = place.authority().with_file_name("server.key");
    let settings = SmtpSettings { trust_certificate: Some(key), ..settings };
    assert!(matches!(open(settings).await, Err(MailSetupError::Certificate { .. })));
}

#[tokio::test]
async fn what_the_server_says_decides_whether_to_try_again() {
    let place = Place::new();
    let server = place.start(&["--refuse", "^gone", "--defer", "^busy"]);
    let mailer = mailer(SmtpSettings { connections: NonZeroU32::MIN, ..smtp(server.port) }).await;

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
    assert!(received(&place).contains("from bestow.example"));
}

#[tokio::test]
async fn a_sender_that_is_refused_is_for_the_operator_to_mend() {
    let place = Place::new();
    let server = place.start(&["--refuse-sender", "bestow"]);
    let result = send(&mailer(smtp(server.port)).await, "ada@example.com", "m-1").await;
    assert!(
        matches!(&result, Err(SendError::Temporary(Fault::Sender(reply))) if reply.code == 550),
        "{result:?}"
    );
}

#[tokio::test]
async fn addresses_beyond_ascii_need_a_server_that_takes_them() {
    let place = Place::new();
    let server = place.start(&[]);
    let plain = mailer(smtp(server.port)).await;
    let result = send(&plain, "björn@example.com", "m-1").await;
    assert!(matches!(result, Err(SendError::Permanent(Fault::Utf8))), "{result:?}");
    // A domain is a matter of the DNS alone.
    send(&plain, "ada@bücher.example", "m-2").await.expect("sent");
    assert!(place.accepted()[0].contains("\r\nTo: ada@xn--bcher-kva.example\r\n"));

    let server = place.start(&["--utf8"]);
    send(&mailer(smtp(server.port)).await, "björn@example.com", "m-1").await.expect("sent");
    assert!(place.accepted().iter().any(|message| message.contains("\r\nTo: björn@example.com\r\n")));
}

#[tokio::test]
async fn a_server_that_is_down_may_come_back() {
    let place = Place::new();
    let server = place.start(&[]);
    let port = server.port;
    let mailer = mailer(smtp(port)).await;
    send(&mailer, "ada@example.com", "m-1").await.expect("sent");

    drop(server);
    for _ in 0..2 {
        let result = send(&mailer, "ada@example.com", "m-2").await;
        assert!(matches!(result, Err(SendError::Temporary(Fault::Connection(_)))), "{result:?}");
    }
    let _server = place.start(&["--port", &port.to_string()]);
    send(&mailer, "ada@example.com", "m-2").await.expect("sent");
    assert_eq!(place.accepted().len(), 2);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_left_and_its_late_answer_is_not_taken_for_another() {
    let place = Place::new();
    let server = place.start(&["--stall", "^slow"]);
    let settings =
        SmtpSettings { timeout: Duration::from_secs(1), connections: NonZeroU32::MIN, ..smtp(server.port) };
    let mailer = mailer(settings).await;
    let result = send(&mailer, "slow.ada@example.com", "m-1").await;
    assert!(matches!(result, Err(SendError::Temporary(Fault::Timeout))), "{result:?}");
    send(&mailer, "ada@example.com", "m-2").await.expect("sent");
    let ports: HashSet<String> = place.accepted().iter().map(|message| peer(message)).collect();
    assert_eq!(ports.len(), 2, "the second message has its own connection");
}

/// The client's side of the connection by which a message came.
fn peer(message: &str) -> String {
    message.split(['(', ',']).nth(1).expect("host:port").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_messages_share_few_connections_and_each_arrives_once() {
    let place = Place::new();
    let server = place.start(&["--tls", "starttls"]);
    let mailer = mailer(encrypted(&place, &server, Security::StartTls)).await;
    let sent = join_all((0..200).map(|n| {
        let (mailer, to, id) = (&mailer, format!("p{n:03}@example.com"), format!("m-{n:03}"));
        async move { send(mailer, &to, &id).await }
    }))
    .await;
    assert!(sent.iter().all(Result::is_ok), "{:?}", sent.iter().find(|result| result.is_err()));

    let accepted = place.accepted();
    assert_eq!(accepted.len(), 200);
    for (n, message) in accepted.iter().enumerate() {
        assert!(message.contains(&format!("\r\nTo: p{n:03}@example.com\r\n")), "{message}");
        assert!(message.contains(&format!("\r\nMessage-ID: <m-{n:03}@bestow.example>\r\n")), "{message}");
    }
    let peers: HashSet<String> = accepted.iter().map(|message| peer(message)).collect();
    assert!((1..=4).contains(&peers.len()), "{peers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_confirmed_is_there_though_the_server_was_killed() {
    let place = Place::new();
    // Two messages are kept, but their confirmation never comes.
    let server = place.start(&["--stall", "^slow"]);
    let port = server.port;
    let mailer = mailer(smtp(port)).await;
    let messages: Vec<(String, &str)> = (0..60)
        .map(|n| (format!("m-{n:02}"), if n < 2 { "slow.ada@example.com" } else { "ada@example.com" }))
        .collect();
    let attempts = join_all(messages.iter().map(|(id, to)| send(&mailer, to, id)));
    let killed_in_between = async {
        while place.accepted().len() < 10 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(server);
    };
    let (results, ()) = tokio::join!(attempts, killed_in_between);

    let has = |id: &str| place.accepted().iter().any(|message| message.contains(&format!("<{id}@")));
    let mut failed = Vec::new();
    for (message, result) in messages.iter().zip(&results) {
        match result {
            Ok(()) => assert!(has(&message.0), "{} was confirmed", message.0),
            Err(SendError::Temporary(Fault::Connection(_))) => failed.push(message),
            other => panic!("{other:?}"),
        }
    }
    assert!(failed.len() >= 2, "{failed:?}");

    let _server = place.start(&["--port", &port.to_string()]);
    for (id, to) in failed {
        send(&mailer, to, id).await.expect("sent");
    }
    assert!(messages.iter().all(|(id, _)| has(id)), "each arrived");
}
