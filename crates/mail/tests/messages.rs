//! What people get, byte for byte, and that nothing an organisation writes can change more than its own words.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use mail::{Content, Envelope, Fault, MailSettings, MailSetupError, Mailer, OfferMail, Organisation};
use mail::{RevocationMail, SendError, TransportSettings, TxCodeMail};
use model::{Email, Timestamp};
use proptest::prelude::*;

const CLAIM_URL: &str = "https://bestow.example/claim/7d1c6d6e-6f5d-4a52-9d3f-0c3a6ed6a0f1?lang=en";

fn moment(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("a moment")
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn acme() -> Organisation<'static> {
    Organisation { name: "Acme & Söhne", logo_url: Some("https://acme.example/logo.png?size=2&v=1") }
}

fn offer(credential_names: &[String]) -> Content {
    let expires_at = Some(moment("2027-12-31T23:59:00Z"));
    OfferMail { organisation: acme(), credential_names, claim_url: CLAIM_URL, expires_at }.render()
}

fn revocation(organisation: Organisation<'_>, credential_names: &[String], reason: &str) -> Content {
    let revoked_at = moment("2026-01-19T07:18:45Z");
    RevocationMail { organisation, credential_names, reason, revoked_at }.render()
}

/// Sends into a folder and gives the file.
async fn eml(from: &str, to: &str, content: &Content) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let mailer = Mailer::open(folder_settings(from, folder.path())).await.expect("a mailer");
    let to = Email::parse(to).expect("an address");
    let envelope = Envelope { to: &to, message_id: "offer-1", date: moment("2026-01-19T07:18:45Z") };
    mailer.send(&envelope, content).await.expect("sent");
    fs::read_to_string(folder.path().join("offer-1.eml")).expect("the file")
}

fn folder_settings(from: &str, path: &Path) -> MailSettings {
    MailSettings { from: from.to_owned(), transport: TransportSettings::Folder { path: path.to_owned() } }
}

#[test]
fn the_offer() {
    let content = offer(&names(&["Staff ID"]));
    insta::assert_snapshot!(content.subject, @"Acme & Söhne has a credential for you: Staff ID");
    insta::assert_snapshot!("offer.txt", content.text);
    insta::assert_snapshot!("offer.html", content.html);
}

#[test]
fn the_transaction_code() {
    let expires_at = moment("2026-01-19T07:28:45Z");
    let mail = TxCodeMail {
        organisation: acme(),
        credential_names: &names(&["Staff ID"]),
        code: "048151",
        expires_at,
    };
    let content = mail.render();
    insta::assert_snapshot!(content.subject, @"Your code for Acme & Söhne: Staff ID");
    insta::assert_snapshot!("tx_code.txt", content.text);
    insta::assert_snapshot!("tx_code.html", content.html);
    assert!(!content.html.contains("href"), "it leads nowhere: whoever has it alone cannot claim");
}

#[test]
fn the_offer_with_little_to_say() {
    let organisation = Organisation { name: "Acme", logo_url: None };
    let content =
        OfferMail { organisation, credential_names: &[], claim_url: CLAIM_URL, expires_at: None }.render();
    insta::assert_snapshot!(content.subject, @"Acme has a credential for you");
    insta::assert_snapshot!("bare_offer.txt", content.text);
    assert!(!content.html.contains("<img") && !content.html.contains("<ul"));
}

#[test]
fn the_revocation() {
    let reason =
        "The contract ended, and with it the right to enter the buildings of Acme in Zürich and Genève.";
    let content = revocation(acme(), &names(&["Staff ID", "Parking permit"]), reason);
    insta::assert_snapshot!(content.subject, @"Acme & Söhne revoked your credential: Staff ID, Parking permit");
    insta::assert_snapshot!("revocation.txt", content.text);
    insta::assert_snapshot!("revocation.html", content.html);
}

#[test]
fn a_revocation_without_a_reason_does_not_speak_of_one() {
    let content = revocation(acme(), &names(&["Staff ID"]), " \n");
    assert!(!content.text.contains("Reason") && !content.html.contains("Reason"));
}

#[test]
fn long_lists_and_names_are_cut() {
    let many: Vec<String> = (1..=12).map(|n| format!("Credential {n}")).collect();
    let content = offer(&many);
    assert!(content.text.contains("- Credential 10\n- and 2 more\n"), "{}", content.text);
    assert!(content.html.contains("<li>and 2 more</li>"));
    assert!(content.subject.ends_with('…'));

    let organisation = Organisation { name: &"N".repeat(5000), logo_url: None };
    let content = revocation(organisation, &names(&[&"C".repeat(5000)]), &"reason ".repeat(5000));
    assert!(
        content.subject.chars().count() < 300 && content.text.len() < 3000 && content.html.len() < 10_000
    );
}

