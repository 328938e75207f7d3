//! Reading files within limits, and writing them whole.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, bail};
use tempfile::NamedTempFile;

/// Reads a text of at most `limit` bytes.
pub(crate) fn read_text(path: &Path, limit: usize) -> anyhow::Result<String> {
    let read = || -> anyhow::Result<String> {
        let mut text = String::new();
        File::open(path)?.take(limit as u64 + 1).read_to_string(&mut text)?;
        if text.len() > limit {
            bail!("it is larger than {limit} bytes");
        }
        Ok(text)
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

/// Replaces a file as a whole, readable by its owner alone: a reader sees the old text or the new one.
pub(crate) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let write = || -> anyhow::Result<()> {
        temporary(path, text)?.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Makes a file, readable by its owner alone, unless there is one already; gives what it holds in the end. So two processes
/// that start at the same time agree.
pub(crate) fn make_private(
    path: &Path,
    make: impl FnOnce() -> String,
    limit: usize,
) -> anyhow::Result<String> {
    if !path.exists() {
        let written = temporary(path, &make()).with_context(|| format!("cannot write {}", path.display()))?;
        if let Err(error) = written.persist_noclobber(path)
            && error.error.kind() != std::io::ErrorKind::AlreadyExists
        {
            return Err(error.error).with_context(|| format!("cannot write {}", path.display()));
        }
    }
    read_text(path, limit)
}

/// A durable file beside `path`; only its owner can read it.
fn temporary(path: &Path, text: &str) -> anyhow::Result<NamedTempFile> {
    let folder = path.parent().context("it has no folder")?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes a folder that its owner alone can enter, unless there is one already.
pub(crate) fn make_private_folder(path: &Path) -> anyhow::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| format!("cannot make the folder {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_and_what_is_too_large_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert_eq!(make_private(&path, || "first".into(), 10).unwrap(), "first");
        assert_eq!(make_private(&path, || "second".into(), 10).unwrap(), "first");
        write_private(&path, "third").unwrap();
        assert_eq!(read_text(&path, 5).unwrap(), "third");
        let error = read_text(&path, 4).unwrap_err();
        assert!(format!("{error:#}").ends_with("larger than 4 bytes"));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        make_private_folder(&inner).unwrap();
        let path = inner.join("key");
        write_private(&path, "secret").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&inner), mode(&path)), (0o700, 0o600));
    }
}
