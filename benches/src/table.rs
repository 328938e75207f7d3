//! Markdown tables of several runs.

use std::fmt::Write as _;
use std::io::BufRead;

use anyhow::Context;

use crate::report::{CpuPerRequest, Report};

const HEAD: &str = "\
| | request | signature | connections | per second | p50 ms | p99 ms | max ms | server CPU us | database CPU us | \
generator CPU us | server MiB idle, peak | 200s | not 200 | rows added |
|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
";

const THREADS_HEAD: &str = "
Where the server's CPU time goes: microseconds a request, user + system, by thread.

| | request | signature | connections | all | threads |
|---|---|---|--:|--:|---|
";

/// Reads runs, one JSON object a line, and writes a table of their figures and one of the server's threads.
///
/// # Errors
///
/// If a line is no report.
pub(crate) fn markdown(lines: impl BufRead) -> anyhow::Result<String> {
    let mut runs = Vec::new();
    for line in lines.lines() {
        runs.push(
            serde_json::from_str::<Report>(&line?).context("a line that is no report of `bench --json`")?,
        );
    }
    let mut text = HEAD.to_owned();
    for run in &runs {
        figures(&mut text, run)?;
    }
    if runs.iter().any(|run| run.cpu.server.is_some()) {
        text.push_str(THREADS_HEAD);
    }
    for run in &runs {
        threads(&mut text, run)?;
    }
    Ok(text)
}

fn name(text: &mut String, run: &Report) -> std::fmt::Result {
    let (kind, algorithm) = (run.kind.as_str(), run.algorithm.as_str());
    write!(text, "| {} | {kind}, {} | {algorithm} | {} |", run.label, run.people.as_str(), run.connections)
}

fn figures(text: &mut String, run: &Report) -> std::fmt::Result {
    let answers = &run.answers;
    let latency = answers.latency_ms.as_ref();
    let cells = [
        format!("{:.0}", answers.per_second),
        cell(latency, |latency| format!("{:.2}", latency.p50)),
        cell(latency, |latency| format!("{:.2}", latency.p99)),
        cell(latency, |latency| format!("{:.2}", latency.max)),
        cell(run.cpu.server.as_ref(), microseconds),
        cell(run.cpu.others.as_ref(), microseconds),
        generator(run),
        cell(run.memory.as_ref(), |memory| {
            format!("{:.0}, {:.0}", memory.idle_kib as f64 / 1024.0, memory.peak_kib as f64 / 1024.0)
        }),
        answers.succeeded.to_string(),
        (answers.requests - answers.succeeded).to_string(),
        cell(run.credentials.as_ref(), |rows| rows.added().to_string()),
    ];
    name(text, run)?;
    writeln!(text, " {} |", cells.join(" | "))
}

fn threads(text: &mut String, run: &Report) -> std::fmt::Result {
    let Some(server) = &run.cpu.server else { return Ok(()) };
    let mut threads: Vec<_> = run.cpu.server_threads.iter().collect();
    threads.sort_by(|(_, a), (_, b)| b.total_us().total_cmp(&a.total_us()));
    let threads: Vec<String> = threads
        .iter()
        .map(|(name, cpu)| format!("`{name}` {:.1} + {:.1}", cpu.user_us, cpu.system_us))
        .collect();
    name(text, run)?;
    writeln!(text, " {:.1} + {:.1} | {} |", server.user_us, server.system_us, threads.join(", "))
}

fn cell<T>(value: Option<&T>, show: impl Fn(&T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), show)
}

fn generator(run: &Report) -> String {
    let note = if run.generator_limits() { " (the limit)" } else { "" };
    format!("{}{note}", microseconds(&run.cpu.generator))
}

fn microseconds(cpu: &CpuPerRequest) -> String {
    format!("{:.0}", cpu.total_us())
}
