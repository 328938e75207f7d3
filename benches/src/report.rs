//! What a run found, for people and for programs.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::load::{Failure, Outcome};
use crate::meter::Reading;
use crate::partner::{People, SignatureAlgorithm};
use crate::process::{CpuTime, Memory};

/// What was asked of the server.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Issue on behalf.
    Issue,
    /// The status of an issued credential.
    Status,
    /// A wallet's claim of an offer: token, nonce and credential.
    Claim,
    /// The verification of a credential.
    Verify,
}

impl Kind {
    /// Its word in tables.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Status => "status",
            Self::Claim => "claim",
            Self::Verify => "verify",
        }
    }
}

/// One run.
#[derive(Serialize, Deserialize)]
pub(crate) struct Report {
    /// What the caller named this run.
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) people: People,
    pub(crate) connections: usize,
    /// Cores that server, database and generator share.
    pub(crate) cores: usize,
    pub(crate) answers: Answers,
    pub(crate) cpu: Cpu,
    /// The server's memory, if its process is known.
    pub(crate) memory: Option<MemoryUse>,
    /// Rows of the table `credential`, if the database is known.
    pub(crate) credentials: Option<Credentials>,
}

/// What came back, and how fast.
#[derive(Serialize, Deserialize)]
pub(crate) struct Answers {
    pub(crate) requests: u64,
    /// How many got a 200.
    pub(crate) succeeded: u64,
    /// The others, by HTTP status or `no answer`.
    pub(crate) failures: BTreeMap<String, Failure>,
    /// From the first request to the last answer.
    pub(crate) seconds: f64,
    /// 200s a second.
    pub(crate) per_second: f64,
    /// Of the 200s, if there were any.
    pub(crate) latency_ms: Option<Latency>,
}

/// Exact percentiles (nearest rank), in milliseconds.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

/// CPU time for each request sent, to the end of the settling time.
#[derive(Serialize, Deserialize)]
pub(crate) struct Cpu {
    pub(crate) generator: CpuPerRequest,
    /// The server's, if its process is known.
    pub(crate) server: Option<CpuPerRequest>,
    /// The server's, by the names of its threads.
    pub(crate) server_threads: BTreeMap<String, CpuPerRequest>,
    /// That of other processes, such as the database's, if any were named.
    pub(crate) others: Option<CpuPerRequest>,
}

/// Microseconds of CPU time for each request.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct CpuPerRequest {
    pub(crate) user_us: f64,
    pub(crate) system_us: f64,
}

/// The server's resident memory, in KiB.
#[derive(Serialize, Deserialize)]
pub(crate) struct MemoryUse {
    /// Before the first request.
    pub(crate) idle_kib: u64,
    /// After the settling time.
    pub(crate) after_kib: u64,
    /// The highest since the process started.
    pub(crate) peak_kib: u64,
}

/// Rows of the table `credential`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Credentials {
    /// After the warm-up.
    pub(crate) before: i64,
    /// After the settling time.
    pub(crate) after: i64,
}

impl Answers {
    /// Sorts out what came back.
    pub(crate) fn new(mut outcome: Outcome) -> Self {
        outcome.latencies.sort_unstable();
        let seconds = outcome.elapsed.as_secs_f64();
        let succeeded = outcome.succeeded();
        Self {
            requests: outcome.sent(),
            succeeded,
            per_second: if seconds > 0.0 { succeeded as f64 / seconds } else { 0.0 },
            seconds,
            latency_ms: Latency::of_sorted(&outcome.latencies),
            failures: outcome.failures,
        }
    }
}

impl Latency {
    /// Of latencies in microseconds, the shortest first; `None` if there are none.
    pub(crate) fn of_sorted(microseconds: &[u32]) -> Option<Self> {
        let at = |percent: usize| {
            let rank = (microseconds.len() * percent).div_ceil(100);
            Some(f64::from(*microseconds.get(rank.checked_sub(1)?)?) / 1000.0)
        };
        Some(Self { p50: at(50)?, p90: at(90)?, p99: at(99)?, max: at(100)? })
    }
}

impl Cpu {
    /// Spreads what was used over the requests.
    pub(crate) fn new(used: &Reading, requests: u64) -> Self {
        let share = |time: CpuTime| CpuPerRequest::new(time, requests);
        Self {
            generator: share(used.generator),
            server: used.server.map(share),
            server_threads: used
                .server_threads
                .iter()
                .map(|(name, &time)| (name.clone(), share(time)))
                .collect(),
            others: used.others.map(share),
        }
    }
}

impl CpuPerRequest {
    fn new(time: CpuTime, requests: u64) -> Self {
        let share = |microseconds: u64| microseconds as f64 / requests.max(1) as f64;
        Self { user_us: share(time.user), system_us: share(time.system) }
    }

    /// User and system time together.
    pub(crate) fn total_us(&self) -> f64 {
        self.user_us + self.system_us
    }
}

impl MemoryUse {
    /// From a reading before, and one after the run.
    pub(crate) fn new(idle: Memory, after: Memory) -> Self {
        Self { idle_kib: idle.resident, after_kib: after.resident, peak_kib: after.peak }
    }
}

impl Credentials {
    /// How many were added.
    pub(crate) fn added(&self) -> i64 {
        self.after - self.before
    }
}

/// From this share of one core on, the generator's single thread may be what limits a run.
const GENERATOR_LIMIT: f64 = 0.9;

impl Report {
    /// Whether the generator, not the server, may be what the figures show.
    pub(crate) fn generator_limits(&self) -> bool {
        let Answers { requests, seconds, .. } = self.answers;
        self.cpu.generator.total_us() * requests as f64 > GENERATOR_LIMIT * seconds * 1e6
    }

