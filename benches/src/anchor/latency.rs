//! The runs of `bench anchor latency`: from the answer that accepts a credential to its status `ONCHAIN`.

use std::fmt;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::arrivals::{Plan, arrivals, send};
use super::chain::{Gas, Node};
use super::table::Line;
use crate::load::Outcome;
use crate::partner::{Partner, People, SignatureAlgorithm};
use crate::report::{Answers, Cpu, Credentials, Latency, MemoryUse};
use crate::run::duration;
use crate::target::{CommonArguments, DatabaseArguments, Target, block_on, count};

/// Arguments of `bench anchor latency`.
#[derive(Args)]
pub(crate) struct LatencyArguments {
    #[command(flatten)]
    common: CommonArguments,
    #[command(flatten)]
    database: DatabaseArguments,
    /// The algorithm of the Partner JWTs
    #[arg(long, value_enum, default_value = "es256")]
    alg: SignatureAlgorithm,
    /// Credentials to ask for a second, on average
    #[arg(long, value_name = "N")]
    rate: f64,
    /// For how long to ask for credentials
    #[arg(long, value_name = "S", default_value_t = 30.0)]
    seconds: f64,
    /// How many of the credentials of a second to watch, at most
    #[arg(long, value_name = "N", default_value_t = 30.0)]
    watch: f64,
    /// How often to ask for the status of each of these, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 20)]
    poll_ms: u64,
    /// For how long to ask for it, in seconds
    #[arg(long, value_name = "S", default_value_t = 60.0)]
    patience: f64,
    /// The policy that the issuer was given: for the report only
    #[arg(long, default_value = "log")]
    policy: String,
    /// The chain that the log is anchored on, an Anvil of this run's own, to read what it charged
    #[arg(long, value_name = "URL")]
    rpc: Option<String>,
    /// The time from one block of the chain to the next, in seconds
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    block_seconds: f64,
}

/// How long credentials waited.
#[derive(Serialize, Deserialize)]
pub(super) struct Waits {
    pub(super) label: String,
    pub(super) policy: String,
    /// What was wanted, in credentials a second.
    pub(super) rate: f64,
    /// Cores that server, database, chain and generator share.
    cores: usize,
    /// To the requests for credentials.
    pub(super) answers: Answers,
    /// By how much requests were sent later than they were due.
    pub(super) late_ms: Option<Latency>,
    /// The watched credentials. Its latencies are those from the answer to `ONCHAIN`.
    pub(super) watched: Answers,
    pub(super) cpu: Cpu,
    pub(super) memory: Option<MemoryUse>,
    pub(super) credentials: Option<Credentials>,
    pub(super) chain: Option<ChainUse>,
}

/// What a chain had to do with it.
#[derive(Serialize, Deserialize)]
pub(super) struct ChainUse {
    /// Between blocks.
    block_seconds: f64,
    /// The share of the watched credentials that were `ONCHAIN` within the time of two blocks.
    pub(super) within_two_blocks: f64,
    pub(super) gas: Gas,
}

/// Runs `bench anchor latency`.
///
/// # Errors
///
/// If the server or the chain cannot be reached, or an argument makes no sense.
pub(super) fn latency(arguments: &LatencyArguments) -> anyhow::Result<ExitCode> {
    let LatencyArguments { common, rate, seconds, watch, .. } = arguments;
    let positive = [rate, seconds, watch].iter().all(|number| number.is_finite() && **number > 0.0);
    ensure!(positive, "--rate, --seconds and --watch must be more than 0");
    let target = Target::new(common)?;
    let partner = Partner::new(&target.environment, &target.server, arguments.alg)?;
    let requests = (rate * seconds).ceil() as usize;
    let warm_up = partner.tokens("warm-up", common.warm_up, People::Distinct)?;
    let warm_up = warm_up.into_iter().map(|token| partner.issue(token)).collect();
    let plan = Plan {
        tokens: partner.tokens("run", requests, People::Distinct)?,
        partner,
        server: target.server.address,
        due: arrivals(requests, *rate),
        sample_every: (rate / watch).ceil().max(1.0) as usize,
        poll_every: Duration::from_millis(arguments.poll_ms),
        patience: duration(arguments.patience)?,
    };
    let waits = block_on(async {
        target.warm_up(warm_up).await?;
        target.settle().await;
        measure(arguments, &target, plan).await
    })?;
    if common.meter.json {
        println!("{}", serde_json::to_string(&Line::Latency(Box::new(waits)))?);
        return Ok(ExitCode::SUCCESS);
    }
    print!("{waits}");
    Ok(ExitCode::SUCCESS)
}

