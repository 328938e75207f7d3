//! `bestow verify`: verifies a credential or a presentation, offline unless it is allowed to fetch.

mod cache;
mod documents;
mod given;
mod show;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use issuance::GuardedClient;
use model::Clock;
use serde_json::json;
use tlog::key::VerifierKey;
use tlog::tlog_proof::MAX_PROOF_LEN;
use verify::{MAX_LEN, Policy, Report, Request, State, TrustedIssuers, Verifier};
use x509::{MAX_PEM_LEN, TrustAnchors};

use super::trusted::{log_key, witness_key};
use super::values::Moment;
use crate::explain::explain;
use crate::files;
use crate::system::SystemClock;
use cache::Cache;
use documents::Documents;
use given::Given;

/// What trusts every issuer.
const ANYBODY: &str = "*";
/// What stands for standard input.
const STANDARD_INPUT: &str = "-";
/// How many documents can be given.
const MAX_GIVEN: usize = 100;

const HELP: &str = "\
Trust:
  Anybody can sign a credential. Name the issuers whose word you take with --trust, by the DID or URL that the
  report shows, once you know from elsewhere that it is theirs; --trust '*' takes everybody's word. Without, a good
  credential is of an unknown issuer (exit code 1). --trust-anchors trusts whom a certificate authority vouches for.

Offline:
  Nothing is fetched without --online. What a credential only names (its issuer's keys, its status list, its
  schema) is taken from --with and --cache, and the report says what is missing. A copy that is older than its
  publisher wants is used all the same, with a note of its age; an expired status list is not. Whoever can write
  to the folder of --cache can make it say what they like: keep it as you keep a list of trusted keys.

Exit codes:
  0  valid: every check that applies has passed
  1  not valid: a check has failed (forged, revoked, expired, of an unknown issuer, no credential at all)
  2  not known: something that a check needs is missing, a file cannot be read, or the command line is wrong";

#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// The credential or presentation, as a wallet or an issuer gave it; - reads it from standard input
    file: PathBuf,
    /// An issuer whose word you take, by its DID or URL; * takes everybody's; repeatable
    #[arg(long, value_name = "ISSUER")]
    trust: Vec<String>,
    /// Certificate authorities (PEM) whose certificates say who an issuer is
    #[arg(long, value_name = "FILE")]
    trust_anchors: Option<PathBuf>,
    /// The proof that its issuance is in a log, as GET /v1/credentials/proof answers; without it, the log that the issuer
    /// names is asked
    #[arg(long, value_name = "FILE", requires = "key")]
    proof: Option<PathBuf>,
    /// The verifier key of a log that counts, as GET /log/key answers; have it from somebody whom you trust; repeatable
    #[arg(long, value_name = "VKEY", value_parser = log_key)]
    key: Vec<VerifierKey>,
    /// The verifier key of a witness whose cosignature counts; repeatable
    #[arg(long, value_name = "VKEY", value_parser = witness_key, requires = "key")]
    witness: Vec<VerifierKey>,
    /// How many of the witnesses must have signed the checkpoint, too
    #[arg(long, value_name = "N", default_value_t = 0, requires = "key")]
    cosignatures: usize,
    /// The nonce that the holder's proof of possession must have
    #[arg(long, allow_hyphen_values = true)]
    nonce: Option<String>,
    /// Whom the holder's proof of possession must be made for
    #[arg(long, allow_hyphen_values = true)]
    audience: Option<String>,
    /// The moment at which it is to be valid, in RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<Moment>,
    /// A document to use rather than fetch: DID document, issuer metadata, status list, schema, type metadata; repeatable
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
    /// A folder of fetched documents: read, and with --online added to
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Fetch what is missing over the network
    #[arg(long)]
    online: bool,
    /// Allow http and hosts that are not on the public Internet, as development servers have
    #[arg(long)]
    development: bool,
    /// Print the report as JSON on one line
    #[arg(long)]
    json: bool,
}

/// What there is to say in the end.
struct Outcome {
    report: Report,
    /// What somebody who relies on the report should know of the documents that it rests on.
    notes: Vec<String>,
}

