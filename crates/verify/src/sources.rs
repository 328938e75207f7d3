//! Where a verifier finds what a document only names.

use std::future::Future;
use std::sync::Arc;

use serde_json::Value;

/// Why something could not be had. The text is for whoever asked for the verification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// A document that was fetched.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Its text.
    pub body: Arc<str>,
    /// For how many seconds it may be used again without another look, by its server's word.
    pub fresh_seconds: Option<i64>,
}

/// How far the issuance of a document of this deployment is in its log.
#[derive(Clone, Debug)]
pub enum OwnEntry {
    /// It is in the log: a tlog-proof that says so.
    Proof(String),
    /// It waits for a checkpoint.
    Waiting,
    /// There is no such document.
    Unknown,
}

/// Where a verifier finds what a document only names: the network, a folder, the deployment itself.
pub trait Sources: Send + Sync {
    /// The document at a URL, of at most `limit` bytes.
    fn fetch(&self, url: &str, limit: usize) -> impl Future<Output = Result<Fetched, Unavailable>> + Send;

    /// The DID document of a DID whose method names no URL, if it is known here.
    fn did_document(&self, did: &str) -> impl Future<Output = Result<Option<Value>, Unavailable>> + Send;

    /// Whether an issuer is one of this deployment.
    fn is_own_issuer(&self, issuer: &str) -> impl Future<Output = bool> + Send;

    /// The JSON Schema of the subject for a `vct` of this deployment, as text.
    fn own_schema(&self, vct: &str) -> impl Future<Output = Result<Option<Arc<str>>, Unavailable>> + Send;

    /// Where the issuance of a signed JWT of an issuer of this deployment is in its log.
    fn own_entry(&self, jwt: &str) -> impl Future<Output = Result<OwnEntry, Unavailable>> + Send;

    /// The tlog-proof that a log with this address gives for a signed JWT.
    fn fetch_proof(&self, log: &str, jwt: &str) -> impl Future<Output = Result<String, Unavailable>> + Send;

    /// The key of this deployment's log, if it has one.
    fn own_log(&self) -> Option<tlog::key::VerifierKey>;

    /// Whether `http` and hosts that only development has are allowed.
    fn development(&self) -> bool;
}
