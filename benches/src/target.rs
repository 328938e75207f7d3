//! A server under load, and what a run measures of it.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::ensure;
use clap::Args;
use tokio::runtime;
use tokio::time::sleep;

use crate::environment::Environment;
use crate::load::{self, Limit, Task};
use crate::meter::Meter;
use crate::partner::{People, SignatureAlgorithm};
use crate::process::Others;
use crate::report::{Answers, Cpu, Credentials, Kind, MemoryUse, Report};
use crate::rows::count_credentials;
use crate::server::Server;

/// What every run is told.
#[derive(Args)]
pub(crate) struct CommonArguments {
    /// The file that `bestow dev` writes
    #[arg(long, value_name = "FILE")]
    env_file: PathBuf,
    /// Keep-alive connections, each with one request in flight
    #[arg(long, default_value = "64")]
    connections: NonZero<usize>,
    /// Requests, or claims, before the measurement starts
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) warm_up: usize,
    /// Seconds to wait after the last answer, so that CPU time includes the work that was put off
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    settle: u64,
    #[command(flatten)]
    pub(crate) meter: MeterArguments,
}

/// Whom a run measures, and how it reports.
#[derive(Args)]
pub(crate) struct MeterArguments {
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
    pub(crate) label: String,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

impl MeterArguments {
    /// What is measured of these processes.
    pub(crate) fn meter(&self) -> Meter {
        let others = Others { pids: self.cpu_of.clone(), names: self.cpu_of_name.clone() };
        Meter { server: self.server_pid, others }
    }
}

/// What a run is told that adds credentials.
#[derive(Args)]
pub(crate) struct DatabaseArguments {
    /// The server's database (sqlite:PATH or postgres://...): count the credentials in it before and after, and
    /// fail if it gained another number of them than there were 200s
    #[arg(long, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

/// One thread suffices, and leaves the rest of the machine to the server.
pub(crate) fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// What a run does.
pub(crate) struct Load<T> {
    pub(crate) kind: Kind,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) people: People,
    pub(crate) warm_up: Vec<T>,
    pub(crate) tasks: Vec<T>,
    pub(crate) limit: Limit,
    /// Where the credentials are that it adds.
    pub(crate) database_url: Option<String>,
}

/// The server under load, and what to measure of it.
pub(crate) struct Target<'a> {
    arguments: &'a CommonArguments,
    pub(crate) environment: Environment,
    pub(crate) server: Server,
}

impl<'a> Target<'a> {
    /// Reads where the server is.
    ///
    /// # Errors
    ///
    /// If the environment file cannot be read, or names no server.
    pub(crate) fn new(arguments: &'a CommonArguments) -> anyhow::Result<Self> {
        let environment = Environment::read(&arguments.env_file)?;
        let server = Server::at(environment.get("BESTOW_URL")?)?;
        Ok(Self { arguments, environment, server })
    }

    /// How many connections the run has.
    pub(crate) fn connections(&self) -> usize {
        self.arguments.connections.get()
    }

    /// Warms up, measures, prints, and judges.
    pub(crate) async fn measure<T: Task>(&self, load: Load<T>) -> anyhow::Result<ExitCode> {
        let arguments = self.arguments;
        let database_url = load.database_url.as_deref();
        let meter = arguments.meter.meter();
        let idle = meter.memory()?;
        self.warm_up(load.warm_up).await?;
        let rows_before = count(database_url).await?;

        let before = meter.read()?;
        let outcome = load::press(self.server.address, self.connections(), load.tasks, load.limit).await?;
        self.settle().await;
        let used = meter.read()?.since(&before);

        let rows_after = count(database_url).await?;
        let answers = Answers::new(outcome);
        let report = Report {
            label: arguments.meter.label.clone(),
            kind: load.kind,
            algorithm: load.algorithm,
            people: load.people,
            connections: self.connections(),
            cores: available_parallelism()?.get(),
            cpu: Cpu::new(&used, answers.requests),
            answers,
            memory: idle.zip(meter.memory()?).map(|(idle, after)| MemoryUse::new(idle, after)),
            credentials: rows_before.zip(rows_after).map(|(before, after)| Credentials { before, after }),
        };
        Ok(print_and_judge(&report, arguments.meter.json)?)
    }

    /// Waits until the server has done what it put off.
    pub(crate) async fn settle(&self) {
        sleep(Duration::from_secs(self.arguments.settle)).await;
    }

    /// Does as many of the tasks as the warm-up takes.
    pub(crate) async fn warm_up<T: Task>(&self, tasks: Vec<T>) -> anyhow::Result<()> {
        if tasks.is_empty() {
            return Ok(());
        }
        let limit = Limit { requests: self.arguments.warm_up, time: Duration::MAX };
        let outcome = load::press(self.server.address, self.connections(), tasks, limit).await?;
        // A run in which nothing succeeds measures nothing.
        ensure!(outcome.succeeded() > 0, "warming up: no request succeeded; {}", outcome.first_failure());
        Ok(())
    }
}

/// How many credentials the database holds, if it is known.
pub(crate) async fn count(database_url: Option<&str>) -> anyhow::Result<Option<i64>> {
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
