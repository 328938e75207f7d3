//! One message over a connection (RFC 5321, section 3.3), and what its failure means.

use std::error::Error as _;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailParameter};

use crate::error::{Fault, Reply, SendError};
use crate::message::Outgoing;

/// What lettre says when the connection ends before the answer does.
const CUT_OFF: &str = "incomplete response";

/// Hands a message over.
pub(crate) async fn run(connection: &mut AsyncSmtpConnection, message: &Outgoing) -> Result<(), SendError> {
    let mut parameters = Vec::new();
    if !message.text.is_ascii() {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(SendError::Permanent(Fault::Utf8));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let mail = Mail::new(Some(message.from.clone()), parameters);
    connection.command(mail).await.map_err(|error| sender_failed(&error))?;
    let recipient = Rcpt::new(message.to.clone(), Vec::new());
    connection.command(recipient).await.map_err(|error| message_failed(&error))?;
    let ready = connection.command(Data).await.map_err(|error| message_failed(&error))?;
    // Anything else would mean that an earlier answer is taken for this one, and soon this one for the message's.
    if !ready.has_code(354) {
        return Err(SendError::Temporary(Fault::Protocol));
    }
    connection.command(data(&message.text)).await.map_err(|error| message_failed(&error))?;
    Ok(())
}

/// The message as it goes over the line (RFC 5321, section 4.5.2), in one piece: lettre would write its end separately, and then
/// each message would wait for the delayed acknowledgement of its first part, some 40 ms.
fn data(text: &str) -> String {
    let mut data = text.replace("\r\n.", "\r\n..");
    data.push_str(".\r\n");
    data
}

/// Makes a connection ready for the next message after one that failed; tells whether it is.
pub(crate) async fn reset(connection: &mut AsyncSmtpConnection) -> bool {
    connection.command(Rset).await.is_ok()
}

/// What the server has against our sender is for the operator to mend, and then the message can go.
fn sender_failed(error: &Error) -> SendError {
    SendError::Temporary(match reply(error) {
        Some(reply) if reply.wants_login() => Fault::Login(reply),
        Some(reply) if reply.is_temporary() => Fault::Busy(reply),
        Some(reply) => Fault::Sender(reply),
        None => fault(error),
    })
}

fn message_failed(error: &Error) -> SendError {
    match reply(error) {
        Some(reply) if reply.wants_login() => SendError::Temporary(Fault::Login(reply)),
        Some(reply) if reply.is_temporary() => SendError::Temporary(Fault::Busy(reply)),
        Some(reply) => SendError::Permanent(Fault::Refused(reply)),
        None => SendError::Temporary(fault(error)),
    }
}

/// The server's negative answer, if that is the error.
pub(crate) fn reply(error: &Error) -> Option<Reply> {
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    error.status().map(|code| Reply::new(code.into(), &text))
}

/// The error if it is no negative answer.
pub(crate) fn fault(error: &Error) -> Fault {
    if error.is_timeout() {
        return Fault::Timeout;
    }
    let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    if error.is_response() && cause == CUT_OFF {
        return Fault::Connection("the server hung up".to_owned());
    }
    // The text of such an error repeats what the server said.
    if error.is_response() {
        return Fault::Protocol;
    }
    Fault::Connection(cause)
}
