//! From nothing to a connection on which messages can be sent.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::stream::StarttlsStream;
use super::transaction::{fault, reply};
use crate::error::{Fault, MailSetupError};
use crate::settings::{Security, SmtpSettings};

/// How long one address of the host may take to answer before the next is tried.
const CONNECT: Duration = Duration::from_secs(10);

/// The most bytes read of a file with certificates.
const TRUST: u64 = 1 << 20;

/// How to get to the server.
pub(crate) struct Server {
    host: String,
    port: u16,
    name: ClientId,
    encryption: Encryption,
    credentials: Option<Credentials>,
}

enum Encryption {
    None,
    StartTls(TlsParameters),
    Tls(TlsParameters),
}

impl Server {
    pub(crate) async fn new(settings: SmtpSettings, name: &str) -> Result<Self, MailSetupError> {
        let SmtpSettings { host, port, security, login, trust_certificate, .. } = settings;
        if login.is_some() && security == Security::None && !is_loopback(&host) {
            return Err(MailSetupError::PasswordInClear);
        }
        let encryption = match security {
            Security::None => Encryption::None,
            Security::StartTls => Encryption::StartTls(tls(&host, trust_certificate.as_deref()).await?),
            Security::Tls => Encryption::Tls(tls(&host, trust_certificate.as_deref()).await?),
        };
        let credentials =
            login.map(|login| Credentials::new(login.username, login.password.expose().to_owned()));
        Ok(Self { host, port, name: ClientId::Domain(name.to_owned()), encryption, credentials })
    }

    /// Connects, encrypts and logs in, as the settings ask for.
    pub(crate) async fn connect(&self) -> Result<AsyncSmtpConnection, Fault> {
        let mut connection = match &self.encryption {
            Encryption::None => self.greet(None).await,
            Encryption::Tls(parameters) => self.greet(Some(parameters.clone())).await,
            Encryption::StartTls(parameters) => return self.starttls(parameters).await,
        }
        .map_err(|error| turned_away(&error))?;
        self.login(&mut connection).await?;
        Ok(connection)
    }

    async fn greet(&self, tls: Option<TlsParameters>) -> Result<AsyncSmtpConnection, Error> {
        let address = (self.host.as_str(), self.port);
        AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), &self.name, tls, None).await
    }

    async fn starttls(&self, parameters: &TlsParameters) -> Result<AsyncSmtpConnection, Fault> {
        let stream = self.reach().await.map_err(|error| Fault::Connection(error.to_string()))?;
        let stream = Box::new(StarttlsStream::new(stream));
        let mut connection = AsyncSmtpConnection::connect_with_transport(stream, &self.name)
            .await
            .map_err(|error| turned_away(&error))?;
        connection.starttls(parameters.clone(), &self.name).await.map_err(|error| turned_away(&error))?;
        self.login(&mut connection).await?;
        Ok(connection)
    }

    /// Tries the host's addresses one after the other.
    async fn reach(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in lookup_host((self.host.as_str(), self.port)).await? {
            match timeout(CONNECT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    }

    async fn login(&self, connection: &mut AsyncSmtpConnection) -> Result<(), Fault> {
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await.map_err(|error| turned_away(&error))?;
        }
        Ok(())
    }
}

/// Before there is a message, whatever the server answers is about us.
fn turned_away(error: &Error) -> Fault {
    match reply(error) {
        Some(reply) if reply.is_temporary() => Fault::Busy(reply),
        Some(reply) => Fault::Login(reply),
        None => fault(error),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Trust in the operating system's certificates and those of a file.
async fn tls(host: &str, trust: Option<&Path>) -> Result<TlsParameters, MailSetupError> {
    let refused = |error: Error| MailSetupError::Tls(error.to_string());
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = trust {
        let pem = certificates(path)
            .await
            .map_err(|source| MailSetupError::Certificate { path: path.to_owned(), source })?;
        builder = builder.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(refused)?);
    }
    builder.build_rustls().map_err(refused)
}

async fn certificates(path: &Path) -> io::Result<String> {
    let mut pem = String::new();
    File::open(path).await?.take(TRUST).read_to_string(&mut pem).await?;
    // Trusting none would not be noticed before the first message.
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "there is no PEM certificate in it"));
    }
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["mail.example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "::2"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
