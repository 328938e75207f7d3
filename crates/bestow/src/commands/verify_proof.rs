//! `bestow verify-proof`: checks a proof file, offline or to the chain.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use evm::{Address, Rpc, address};
use model::{Finality, LeafOp};
use serde_json::Value;
use tlog::key::VerifierKey;
use tlog::tlog_proof::MAX_PROOF_LEN;
use verify::{Listed, ProofSubject};

use super::trusted::{evm_address, log_key, witness_key};
use crate::output::Record;
use crate::proof::chain::{self, OnChain};
use crate::proof::{self, Shown, Witnesses};
use crate::verdict::Doubt;
use crate::{files, http};

/// The longest credential that is read, in bytes.
const CREDENTIAL_LIMIT: usize = vc::sd_jwt::MAX_SIZE;

const HELP: &str = "\
Exit codes:
  0  the proof holds
  1  it does not: forged, of another log or credential, not cosigned or not on the chain as is wanted
  2  not known: a file or the chain cannot be read, or the command line is wrong";

#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// The proof, as GET /v1/credentials/proof answers
    file: PathBuf,
    /// The log's verifier key, as GET /log/key answers; have it from somebody whom you trust
    #[arg(long, value_name = "VKEY", value_parser = log_key)]
    key: VerifierKey,
    /// A file with a credential, which must be one that the proof is about, or have an entry in the status list that it is about;
    /// its own signature is not checked
    #[arg(long, value_name = "FILE")]
    credential: Option<PathBuf>,
    /// The verifier key of a witness whose cosignature counts; repeatable
    #[arg(long, value_name = "VKEY", value_parser = witness_key)]
    witness: Vec<VerifierKey>,
    /// How many of the witnesses must have signed the checkpoint [default: all that are named]
    #[arg(long, value_name = "K", requires = "witness")]
    witnesses: Option<usize>,
    /// A node of the chain (JSON-RPC): checks the proof to the chain; the answers are as good as the node
    #[arg(long, value_name = "URL")]
    rpc: Option<String>,
    /// The contract that holds the log's heads, as the issuer publishes it
    #[arg(long, value_name = "ADDRESS", requires = "rpc", value_parser = evm_address)]
    contract: Option<Address>,
    /// The address that sends the log's heads, as the issuer publishes it
    #[arg(long, value_name = "ADDRESS", requires = "rpc", value_parser = evm_address)]
    publisher: Option<Address>,
    /// How many blocks must have been built on the transaction, its own counted [default: 1]
    #[arg(long, value_name = "N", requires = "rpc", conflicts_with = "finalized")]
    confirmations: Option<NonZeroU32>,
    /// The transaction's block must be one that the chain calls final
    #[arg(long, requires = "rpc")]
    finalized: bool,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
}

/// What was found.
struct Found {
    shown: Shown,
    /// The witnesses that have signed, if any were asked for.
    witnesses: Option<Vec<String>>,
    on_chain: Option<OnChain>,
}

/// Checks, prints what was found, and answers by the exit code.
pub(crate) async fn run(arguments: Arguments) -> ExitCode {
    match check(&arguments).await {
        Ok(found) => {
            record(&found, &arguments).print(arguments.json);
            ExitCode::SUCCESS
        }
        Err(doubt) => {
            let reason = doubt.reason();
            eprintln!("error: {reason}");
            if arguments.json {
                Record::default().with("valid", false).with("reason", reason).print(true);
            }
            doubt.exit_code()
        }
    }
}

