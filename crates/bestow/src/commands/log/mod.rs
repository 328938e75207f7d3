//! `bestow log`: what an operator does to the log, and what anybody may ask of one.

mod audit;
mod mirror;
mod recover;
mod restart;

use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Replay a whole log from outside, and say the first thing that is wrong
    Audit(audit::Arguments),
    /// Take back what the database lost: after an older backup was restored
    Recover(recover::Arguments),
    /// Give the log up and begin another one, in which everything is logged again
    Restart(restart::Arguments),
}

/// Does what was asked; an audit has an exit code of its own.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.action {
        Action::Audit(arguments) => return Ok(audit::run(arguments).await),
        Action::Recover(arguments) => recover::run(arguments).await,
        Action::Restart(arguments) => restart::run(arguments).await,
    }
    .map(|()| ExitCode::SUCCESS)
}
