//! Sending.

use crate::content::Content;
use crate::error::{MailSetupError, SendError};
use crate::folder::Folder;
use crate::message::{Envelope, Sender};
use crate::settings::{MailSettings, TransportSettings};
use crate::smtp::Smtp;

/// Sends messages. One for the whole process: it holds the connections to the mail server.
pub struct Mailer {
    sender: Sender,
    transport: Transport,
}

enum Transport {
    Folder(Folder),
    Smtp(Box<Smtp>),
}

impl Mailer {
    /// Checks the settings and makes the folder. A mail server is not asked yet: that it is down is no reason not to start.
    ///
    /// # Errors
    /// [`MailSetupError`] if no message could ever be sent with these settings.
    pub async fn open(settings: MailSettings) -> Result<Self, MailSetupError> {
        let sender = Sender::parse(&settings.from)?;
        let transport = match settings.transport {
            TransportSettings::Folder { path } => Transport::Folder(Folder::open(path).await?),
            TransportSettings::Smtp(smtp) => {
                Transport::Smtp(Box::new(Smtp::open(smtp, sender.domain()).await?))
            }
        };
        Ok(Self { sender, transport })
    }

    /// Sends one message: it is in its file, or the mail server has taken responsibility for it. May be dropped before it is
    /// done; then the message may or may not have been sent.
    ///
    /// # Errors
    /// [`SendError`], which says whether to try again. After [`SendError::Temporary`] the message may have been sent
    /// nevertheless (the server's answer was lost): the next attempt must use the same envelope.
    pub async fn send(&self, envelope: &Envelope<'_>, content: &Content) -> Result<(), SendError> {
        let message = self.sender.compose(envelope, content).map_err(SendError::Permanent)?;
        match &self.transport {
            Transport::Folder(folder) => {
                folder.store(envelope.message_id, message.text).await.map_err(SendError::Temporary)
            }
            Transport::Smtp(smtp) => smtp.send(&message).await,
        }
    }
}

/// A mail server's name and password are nobody's business.
impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mailer(..)")
    }
}