/// Verifies, prints what was found, and answers by the exit code.
pub(crate) async fn run(arguments: Arguments) -> ExitCode {
    let outcome = arguments.outcome().await;
    let (text, code) = match &outcome {
        Ok(Outcome { report, notes }) if arguments.json => (show::json(report, notes), code(report.state)),
        Ok(Outcome { report, notes }) => (show::text(report, notes), code(report.state)),
        Err(error) => {
            let error = explain(error);
            eprintln!("error: {error}");
            let refusal =
                json!({"valid": false, "state": State::Indeterminate, "checks": [], "error": error});
            (if arguments.json { format!("{refusal}\n") } else { String::new() }, UNKNOWN)
        }
    };
    // Whoever has stopped reading has not seen the verdict, but the exit code.
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            eprintln!("error: the report cannot be written: {error}");
            ExitCode::from(UNKNOWN)
        }
        _ => ExitCode::from(code),
    }
}

/// The exit code of what cannot be told; clap ends with the same when the command line is wrong.
const UNKNOWN: u8 = 2;

const fn code(state: State) -> u8 {
    match state {
        State::Valid => 0,
        State::Revoked
        | State::Suspended
        | State::Expired
        | State::NotYetValid
        | State::UnknownIssuer
        | State::Invalid => 1,
        State::Indeterminate => UNKNOWN,
    }
}

impl Arguments {
    async fn outcome(&self) -> anyhow::Result<Outcome> {
        let policy = self.policy()?;
        let document = read_document(&self.file)?;
        let proof = match &self.proof {
            Some(path) => Some(files::read_text(path, MAX_PROOF_LEN)?),
            None => None,
        };
        let verifier = Verifier::new(self.documents()?);
        let at = self.at.map_or_else(|| SystemClock.now(), |at| at.0);
        let request = Request {
            document: &document,
            nonce: self.nonce.as_deref(),
            audience: self.audience.as_deref(),
            // Who names what a proof must answer has asked for it, and not long ago.
            fresh: self.nonce.is_some() || self.audience.is_some(),
            proof: proof.as_deref(),
            now: at.seconds(),
        };
        let report = verifier.verify(request, &policy).await;
        Ok(Outcome { report, notes: verifier.sources().notes() })
    }

    fn policy(&self) -> anyhow::Result<Policy> {
        let witnesses: BTreeSet<&VerifierKey> = self.witness.iter().collect();
        ensure!(
            self.cosignatures <= witnesses.len(),
            "--cosignatures {} can never be had of {} witnesses: name each with --witness",
            self.cosignatures,
            witnesses.len()
        );
        let issuers = if self.trust.iter().any(|issuer| issuer == ANYBODY) {
            TrustedIssuers::Any
        } else {
            TrustedIssuers::Only(self.trust.clone())
        };
        let anchors = match &self.trust_anchors {
            Some(path) => {
                let anchors = TrustAnchors::from_pem(&files::read_text(path, MAX_PEM_LEN)?);
                Some(anchors.with_context(|| format!("--trust-anchors {}", path.display()))?)
            }
            None => None,
        };
        Ok(Policy {
            issuers,
            anchors,
            logs: self.key.clone(),
            witnesses: witnesses.into_iter().cloned().collect(),
            cosignatures: self.cosignatures,
            ..Policy::default()
        })
    }

    fn documents(&self) -> anyhow::Result<Documents> {
        if self.with.len() > MAX_GIVEN {
            bail!("--with can be given {MAX_GIVEN} times at most: put the documents into --cache");
        }
        let mut given = Given::default();
        for path in &self.with {
            given.add(path, self.development)?;
        }
        let cache = self.cache.as_deref().map(Cache::at);
        let network = if self.online {
            if let Some(cache) = &cache {
                cache.make()?;
            }
            Some(GuardedClient::new(self.development).context("the HTTP client")?)
        } else {
            None
        };
        Ok(Documents::new(given, cache, network, self.development, SystemClock.now()))
    }
}

/// What is to be verified, as text.
fn read_document(path: &Path) -> anyhow::Result<String> {
    if path != Path::new(STANDARD_INPUT) {
        return files::read_text(path, MAX_LEN);
    }
    let mut text = String::new();
    let input = std::io::stdin().lock();
    input.take(MAX_LEN as u64 + 1).read_to_string(&mut text).context("cannot read standard input")?;
    ensure!(text.len() <= MAX_LEN, "cannot read standard input: it is larger than {MAX_LEN} bytes");
    Ok(text)
}