    /// Whether the run is good: something succeeded, and the database holds exactly what was promised.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        let succeeded = self.answers.succeeded;
        if succeeded == 0 {
            return Err("no request succeeded".to_owned());
        }
        match &self.credentials {
            Some(rows) if u64::try_from(rows.added()) != Ok(succeeded) => Err(format!(
                "{succeeded} requests got a 200, but the database gained {} credentials",
                rows.added()
            )),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { algorithm, people, connections, cores, answers, .. } = self;
        let (kind, people, algorithm) = (self.kind.as_str(), people.as_str(), algorithm.as_str());
        let label = if self.label.is_empty() { String::new() } else { format!("{}: ", self.label) };
        writeln!(f, "{label}{kind}, {algorithm}, {people}, {connections} connections, {cores} cores")?;
        let Answers { requests, succeeded, seconds, per_second, .. } = answers;
        writeln!(
            f,
            "  requests           {requests} in {seconds:.2} s: {succeeded} got a 200, {per_second:.0}/s"
        )?;
        for (status, Failure { count, first }) in &answers.failures {
            writeln!(f, "  failed             {count} x {status}, the first: {first}")?;
        }
        if let Some(Latency { p50, p90, p99, max }) = answers.latency_ms {
            writeln!(f, "  latency ms         p50 {p50:.2}, p90 {p90:.2}, p99 {p99:.2}, max {max:.2}")?;
        }
        self.cpu.fmt(f)?;
        if self.generator_limits() {
            writeln!(f, "  generator          busy all the time: the server may be faster than this")?;
        }
        if let Some(MemoryUse { idle_kib, after_kib, peak_kib }) = &self.memory {
            let [idle, after, peak] = [idle_kib, after_kib, peak_kib].map(|kib| *kib as f64 / 1024.0);
            writeln!(f, "  server MiB         {idle:.1} idle, {after:.1} after, {peak:.1} at its peak")?;
        }
        if let Some(rows) = &self.credentials {
            let Credentials { before, after } = rows;
            let judgement = if self.verdict().is_ok() { "equal to" } else { "NOT equal to" };
            writeln!(
                f,
                "  credentials        {before} before, {after} after: {judgement} the number of 200s"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |who: &str, cpu: &CpuPerRequest| {
            let (total, user, system) = (cpu.total_us(), cpu.user_us, cpu.system_us);
            writeln!(f, "  {who:<18} {total:.1} us CPU/request ({user:.1} user, {system:.1} system)")
        };
        if let Some(server) = &self.server {
            line("server", server)?;
        }
        for (name, cpu) in &self.server_threads {
            line(&format!("  {name}"), cpu)?;
        }
        if let Some(others) = &self.others {
            line("others", others)?;
        }
        line("generator", &self.generator)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Answers, Cpu, CpuPerRequest, Credentials, Kind, Latency, Report};
    use crate::partner::{People, SignatureAlgorithm};
    use crate::table::markdown;

    fn report(succeeded: u64, before: i64, after: i64) -> Report {
        let cpu = CpuPerRequest { user_us: 50.0, system_us: 25.0 };
        Report {
            label: "SQLite".to_owned(),
            kind: Kind::Issue,
            algorithm: SignatureAlgorithm::Es256,
            people: People::Distinct,
            connections: 64,
            cores: 2,
            answers: Answers {
                requests: 10,
                succeeded,
                failures: BTreeMap::new(),
                seconds: 2.0,
                per_second: 5.0,
                latency_ms: Latency::of_sorted(&[1500]),
            },
            cpu: Cpu {
                generator: cpu,
                server: Some(cpu),
                server_threads: BTreeMap::from([("worker".to_owned(), cpu)]),
                others: None,
            },
            memory: None,
            credentials: Some(Credentials { before, after }),
        }
    }

    #[test]
    fn percentiles_are_exact() {
        let latencies: Vec<u32> = (1..=200).map(|n| n * 1000).collect();
        let expected = Latency { p50: 100.0, p90: 180.0, p99: 198.0, max: 200.0 };
        assert_eq!(Latency::of_sorted(&latencies), Some(expected));
        let one = Latency { p50: 0.007, p90: 0.007, p99: 0.007, max: 0.007 };
        assert_eq!(Latency::of_sorted(&[7]), Some(one));
        assert_eq!(Latency::of_sorted(&[]), None);
    }

    #[test]
    fn a_lost_or_an_unpromised_row_is_a_failure() {
        assert_eq!(report(10, 5, 15).verdict(), Ok(()));
        assert!(report(10, 5, 14).verdict().is_err());
        assert!(report(10, 5, 16).verdict().is_err());
        assert!(report(10, 15, 5).verdict().is_err());
        assert!(report(0, 5, 5).verdict().is_err());
    }

    #[test]
    fn reports_survive_json_and_become_tables() {
        let line = serde_json::to_string(&report(10, 5, 15)).unwrap();
        let table = markdown(format!("{line}\n{line}\n").as_bytes()).unwrap();
        let row = "| SQLite | issue, distinct people | ES256 | 64 | 5 | 1.50 | 1.50 | 1.50 | 75 | - | 75 | - | 10 | 0 | 10 |";
        assert_eq!(table.lines().filter(|line| *line == row).count(), 2);
        assert!(table.contains("| 64 | 50.0 + 25.0 | `worker` 50.0 + 25.0 |"));
    }

    #[test]
    fn a_generator_without_a_pause_is_told() {
        let mut report = report(10, 5, 15);
        assert!(!report.generator_limits());
        report.answers.seconds = 0.0008;
        assert!(report.generator_limits());
        let table = markdown(serde_json::to_string(&report).unwrap().as_bytes()).unwrap();
        assert!(table.contains("| 75 (the limit) |"), "{table}");
    }
}
