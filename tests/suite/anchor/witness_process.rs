//! `bestow witness`: what only a process can show. Killed at any moment, or twice at once, it signs one history.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::Entropy;
use reqwest::Client;
use serde_json::Value;
use support::{
    Database, SplitLog, SystemEntropy, bestow, binary, eventually, free_address, http_client,
    on_both_databases,
};
use tempfile::TempDir;
use tlog::hash::Hash;
use tlog::key::VerifierKey;
use tlog::witness::{parse_size, verify_cosignature};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;

const ROUNDS: usize = 10;
const LOGS: usize = 16;
const ASKERS: usize = 6;
/// How many leaves each log has.
const SIZE: u64 = 160;

fn random_below(limit: u64) -> u64 {
    u64::from_be_bytes((&SystemEntropy as &dyn Entropy).bytes()) % limit
}

/// Where and how witnesses are started, on one database.
struct Deployment {
    folder: TempDir,
    database_url: String,
    logs: Arc<Vec<SplitLog>>,
}

/// A running witness. Dropped, it is killed.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    /// What it says of itself.
    async fn said(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).await.expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    async fn kill(mut self) {
        self.child.kill().await.expect("it was alive");
    }
}

impl Deployment {
    async fn new(database: Database, logs: Vec<SplitLog>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database_url = database.create(&folder).await;
        Self { folder, database_url, logs: Arc::new(logs) }
    }

    fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts a witness of all the logs, and does not wait for it.
    fn spawn(&self, address: &str) -> Running {
        let mut command = Command::new(binary());
        command.args(["witness", "--json", "--listen", address, "--database-url", &self.database_url]);
        command.arg("--data-dir").arg(self.data_dir());
        for log in self.logs.iter() {
            command.args(["--log", &log.key().to_string()]);
        }
        command.envs([
            ("BESTOW_LIMITS_PUBLIC_REQUESTS_PER_MINUTE", "0"),
            ("BESTOW_WITNESS_NAME", "killed.example/witness"),
            ("BESTOW_LOGGING_LEVEL", "error"),
        ]);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap_or_else(
                |error| panic!("{}: {error}: run scripts/test, or build it", binary().display()),
            );
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        Running { child, stdout }
    }

    /// Starts a witness, and waits until it has said what it is.
    async fn start(&self, address: &str) -> (Running, Value) {
        let mut running = self.spawn(address);
        let said = running.said().await;
        (running, said)
    }
}

/// A cosignature that somebody was given, which holds: of which log, at which size, with which root.
type Signed = Arc<Mutex<Vec<(usize, u64, Hash)>>>;

/// Asks for cosignatures as fast as it can, now of the one history, now of the other, whether or not somebody is there to
/// answer. Only answers count.
struct Asker {
    client: Client,
    urls: Vec<String>,
    logs: Arc<Vec<SplitLog>>,
    witness: VerifierKey,
    /// The size that the witness knows of each log, as far as this asker has heard.
    known: Vec<u64>,
    signed: Signed,
}

impl Asker {
    async fn ask_until(mut self, stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if self.ask().await.is_none() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }

    /// `None` if the witness went away before it had answered.
    async fn ask(&mut self) -> Option<()> {
        let number = random_below(LOGS as u64) as usize;
        let (log, old) = (&self.logs[number], self.known[number]);
        let new = (old + random_below(5)).min(SIZE);
        let request = log.request(random_below(2) as usize, old, new);
        let url = &self.urls[random_below(self.urls.len() as u64) as usize];
        let post = self.client.post(format!("{url}/witness/add-checkpoint")).body(request.to_string());
        let response = post.send().await.ok()?;
        let status = response.status().as_u16();
        let body = response.text().await.ok()?;
        match status {
            200 => {
                verify_cosignature(&request.checkpoint, &body, &self.witness).expect("a cosignature");
                self.known[number] = new;
                let head = (number, new, *request.checkpoint.unverified().root());
                self.signed.lock().expect("no panic").push(head);
            }
            409 => self.known[number] = parse_size(&body).expect("a size"),
            // The other history was signed.
            422 => {}
            other => panic!("{other}: {body}"),
        }
        Some(())
    }
}

/// Load on witnesses at these addresses, until it is stopped.
struct Load {
    stop: watch::Sender<bool>,
    askers: JoinSet<()>,
    signed: Signed,
}

