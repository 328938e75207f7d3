//! One measured run, from the command line to the report.

use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use hyper::Uri;
use hyper::body::Bytes;
use tokio::runtime;
use tokio::time::sleep;

use crate::environment::Environment;
use crate::load::{self, Limit, Outcome, Request};
use crate::meter::Meter;
use crate::partner::{Partner, People, TokenAlgorithm};
use crate::process::Others;
use crate::report::{Answers, Cpu, Credentials, Kind, MemoryUse, Report};
use crate::rows::count_credentials;

/// How many requests are prepared when neither a number nor a time is given.
const DEFAULT_REQUESTS: usize = 50_000;

/// How many requests are prepared for each second of a run that only a time limits.
const PREPARED_PER_SECOND: f64 = 10_000.0;

#[derive(Args)]
struct CommonArguments {
    /// The file that `bestow dev` writes
    #[arg(long, value_name = "FILE")]
    env_file: PathBuf,
    /// The algorithm of the Partner JWTs
    #[arg(long, value_enum, default_value = "rs256")]
    alg: TokenAlgorithm,
    /// Keep-alive connections, each with one request in flight
    #[arg(long, default_value = "64")]
    connections: NonZero<usize>,
    /// Requests sent before the measurement starts
    #[arg(long, value_name = "N", default_value_t = 1000)]
    warm_up: usize,
    /// Seconds to wait after the last answer, so that CPU time includes the work that was put off
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    settle: u64,
    /// The server's process, to report its CPU time and memory
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
    /// Another process whose CPU time to report, with all its descendants (the database's); repeatable
    #[arg(long, value_name = "PID")]
    cpu_of: Vec<u32>,
    /// As --cpu-of, for all processes of this name; repeatable
    #[arg(long, value_name = "NAME")]
    cpu_of_name: Vec<String>,
    /// What to call this run, such as the database's name
    #[arg(long, default_value = "")]
    label: String,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

/// Arguments of `bench issue`.
#[derive(Args)]
pub(crate) struct IssueArguments {
    #[command(flatten)]
    common: CommonArguments,
    /// Requests to sign ahead and send; by default 50000, or 10000 for each second of --seconds
    #[arg(long, value_name = "N")]
    requests: Option<usize>,
    /// Stop after so many seconds, even if requests are left
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Sign a token for each request, but all of them for one person
    #[arg(long, conflicts_with = "reuse_token")]
    same_person: bool,
    /// Use one token for all requests
    #[arg(long)]
    reuse_token: bool,
    /// The server's database (sqlite:PATH or postgres://...): count the credentials in it before and after, and
    /// fail if it gained another number of them than there were 200s
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

/// Arguments of `bench status`.
#[derive(Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    common: CommonArguments,
    /// How long to poll
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    seconds: f64,
    /// Credentials to issue first and poll in turn, each with a token of its own
    #[arg(long, value_name = "N", default_value = "64")]
    credentials: NonZero<usize>,
}

/// Runs `bench issue`.
///
/// # Errors
///
/// If the run could not be made. A run that was made, but with the wrong number of rows or without any success, is
/// printed and gives a failing exit code.
pub(crate) fn issue(arguments: &IssueArguments) -> anyhow::Result<ExitCode> {
    let seconds = arguments.seconds.map(duration).transpose()?;
    let prepared = |time: Duration| (time.as_secs_f64() * PREPARED_PER_SECOND) as usize;
    let count = arguments.requests.unwrap_or_else(|| seconds.map_or(DEFAULT_REQUESTS, prepared));
    let people = match (arguments.same_person, arguments.reuse_token) {
        (_, true) => People::OneToken,
        (true, _) => People::One,
        _ => People::Distinct,
    };
    let target = Target::new(&arguments.common)?;
    let warm_up = target.issue_requests("warm-up", arguments.common.warm_up, people)?;
    let requests = target.issue_requests("run", count, people)?;
    let limit = Limit { requests: count, time: seconds.unwrap_or(Duration::MAX) };
    block_on(async {
        let load = Load { kind: Kind::Issue, people, warm_up, requests, limit };
        target.measure(load, arguments.database_url.as_deref()).await
    })
}

/// Runs `bench status`.
///
/// # Errors
///
/// As [`issue`].
pub(crate) fn status(arguments: &StatusArguments) -> anyhow::Result<ExitCode> {
    let time = duration(arguments.seconds)?;
    let target = Target::new(&arguments.common)?;
    let tokens = target.partner.tokens("status", arguments.credentials.get(), People::Distinct)?;
    block_on(async {
        let issue = tokens.iter().map(|token| target.partner.issue(token.clone())).collect();
        let issued = load::fetch(target.server, target.connections(), issue).await?;
        expect_success("issuing the credentials to poll", &issued)?;
        let mut requests = Vec::with_capacity(issued.bodies.len());
        for (position, body) in &issued.bodies {
            requests.push(target.partner.status(tokens[*position].clone(), &core_claim_hash(body)?)?);
        }
        let load = Load {
            kind: Kind::Status,
            people: People::Distinct,
            warm_up: requests.clone(),
            requests,
            limit: Limit { requests: usize::MAX, time },
        };
        target.measure(load, None).await
    })
}

fn duration(seconds: f64) -> anyhow::Result<Duration> {
    Duration::try_from_secs_f64(seconds).context("--seconds")
}

fn core_claim_hash(body: &Bytes) -> anyhow::Result<String> {
    let answer: serde_json::Value = serde_json::from_slice(body).context("the answer to an issue request")?;
    let hash = answer["coreClaimHash"].as_str().context("the answer has no coreClaimHash")?;
    Ok(hash.to_owned())
}

/// One thread suffices, and leaves the rest of the machine to the server.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// A run in which nothing succeeds measures nothing.
fn expect_success(doing: &str, outcome: &Outcome) -> anyhow::Result<()> {
    let first =
        outcome.failures.iter().next().map(|(status, failure)| format!("{status}: {}", failure.first));
    ensure!(outcome.succeeded() > 0, "{doing}: no request succeeded; {}", first.unwrap_or_default());
    Ok(())
}

/// What a run sends.
struct Load {
    kind: Kind,
    people: People,
    warm_up: Vec<Request>,
    requests: Vec<Request>,
    limit: Limit,
}

/// The server under load, and what to measure of it.
struct Target<'a> {
    arguments: &'a CommonArguments,
    server: SocketAddr,
    partner: Partner,
}

