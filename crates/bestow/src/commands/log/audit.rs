//! `bestow log audit`: replays a whole log from outside, and says the first thing that is wrong.

mod chain;
mod leaves;
mod source;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anchor::export_folder;
use anyhow::Context;
use futures_util::StreamExt;
use model::Clock;
use serde_json::Value;
use tlog::audit::{Audit, Fault, steps};
use tlog::checkpoint::SignedCheckpoint;
use tlog::key::VerifierKey;
use tlog::note::MAX_NOTE_LEN;
use tlog::tile::{EntryBundle, TILE_WIDTH, TilePath};
use tlog::writer::TreeWriter;

use crate::commands::trusted::{log_key, witness_key};
use crate::files;
use crate::output::Record;
use crate::proof::Witnesses;
use crate::system::SystemClock;
use crate::verdict::Doubt;
use chain::Chained;
use leaves::Leaves;
use source::{Source, is_partial};

/// The longest verifier key that is read, in bytes.
const KEY_LIMIT: usize = 1 << 10;
/// How often a newer checkpoint is read, when the partial tiles of the one before have gone.
const ATTEMPTS: usize = 5;
/// A log with so many entries takes long enough to say how far it is.
const LONG: u64 = 50_000;

const HELP: &str = "\
Every entry is hashed anew; every tile, the signed root, the checkpoint kept from before and the heads on the chain must be
what the entries give. That takes a request for each 256 entries or fewer, and about 60 bytes of memory for each entry.

Exit codes:
  0  everything holds
  1  something is wrong: the first of it is named
  2  not known: something cannot be read, or the command line is wrong";

#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// A Bestow server, or where the checkpoint of a log is (C2SP tlog-tiles): a URL, or a folder
    #[arg(value_name = "URL|FOLDER")]
    place: String,
    /// The log's verifier key; have it from somebody whom you trust [default: what the log's server says, which proves less]
    #[arg(long, value_name = "VKEY", value_parser = log_key)]
    key: Option<VerifierKey>,
    /// A checkpoint of the log that was kept from before: the log must have grown from it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Keep the checkpoint here, if everything holds
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// The verifier key of a witness whose cosignature counts; repeatable
    #[arg(long, value_name = "VKEY", value_parser = witness_key)]
    witness: Vec<VerifierKey>,
    /// How many of the witnesses must have signed the checkpoint [default: all that are named]
    #[arg(long, value_name = "K", requires = "witness")]
    witnesses: Option<usize>,
    #[command(flatten)]
    chain: chain::Options,
    /// Do not look into the entries: for logs that are not Bestow's
    #[arg(long)]
    any_entries: bool,
    /// The most entries that are read
    #[arg(long, value_name = "N", default_value_t = 20_000_000)]
    max_entries: u64,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
}

/// The head that is audited, and what its partial tiles and bundle hold: they are gone from a mirror once the log has grown.
struct Head {
    text: String,
    signed: SignedCheckpoint,
    edge: HashMap<String, Vec<u8>>,
}

/// What is known of the log when the audit ends, well or not.
#[derive(Default)]
struct Report {
    log: Option<String>,
    size: Option<u64>,
    root: Option<String>,
    /// Those that have signed, if any were asked for.
    witnesses: Option<Vec<String>>,
    chain: Option<Chained>,
    counts: Option<[u64; 3]>,
    warnings: Vec<String>,
}

/// Audits, prints what was found, and answers by the exit code.
pub(crate) async fn run(arguments: Arguments) -> ExitCode {
    let mut report = Report::default();
    let outcome = arguments.audit(&mut report).await;
    if let Err(doubt) = &outcome {
        eprintln!("error: {}", doubt.reason());
    }
    if arguments.json || outcome.is_ok() {
        report.record(&outcome, arguments.json).print(arguments.json);
    }
    outcome.map_or_else(|doubt| doubt.exit_code(), |()| ExitCode::SUCCESS)
}

