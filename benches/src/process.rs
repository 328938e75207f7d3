//! What processes use: CPU time and memory, from `/proc` (proc_pid_stat(5), proc_pid_status(5)).

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::ops::{Add, Sub};
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// Microseconds a clock tick: Linux reports CPU time to user space in ticks of 1/100 second (`USER_HZ`).
const TICK_US: u64 = 10_000;

/// CPU time, in microseconds, to a precision of 10 ms.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct CpuTime {
    /// In the program.
    pub(crate) user: u64,
    /// In the kernel on its behalf.
    pub(crate) system: u64,
}

impl Add for CpuTime {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { user: self.user + other.user, system: self.system + other.system }
    }
}

impl Sub for CpuTime {
    type Output = Self;

    /// Saturates: a process that ended in between takes its time along.
    fn sub(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

/// The fields of `/proc/PID/stat` (and of `/proc/PID/task/TID/stat`) that we use.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    name: String,
    parent: u32,
    own: CpuTime,
    /// Of children that ended and were waited for.
    children: CpuTime,
}

impl Stat {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} has an unknown form", path.display()))
    }

    fn parse(text: &str) -> Option<Self> {
        // A name may hold spaces and parentheses.
        let (_, rest) = text.split_once('(')?;
        let (name, rest) = rest.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // The first of them is field 3 of the manual page.
        let field = |number: usize| fields.get(number - 3).copied();
        let time = |number| Some(field(number)?.parse::<u64>().ok()? * TICK_US);
        Some(Self {
            name: name.to_owned(),
            parent: field(4)?.parse().ok()?,
            own: CpuTime { user: time(14)?, system: time(15)? },
            children: CpuTime { user: time(16)?, system: time(17)? },
        })
    }
}

/// The CPU time that a process has used.
///
/// # Errors
///
/// If there is no such process.
pub(crate) fn cpu_of(pid: u32) -> anyhow::Result<CpuTime> {
    Ok(Stat::read(Path::new(&format!("/proc/{pid}/stat")))?.own)
}

/// The CPU time of a process by the names of its living threads, without the numbers at their ends.
///
/// # Errors
///
/// If there is no such process.
pub(crate) fn cpu_by_thread(pid: u32) -> anyhow::Result<BTreeMap<String, CpuTime>> {
    let mut by_name = BTreeMap::<String, CpuTime>::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).with_context(|| format!("process {pid}"))? {
        // A thread may have ended meanwhile.
        if let Ok(stat) = Stat::read(&task?.path().join("stat")) {
            let total = by_name.entry(thread_group(&stat.name)).or_default();
            *total = *total + stat.own;
        }
    }
    Ok(by_name)
}

fn thread_group(name: &str) -> String {
    let group = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(['-', '_', ' ']);
    if group.is_empty() { name.to_owned() } else { group.to_owned() }
}

/// Processes beside the server, such as those of its database.
#[derive(Clone, Default)]
pub(crate) struct Others {
    /// Processes, each with all its descendants.
    pub(crate) pids: Vec<u32>,
    /// All processes of these names.
    pub(crate) names: Vec<String>,
}

impl Others {
    /// Whether no process is meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.pids.is_empty() && self.names.is_empty()
    }

    /// The CPU time of all these processes, with that of children that ended: what a database's short-lived
    /// process used is found at the process that started it.
    ///
    /// # Errors
    ///
    /// If `/proc` cannot be read.
    pub(crate) fn cpu(&self) -> anyhow::Result<CpuTime> {
        let processes = processes()?;
        let meant = self.among(&processes);
        Ok(meant
            .iter()
            .map(|pid| processes[pid].own + processes[pid].children)
            .fold(CpuTime::default(), Add::add))
    }

    fn among(&self, processes: &BTreeMap<u32, Stat>) -> HashSet<u32> {
        let mut meant: HashSet<u32> = processes
            .iter()
            .filter(|(pid, stat)| self.pids.contains(pid) || self.names.contains(&stat.name))
            .map(|(pid, _)| *pid)
            .collect();
        let roots = self.pids.clone();
        let is_descendant = |pid: u32| {
            let parent = |pid: &u32| processes.get(pid).map(|stat| stat.parent);
            std::iter::successors(Some(pid), parent).any(|ancestor| roots.contains(&ancestor))
        };
        meant.extend(processes.keys().filter(|pid| is_descendant(**pid)));
        meant
    }
}