async fn check(arguments: &Arguments) -> Result<Found, Doubt> {
    let witnesses = Witnesses::new(&arguments.witness, arguments.witnesses)?;
    let proof = files::read_text(&arguments.file, MAX_PROOF_LEN)?;
    let credential = match &arguments.credential {
        Some(path) => Some(files::read_text(path, CREDENTIAL_LIMIT)?),
        None => None,
    };
    let wrong = |error: anyhow::Error| Doubt::Wrong(error.context("the proof does not hold"));
    let shown = proof::check(&proof, &arguments.key, credential.as_deref()).map_err(wrong)?;
    let cosigned = shown.cosigned(&witnesses).map_err(wrong)?;
    let on_chain = match &arguments.rpc {
        Some(url) => {
            let rpc = Rpc::new(http::client()?, url).context("--rpc")?;
            Some(chain::check(&shown, &rpc, &arguments.terms()).await?)
        }
        None => None,
    };
    Ok(Found { shown, witnesses: witnesses.are_asked().then_some(cosigned), on_chain })
}

impl Arguments {
    fn terms(&self) -> chain::Terms {
        let confirmations = self.confirmations.unwrap_or(NonZeroU32::MIN);
        let finality =
            if self.finalized { Finality::Finalized } else { Finality::Confirmations(confirmations) };
        chain::Terms { contract: self.contract, publisher: self.publisher, finality }
    }
}

fn record(found: &Found, arguments: &Arguments) -> Record {
    let shown = &found.shown;
    let mut record = Record::default()
        .with("valid", true)
        .with("op", shown.leaf.op.as_str())
        .with("issuer", shown.leaf.issuer.as_str());
    record = match shown.leaf.op {
        LeafOp::Status => {
            record.with("list", shown.leaf.list.as_deref()).with("listDigest", shown.leaf.hash.as_str())
        }
        LeafOp::Issue | LeafOp::Revoke => record.with("coreClaimHash", shown.leaf.hash.as_str()),
    };
    record = record
        .with("at", shown.at().rfc3339())
        .with("log", shown.origin.as_str())
        .with("index", shown.index)
        .with("treeSize", shown.tree_size)
        .with("credentialMatches", arguments.credential.as_ref().map(|_| true));
    if let Some(listed) = shown.listed {
        record = record.with("revoked", listed == Listed::Revoked);
    }
    if let Some(witnesses) = &found.witnesses {
        let names = witnesses.iter().map(String::as_str);
        record = record.with("witnesses", names.collect::<Vec<_>>());
    }
    if let Some(on_chain) = &found.on_chain {
        record = with_chain(record, on_chain);
    }
    let notes = notes(found);
    if notes.is_empty() {
        return record;
    }
    if arguments.json {
        return record.with("notes", notes);
    }
    notes.into_iter().fold(record, |record, note| record.with("note", note))
}

fn with_chain(record: Record, on_chain: &OnChain) -> Record {
    record
        .with("chainId", on_chain.chain_id)
        .with("contract", address::text(&on_chain.contract))
        .with("publisher", address::text(&on_chain.publisher))
        .with("transaction", on_chain.transaction.to_string())
        .with("block", on_chain.block)
        .with("confirmations", on_chain.confirmations)
        .with("anchoredSize", on_chain.size)
}

/// What somebody who relies on the proof should know.
fn notes(found: &Found) -> Vec<Value> {
    let shown = &found.shown;
    let mut notes = Vec::new();
    if let ProofSubject::List(list) = &shown.extra.subject {
        let at = shown.at().rfc3339();
        notes.push(match (shown.listed, list.tally()) {
            (Some(Listed::NotRevoked), _) => format!("The credential was not revoked as of {at}, the issuer says."),
            (Some(Listed::Revoked), _) => format!("The credential was revoked as of {at}, the issuer says."),
            (None, Ok((set, size))) => format!(
                "At {at}, {set} of the list's {size} entries were revoked: give --credential to see whether it is one of them."
            ),
            (None, Err(error)) => error.to_string(),
        });
    }
    match &found.on_chain {
        Some(on_chain) => notes.extend(on_chain.notes.iter().cloned()),
        None if shown.extra.evm.is_some() => {
            notes.push(
                "The proof names a transaction; without --rpc, it was not looked up on its chain.".to_owned(),
            );
        }
        None => {}
    }
    notes.into_iter().map(Value::from).collect()
}
