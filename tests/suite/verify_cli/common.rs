//! Running the command, and a server that has issued something.

use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::Value;
use support::{
    Database, DevProcess, DevServer, Partner, Ran, TestClock, bestow, eventually_some, http_client,
};
use tempfile::TempDir;

/// Runs `bestow verify` with these arguments.
pub(super) async fn verify(folder: &Path, arguments: &[&str]) -> Ran {
    bestow(folder, &[&["verify"], arguments].concat(), &[]).await
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
        bestow(self.path(), &arguments, &[]).await.done();
    }

    /// From now on, nothing can be fetched.
    pub(super) async fn stop(&mut self) {
        self.process.take().expect("it runs").kill().await;
    }

    /// Verifies a document with these arguments, whoever issued it being trusted, at a development server's.
    pub(super) async fn verify(&self, document: &str, arguments: &[&str]) -> Ran {
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
