//! A real mail server, as a process of its own: `tests/smtp/server.py`.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use mail::{Login, Password, Security, SmtpSettings};
use pem::Pem;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::Message;

/// The server itself: these tests and those of `crates/mail` run it from their own folders.
const SCRIPT: &str = include_str!("../smtp/server.py");

/// Connections to it at a time.
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(4).expect("not zero");

/// A mail server that can be killed and started again. Dropped, it is killed, and what it accepted is gone.
#[derive(Debug)]
pub struct MailServer {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl MailServer {
    /// Starts one on a free port, with these options of `tests/smtp/server.py`. With `--tls`, its certificate is for
    /// `localhost`.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        make_certificates(folder.path());
        let mut server = Self { folder, port: 0, process: None };
        server.start_again(options);
        server
    }

    /// Starts it again on the same port.
    ///
    /// # Panics
    /// If it runs already, or does not start.
    pub fn start_again(&mut self, options: &[&str]) {
        assert!(self.process.is_none(), "it runs already");
        // While nobody listened, the port may have served as the local one of some short connection.
        for _ in 0..50 {
            if let Some((process, port)) = self.spawn(options) {
                (self.process, self.port) = (Some(process), port);
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("the mail server does not start: see above what it says");
    }

    fn spawn(&self, options: &[&str]) -> Option<(Child, u16)> {
        let python = env::var_os("BESTOW_TEST_PYTHON").expect(
            "BESTOW_TEST_PYTHON must name a Python that has the packages of tests/smtp/requirements.txt: run scripts/test",
        );
        let mut process = Command::new(python)
            .args(["-c", SCRIPT, "--port", &self.port.to_string()])
            .arg("--folder")
            .arg(self.accepted())
            .arg("--certificate")
            .arg(self.path("server.pem"))
            .arg("--key")
            .arg(self.path("server.key"))
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let port = line.trim().parse().ok();
        if port.is_none() {
            let _ = process.wait();
        }
        port.map(|port| (process, port))
    }

    /// SIGKILL: the process has no say in it.
    ///
    /// # Panics
    /// If it does not run.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().expect("it was alive");
        process.wait().expect("it ended");
    }

    /// How to reach it.
    pub fn settings(&self, security: Security) -> SmtpSettings {
        SmtpSettings {
            host: "localhost".to_owned(),
            port: self.port,
            security,
            login: None,
            timeout: Duration::from_secs(30),
            connections: CONNECTIONS,
            trust_certificate: Some(self.path("authority.pem")),
        }
    }

    /// How to reach it as a user.
    pub fn settings_with_login(&self, security: Security, username: &str, password: &str) -> SmtpSettings {
        let password = Password::new(password.to_owned());
        SmtpSettings {
            login: Some(Login { username: username.to_owned(), password }),
            ..self.settings(security)
        }
    }

    /// What it accepted since its first start, sorted by recipient. A message that it kept, but could not confirm, is here twice
    /// when it was sent again.
    pub fn messages(&self) -> Vec<Message> {
        Message::all_in(&self.accepted())
    }

    fn accepted(&self) -> PathBuf {
        self.path("accepted")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
    }
}

/// An authority, and a certificate that it made.
fn make_certificates(folder: &Path) {
    let authority_key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&authority_key).expect("a certificate");
    write_pem(&folder.join("authority.pem"), "CERTIFICATE", certificate.der());

    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .and_then(|parameters| parameters.signed_by(&key, &issuer))
        .expect("a certificate");
    write_pem(&folder.join("server.pem"), "CERTIFICATE", certificate.der());
    write_pem(&folder.join("server.key"), "PRIVATE KEY", key.serialized_der());
}

fn write_pem(path: &Path, tag: &str, der: &[u8]) {
    fs::write(path, pem::encode(&Pem::new(tag, der))).expect("written");
}
