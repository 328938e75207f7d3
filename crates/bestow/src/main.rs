//! The command line.

mod commands;
mod config;
mod context;
mod data_dir;
mod demo_tenant;
mod development;
mod env_file;
mod explain;
mod files;
mod http;
mod logging;
mod output;
mod partner;
mod process;
mod proof;
mod publishers;
mod system;
mod target;
mod verdict;

use std::process::ExitCode;

use clap::Parser;

use explain::explain;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Issue verifiable credentials that anybody can check
#[derive(Debug, Parser)]
#[command(name = "bestow", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: commands::Command,
}

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().command.run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", explain(&error));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
