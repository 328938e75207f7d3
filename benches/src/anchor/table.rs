//! Markdown tables of several runs.

use std::fmt::Write as _;
use std::io::BufRead;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::backlog::Drained;
use super::costs::{self, Prices};
use super::latency::Waits;
use crate::report::{CpuPerRequest, Latency};

const DRAIN_HEAD: &str = "\
| | leaves a second | leaves | seconds | heads | server CPU us a leaf | database CPU us a leaf | server MiB, peak |
|---|--:|--:|--:|--:|--:|--:|--:|
";

const WAITS_HEAD: &str = "
| | policy | a second, wanted | reached | ONCHAIN s p50 | p99 | max | within two blocks | watched | answer ms p50 | p99 | \
sent late ms p99 | server CPU us | database CPU us | generator CPU us | not 200 | rows added |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
";

const GAS_HEAD: &str = "
| | a second | gas to deploy | the first head | later heads, median | least | most | how many | leaves each, median | most | failed |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
";

/// One run.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Line {
    /// Of `bench anchor drain`.
    Drain(Drained),
    /// Of `bench anchor latency`.
    Latency(Box<Waits>),
}

/// Reads runs, one JSON object a line, and writes tables of their figures, with what the chain's gas costs at these prices.
///
/// # Errors
///
/// If a line is no run of `bench anchor --json`.
pub(super) fn markdown(lines: impl BufRead, prices: &Prices) -> anyhow::Result<String> {
    let (mut drained, mut waits) = (Vec::new(), Vec::new());
    for line in lines.lines() {
        match serde_json::from_str(&line?).context("a line that is no run of `bench anchor --json`")? {
            Line::Drain(run) => drained.push(run),
            Line::Latency(run) => waits.push(*run),
        }
    }
    let mut text = String::new();
    if !drained.is_empty() {
        text.push_str(DRAIN_HEAD);
    }
    for run in &drained {
        drain(&mut text, run)?;
    }
    if !waits.is_empty() {
        text.push_str(WAITS_HEAD);
    }
    for run in &waits {
        wait(&mut text, run)?;
    }
    gas(&mut text, &waits, prices)?;
    Ok(text)
}

fn drain(text: &mut String, run: &Drained) -> std::fmt::Result {
    let cells = [
        format!("{:.0}", run.per_second()),
        run.leaves.to_string(),
        format!("{:.2}", run.seconds),
        run.heads.to_string(),
        cell(run.cpu.server.as_ref(), microseconds),
        cell(run.cpu.others.as_ref(), microseconds),
        cell(run.peak_kib.as_ref(), |kib| format!("{:.0}", *kib as f64 / 1024.0)),
    ];
    writeln!(text, "| {} | {} |", run.label, cells.join(" | "))
}

fn wait(text: &mut String, run: &Waits) -> std::fmt::Result {
    let (anchored, answered) = (run.watched.latency_ms.as_ref(), run.answers.latency_ms.as_ref());
    let seconds = |milliseconds: f64| format!("{:.2}", milliseconds / 1000.0);
    let cells = [
        run.rate.to_string(),
        format!("{:.0}", run.answers.per_second),
        cell(anchored, |latency| seconds(latency.p50)),
        cell(anchored, |latency| seconds(latency.p99)),
        cell(anchored, |latency| seconds(latency.max)),
        cell(run.chain.as_ref(), |chain| format!("{:.1} %", chain.within_two_blocks * 100.0)),
        run.watched.requests.to_string(),
        cell(answered, |latency| format!("{:.1}", latency.p50)),
        cell(answered, |latency| format!("{:.1}", latency.p99)),
        cell(run.late_ms.as_ref(), |Latency { p99, .. }| format!("{p99:.1}")),
        cell(run.cpu.server.as_ref(), microseconds),
        cell(run.cpu.others.as_ref(), microseconds),
        microseconds(&run.cpu.generator),
        (run.answers.requests - run.answers.succeeded).to_string(),
        cell(run.credentials.as_ref(), |rows| rows.added().to_string()),
    ];
    writeln!(text, "| {} | {} | {} |", run.label, run.policy, cells.join(" | "))
}