impl<'a> Target<'a> {
    fn new(arguments: &'a CommonArguments) -> anyhow::Result<Self> {
        let environment = Environment::read(&arguments.env_file)?;
        let url: Uri = environment.get("BESTOW_URL")?.parse().context("BESTOW_URL")?;
        ensure!(url.scheme_str() == Some("http"), "BESTOW_URL is not an http URL: {url}");
        let authority = url.authority().context("BESTOW_URL has no host")?;
        let host = authority.host().trim_matches(['[', ']']);
        let server = (host, authority.port_u16().unwrap_or(80))
            .to_socket_addrs()
            .with_context(|| format!("looking up {host}"))?
            .next()
            .with_context(|| format!("{host} has no address"))?;
        let partner = Partner::new(&environment, authority.as_str(), arguments.alg)?;
        Ok(Self { arguments, server, partner })
    }

    fn connections(&self) -> usize {
        self.arguments.connections.get()
    }

    fn issue_requests(&self, series: &str, count: usize, people: People) -> anyhow::Result<Vec<Request>> {
        let tokens = self.partner.tokens(series, count, people)?;
        Ok(tokens.into_iter().map(|token| self.partner.issue(token)).collect())
    }

    /// Warms up, measures, prints, and judges.
    async fn measure(&self, load: Load, database_url: Option<&str>) -> anyhow::Result<ExitCode> {
        let arguments = self.arguments;
        let others = Others { pids: arguments.cpu_of.clone(), names: arguments.cpu_of_name.clone() };
        let meter = Meter { server: arguments.server_pid, others };
        let idle = meter.memory()?;
        self.warm_up(load.warm_up).await?;
        let rows_before = count(database_url).await?;

        let before = meter.read()?;
        let outcome = load::press(self.server, self.connections(), load.requests, load.limit).await?;
        sleep(Duration::from_secs(arguments.settle)).await;
        let used = meter.read()?.since(&before);

        let rows_after = count(database_url).await?;
        let answers = Answers::new(outcome);
        let report = Report {
            label: arguments.label.clone(),
            kind: load.kind,
            algorithm: arguments.alg,
            people: load.people,
            connections: self.connections(),
            cores: available_parallelism()?.get(),
            cpu: Cpu::new(&used, answers.requests),
            answers,
            memory: idle.zip(meter.memory()?).map(|(idle, after)| MemoryUse::new(idle, after)),
            credentials: rows_before.zip(rows_after).map(|(before, after)| Credentials { before, after }),
        };
        Ok(print_and_judge(&report, arguments.json)?)
    }

    async fn warm_up(&self, requests: Vec<Request>) -> anyhow::Result<()> {
        if requests.is_empty() {
            return Ok(());
        }
        let limit = Limit { requests: self.arguments.warm_up, time: Duration::MAX };
        let outcome = load::press(self.server, self.connections(), requests, limit).await?;
        expect_success("warming up", &outcome)
    }
}

async fn count(database_url: Option<&str>) -> anyhow::Result<Option<i64>> {
    match database_url {
        Some(url) => count_credentials(url).await.map(Some),
        None => Ok(None),
    }
}

fn print_and_judge(report: &Report, json: bool) -> serde_json::Result<ExitCode> {
    if json {
        println!("{}", serde_json::to_string(report)?);
    } else {
        print!("{report}");
    }
    Ok(match report.verdict() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("bench: {reason}");
            ExitCode::FAILURE
        }
    })
}
