//! A witness: `bestow witness`, as a process of its own.

use tempfile::TempDir;
use tokio::process::Command;

use crate::{DevProcess, binary, eventually_some, free_address, http_client};

/// Where and how a witness is started; it can be started again and again.
#[derive(Debug)]
pub struct WitnessServer {
    /// The prefix of its addresses, as a log's operator configures it.
    pub url: String,
    /// Its verifier key; known once it has run.
    pub key: String,
    name: String,
    log_key: String,
    folder: TempDir,
}

impl WitnessServer {
    /// Starts a witness of the log with this key.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start(name: &str, log_key: &str) -> (Self, DevProcess) {
        let url = format!("http://{}/witness", free_address());
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (name, log_key) = (name.to_owned(), log_key.to_owned());
        let mut made = Self { url, key: String::new(), name, log_key, folder };
        let process = made.start_again().await;
        let key = http_client().get(format!("{}/key", made.url)).send().await.expect("an answer");
        made.key = key.text().await.expect("a text").trim_end().to_owned();
        (made, process)
    }

    /// Starts it, and waits until it answers.
    ///
    /// # Panics
    /// If it ends instead.
    pub async fn start_again(&self) -> DevProcess {
        let mut command = Command::new(binary());
        let listen = self.url.trim_start_matches("http://").trim_end_matches("/witness");
        command.args(["witness", "--listen", listen, "--log", &self.log_key, "--name", &self.name]);
        command.arg("--data-dir").arg(self.folder.path().join("data"));
        let mut process = DevProcess::spawn(command, self.folder.path().join("stderr.log"));
        eventually_some("the witness answers", async || {
            assert!(!process.has_ended(), "the witness ended: {}", process.log());
            http_client().get(format!("{}/key", self.url)).send().await.ok()
        })
        .await;
        process
    }
}