#[test]
fn what_an_organisation_writes_is_text_and_not_markup() {
    let nasty = r#"<script>alert('1')</script>"&<b>"#;
    let organisation =
        Organisation { name: nasty, logo_url: Some(r#"https://x.example/"onerror="alert(1)"#) };
    let content = revocation(organisation, &names(&[nasty]), nasty);
    for forbidden in ["<script", "<b>", "onerror=\"", "alert('"] {
        assert!(!content.html.contains(forbidden), "{forbidden} in {}", content.html);
    }
    assert_eq!(content.html.matches("&#60;script&#62;").count(), 8);
    assert!(
        content.text.contains(&format!("Reason: {nasty}")),
        "plain text shows it as it is: {}",
        content.text
    );
}

#[test]
fn a_logo_is_a_web_address_or_absent() {
    for (url, shown) in [
        ("https://acme.example/l.png", true),
        ("http://localhost/l.png", true),
        ("javascript:alert(1)", false),
        ("data:image/svg+xml,<svg/>", false),
        ("file:///etc/passwd", false),
        (&format!("https://acme.example/{}", "x".repeat(3000)), false),
    ] {
        let content = revocation(Organisation { name: "Acme", logo_url: Some(url) }, &[], "");
        assert_eq!(content.html.contains("<img"), shown, "{url}");
    }
}

#[tokio::test]
async fn the_whole_message() {
    let content = revocation(acme(), &names(&["Staff ID"]), "Moved to Genève.");
    let eml = eml("Bestow “Test” <no-reply@bücher.example>", "ada@example.com", &content).await;
    assert!(eml.is_ascii() && !eml.replace("\r\n", "").contains(['\r', '\n']), "ASCII with CRLF");
    assert!(eml.lines().all(|line| line.len() <= 76 || line.starts_with("Content-Type: ")));
    insta::assert_snapshot!("revocation.eml", eml.replace("\r\n", "\n"));
}

/// Header fields of a message, unfolded: their names in order, and the subject.
fn fields(eml: &str) -> (Vec<String>, String) {
    let (head, _) = eml.split_once("\r\n\r\n").expect("a head");
    let head = head.replace("\r\n ", " ");
    let fields: Vec<(&str, &str)> =
        head.split("\r\n").map(|line| line.split_once(": ").expect("a field")).collect();
    let subject = fields.iter().find(|(name, _)| *name == "Subject").expect("a subject").1.to_owned();
    (fields.iter().map(|(name, _)| (*name).to_owned()).collect(), subject)
}

/// Undoes RFC 2047.
fn decoded(value: &str) -> String {
    if !value.starts_with("=?") {
        return value.to_owned();
    }
    let words = value.split(' ').map(|word| &word["=?utf-8?B?".len()..word.len() - "?=".len()]);
    let bytes: Vec<u8> = words.flat_map(|word| BASE64_STANDARD.decode(word).expect("base64")).collect();
    String::from_utf8(bytes).expect("UTF-8")
}

const FIELDS: [&str; 8] =
    ["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];

#[tokio::test]
async fn no_header_can_be_added_through_a_name() {
    for name in [
        "Acme\r\nBcc: eve@example.com",
        "Acme\nBcc: eve@example.com\n\nhello",
        "Acme\rBcc: eve@example.com",
        "Acme\u{85}\u{2028}\0Bcc: eve@example.com",
        "=?utf-8?Q?Acme=0D=0ABcc:_eve@example.com?=",
        &"Acme ".repeat(500),
        &"Ж".repeat(500),
    ] {
        let content = revocation(Organisation { name, logo_url: None }, &names(&[name]), name);
        let (fields, subject) = fields(&eml("a@example.com", "ada@example.com", &content).await);
        assert_eq!(fields, FIELDS, "{name:?}");
        assert_eq!(decoded(&subject), content.subject, "{name:?}");
    }
    // Nor through a subject that was not rendered here.
    let content = Content { subject: "a\r\nBcc: b@c.example\r\n\r\nx".to_owned(), ..offer(&[]) };
    let (fields, subject) = fields(&eml("a@example.com", "ada@example.com", &content).await);
    assert_eq!((fields, decoded(&subject)), (FIELDS.map(str::to_owned).to_vec(), content.subject));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_words_make_a_message_of_the_same_form(name in "(?s).{0,200}", reason in "(?s).{0,200}") {
        let content = revocation(Organisation { name: &name, logo_url: Some(&name) }, std::slice::from_ref(&name), &reason);
        prop_assert!(!content.subject.contains(char::is_control));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let eml = runtime.block_on(eml("a@example.com", "ada@example.com", &content));
        let (fields, subject) = fields(&eml);
        prop_assert_eq!(fields, FIELDS);
        prop_assert_eq!(decoded(&subject), content.subject);
        prop_assert_eq!(eml.matches("\r\n--=_offer-1").count(), 3);
        prop_assert_eq!(content.html.matches('<').count(), content.html.matches('>').count());
    }
}

#[tokio::test]
async fn an_id_that_could_leave_the_folder_or_the_header_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mailer = Mailer::open(folder_settings("a@example.com", folder.path())).await.expect("a mailer");
    let to = Email::parse("ada@example.com").expect("an address");
    for message_id in ["", "../x", "a/b", "a b", ".a", "a.", "a..b", "a\r\nB: c", "a>", "ä", &"x".repeat(65)]
    {
        let envelope = Envelope { to: &to, message_id, date: Timestamp(0) };
        let result = mailer.send(&envelope, &offer(&[])).await;
        assert!(matches!(result, Err(SendError::Permanent(Fault::MessageId))), "{message_id:?}: {result:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0);
}

#[tokio::test]
async fn extreme_dates_make_messages_too() {
    let content = offer(&[]);
    for (micros, year) in [(i64::MIN, "1970"), (i64::MAX, "9999")] {
        let folder = tempfile::tempdir().expect("a folder");
        let mailer = Mailer::open(folder_settings("a@example.com", folder.path())).await.expect("a mailer");
        let to = Email::parse("ada@example.com").expect("an address");
        let envelope = Envelope { to: &to, message_id: "m", date: Timestamp(micros) };
        mailer.send(&envelope, &content).await.expect("sent");
        let eml = fs::read_to_string(folder.path().join("m.eml")).expect("the file");
        assert!(eml.lines().next().is_some_and(|date| date.contains(year)), "{eml}");
    }
}

#[tokio::test]
async fn a_second_attempt_replaces_the_file() {
    let parent = tempfile::tempdir().expect("a folder");
    let path = parent.path().join("in/between/mail");
    let mailer = Mailer::open(folder_settings("Bestow <a@example.com>", &path)).await.expect("a mailer");
    assert!(path.is_dir(), "made before the first message");
    let to = Email::parse("ada@example.com").expect("an address");
    let envelope = Envelope { to: &to, message_id: "job-1", date: Timestamp(0) };
    for text in ["first", "second"] {
        let content = Content { text: text.to_owned(), ..offer(&[]) };
        mailer.send(&envelope, &content).await.expect("sent");
    }
    let files: Vec<_> =
        fs::read_dir(&path).expect("the folder").map(|file| file.expect("a file").file_name()).collect();
    assert_eq!(files, ["job-1.eml"]);
    let eml = fs::read_to_string(path.join("job-1.eml")).expect("the file");
    assert!(eml.contains("second") && !eml.contains("first"));

    // Whoever empties the mailbox may remove the folder.
    fs::remove_dir_all(&path).expect("removed");
    mailer.send(&envelope, &offer(&[])).await.expect("sent");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("job-1.eml"))), (0o700, 0o600));
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_a_fault_that_may_pass() {
    let parent = tempfile::tempdir().expect("a folder");
    let path = parent.path().join("mail");
    let mailer = Mailer::open(folder_settings("a@example.com", &path)).await.expect("a mailer");
    fs::remove_dir(&path).expect("removed");
    fs::write(&path, "a file in its place").expect("written");
    let to = Email::parse("ada@example.com").expect("an address");
    let envelope = Envelope { to: &to, message_id: "m", date: Timestamp(0) };
    let result = mailer.send(&envelope, &offer(&[])).await;
    assert!(matches!(result, Err(SendError::Temporary(Fault::Folder(_)))), "{result:?}");

    let result = Mailer::open(folder_settings("a@example.com", &path)).await;
    assert!(matches!(result, Err(MailSetupError::Folder { .. })));
}

#[tokio::test]
async fn a_sender_has_to_be_an_address() {
    let folder = tempfile::tempdir().expect("a folder");
    for from in
        ["", "Bestow", "Bestow <a@>", "a@example.com\r\nBcc: b@example.com", "björn@example.com", "a@b c"]
    {
        let result = Mailer::open(folder_settings(from, folder.path())).await;
        assert!(matches!(result, Err(MailSetupError::From)), "{from:?}");
    }
}
