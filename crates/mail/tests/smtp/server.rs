//! A real mail server for the tests: `tests/smtp/server.py`.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use pem::Pem;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// The folder in which servers of one test leave what they accepted, and their certificates.
pub(crate) struct Place(TempDir);

/// A running server; it is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens, on 127.0.0.1.
    pub(crate) port: u16,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        place.make_certificates();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The certificate of the authority that made the server's.
    pub(crate) fn authority(&self) -> PathBuf {
        self.path("authority.pem")
    }

    fn make_certificates(&self) {
        let authority_key = KeyPair::generate().expect("a key");
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = authority.self_signed(&authority_key).expect("a certificate");
        write_pem(&self.authority(), "CERTIFICATE", certificate.der());

        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(["localhost".to_owned()])
            .and_then(|parameters| parameters.signed_by(&key, &issuer))
            .expect("a certificate");
        write_pem(&self.path("server.pem"), "CERTIFICATE", certificate.der());
        write_pem(&self.path("server.key"), "PRIVATE KEY", key.serialized_der());
    }

    /// Starts a server with the options of `tests/smtp/server.py`.
    pub(crate) fn start(&self, options: &[&str]) -> Server {
        let python = env::var_os("BESTOW_TEST_PYTHON").expect(
            "BESTOW_TEST_PYTHON must name a Python that has the packages of tests/smtp/requirements.txt: run scripts/test, or \
             make a virtual environment with them and name its bin/python",
        );
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/smtp/server.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg("--folder")
            .arg(self.path("accepted"))
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
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let mut server = Server { child, port: 0 };
        server.port =
            line.trim().parse().expect("the server prints its port: see above what it says instead");
        server
    }

    /// What servers accepted, sorted by file name, which begins with the recipient.
    pub(crate) fn accepted(&self) -> Vec<String> {
        let mut paths: Vec<PathBuf> = fs::read_dir(self.path("accepted"))
            .expect("the folder")
            .map(|file| file.expect("a file").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        paths.sort();
        paths.iter().map(|path| fs::read_to_string(path).expect("a message")).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write_pem(path: &Path, tag: &str, der: &[u8]) {
    fs::write(path, pem::encode(&Pem::new(tag, der))).expect("written");
}
