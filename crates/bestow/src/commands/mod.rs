//! One module a command.

mod anchor;
mod api_key;
mod credential;
mod definition;
mod demo;
mod dev;
mod doctor;
mod holder;
mod issuer;
mod job;
mod log;
mod migrate;
mod program;
mod schema;
mod serve;
mod tenant;
mod token;
mod trusted;
mod values;
mod verify;
mod verify_proof;
mod witness;
mod worker;

use std::process::ExitCode;

use crate::context::Context;
use crate::logging;
use crate::target::Target;

/// What can be done.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show the whole story once, in one process, and leave nothing behind
    Demo(demo::Arguments),
    /// Run a development server with a demo tenant
    Dev(dev::Arguments),
    /// Run a server, and the worker in the same process
    Serve(serve::Arguments),
    /// Run the worker alone: the log's sequencer, the jobs (mail) and housekeeping
    Worker(worker::Arguments),
    /// Run a witness of other logs, and nothing else
    Witness(witness::Arguments),
    /// Bring the database up to this version
    Migrate(migrate::Arguments),
    /// Check a deployment, and say how to mend what is wrong
    Doctor(doctor::Arguments),
    /// Print a Partner JWT of the demo tenant
    Token(token::Arguments),
    /// Customer organisations
    Tenant(Managed<tenant::Action>),
    /// Tenants' issuing identities
    Issuer(Managed<issuer::Action>),
    /// JSON Schemas of credential subjects
    Schema(Managed<schema::Action>),
    /// What can be issued
    Program(Managed<program::Action>),
    /// Keys of users who offer credentials
    ApiKey(Managed<api_key::Action>),
    /// Templates by which wallets are asked to present
    Definition(Managed<definition::Action>),
    /// Work that a worker does: mail
    Job(Managed<job::Action>),
    /// The witnesses and the chain that hold the log's heads
    Anchor(Managed<anchor::Action>),
    /// The transparency log
    Log(log::Arguments),
    /// People
    Holder(Managed<holder::Action>),
    /// Issued credentials
    Credential(Managed<credential::Action>),
    /// Verify a credential or a presentation, offline unless it is told to fetch
    Verify(verify::Arguments),
    /// Check a proof file, offline or to the chain
    VerifyProof(verify_proof::Arguments),
}

/// A management command: something is done to a deployment's database, also while servers run on it.
#[derive(Debug, clap::Args)]
pub(crate) struct Managed<A: clap::Subcommand> {
    #[command(flatten)]
    target: Target,
    /// Print JSON on one line
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: A,
}

/// What a management command does.
pub(crate) trait Action: clap::Subcommand {
    /// Does it, and prints what there is to see.
    async fn run(self, context: &Context, json: bool) -> anyhow::Result<()>;
}

impl<A: Action> Managed<A> {
    async fn run(self) -> anyhow::Result<()> {
        let context = self.target.managed()?.open().await?;
        let outcome = self.action.run(&context, self.json).await;
        context.store.close().await;
        outcome
    }
}

impl Command {
    /// Does what was asked. What ends without an error may still have an exit code of its own.
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Verify(arguments) => {
                logging::init_quiet()?;
                Ok(verify::run(arguments).await)
            }
            Self::Log(arguments) => {
                logging::init_quiet()?;
                log::run(arguments).await
            }
            Self::VerifyProof(arguments) => {
                logging::init_quiet()?;
                Ok(verify_proof::run(arguments).await)
            }
            other => other.succeed().await.map(|()| ExitCode::SUCCESS),
        }
    }

    async fn succeed(self) -> anyhow::Result<()> {
        match self {
            // These log as servers do, by their settings.
            Self::Dev(arguments) => return dev::run(arguments).await,
            Self::Serve(arguments) => return serve::run(arguments).await,
            Self::Worker(arguments) => return worker::run(arguments).await,
            Self::Witness(arguments) => return witness::run(arguments).await,
            _ => logging::init_quiet()?,
        }
        match self {
            Self::Dev(_)
            | Self::Serve(_)
            | Self::Worker(_)
            | Self::Witness(_)
            | Self::Verify(_)
            | Self::Log(_)
            | Self::VerifyProof(_) => Ok(()),
            Self::Demo(arguments) => demo::run(arguments).await,
            Self::Migrate(arguments) => migrate::run(arguments).await,
            Self::Doctor(arguments) => doctor::run(arguments).await,
            Self::Token(arguments) => token::run(&arguments),
            Self::Tenant(command) => command.run().await,
            Self::Issuer(command) => command.run().await,
            Self::Schema(command) => command.run().await,
            Self::Program(command) => command.run().await,
            Self::ApiKey(command) => command.run().await,
            Self::Definition(command) => command.run().await,
            Self::Anchor(command) => command.run().await,
            Self::Job(command) => command.run().await,
            Self::Holder(command) => command.run().await,
            Self::Credential(command) => command.run().await,
        }
    }
}