impl Load {
    fn start(addresses: &[&str], logs: &Arc<Vec<SplitLog>>, witness: &VerifierKey) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (mut askers, signed) = (JoinSet::new(), Signed::default());
        for _ in 0..ASKERS {
            let asker = Asker {
                client: http_client(),
                urls: addresses.iter().map(|address| format!("http://{address}")).collect(),
                logs: Arc::clone(logs),
                witness: witness.clone(),
                known: vec![0; LOGS],
                signed: Arc::clone(&signed),
            };
            askers.spawn(asker.ask_until(stopped.clone()));
        }
        Self { stop, askers, signed }
    }

    fn count(&self) -> usize {
        self.signed.lock().expect("no panic").len()
    }

    /// Waits until so many more were signed.
    async fn wait_for(&self, more: usize) {
        let wanted = self.count() + more;
        eventually("cosignatures are given", async || self.count() >= wanted).await;
    }

    /// Everything that was signed.
    async fn end(mut self) -> Vec<(usize, u64, Hash)> {
        self.stop.send(true).expect("they listen");
        while let Some(ended) = self.askers.join_next().await {
            ended.expect("every answer was one of a witness");
        }
        self.signed.lock().expect("no panic").clone()
    }
}

/// Logs that fork at different sizes.
fn logs() -> Vec<SplitLog> {
    let log = |number: usize| SplitLog::new(&format!("log{number}.example"), 1 + 2 * number as u64, SIZE);
    (0..LOGS).map(log).collect()
}

/// All that was ever signed of a log must be one of its histories.
fn assert_one_history(logs: &[SplitLog], signed: &[(usize, u64, Hash)]) {
    let mut heads: BTreeMap<usize, BTreeMap<u64, Vec<Hash>>> = BTreeMap::new();
    for (log, size, root) in signed {
        heads.entry(*log).or_default().entry(*size).or_default().push(*root);
    }
    assert_eq!(heads.len(), logs.len(), "each log was signed");
    let mut past_the_fork = 0;
    for (number, sizes) in heads {
        let told = |branch: usize| {
            let is_root = |(size, roots): (&u64, &Vec<Hash>)| {
                let root = logs[number].root(branch, *size);
                roots.iter().all(|signed| *signed == root)
            };
            sizes.iter().all(is_root)
        };
        let both = [told(0), told(1)];
        assert!(both[0] || both[1], "two histories of log {number} were signed: {sizes:?}");
        past_the_fork += usize::from(both[0] != both[1]);
    }
    assert!(past_the_fork > logs.len() / 2, "histories were told apart: {past_the_fork}");
}

/// What the witness says that it knows is what was signed last, or what nobody heard of any more.
async fn assert_remembered(address: &str, logs: &[SplitLog], signed: &[(usize, u64, Hash)]) {
    for (number, log) in logs.iter().enumerate() {
        // A size that no log had: the answer is the one that is known.
        let body = log.request(0, SIZE, SIZE).to_string();
        let url = format!("http://{address}/witness/add-checkpoint");
        let answer = http_client().post(url).body(body).send().await.expect("an answer");
        let status = answer.status().as_u16();
        let last = signed.iter().filter(|(of, ..)| *of == number).map(|(_, size, _)| *size).max();
        match status {
            409 => {
                let known = parse_size(&answer.text().await.expect("a text")).expect("a size");
                assert!(Some(known) >= last, "log {number} went back from {last:?} to {known}");
            }
            status => assert_eq!((status, last), (200, Some(SIZE)), "log {number}"),
        }
    }
}

on_both_databases!(a_killed_witness_signs_one_history, async |database: Database| {
    let deployment = Deployment::new(database, logs()).await;
    let address = free_address();
    let (first, said) = deployment.start(&address).await;
    let key: VerifierKey = said["key"].as_str().expect("a key").parse().expect("a verifier key");
    let load = Load::start(&[&address], &deployment.logs, &key);
    load.wait_for(20).await;
    first.kill().await;
    for round in 0..ROUNDS {
        let running = deployment.spawn(&address);
        if round % 3 == 0 {
            // It may still be starting.
            tokio::time::sleep(Duration::from_millis(random_below(300))).await;
        } else {
            load.wait_for(10 + random_below(60) as usize).await;
            tokio::time::sleep(Duration::from_millis(random_below(20))).await;
        }
        running.kill().await;
    }
    let (last, said_again) = deployment.start(&address).await;
    assert_eq!(said_again, said, "it is the same witness");
    load.wait_for(50).await;
    let signed = load.end().await;
    assert!(signed.len() > 10 * ROUNDS, "there was load: {}", signed.len());
    assert_one_history(&deployment.logs, &signed);
    assert_remembered(&address, &deployment.logs, &signed).await;
    last.kill().await;
});

