//! The folder of a development server: its master key, its database, its mail and images, the demo partner's keys, and `dev.env`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use keys::MasterKey;
use model::Entropy;

use crate::env_file::EnvFile;
use crate::files;

/// No file in the folder that is read as text is longer.
const FILE_LIMIT: usize = 64 * 1024;

/// A data folder, by its absolute path.
#[derive(Clone, Debug)]
pub(crate) struct DataDir(PathBuf);

impl DataDir {
    /// The folder at `path`, whether or not there is one.
    pub(crate) fn at(path: &Path) -> anyhow::Result<Self> {
        let absolute = std::path::absolute(path)
            .with_context(|| format!("`{}` cannot be the data folder", path.display()))?;
        Ok(Self(absolute))
    }

    /// Makes the folder and its master key, unless they are there.
    pub(crate) fn make(&self, entropy: &dyn Entropy) -> anyhow::Result<()> {
        files::make_private_folder(&self.0)?;
        let make = || hex::encode(entropy.bytes::<32>()) + "\n";
        files::make_private(&self.master_key_file(), make, FILE_LIMIT).map(drop)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    fn master_key_file(&self) -> PathBuf {
        self.0.join("master.key")
    }

    /// The folder's master key.
    pub(crate) fn master_key(&self) -> anyhow::Result<MasterKey> {
        let path = self.master_key_file();
        let text = files::read_text(&path, FILE_LIMIT).with_context(|| {
            let folder = self.0.display();
            format!("{folder} is no data folder yet: run `bestow dev --data-dir {folder}` first, or name another one")
        })?;
        MasterKey::from_text(&text).with_context(|| format!("{}", path.display()))
    }

    /// The database that belongs to the folder: the one it was last used with, or else an SQLite file in it.
    pub(crate) fn database_url(&self) -> anyhow::Result<String> {
        let path = self.database_url_file();
        if path.exists() {
            return Ok(files::read_text(&path, FILE_LIMIT)?.trim().to_owned());
        }
        let file = self.inner("bestow.db")?;
        // In a database URL these have a meaning of their own.
        let escaped = file.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
        Ok(format!("sqlite:{escaped}"))
    }

    /// The path of something in the folder, as settings and `dev.env` hold it.
    pub(crate) fn inner(&self, name: &str) -> anyhow::Result<String> {
        let path = self.0.join(name);
        let text = path.to_str().map(str::to_owned);
        text.with_context(|| format!("{}: use a folder with a UTF-8 name", path.display()))
    }

    /// Records that the folder goes with this database. The URL may hold a password: the file is its owner's alone.
    pub(crate) fn record_database_url(&self, url: &str) -> anyhow::Result<()> {
        files::write_private(&self.database_url_file(), &format!("{url}\n"))
    }

    fn database_url_file(&self) -> PathBuf {
        self.0.join("database-url")
    }

    /// Where `dev.env` is.
    pub(crate) fn env_file(&self) -> PathBuf {
        self.0.join("dev.env")
    }

    /// What `dev.env` says, if it has been written.
    pub(crate) fn environment(&self) -> anyhow::Result<Option<EnvFile>> {
        let path = self.env_file();
        if path.exists() { EnvFile::read(&path).map(Some) } else { Ok(None) }
    }

    /// The private key of the demo partner in this file, made by `generate` (PKCS#8) at first use.
    pub(crate) fn partner_key(
        &self,
        name: &str,
        generate: fn() -> Vec<u8>,
    ) -> anyhow::Result<(PathBuf, jose::SigningKey)> {
        let path = self.0.join(name);
        let lf = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        let make = || pem::encode_config(&pem::Pem::new("PRIVATE KEY", generate()), lf);
        let text = files::make_private(&path, make, FILE_LIMIT)?;
        let key = jose::SigningKey::from_pkcs8_pem(&text).with_context(|| format!("{}", path.display()))?;
        Ok((path, key))
    }
}
