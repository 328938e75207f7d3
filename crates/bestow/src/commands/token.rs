//! `bestow token`: a Partner JWT of the demo tenant.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use jose::SigningKey;
use model::{Clock, Email};

use super::values;
use crate::env_file::EnvFile;
use crate::files;
use crate::partner::{self, Claims};
use crate::system::SystemClock;

/// A PEM file of the largest key that is accepted is shorter.
const KEY_FILE_LIMIT: usize = 16 * 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The person to issue to
    #[arg(long, value_parser = values::email)]
    email: Email,
    /// What the token allows, words separated by spaces
    #[arg(long, default_value = "issue on-behalf")]
    scope: String,
    /// The file that `bestow dev` writes
    #[arg(long, value_name = "FILE", default_value = "./bestow-data/dev.env")]
    env_file: PathBuf,
    /// For how many seconds the token is valid
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    expires_in: u32,
    /// The algorithm of the signature
    #[arg(long, value_enum, default_value_t = Algorithm::Rs256)]
    alg: Algorithm,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Algorithm {
    #[value(name = "RS256")]
    Rs256,
    #[value(name = "ES256")]
    Es256,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let environment = EnvFile::read(&arguments.env_file)
        .context("no demo tenant is known: run `bestow dev` first, or name its dev.env with --env-file")?;
    let (key, kid, algorithm) = match arguments.alg {
        Algorithm::Rs256 => ("BESTOW_PARTNER_KEY", "BESTOW_PARTNER_KID", jose::Algorithm::Rs256),
        Algorithm::Es256 => ("BESTOW_PARTNER_EC_KEY", "BESTOW_PARTNER_EC_KID", jose::Algorithm::Es256),
    };
    let path = Path::new(environment.require(key)?);
    let key = SigningKey::from_pkcs8_pem(&files::read_text(path, KEY_FILE_LIMIT)?)
        .with_context(|| format!("{}", path.display()))?;
    ensure!(key.algorithm() == algorithm, "{} holds no {algorithm} key", path.display());
    let claims = Claims {
        partner_id: environment.require("BESTOW_PARTNER_ID")?,
        email: arguments.email.as_str(),
        scope: &arguments.scope,
        life_seconds: arguments.expires_in,
    };
    println!("{}", partner::sign(claims, &key, environment.require(kid)?, SystemClock.now()));
    Ok(())
}
