//! How mail leaves the house.

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// Who writes, and by which way.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// The sender: `name@domain` or `Name <name@domain>` (RFC 5322, section 3.4). Its domain is also the right-hand side of
    /// `Message-ID` and the name by which a mail server is greeted.
    pub from: String,
    /// The way.
    pub transport: TransportSettings,
}

/// The ways that mail can take.
#[derive(Clone, Debug)]
pub enum TransportSettings {
    /// Into files, for development and tests.
    Folder {
        /// The folder; made, for its owner alone, when it is missing.
        path: PathBuf,
    },
    /// To a mail server.
    Smtp(SmtpSettings),
}

/// A mail server that takes messages for everybody (a relay, RFC 6409).
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Its name, which its certificate has to bear, or its address.
    pub host: String,
    /// Its port: commonly 587 with [`Security::StartTls`], 465 with [`Security::Tls`].
    pub port: u16,
    /// How connections are encrypted.
    pub security: Security,
    /// Who we are to the server; nobody in particular if absent. Over an unencrypted connection this is refused, unless the
    /// server is on this machine.
    pub login: Option<Login>,
    /// The longest that one message may take, from connecting to the last answer. A message that the server took, but did
    /// not confirm in time, is sent again: rather long than short.
    pub timeout: Duration,
    /// The most connections at a time; they are kept open for the next message.
    pub connections: NonZeroU32,
    /// A PEM file with certificates to trust beside those of the operating system.
    pub trust_certificate: Option<PathBuf>,
}

/// Encryption of the connection to a mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// None.
    None,
    /// The connection begins in the clear and is encrypted before anything is sent (RFC 3207). A server that does not offer
    /// it gets no mail.
    StartTls,
    /// Encrypted from the first byte (RFC 8314).
    Tls,
}

/// What a mail server knows us by (`AUTH PLAIN` or `AUTH LOGIN`, RFC 4954).
#[derive(Clone, Debug)]
pub struct Login {
    /// The user's name.
    pub username: String,
    /// The user's password.
    pub password: Password,
}

/// A password. It has no text form, so that it cannot reach a log.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub const fn new(password: String) -> Self {
        Self(password)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}
