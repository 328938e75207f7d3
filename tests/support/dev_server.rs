//! The real binary, as a process of its own: what only a process can show.

use std::collections::HashMap;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use jose::SigningKey;
use model::Entropy;
use tokio::process::{Child, Command};

use crate::{Partner, PartnerKey, SystemEntropy, http_client};

/// How long a process may take to start, or to stop, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where and how `bestow dev` is started; it can be started again and again.
#[derive(Debug)]
pub struct DevServer {
    /// Where it listens, without a slash at the end.
    pub url: String,
    folder: PathBuf,
    database_url: String,
    settings: Vec<(String, String)>,
}

/// A running `bestow dev`. Dropped, it is killed.
#[derive(Debug)]
pub struct DevProcess {
    child: Child,
    log: PathBuf,
}

/// The binary under test: what `BESTOW_BIN` names, or the one that was built beside this test.
///
/// # Panics
/// If the test is not where Cargo puts tests.
pub fn binary() -> PathBuf {
    std::env::var_os("BESTOW_BIN").map_or_else(
        || {
            let test = std::env::current_exe().expect("a path");
            test.parent().and_then(Path::parent).expect("target/release/deps").join("bestow")
        },
        PathBuf::from,
    )
}

/// An address of this machine that nobody listens on, and that nobody is given who asks for any: a server can be gone for a while
/// and come back to it.
///
/// # Panics
/// If there is none.
pub fn free_address() -> String {
    // Below the range from which the kernel hands out ports itself.
    const PORTS: std::ops::Range<u16> = 10_000..32_000;
    let port =
        || PORTS.start + u16::from_be_bytes((&SystemEntropy as &dyn Entropy).bytes()) % PORTS.len() as u16;
    let mut addresses = std::iter::repeat_with(|| format!("127.0.0.1:{}", port())).take(1_000);
    addresses.find(|address| TcpListener::bind(address).is_ok()).expect("a free port")
}

impl DevServer {
    /// A server that keeps its files in `folder` and listens on a free port of this machine.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn new(folder: &Path, database_url: &str, settings: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            url: format!("http://{}", free_address()),
            folder: folder.to_owned(),
            database_url: database_url.to_owned(),
            settings: settings.iter().map(own).collect(),
        }
    }

    /// Starts the process, and does not wait for it.
    ///
    /// # Panics
    /// If there is no binary: skipping would hide what is not tested.
    pub fn spawn(&self) -> DevProcess {
        let mut command = Command::new(binary());
        command
            .args(["dev", "--listen", self.url.trim_start_matches("http://"), "--data-dir"])
            .arg(self.folder.join("data"))
            .args(["--database-url", &self.database_url]);
        self.spawn_command(command, "stderr.log")
    }

    /// Starts `bestow worker` on the same deployment: the work behind the answers, in a second process.
    ///
    /// # Panics
    /// If there is no binary.
    pub fn spawn_worker(&self) -> DevProcess {
        let mut command = Command::new(binary());
        command
            .args(["worker", "--database-url", &self.database_url])
            .env("BESTOW_MASTER_KEY_FILE", self.data_dir().join("master.key"))
            .env("BESTOW_DEVELOPMENT", "true")
            .env("BESTOW_PUBLIC_URL", &self.url);
        self.spawn_command(command, "worker.log")
    }

    fn spawn_command(&self, mut command: Command, log: &str) -> DevProcess {
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        DevProcess::spawn(command, self.folder.join(log))
    }

    /// Starts the process, and waits until it can serve.
    ///
    /// # Panics
    /// If it ends instead, or cannot serve within a minute.
    pub async fn start(&self) -> DevProcess {
        let mut process = self.spawn();
        let client = http_client();
        let ready = async {
            loop {
                let answer = client.get(format!("{}/readyz", self.url)).send().await;
                if answer.is_ok_and(|answer| answer.status() == 200) {
                    return;
                }
                let ended = process.child.try_wait().expect("a state");
                assert_eq!(ended, None, "the server ended: {}", process.log());
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("ready within a minute");
        process
    }

    /// What `dev.env` says of the demo tenant.
    ///
    /// # Panics
    /// If there is none yet.
    pub fn partner(&self) -> Partner {
        let text = fs::read_to_string(self.folder.join("data/dev.env")).expect("dev.env");
        let unquoted = |value: &str| value.trim_matches('\'').to_owned();
        let variables: HashMap<&str, String> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name, unquoted(value)))
            .collect();
        let pem = fs::read_to_string(&variables["BESTOW_PARTNER_EC_KEY"]).expect("the demo tenant's key");
        let key = SigningKey::from_pkcs8_pem(&pem).expect("PKCS#8");
        let issuer_did = variables["BESTOW_ISSUER_DID"].clone();
        Partner {
            id: variables["BESTOW_PARTNER_ID"].clone(),
            key: PartnerKey { kid: variables["BESTOW_PARTNER_EC_KID"].clone(), key },
            issuer_did,
            slug: "demo-issuer".to_owned(),
            schema_id: String::new(),
            program_id: variables["BESTOW_PROGRAM_ID"].clone(),
        }
    }

    /// Other settings, as environment variables, for the processes that are started from now on.
    pub fn set_settings(&mut self, settings: &[(String, String)]) {
        settings.clone_into(&mut self.settings);
    }

    /// Another database, for the processes that are started from now on.
    pub fn set_database_url(&mut self, database_url: &str) {
        database_url.clone_into(&mut self.database_url);
    }

    /// The folder in which it keeps keys and `dev.env`.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }
}

impl DevProcess {
    /// Starts a command of `bestow` whose output goes into a file.
    pub(crate) fn spawn(mut command: Command, log: PathBuf) -> Self {
        let lines = File::options().create(true).append(true).open(&log).expect("a file for log lines");
        let child = command
            .stdin(Stdio::null())
            .stdout(lines.try_clone().expect("the same file"))
            .stderr(lines)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}: run scripts/test, or build it", binary().display()));
        Self { child, log }
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a state").is_some()
    }

    /// Everything that it, and those before it, wrote to stdout and stderr.
    ///
    /// # Panics
    /// If the file is gone.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("the log")
    }

    /// SIGKILL: the process has no say in it.
    ///
    /// # Panics
    /// If it has ended already.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it was alive");
    }

    /// SIGTERM, without waiting for what comes of it.
    ///
    /// # Panics
    /// If it has ended already.
    pub async fn terminate(&mut self) {
        let id = self.child.id().expect("it is alive");
        let sent = Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status().await;
        assert!(sent.expect("a shell").success());
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    /// If it has not within a minute.
    pub async fn ended(mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.expect("ends within a minute").expect("a status")
    }
}