/// What each chain charged, and what that costs: by the largest of the medians, which hardly differ.
fn gas(text: &mut String, runs: &[Waits], prices: &Prices) -> std::fmt::Result {
    let mut usual = None;
    for run in runs {
        let Some(chain) = &run.chain else { continue };
        let (Some(first), Some(later), Some(leaves)) = (chain.gas.first, &chain.gas.later, &chain.gas.leaves)
        else {
            continue;
        };
        if usual.is_none() {
            text.push_str(GAS_HEAD);
        }
        usual = usual.max(Some(later.median));
        let numbers = [chain.gas.deploy, first, later.median, later.least, later.most, later.count as u64];
        let numbers = numbers.into_iter().chain([leaves.median, leaves.most, chain.gas.reverted]);
        let cells: Vec<String> = numbers.map(|number| number.to_string()).collect();
        writeln!(text, "| {} | {} | {} |", run.label, run.rate, cells.join(" | "))?;
    }
    if let Some(usual) = usual {
        write!(text, "\n{}", costs::markdown(usual, prices))?;
    }
    Ok(())
}

fn cell<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), show)
}

fn microseconds(cpu: &CpuPerRequest) -> String {
    format!("{:.0}", cpu.total_us())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::markdown;
    use crate::anchor::costs::Prices;

    fn run(rate: f64, chain: &Value) -> String {
        let latency = json!({ "p50": 1500.0, "p90": 1900.0, "p99": 2000.0, "max": 2100.5 });
        let answers = json!({ "requests": 10, "succeeded": 9, "failures": { "429": { "count": 1, "first": "busy" } },
            "seconds": 2.0, "per_second": 4.5, "latency_ms": latency });
        let cpu = json!({ "user_us": 50.0, "system_us": 25.0 });
        let cpu = json!({ "generator": cpu, "server": cpu, "server_threads": {}, "others": null });
        let waits = json!({ "label": "SQLite", "policy": "log+evm:1", "rate": rate, "cores": 2, "answers": answers,
            "late_ms": latency, "watched": answers, "cpu": cpu, "memory": null,
            "credentials": { "before": 1, "after": 10 }, "chain": chain });
        json!({ "latency": waits }).to_string()
    }

    #[test]
    fn runs_become_tables() {
        let spread = |median: u64| json!({ "count": 3, "least": 1, "median": median, "most": 9 });
        let gas =
            json!({ "deploy": 100, "first": 50, "later": spread(40), "leaves": spread(5), "reverted": 0 });
        let chain = json!({ "block_seconds": 1.0, "within_two_blocks": 0.99, "gas": gas });
        let drained = json!({ "drain": { "label": "SQLite", "leaves": 1000, "seconds": 0.5, "heads": 2, "peak_kib": 2048,
            "cpu": { "generator": { "user_us": 0.0, "system_us": 0.0 }, "server": null, "server_threads": {}, "others": null } } });
        let lines = [drained.to_string(), run(1.0, &Value::Null), run(5000.0, &chain)].join("\n");
        let prices = Prices { gwei: vec![1.0], usd: 2000.0 };
        let text = markdown(lines.as_bytes(), &prices).unwrap();
        for row in [
            "| SQLite | 2000 | 1000 | 0.50 | 2 | - | - | 2 |",
            "| SQLite | log+evm:1 | 1 | 4 | 1.50 | 2.00 | 2.10 | - | 10 | 1500.0 | 2000.0 | 2000.0 | 75 | - | 75 | 1 | 9 |",
            "| SQLite | log+evm:1 | 5000 | 4 | 1.50 | 2.00 | 2.10 | 99.0 % | 10 | 1500.0 | 2000.0 | 2000.0 | 75 | - | 75 | 1 | 9 |",
            "| SQLite | 5000 | 100 | 50 | 40 | 1 | 9 | 3 | 5 | 9 | 0 |",
            "| 1 | 40 | 0.000080 |",
        ] {
            assert!(text.lines().any(|line| line == row), "{row}\n{text}");
        }
        assert!(markdown("{}".as_bytes(), &prices).is_err());
    }
}