async fn measure(arguments: &LatencyArguments, target: &Target<'_>, plan: Plan) -> anyhow::Result<Waits> {
    let meter = arguments.common.meter.meter();
    let database_url = arguments.database.database_url.as_deref();
    let idle = meter.memory()?;
    let rows_before = count(database_url).await?;
    let before = meter.read()?;
    let arrived = send(plan, target.connections()).await?;
    let used = meter.read()?.since(&before);
    let rows_after = count(database_url).await?;
    let mut late = arrived.late;
    late.sort_unstable();
    let chain = match &arguments.rpc {
        Some(url) => Some(ChainUse {
            block_seconds: arguments.block_seconds,
            within_two_blocks: within(&arrived.anchoring, 2.0 * arguments.block_seconds),
            gas: Node::at(url)?.gas().await.context("reading what the chain charged")?,
        }),
        None => None,
    };
    let answers = Answers::new(arrived.issuing);
    let waits = Waits {
        label: arguments.common.meter.label.clone(),
        policy: arguments.policy.clone(),
        rate: arguments.rate,
        cores: available_parallelism()?.get(),
        cpu: Cpu::new(&used, answers.requests),
        answers,
        late_ms: Latency::of_sorted(&late),
        watched: Answers::new(arrived.anchoring),
        memory: idle.zip(meter.memory()?).map(|(idle, after)| MemoryUse::new(idle, after)),
        credentials: rows_before.zip(rows_after).map(|(before, after)| Credentials { before, after }),
        chain,
    };
    waits.judge()?;
    Ok(waits)
}

/// The share of the successes that took at most so many seconds.
fn within(outcome: &Outcome, seconds: f64) -> f64 {
    let soon = outcome.latencies.iter().filter(|latency| f64::from(**latency) <= seconds * 1e6).count();
    soon as f64 / outcome.sent().max(1) as f64
}

impl Waits {
    /// Whether the run is good: every promise was kept.
    fn judge(&self) -> anyhow::Result<()> {
        let succeeded = self.answers.succeeded;
        ensure!(self.watched.succeeded > 0, "no credential was seen to be ONCHAIN\n{self}");
        ensure!(self.watched.failures.is_empty(), "not every watched credential became ONCHAIN\n{self}");
        if let Some(rows) = &self.credentials {
            let added = rows.added();
            let kept = u64::try_from(added) == Ok(succeeded);
            ensure!(kept, "{succeeded} requests got a 200, but the database gained {added} credentials");
        }
        Ok(())
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, policy, rate, cores, answers, watched, .. } = self;
        writeln!(f, "{label}: {policy}, {rate} credentials a second, {cores} cores")?;
        let Answers { requests, succeeded, seconds, per_second, .. } = answers;
        writeln!(
            f,
            "  requests           {requests} in {seconds:.2} s: {succeeded} got a 200, {per_second:.0}/s"
        )?;
        for (kind, failure) in answers.failures.iter().chain(&watched.failures) {
            writeln!(f, "  failed             {} x {kind}, the first: {}", failure.count, failure.first)?;
        }
        let mut line = |what: &str, latency: &Option<Latency>| match latency {
            Some(Latency { p50, p90, p99, max }) => {
                writeln!(f, "  {what:<18} p50 {p50:.1}, p90 {p90:.1}, p99 {p99:.1}, max {max:.1}")
            }
            None => Ok(()),
        };
        line("sent late by, ms", &self.late_ms)?;
        line("answered in ms", &answers.latency_ms)?;
        line("ONCHAIN after ms", &watched.latency_ms)?;
        writeln!(f, "  watched            {} credentials", watched.requests)?;
        if let Some(ChainUse { block_seconds, within_two_blocks, gas }) = &self.chain {
            let share = within_two_blocks * 100.0;
            writeln!(f, "  chain              {share:.1} % within two blocks of {block_seconds} s")?;
            gas.fmt(f)?;
        }
        self.cpu.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::within;
    use crate::load::Outcome;

    #[test]
    fn the_share_within_a_time() {
        let mut outcome = Outcome::default();
        outcome.latencies.extend([1_000_000, 2_000_000, 2_000_001, 5_000_000]);
        assert!((within(&outcome, 2.0) - 0.5).abs() < 1e-9);
        assert!(within(&Outcome::default(), 2.0).abs() < 1e-9);
    }
}
