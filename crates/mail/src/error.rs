//! What can go wrong, and whether trying again can help.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a [`Mailer`](crate::Mailer) cannot be made. All of these are for the operator to mend.
#[derive(Debug, thiserror::Error)]
pub enum MailSetupError {
    /// The sender is not an address.
    #[error("the sender is no e-mail address: write name@domain or Name <name@domain>")]
    From,
    /// The folder cannot be used.
    #[error("cannot make the folder for mail {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A password for everybody to read.
    #[error(
        "a password would go unencrypted to a mail server on another machine: choose STARTTLS or TLS, or leave out the user"
    )]
    PasswordInClear,
    /// The file with the certificates to trust cannot be read, or has none.
    #[error("cannot read the certificates to trust for mail, {}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS for mail: {0}")]
    Tls(String),
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The same message may well be sent later: the server is down or busy, or the operator has something to mend.
    #[error("the message was not sent, but may be later: {0}")]
    Temporary(Fault),
    /// The same message to the same recipient would fail again.
    #[error("the message cannot be sent: {0}")]
    Permanent(Fault),
}

/// What failed. The texts are fit for a log: they hold no address and no words of the server.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The server cannot be reached, is not whom it should be, does not offer the encryption or the way to log in that was
    /// asked for, or went away.
    #[error("there is no usable connection to the mail server ({0}): check its host, port and security")]
    Connection(String),
    /// The server did not finish in time.
    #[error("the mail server did not answer in time")]
    Timeout,
    /// The server answered something that is not SMTP.
    #[error("the mail server's answer is not SMTP: check its host, port and security")]
    Protocol,
    /// The server cannot take the message now: it is busy, or wants to see whether we come again (greylisting).
    #[error("the mail server cannot take the message now ({0})")]
    Busy(Reply),
    /// The server does not talk to us at all, or not without a login: for example a wrong password.
    #[error("the mail server turned us away ({0}): check the user and the password")]
    Login(Reply),
    /// The server does not take mail from our sender.
    #[error(
        "the mail server does not accept our sender ({0}): check the sender's address and the user's rights"
    )]
    Sender(Reply),
    /// The server refused this message or its recipient for good.
    #[error("the mail server refused the message or its recipient ({0})")]
    Refused(Reply),
    /// The recipient's address is not one that mail can be sent to.
    #[error("the recipient's address cannot be used for mail: correct it")]
    Address,
    /// The recipient's address has letters beyond ASCII before the `@`, and the server cannot carry them (RFC 6531).
    #[error(
        "the mail server does not take addresses with letters beyond ASCII (SMTPUTF8): use another address"
    )]
    Utf8,
    /// The message id is not one.
    #[error(
        "the message id is not 1 to 64 letters, digits, single dots, hyphens and underscores that begin with a letter or a digit"
    )]
    MessageId,
    /// The folder cannot be written.
    #[error("the folder for mail cannot be written ({0}): check its rights and the space left")]
    Folder(#[source] io::Error),
}

impl Fault {
    /// Whether client and server still agree on what was asked and answered, so that the connection can go on.
    pub(crate) const fn leaves_order(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Login(_) | Self::Sender(_) | Self::Refused(_) | Self::Utf8)
    }
}

/// A mail server's negative answer, without its words: those often repeat the recipient's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The reply code: 400 to 599 (RFC 5321, section 4.2).
    pub code: u16,
    /// The enhanced status code (RFC 3463) if there is one: `5.1.1`, for example.
    pub status: Option<String>,
}

impl Reply {
    /// Of an answer's code and text, what can be told.
    pub(crate) fn new(code: u16, text: &str) -> Self {
        Self { code, status: text.split_whitespace().next().and_then(enhanced).map(str::to_owned) }
    }

    /// Whether it is about who we are, not about the message (RFC 4954, section 6).
    pub(crate) const fn wants_login(&self) -> bool {
        matches!(self.code, 530 | 534 | 535 | 538)
    }

    /// Whether the server says that trying again can help.
    pub(crate) const fn is_temporary(&self) -> bool {
        self.code < 500
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.status {
            Some(status) => write!(f, "{} {status}", self.code),
            None => write!(f, "{}", self.code),
        }
    }
}

/// `class.subject.detail` (RFC 3463, section 2), or nothing.
fn enhanced(word: &str) -> Option<&str> {
    let mut parts = word.split('.');
    let class = parts.next().is_some_and(|class| matches!(class, "4" | "5"));
    let mut number = || {
        parts.next().is_some_and(|part| {
            (1..=3).contains(&part.len()) && part.bytes().all(|digit| digit.is_ascii_digit())
        })
    };
    (class && number() && number() && parts.next().is_none()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_keeps_its_codes_and_forgets_its_words() {
        for (code, text, shown) in [
            (550, "5.1.1 <ada@example.com>: no such user", "550 5.1.1"),
            (550, "<ada@example.com> is unknown", "550"),
            (451, "4.7.650 later", "451 4.7.650"),
            (550, "5.1.ada", "550"),
            (550, "5.1.1.1", "550"),
            (550, "2.1.1 odd", "550"),
            (421, "", "421"),
        ] {
            assert_eq!(Reply::new(code, text).to_string(), shown, "{text:?}");
        }
    }

    #[test]
    fn a_fault_says_what_to_do() {
        let reply = Reply::new(535, "5.7.8 wrong password of ada");
        insta::assert_snapshot!(
            SendError::Temporary(Fault::Login(reply)),
            @"the message was not sent, but may be later: the mail server turned us away (535 5.7.8): check the user and the password"
        );
        insta::assert_snapshot!(
            SendError::Permanent(Fault::Refused(Reply::new(550, ""))),
            @"the message cannot be sent: the mail server refused the message or its recipient (550)"
        );
    }
}
