//! The message as it travels (RFC 5322, MIME).

use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, Date, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use model::{Email, Timestamp};

use crate::address::{ascii_domain, deliverable};
use crate::content::Content;
use crate::error::{Fault, MailSetupError};
use crate::header;

/// The end of the year 9999: no later date can be written.
const LAST_SECOND: i64 = 253_402_300_799;

/// What a message needs beside its content.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The recipient.
    pub to: &'a Email,
    /// The left-hand side of `Message-ID`: 1 to 64 ASCII letters, digits, single dots, hyphens and underscores, the first a letter
    /// or a digit. The same for every attempt to send one message, different for different messages.
    pub message_id: &'a str,
    /// The message's date: when it was written, the same for every attempt.
    pub date: Timestamp,
}

/// Who writes.
pub(crate) struct Sender {
    mailbox: Mailbox,
}

/// A message ready to go.
pub(crate) struct Outgoing {
    pub(crate) from: Address,
    pub(crate) to: Address,
    /// With CRLF line ends, also at the end; ASCII but for a recipient's address that is not.
    pub(crate) text: String,
}

impl Sender {
    /// Reads `name@domain` or `Name <name@domain>`.
    pub(crate) fn parse(text: &str) -> Result<Self, MailSetupError> {
        let mut mailbox: Mailbox = text.trim().parse().map_err(|_| MailSetupError::From)?;
        let domain = ascii_domain(mailbox.email.domain()).ok_or(MailSetupError::From)?;
        mailbox.email = Address::new(mailbox.email.user(), domain).map_err(|_| MailSetupError::From)?;
        // A sender beyond ASCII would make every message depend on SMTPUTF8.
        let spoiled = !mailbox.email.user().is_ascii()
            || mailbox.name.as_ref().is_some_and(|name| name.contains(char::is_control));
        if spoiled { Err(MailSetupError::From) } else { Ok(Self { mailbox }) }
    }

    /// The domain of the sender's address, in ASCII.
    pub(crate) fn domain(&self) -> &str {
        self.mailbox.email.domain()
    }

    /// Puts a message together. The same arguments give the same bytes.
    pub(crate) fn compose(&self, envelope: &Envelope<'_>, content: &Content) -> Result<Outgoing, Fault> {
        if !is_message_id(envelope.message_id) {
            return Err(Fault::MessageId);
        }
        let to = deliverable(envelope.to).ok_or(Fault::Address)?;
        let message = Message::builder()
            .header(date(envelope.date))
            .from(self.mailbox.clone())
            .to(to.clone().into())
            .raw_header(encoded("Subject", header::subject(&content.subject)))
            .raw_header(encoded("Message-ID", format!("<{}@{}>", envelope.message_id, self.domain())))
            .raw_header(encoded("Auto-Submitted", "auto-generated".to_owned()))
            .multipart(
                MultiPart::alternative()
                    .boundary(boundary(envelope.message_id))
                    .singlepart(part(ContentType::TEXT_PLAIN, &content.text))
                    .singlepart(part(ContentType::TEXT_HTML, &content.html)),
            )
            .map_err(|_| Fault::Address)?;
        let text = String::from_utf8(message.formatted()).expect("made of texts alone");
        Ok(Outgoing { from: self.mailbox.email.clone(), to, text })
    }
}

/// Whether a text can be the left-hand side of `Message-ID`, a part of a boundary and a file's name.
fn is_message_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !text.ends_with('.')
        && !text.contains("..")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Quoted-printable never has `=_` (RFC 2045, section 6.7), so no content can contain its own boundary; and no randomness is
/// needed.
fn boundary(message_id: &str) -> String {
    format!("=_{message_id}")
}

fn part(kind: ContentType, text: &str) -> SinglePart {
    SinglePart::builder().header(kind).header(ContentTransferEncoding::QuotedPrintable).body(text.to_owned())
}

fn date(moment: Timestamp) -> Date {
    let seconds = moment.seconds().clamp(0, LAST_SECOND).unsigned_abs();
    Date::new(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

fn encoded(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}
