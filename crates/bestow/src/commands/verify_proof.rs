//! `bestow verify-proof`: checks a proof file offline.

use std::path::PathBuf;

use anyhow::Context;
use tlog::key::VerifierKey;
use tlog::tlog_proof::MAX_PROOF_LEN;

use crate::explain::explain;
use crate::files;
use crate::output::Record;
use crate::proof::{self, Shown};

/// The longest credential that is read, in bytes.
const CREDENTIAL_LIMIT: usize = vc::sd_jwt::MAX_SIZE;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The proof, as GET /v1/credentials/proof answers
    file: PathBuf,
    /// The log's verifier key, as GET /log/key answers; have it from somebody whom you trust
    #[arg(long, value_name = "VKEY")]
    key: String,
    /// A file with a credential, which must be one that the proof is about; its own signature is not checked
    #[arg(long, value_name = "FILE")]
    credential: Option<PathBuf>,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let outcome = check(arguments);
    match &outcome {
        Ok(shown) => record(shown, arguments).print(arguments.json),
        Err(error) if arguments.json => {
            Record::default().with("valid", false).with("reason", explain(error)).print(true);
        }
        Err(_) => {}
    }
    outcome.map(drop)
}

fn check(arguments: &Arguments) -> anyhow::Result<Shown> {
    let key: VerifierKey = arguments.key.trim().parse().context("--key is no verifier key")?;
    let proof = files::read_text(&arguments.file, MAX_PROOF_LEN)?;
    let credential = match &arguments.credential {
        Some(path) => Some(files::read_text(path, CREDENTIAL_LIMIT)?),
        None => None,
    };
    proof::check(&proof, &key, credential.as_deref()).context("the proof does not hold")
}

fn record(shown: &Shown, arguments: &Arguments) -> Record {
    Record::default()
        .with("valid", true)
        .with("op", shown.leaf.op.as_str())
        .with("issuer", shown.leaf.issuer.as_str())
        .with("coreClaimHash", shown.leaf.hash.as_str())
        .with("at", shown.at().rfc3339())
        .with("log", shown.origin.as_str())
        .with("index", shown.index)
        .with("treeSize", shown.tree_size)
        .with("credentialMatches", arguments.credential.as_ref().map(|_| true))
}
