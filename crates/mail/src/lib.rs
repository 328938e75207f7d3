//! E-mail: the messages that people get, and the ways to send them.
//!
//! A message is rendered ([`OfferMail`], [`RevocationMail`], [`TxCodeMail`]) and handed to a [`Mailer`], which puts it into a folder
//! (development) or gives it to a mail server (SMTP, RFC 5321). The caller repeats what failed: [`SendError`] says whether that
//! can help, and an [`Envelope`] whose id stays the same lets the receiving side notice a message that it has already.
//!
//! What organisations write (names, reasons) is data here: it cannot add header lines, markup or lines that pretend to be
//! others. Error texts hold no addresses, and of a server's answer the codes alone, because its words repeat addresses.

mod address;
mod content;
mod error;
mod folder;
mod header;
mod mailer;
mod message;
mod settings;
mod smtp;
mod text;

pub use content::{Content, OfferMail, Organisation, RevocationMail, TxCodeMail};
pub use error::{Fault, MailSetupError, Reply, SendError};
pub use mailer::Mailer;
pub use message::Envelope;
pub use settings::{Login, MailSettings, Password, Security, SmtpSettings, TransportSettings};
