//! Which deployment a command works on: the options `--config`, `--data-dir` and `--database-url`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use keys::MasterKey;

use crate::config::{Environment, Loader, Settings, environment};
use crate::context::Context;
use crate::data_dir::DataDir;
use crate::files;

/// The folder of a development server, unless another is named.
pub(crate) const DEFAULT_DATA_DIR: &str = "./bestow-data";
/// A master key file is far shorter.
const KEY_FILE_LIMIT: usize = 4096;

/// Options that say on which deployment a command works.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Target {
    /// The configuration file of the deployment
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "data_dir")]
    pub(crate) config: Option<PathBuf>,
    /// The data folder of a development server [default without --config: ./bestow-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The database, sqlite:PATH or postgres://..., if it is another than the configuration's or the folder's
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

/// A deployment: its settings, and its data folder if it is a development server's.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) settings: Settings,
    pub(crate) folder: Option<DataDir>,
}

impl Target {
    /// The deployment that a command manages: a configuration file's or a data folder's.
    pub(crate) fn managed(&self) -> anyhow::Result<Deployment> {
        match (&self.config, &self.data_dir) {
            (Some(_), _) => self.production(None),
            (None, folder) => {
                let folder = DataDir::at(folder.as_deref().unwrap_or(Path::new(DEFAULT_DATA_DIR)))?;
                self.development(&folder, None, &environment)
            }
        }
    }

    /// The deployment of a configuration file; without a file, of the environment alone.
    pub(crate) fn production(&self, listen: Option<&str>) -> anyhow::Result<Deployment> {
        let mut loader = Loader::new();
        if let Some(file) = &self.config {
            loader = loader.file(file);
        }
        Ok(Deployment { settings: self.load(loader, listen, &environment)?, folder: None })
    }

    /// The deployment of a data folder. A setting has a default of its own there where the folder knows better.
    pub(crate) fn development(
        &self,
        folder: &DataDir,
        listen: Option<&str>,
        environment: Environment<'_>,
    ) -> anyhow::Result<Deployment> {
        let mut loader = Loader::new()
            .default("development", "true")?
            .default("database.url", &folder.database_url()?)?
            .default("mail.folder", &folder.inner("mail")?)?
            .default("images.folder", &folder.inner("images")?)?
            .default("log.export_folder", &folder.inner("log")?)?;
        if let Some(url) = folder.environment()?.as_ref().and_then(|known| known.get("BESTOW_URL")) {
            loader = loader.default("public_url", url)?;
        }
        Ok(Deployment { settings: self.load(loader, listen, environment)?, folder: Some(folder.clone()) })
    }

    fn load(
        &self,
        loader: Loader,
        listen: Option<&str>,
        environment: Environment<'_>,
    ) -> anyhow::Result<Settings> {
        loader
            .environment(environment)?
            .flag("database.url", "--database-url", self.database_url.as_deref())?
            .flag("listen", "--listen", listen)?
            .load()
    }
}

impl Deployment {
    /// The master key: from the environment, from the file that the settings name, or from the data folder.
    pub(crate) fn master_key(&self) -> anyhow::Result<MasterKey> {
        if let Some(text) = environment("BESTOW_MASTER_KEY") {
            return MasterKey::from_text(&text).context("BESTOW_MASTER_KEY");
        }
        let file = &self.settings.master_key_file;
        if !file.as_os_str().is_empty() {
            let text = files::read_text(file, KEY_FILE_LIMIT).context("master_key_file")?;
            return MasterKey::from_text(&text).with_context(|| format!("{}", file.display()));
        }
        match &self.folder {
            Some(folder) => folder.master_key(),
            None => anyhow::bail!(
                "no master key is given: make one with `openssl rand -hex 32 > master.key`, keep a copy in a safe place, and \
                 name the file as master_key_file (BESTOW_MASTER_KEY_FILE) or put the key itself in BESTOW_MASTER_KEY"
            ),
        }
    }

    /// Opens the deployment's database, which must be up to date, with its master key.
    pub(crate) async fn open(self) -> anyhow::Result<Context> {
        let master = self.master_key()?;
        Context::open(self.settings, master).await
    }
}