fn processes() -> anyhow::Result<BTreeMap<u32, Stat>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir("/proc").context("reading /proc")? {
        let entry = entry?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may have ended meanwhile.
        if let Ok(stat) = Stat::read(&entry.path().join("stat")) {
            found.insert(pid, stat);
        }
    }
    Ok(found)
}

/// A process's resident memory, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// At this moment (`VmRSS`).
    pub(crate) resident: u64,
    /// At its highest since the process started (`VmHWM`).
    pub(crate) peak: u64,
}

/// A process's memory.
///
/// # Errors
///
/// If there is no such process.
pub(crate) fn memory_of(pid: u32) -> anyhow::Result<Memory> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    parse_memory(&text).with_context(|| format!("{path} has an unknown form"))
}

fn parse_memory(status: &str) -> Option<Memory> {
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    Some(Memory { resident: value("VmRSS")?, peak: value("VmHWM")? })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::{
        CpuTime, Memory, Others, Stat, cpu_by_thread, cpu_of, memory_of, parse_memory, thread_group,
    };

    fn stat(name: &str, parent: u32) -> Stat {
        Stat { name: name.to_owned(), parent, own: CpuTime::default(), children: CpuTime::default() }
    }

    #[test]
    fn reads_stat_with_a_name_that_holds_parentheses() {
        let text = "42 (a (b) c) S 7 42 42 0 -1 4194560 1 2 3 4 150 25 8 9 20 0 3 0 100 0 0";
        let expected = Stat {
            name: "a (b) c".to_owned(),
            parent: 7,
            own: CpuTime { user: 1_500_000, system: 250_000 },
            children: CpuTime { user: 80_000, system: 90_000 },
        };
        assert_eq!(Stat::parse(text), Some(expected));
        assert_eq!(Stat::parse("42 (short) S 7"), None);
    }

    #[test]
    fn reads_memory() {
        let text = "Name:\tbestow\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
        assert_eq!(parse_memory(text), Some(Memory { resident: 10_240, peak: 20_480 }));
        assert_eq!(parse_memory("Name:\tkthreadd\n"), None);
    }

    #[test]
    fn groups_threads_by_name() {
        assert_eq!(thread_group("sqlx-sqlite-wor"), "sqlx-sqlite-wor");
        assert_eq!(thread_group("worker-12"), "worker");
        assert_eq!(thread_group("7"), "7");
    }

    #[test]
    fn finds_descendants_and_names() {
        let processes = BTreeMap::from([
            (1, stat("init", 0)),
            (10, stat("postgres", 1)),
            (11, stat("postgres", 10)),
            (12, stat("helper", 11)),
            (20, stat("postgres", 1)),
        ]);
        let by_pid = Others { pids: vec![10], names: Vec::new() };
        assert_eq!(by_pid.among(&processes), HashSet::from([10, 11, 12]));
        let by_name = Others { pids: Vec::new(), names: vec!["postgres".to_owned()] };
        assert_eq!(by_name.among(&processes), HashSet::from([10, 11, 20]));
    }

    #[test]
    fn reads_this_process() {
        let pid = std::process::id();
        assert!(cpu_of(pid).is_ok());
        assert!(!cpu_by_thread(pid).unwrap().is_empty());
        let memory = memory_of(pid).unwrap();
        assert!(0 < memory.resident && memory.resident <= memory.peak);
    }
}