impl Arguments {
    async fn audit(&self, report: &mut Report) -> Result<(), Doubt> {
        let witnesses = Witnesses::new(&self.witness, self.witnesses)?;
        let source = Source::find(&self.place, &self.folders()).await?;
        let key = self.log_key(&source, report).await?;
        let origin = key.name().as_str();
        report.log = Some(origin.to_owned());
        let kept = self.kept(&key)?;
        // The chain first: the log has grown since, and can only be ahead of it.
        report.chain = self.chain.read(&source, origin).await?;
        let head = head(&source, &key).await?;
        let checkpoint = head.signed.unverified();
        (report.size, report.root) = (Some(checkpoint.size()), Some(checkpoint.root().to_string()));
        let cosigned = witnesses.of(&head.signed).map_err(Doubt::Wrong)?;
        report.witnesses = witnesses.are_asked().then_some(cosigned);
        let mut audit = Audit::new(checkpoint.size());
        if let Some((kept, by)) = &kept {
            audit.expect_root_at(kept.unverified().size(), *kept.unverified().root(), by)?;
        }
        if let Some(chain) = &report.chain {
            report.warnings.extend(chain.notes.iter().cloned());
            chain.expect(&mut audit)?;
        }
        audit.expect_root_at(checkpoint.size(), *checkpoint.root(), "the checkpoint")?;
        self.replay(&source, audit, head.edge, checkpoint.size(), report).await?;
        if let Some(path) = &self.save {
            files::write_private(path, &head.text)?;
        }
        Ok(())
    }

    /// Where a log may be below the place that was named: as a server publishes it, and as it is exported.
    fn folders(&self) -> Vec<String> {
        let exported = self.key.as_ref().map(|key| export_folder(key.name().as_str()));
        std::iter::once("log".to_owned()).chain(exported).collect()
    }

    async fn log_key(&self, source: &Source, report: &mut Report) -> Result<VerifierKey, Doubt> {
        if let Some(key) = &self.key {
            return Ok(key.clone());
        }
        let text = source.text("key", KEY_LIMIT).await.map_err(|doubt| {
            Doubt::Unknown(doubt.into_error().context("give the log's verifier key with --key"))
        })?;
        let key = log_key(&text)
            .map_err(|why| Doubt::wrong(format!("the key that the log's server gives: {why}")))?;
        let warning = format!(
            "The key {key} was taken from the audited server itself: the audit shows that the log agrees with itself, not that it \
             is the one that others see. Compare it with the key that you know from elsewhere, and name that with --key."
        );
        eprintln!("warning: {warning}");
        report.warnings.push(warning);
        Ok(key)
    }

    /// The checkpoint that was kept from before, and how it is called.
    fn kept(&self, key: &VerifierKey) -> Result<Option<(SignedCheckpoint, String)>, Doubt> {
        let Some(path) = &self.checkpoint else { return Ok(None) };
        let name = format!("the checkpoint in {}", path.display());
        let kept: SignedCheckpoint =
            files::read_text(path, MAX_NOTE_LEN)?.parse().with_context(|| name.clone())?;
        // Whoever kept another log's checkpoint has not found anything wrong with this one.
        kept.verify(key.name().as_str(), key).with_context(|| name.clone())?;
        Ok(Some((kept, name)))
    }

    async fn replay(
        &self,
        source: &Source,
        mut audit: Audit,
        mut edge: HashMap<String, Vec<u8>>,
        size: u64,
        report: &mut Report,
    ) -> Result<(), Doubt> {
        if size > self.max_entries {
            return Err(Doubt::unknown(format!(
                "the log has {size} entries, more than --max-entries allows ({})",
                self.max_entries
            )));
        }
        let mut leaves = (!self.any_entries).then(|| Leaves::new(SystemClock.now().seconds()));
        let mut unread = None;
        let mut pieces = std::pin::pin!(source.pieces(steps(size).filter(|path| !is_partial(path))));
        for path in steps(size) {
            let bytes = match edge.remove(&path.to_string()) {
                Some(bytes) => bytes,
                None => {
                    let (_, bytes) =
                        pieces.next().await.expect("each step that is not partial is fetched, in its order");
                    bytes?.ok_or_else(|| Doubt::wrong(format!("{path} is missing")))?
                }
            };
            match path {
                TilePath::Entries(bundle) => {
                    let first = bundle.index() * u64::from(TILE_WIDTH);
                    tell_progress(first, size);
                    audit.bundle(&bundle, &bytes)?;
                    unread = Some((first, bytes));
                }
                TilePath::Tile(tile) => {
                    audit.tile(&tile, &bytes)?;
                    // What the entries say matters if they are those that the tiles have.
                    if let (Some(leaves), Some((first, bundle))) = (&mut leaves, unread.take()) {
                        leaves.add_all(first, &bundle).map_err(Doubt::wrong)?;
                    }
                }
            }
        }
        audit.finish()?;
        if let Some(leaves) = leaves {
            report.counts = Some(leaves.counts());
            report.warnings.extend(leaves.warnings());
        }
        Ok(())
    }
}

