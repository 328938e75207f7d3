//! Mail into files.

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Fault, MailSetupError};

/// A folder with one file a message.
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder if it is missing.
    pub(crate) async fn open(path: PathBuf) -> Result<Self, MailSetupError> {
        let wanted = path.clone();
        match blocking(move || make(&wanted)).await {
            Ok(()) => Ok(Self { path }),
            Err(source) => Err(MailSetupError::Folder { path, source }),
        }
    }

    /// Writes `<message_id>.eml` as a whole, in place of a file of an earlier attempt. Only the owner can read it.
    pub(crate) async fn store(&self, message_id: &str, text: String) -> Result<(), Fault> {
        let path = self.path.join(format!("{message_id}.eml"));
        blocking(move || {
            let folder = path.parent().ok_or(io::ErrorKind::NotADirectory)?;
            // Who empties the mailbox may well remove it.
            make(folder)?;
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        })
        .await
        .map_err(Fault::Folder)
    }
}

fn make(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    // What cannot be listed cannot be a mailbox; better to learn that at the start.
    fs::read_dir(path).map(drop)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
