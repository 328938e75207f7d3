//! Running the command, and a server that has issued something.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use reqwest::Method;
use serde_json::Value;
use support::{Database, DevProcess, DevServer, Partner, TestClock, binary, eventually_some, http_client};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// What the command printed, and how it ended.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

impl Run {
    /// It must have ended like this, and its first line must be this.
    #[track_caller]
    pub(super) fn ends(&self, code: i32, first: &str) -> &Self {
        assert_eq!((self.code, self.out.lines().next().unwrap_or_default()), (Some(code), first), "{self:?}");
        self
    }

    /// It must have refused to work, and said why on stderr alone.
    #[track_caller]
    pub(super) fn refuses(&self, why: &str) {
        assert_eq!((self.code, self.out.as_str()), (Some(2), ""), "{self:?}");
        assert!(self.err.starts_with("error: ") && self.err.contains(why), "{why}: {self:?}");
    }

    /// It must say this somewhere.
    #[track_caller]
    pub(super) fn says(&self, what: &str) -> &Self {
        assert!(self.out.contains(what), "{what}: {self:?}");
        self
    }

    /// The line of a check must begin with this symbol.
    #[track_caller]
    pub(super) fn check(&self, symbol: &str, name: &str) -> &Self {
        let wanted = format!("  {symbol} {name} ");
        assert!(self.out.lines().any(|line| line.starts_with(&wanted)), "{wanted}: {self:?}");
        self
    }

    /// The line of JSON that it printed.
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.out).expect("JSON")
    }
}

/// Runs `bestow` in a folder with these arguments, and this on its standard input.
pub(super) async fn bestow(folder: &Path, arguments: &[&str], input: &[u8]) -> Run {
    let mut child = Command::new(binary())
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}: run scripts/test, or build it", binary().display()));
    // A command that does not read its input may end before all of it is written.
    let _ = child.stdin.take().expect("piped").write_all(input).await;
    let output = child.wait_with_output().await.expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("a text");
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs `bestow verify` with these arguments.
pub(super) async fn verify(folder: &Path, arguments: &[&str]) -> Run {
    bestow(folder, &[&["verify"], arguments].concat(), b"").await
}

/// A server that has issued a credential, and a folder with what its holder has: `card.sd-jwt` and `card.jwt`.
pub(super) struct Issued {
    folder: TempDir,
    database_url: String,
    server: DevServer,
    process: Option<DevProcess>,
    partner: Partner,
    token: String,
    pub(super) hash: String,
}

/// Both documents.
pub(super) const DOCUMENTS: [&str; 2] = ["card.sd-jwt", "card.jwt"];

impl Issued {
    /// Starts a server, and issues. What the command does depends on no database.
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database_url = Database::Sqlite.create(&folder).await;
        let server = DevServer::new(folder.path(), &database_url, &[]);
        let process = Some(server.start().await);
        let partner = server.partner();
        let token = partner.token("ada@example.com", &TestClock::default());
        let mut issued = Self { folder, database_url, server, process, partner, token, hash: String::new() };
        issued.hash = issued.issue().await;
        let credential = issued.get(&format!("/v1/credentials/{}", issued.hash)).await.expect("a credential");
        let credential: Value = serde_json::from_str(&credential).expect("JSON");
        for (name, format) in DOCUMENTS.into_iter().zip(["dc+sd-jwt", "jwt_vc_json"]) {
            issued.write(name, credential["documents"][format].as_str().expect("a document"));
        }
        issued
    }

    /// Issues one more to the same person, in place of the one before; its hash.
    pub(super) async fn issue(&self) -> String {
        let call = http_client()
            .request(Method::POST, format!("{}/v1/credentials/issue-on-behalf", self.server.url));
        let answer = call.header("x-partner-auth", &self.token).json(&self.partner.request()).send().await;
        let answer: Value = answer.expect("an answer").json().await.expect("JSON");
        answer["coreClaimHash"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// What the server answers at a path, as the partner, if it is there.
    pub(super) async fn get(&self, path: &str) -> Option<String> {
        let call =
            http_client().get(format!("{}{path}", self.server.url)).header("x-partner-auth", &self.token);
        let answer = call.send().await.expect("an answer");
        if answer.status() == 200 { Some(answer.text().await.expect("a text")) } else { None }
    }

    /// The proof file of a credential, as soon as there is one.
    pub(super) async fn proof(&self, hash: &str) -> String {
        let path = format!("/v1/credentials/proof?coreClaimHash={hash}");
        eventually_some("a proof", async || self.get(&path).await).await
    }

    /// Revokes it, as the operator.
    pub(super) async fn revoke(&self) {
        let data = self.server.data_dir();
        let arguments = [
            "credential",
            "revoke",
            "--data-dir",
            data.to_str().expect("a text"),
            "--database-url",
            &self.database_url,
            "--tenant",
            &self.partner.id,
            &self.hash,
        ];
        let run = bestow(self.path(), &arguments, b"").await;
        assert_eq!(run.code, Some(0), "{run:?}");
    }

    /// From now on, nothing can be fetched.
    pub(super) async fn stop(&mut self) {
        self.process.take().expect("it runs").kill().await;
    }

    /// Verifies a document with these arguments, whoever issued it being trusted, at a development server's.
    pub(super) async fn verify(&self, document: &str, arguments: &[&str]) -> Run {
        verify(self.path(), &[&[document, "--development", "--trust", "*"], arguments].concat()).await
    }

    /// The folder in which commands run.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into that folder.
    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("written");
    }

    /// Reads a file of that folder.
    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).expect("a text")
    }

    /// The files of a folder in that folder.
    pub(super) fn files(&self, folder: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.path().join(folder)).expect("a folder");
        files.map(|file| file.expect("a file").path()).collect()
    }

    /// The issuer, as the documents name it: by URL and by DID.
    pub(super) fn issuer(&self, document: &str) -> String {
        let host = self.server.url.trim_start_matches("http://").replace(':', "%3A");
        match document {
            "card.jwt" => format!("did:web:{host}:issuers:{}", self.partner.slug),
            _ => format!("{}/issuers/{}", self.server.url, self.partner.slug),
        }
    }
}