/// The log's present head.
async fn head(source: &Source, key: &VerifierKey) -> Result<Head, Doubt> {
    let mut missing = String::new();
    for _ in 0..ATTEMPTS {
        let text = source.text("checkpoint", MAX_NOTE_LEN).await?;
        let wrong = |error| Doubt::Wrong(anyhow::Error::new(error).context("the checkpoint"));
        let signed: SignedCheckpoint = text.parse().map_err(wrong)?;
        let size = signed.verify(key.name().as_str(), key).map_err(wrong)?.size();
        let mut edge = HashMap::new();
        let mut partial = std::pin::pin!(source.pieces(edge_of(size)));
        let mut complete = true;
        while let Some((path, bytes)) = partial.next().await {
            match bytes? {
                Some(bytes) => drop(edge.insert(path.to_string(), bytes)),
                None => (complete, missing) = (false, path.to_string()),
            }
        }
        if complete {
            return Ok(Head { text, signed, edge });
        }
    }
    Err(Doubt::wrong(format!("{missing} is missing")))
}

/// The partial tiles and the partial bundle of a log.
fn edge_of(size: u64) -> impl Iterator<Item = TilePath> {
    let bundle = EntryBundle::in_tree(size / u64::from(TILE_WIDTH), size).map(TilePath::Entries);
    bundle.into_iter().chain(TreeWriter::right_edge(size).into_iter().map(TilePath::Tile))
}

/// Tells how far a long audit is, twenty times.
fn tell_progress(done: u64, size: u64) {
    let part = |entries: u64| u128::from(entries) * 20 / u128::from(size);
    if size >= LONG && part(done) != part(done.saturating_sub(u64::from(TILE_WIDTH))) {
        eprintln!("{done} of {size} entries hold");
    }
}

impl Report {
    fn record(self, outcome: &Result<(), Doubt>, json: bool) -> Record {
        let mut record = Record::default().with("valid", outcome.is_ok());
        let size = self.size.map(Value::from);
        let known =
            [("log", self.log.map(Value::from)), ("size", size), ("root", self.root.map(Value::from))];
        for (name, value) in known {
            if let Some(value) = value {
                record = record.with(name, value);
            }
        }
        match outcome {
            Ok(()) => {}
            Err(doubt @ Doubt::Wrong(_)) => record = record.with("firstFault", doubt.reason()),
            Err(doubt @ Doubt::Unknown(_)) => record = record.with("error", doubt.reason()),
        }
        if let Some([issued, revoked, digests]) = self.counts {
            record =
                record.with("issued", issued).with("revoked", revoked).with("statusListDigests", digests);
        }
        if let Some(witnesses) = self.witnesses {
            record = record.with("witnesses", witnesses);
        }
        if let Some(chain) = &self.chain {
            record = record
                .with("contract", evm::address::text(&chain.contract))
                .with("publisher", evm::address::text(&chain.publisher))
                .with("headsOnChain", chain.count());
        }
        match (json, self.warnings) {
            (_, warnings) if warnings.is_empty() => record,
            (true, warnings) => record.with("warnings", warnings),
            (false, warnings) => {
                warnings.into_iter().fold(record, |record, warning| record.with("warning", warning))
            }
        }
    }
}

/// A mistake of the auditor is not one of the log.
impl From<Fault> for Doubt {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::OutOfOrder { .. } => Self::Unknown(fault.into()),
            fault => Self::Wrong(fault.into()),
        }
    }
}
