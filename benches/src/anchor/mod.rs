//! The runs of anchoring: how fast leaves come into the log, how long a credential waits until it is `ONCHAIN`, and
//! what a chain charges for it.

mod arrivals;
mod backlog;
mod chain;
mod costs;
mod latency;
mod table;

use std::io::stdin;
use std::process::ExitCode;

use clap::Subcommand;

use crate::target::block_on;

/// What `bench anchor` does.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Queues leaves for the log, by SQL, in the database of a server that does not run
    Fill(backlog::FillArguments),
    /// Measures how fast a server that was just started brings the queued leaves into the log
    Drain(backlog::DrainArguments),
    /// Issues credentials at a rate, and measures how long they wait until they are ONCHAIN
    Latency(latency::LatencyArguments),
    /// Gives an account of an Anvil a hundred coins
    Fund(chain::FundArguments),
    /// Turns the JSON lines of several runs of drain and latency (standard input) into Markdown tables
    Table(costs::Prices),
    /// Prints what anchoring costs, for an amount of gas and prices
    Costs(costs::CostsArguments),
}

/// Runs `bench anchor`.
///
/// # Errors
///
/// What the run found wrong, or what kept it from measuring.
pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Fill(arguments) => block_on(backlog::fill(arguments))?,
        Command::Drain(arguments) => block_on(backlog::drain(arguments))?,
        Command::Latency(arguments) => return latency::latency(arguments),
        Command::Fund(arguments) => block_on(chain::fund(arguments))?,
        Command::Table(prices) => print!("{}", table::markdown(stdin().lock(), prices)?),
        Command::Costs(arguments) => print!("{}", costs::markdown(arguments.gas, &arguments.prices)),
    }
    Ok(ExitCode::SUCCESS)
}
