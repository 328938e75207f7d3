//! Mail to a server.
//!
//! The dialogue and its parsing are lettre's. The pool is not: lettre's puts a connection back whatever state it is in, so that
//! after a time-out the answer to one message would be taken for the answer to the next.

mod connect;
mod stream;
mod transaction;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::error::{Fault, MailSetupError, SendError};
use crate::message::Outgoing;
use crate::settings::SmtpSettings;
use connect::Server;

/// How long a connection may wait for the next message. Firewalls forget, and many servers close, what is silent for minutes.
const IDLE: Duration = Duration::from_secs(60);

/// A mail server and the connections to it.
pub(crate) struct Smtp {
    server: Server,
    timeout: Duration,
    /// As many permits as there may be connections.
    slots: Semaphore,
    /// Connections between two messages, the last used at the end. One that is at work belongs to its work alone: if that is
    /// dropped half-way, the connection is closed.
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl Smtp {
    /// Checks the settings. `name` is the domain that we give as ours.
    pub(crate) async fn open(settings: SmtpSettings, name: &str) -> Result<Self, MailSetupError> {
        Ok(Self {
            timeout: settings.timeout,
            slots: Semaphore::new(settings.connections.get() as usize),
            idle: Mutex::default(),
            server: Server::new(settings, name).await?,
        })
    }

    /// Gives a message to the server.
    pub(crate) async fn send(&self, message: &Outgoing) -> Result<(), SendError> {
        let _slot = self.slots.acquire().await.expect("the slots are never closed");
        timeout(self.timeout, self.attempt(message))
            .await
            .unwrap_or(Err(SendError::Temporary(Fault::Timeout)))
    }

    async fn attempt(&self, message: &Outgoing) -> Result<(), SendError> {
        let mut connection = match self.idle_connection().await {
            Some(connection) => connection,
            None => self.server.connect().await.map_err(SendError::Temporary)?,
        };
        let result = transaction::run(&mut connection, message).await;
        let reusable = match &result {
            Ok(()) => true,
            Err(SendError::Temporary(fault) | SendError::Permanent(fault)) => {
                fault.leaves_order() && transaction::reset(&mut connection).await
            }
        };
        if reusable {
            self.park(connection);
        }
        result
    }

    /// A connection that is still alive, if there is one.
    async fn idle_connection(&self) -> Option<AsyncSmtpConnection> {
        while let Some(mut connection) = self.unpark() {
            if connection.test_connected().await {
                return Some(connection);
            }
        }
        None
    }

    fn unpark(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        match idle.pop() {
            Some((connection, since)) if since.elapsed() < IDLE => Some(connection),
            // The others have waited even longer.
            _ => {
                idle.clear();
                None
            }
        }
    }

    fn park(&self, connection: AsyncSmtpConnection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((connection, Instant::now()));
    }
}
