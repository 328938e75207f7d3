//! A load generator for the issue-on-behalf API, for wallets' claims of offers, for the verifier, and for anchoring.
//!
//! It signs every Partner JWT and builds every request before the clock starts (but for what a wallet says
//! with what it was answered, which it signs on the way), then drives the server over keep-alive
//! connections, each with one request in flight (a closed loop, but for the runs of `bench anchor`, in which
//! requests are sent when they are due), on a single thread: it shares the machine with the server, and what it
//! spends is reported beside what the server spends.

mod anchor;
mod claims;
mod clock;
mod crypto;
mod environment;
mod load;
mod meter;
mod offers;
mod partner;
mod process;
mod report;
mod rows;
mod run;
mod server;
mod table;
mod target;
mod verify;

use std::io::stdin;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures Bestow's issue-on-behalf API, claims by wallets, verification, and anchoring.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Issues credentials: POST /v1/credentials/issue-on-behalf
    Issue(run::IssueArguments),
    /// Issues a few credentials, then polls them: GET /v1/credentials/status
    Status(run::StatusArguments),
    /// Makes offers, then claims them into wallets: POST token, nonce, credential at the issuer
    Claim(claims::ClaimArguments),
    /// Issues a few credentials, then has them verified: POST /v1/verify
    Verify(verify::VerifyArguments),
    /// Measures how credentials come into the log and onto a chain, and what that costs
    #[command(subcommand)]
    Anchor(anchor::Command),
    /// Times the cryptography that one issuance needs, on this machine, on one core
    Crypto,
    /// Turns the JSON lines of several runs (standard input) into Markdown tables
    Table,
}

fn main() -> ExitCode {
    run(&Arguments::parse().command).unwrap_or_else(|error| {
        eprintln!("bench: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Issue(arguments) => return run::issue(arguments),
        Command::Status(arguments) => return run::status(arguments),
        Command::Claim(arguments) => return claims::claim(arguments),
        Command::Verify(arguments) => return verify::verify(arguments),
        Command::Anchor(command) => return anchor::run(command),
        Command::Crypto => crypto::print_costs()?,
        Command::Table => print!("{}", table::markdown(stdin().lock())?),
    }
    Ok(ExitCode::SUCCESS)
}
