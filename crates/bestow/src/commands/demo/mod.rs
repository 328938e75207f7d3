//! `bestow demo`: the whole story once, over real HTTP, and nothing left behind.

mod chain;
mod checked;
mod client;
mod offers;
mod story;
mod verification;
mod wallet;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, bail};

use crate::data_dir::DataDir;
use crate::development::Development;
use crate::process::stop_requested;
use crate::system::SystemEntropy;
use crate::target::Target;
use chain::Node;
use offers::Offers;
use story::Story;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// An empty database to use instead of a temporary one; what the demo writes stays in it
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Anchor on a chain, too: an anvil that the demo starts (BESTOW_ANVIL names its binary, or else the PATH has it)
    #[arg(long)]
    chain: bool,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let started = Instant::now();
    let stop = stop_requested()?;
    // Removed when it goes out of scope, however the story ends.
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    tokio::select! {
        outcome = perform(folder.path(), arguments) => outcome?,
        () = stop => bail!("interrupted"),
    }
    println!();
    println!("All is as it should be ({:.1} s).", started.elapsed().as_secs_f64());
    Ok(())
}

async fn perform(folder: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let node = if arguments.chain { Some(Node::start(folder).await?) } else { None };
    let outcome = with_node(folder, arguments.database_url, node.as_ref()).await;
    match node {
        Some(node) => outcome.and(node.stop().await),
        None => outcome,
    }
}

async fn with_node(folder: &Path, database_url: Option<String>, node: Option<&Node>) -> anyhow::Result<()> {
    let folder = DataDir::at(folder)?;
    folder.make(&SystemEntropy)?;
    let target = Target { database_url, ..Target::default() };
    // What the environment says is about some real deployment.
    let settings = |name: &str| node.and_then(|node| node.setting(name));
    let deployment = target.development(&folder, Some("127.0.0.1:0"), &settings)?;
    let server = Development::prepare(deployment.settings, folder.master_key()?, &folder, None).await?;
    let url = &server.context.settings.public_url;
    println!("Bestow demo: one process, {}, {url}", server.context.store.database_name());
    println!();
    let anchored = match node {
        Some(node) => Some(node.prepare(&server).await.context("preparing the chain")?),
        None => None,
    };
    let (story, offers) = (Story::new(&server, anchored)?, Offers::new(&server)?);
    let process = server.start().await?;
    let told = async {
        story.tell().await?;
        offers.tell().await
    };
    let outcome = told.await;
    outcome.and(process.stop().await)
}

/// Shows a step of the story.
fn say(step: &str, what: &str) {
    println!("  {step:<8} {what}");
}