on_both_databases!(two_processes_are_one_witness, async |database: Database| {
    let deployment = Deployment::new(database, logs()).await;
    let addresses = [free_address(), free_address()];
    // Both at once, on a database that has no tables yet.
    let ((one, said), (two, other)) =
        tokio::join!(deployment.start(&addresses[0]), deployment.start(&addresses[1]));
    assert_eq!((&said["key"], &said["name"]), (&other["key"], &other["name"]));
    let key: VerifierKey = said["key"].as_str().expect("a key").parse().expect("a verifier key");
    let load = Load::start(&[&addresses[0], &addresses[1]], &deployment.logs, &key);
    load.wait_for(600).await;
    // One of them dies in the middle of it, and comes back.
    one.kill().await;
    load.wait_for(50).await;
    let (one, _) = deployment.start(&addresses[0]).await;
    load.wait_for(200).await;
    let signed = load.end().await;
    assert_one_history(&deployment.logs, &signed);
    for address in &addresses {
        assert_remembered(address, &deployment.logs, &signed).await;
    }
    one.kill().await;
    two.kill().await;
});

async fn get(address: &str, path: &str) -> (u16, String) {
    let answer = http_client().get(format!("http://{address}{path}")).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a text"))
}

on_both_databases!(it_serves_its_two_routes_and_ends_in_good_order, async |database: Database| {
    let deployment = Deployment::new(database, vec![SplitLog::witnessed()]).await;
    let address = free_address();
    let (mut running, said) = deployment.start(&address).await;
    let name = match database {
        Database::Sqlite => "SQLite",
        Database::Postgres => "PostgreSQL",
    };
    assert_eq!(said["url"], format!("http://{address}/witness"));
    assert_eq!(said["name"], "killed.example/witness");
    assert_eq!(said["database"], name);
    assert_eq!(said["logs"], serde_json::json!(["witnessed.example/log"]));
    let key = said["key"].as_str().expect("a key");
    assert_eq!(get(&address, "/witness/key").await, (200, format!("{key}\n")));
    assert_eq!(get(&address, "/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(get(&address, "/readyz").await, (200, "ready\n".to_owned()));
    for path in ["/", "/log/checkpoint", "/v1/verify", "/docs", "/openapi.json", "/witness"] {
        assert_eq!(get(&address, path).await.0, 404, "{path}");
    }
    assert_eq!(get(&address, "/witness/add-checkpoint").await.0, 405);
    let request = SplitLog::witnessed().request(0, 0, 9);
    let url = format!("http://{address}/witness/add-checkpoint");
    let answer = http_client().post(url).body(request.to_string()).send().await.expect("an answer");
    let answer = answer.text().await.expect("a text");
    let witness = key.parse().expect("a verifier key");
    verify_cosignature(&request.checkpoint, &answer, &witness).expect("cosigned");
    let metrics = get(&address, "/metrics").await.1;
    assert!(metrics.contains("bestow_witness_cosignatures_total 1"), "{metrics}");

    let id = running.child.id().expect("alive").to_string();
    let sent = Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status().await;
    assert!(sent.expect("a shell").success());
    let ended = tokio::time::timeout(Duration::from_secs(60), running.child.wait()).await;
    assert!(ended.expect("ends within a minute").expect("a status").success());
});

/// Runs `bestow witness` in a folder, which must fail; what it says.
async fn refused(folder: &Path, arguments: &[&str]) -> String {
    let arguments = [&["witness", "--listen", "127.0.0.1:0"], arguments].concat();
    let environment = [("BESTOW_MASTER_KEY".to_owned(), String::new())];
    let ran = bestow(folder, &arguments, &environment).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    ran.err
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_work_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let with = async |arguments: &[&str]| {
        refused(folder.path(), &[&["--data-dir", "data"], arguments].concat()).await
    };
    let error = with(&["--log", "garbage"]).await;
    assert!(error.contains("witness.logs: `garbage` is no verifier key"), "{error}");
    let error = with(&["--name", "two words"]).await;
    assert!(error.contains("the witness's name `two words` must have no spaces or plus signs"), "{error}");
    let error = refused(folder.path(), &[]).await;
    assert!(error.contains("public_url is `http://127.0.0.1:8080`; it must be the https URL"), "{error}");

    // The key of a witness is no key of a log; the key of another folder opens nothing here.
    let deployment = Deployment::new(Database::Sqlite, vec![SplitLog::witnessed()]).await;
    let (running, said) = deployment.start(&free_address()).await;
    running.kill().await;
    let error = with(&["--log", said["key"].as_str().expect("a key")]).await;
    assert!(error.contains("is the key of a witness; name that of a log"), "{error}");
    let error = with(&["--database-url", &deployment.database_url]).await;
    assert!(error.contains("the keys in this database were sealed under another master key"), "{error}");
}
