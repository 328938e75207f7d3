//! Reads what the server, other processes and the generator itself have used, before and after a run.

use std::collections::BTreeMap;

use crate::process::{CpuTime, Memory, Others, cpu_by_thread, cpu_of, memory_of};

/// Whom to measure.
pub(crate) struct Meter {
    /// The server's process, if it is known.
    pub(crate) server: Option<u32>,
    /// Other processes that work for it.
    pub(crate) others: Others,
}

/// CPU time up to a moment, or between two.
pub(crate) struct Reading {
    /// Of this process.
    pub(crate) generator: CpuTime,
    /// Of the server.
    pub(crate) server: Option<CpuTime>,
    /// Of the server by the names of its threads; without threads that have ended.
    pub(crate) server_threads: BTreeMap<String, CpuTime>,
    /// Of the other processes together.
    pub(crate) others: Option<CpuTime>,
}

impl Meter {
    /// Reads the CPU time used so far.
    ///
    /// # Errors
    ///
    /// If the server's process is gone, or `/proc` cannot be read.
    pub(crate) fn read(&self) -> anyhow::Result<Reading> {
        Ok(Reading {
            generator: cpu_of(std::process::id())?,
            server: self.server.map(cpu_of).transpose()?,
            server_threads: self.server.map(cpu_by_thread).transpose()?.unwrap_or_default(),
            others: if self.others.is_empty() { None } else { Some(self.others.cpu()?) },
        })
    }

    /// Reads the server's memory.
    ///
    /// # Errors
    ///
    /// If the server's process is gone.
    pub(crate) fn memory(&self) -> anyhow::Result<Option<Memory>> {
        self.server.map(memory_of).transpose()
    }
}

impl Reading {
    /// What was used since an earlier reading.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let threads = self.server_threads.iter().map(|(name, &now)| {
            let before = earlier.server_threads.get(name).copied().unwrap_or_default();
            (name.clone(), now - before)
        });
        Self {
            generator: self.generator - earlier.generator,
            server: self.server.zip(earlier.server).map(|(now, before)| now - before),
            server_threads: threads.collect(),
            others: self.others.zip(earlier.others).map(|(now, before)| now - before),
        }
    }
}
