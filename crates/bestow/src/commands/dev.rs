//! `bestow dev`: a development server with a demo tenant.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::config::environment;
use crate::data_dir::DataDir;
use crate::development::Development;
use crate::logging;
use crate::process::stop_requested;
use crate::system::SystemEntropy;
use crate::target::{DEFAULT_DATA_DIR, Target};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Where keys, database and dev.env are kept
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA_DIR)]
    data_dir: PathBuf,
    /// The database, sqlite:PATH or postgres://...; the folder remembers it [default: a file in the folder]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { listen, data_dir, database_url } = arguments;
    let stop = stop_requested()?;
    let folder = DataDir::at(&data_dir)?;
    folder.make(&SystemEntropy)?;
    let target = Target { database_url, ..Target::default() };
    let deployment = target.development(&folder, listen.as_deref(), &environment)?;
    logging::init(&deployment.settings.logging)?;
    let master = deployment.master_key()?;
    let public_url = environment("BESTOW_PUBLIC_URL");
    let server = Development::prepare(deployment.settings, master, &folder, public_url).await?;
    if let Some(url) = &target.database_url {
        folder.record_database_url(url)?;
    }
    let (url, log_key) = (&server.context.settings.public_url, server.log.verifier_key().to_string());
    let mail = std::path::absolute(server.context.settings.mail_folder()).context("mail.folder")?;
    let mail = mail.to_str().with_context(|| format!("{}: use a UTF-8 name", mail.display()))?;
    server.demo.environment(url, &log_key, mail)?.write(&folder.env_file())?;
    announce(&server, &folder);
    server.start().await?.until(stop).await
}

fn announce(server: &Development, folder: &DataDir) {
    let Development { context, demo, .. } = server;
    let url = &context.settings.public_url;
    let env_file = folder.env_file();
    println!("Bestow development server");
    println!();
    println!("  URL          {url}    (the API: {url}/docs)");
    println!("  database     {}", context.store.database_name());
    println!("  folder       {}", folder.path().display());
    println!("  mail         {}", context.settings.mail_way());
    println!("  environment  {}", env_file.display());
    println!("  partner      {}", demo.tenant.id);
    println!("  issuer       {}", demo.issuer.did);
    println!("  program      {}    (age, location, isMember)", demo.program.id);
    println!("  credential   {}    (fullName, level, active, born, photo)", demo.credential.id);
    println!("  offers       {url}{}/credential-offers", demo.offers_path());
    println!();
    println!(
        "API keys of an Issuer_Admin, an Issuer_User and an Issuer_Auditor are in the environment file."
    );
    println!("A Partner JWT: bestow token --email ada@example.com --env-file {}", env_file.display());
    println!(
        "Development mode: JWKS over http and from addresses that are not public are accepted. Not for production."
    );
}
