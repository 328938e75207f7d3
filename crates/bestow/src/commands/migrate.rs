//! `bestow migrate`: brings the database up to this version.

use crate::context::connect;
use crate::system::SystemEntropy;
use crate::target::Target;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let deployment = arguments.target.managed()?;
    if let Some(folder) = &deployment.folder {
        folder.make(&SystemEntropy)?;
    }
    let store = connect(&deployment.settings).await?;
    let pending = store.pending_migrations().await?;
    store.migrate().await?;
    match pending {
        0 => println!("{}: up to date", store.database_name()),
        count => println!("{}: applied {count} migration(s)", store.database_name()),
    }
    store.close().await;
    Ok(())
}
