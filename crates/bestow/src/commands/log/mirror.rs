//! Mirrors of our log: served by anybody, or in a folder.

use std::path::PathBuf;

use anchor::{Log, Mirror as _, MirrorError, export_folder};
use anyhow::{Context as _, bail};
use reqwest::{Client, StatusCode, Url};

use crate::http;

/// The longest checkpoint that is looked at, in bytes.
const CHECKPOINT_LIMIT: usize = 1 << 16;

/// Where files of a log are.
#[derive(Debug)]
pub(super) enum Mirror {
    /// Below a URL that ends in a slash.
    Url(Client, Url),
    /// In a folder.
    Folder(PathBuf),
}

impl Mirror {
    /// A mirror at a URL or in a folder that has a checkpoint: there, or where our export would put that of `log`.
    pub(super) async fn open(place: &str, log: &Log) -> anyhow::Result<Self> {
        let mirror = Self::at(place)?;
        for mirror in [mirror.below(&export_folder(log.origin()))?, mirror] {
            let found = mirror.fetch("checkpoint", CHECKPOINT_LIMIT).await;
            if found.with_context(|| format!("reading {place}"))?.is_some() {
                return Ok(mirror);
            }
        }
        bail!("{place} has no `checkpoint`: name the URL or the folder of a mirror of {}", log.origin())
    }

    /// What is at a URL or in a folder, whether or not it has a checkpoint.
    pub(super) fn at(place: &str) -> anyhow::Result<Self> {
        if !place.starts_with("http://") && !place.starts_with("https://") {
            return Ok(Self::Folder(PathBuf::from(place)));
        }
        let url = format!("{}/", place.trim_end_matches('/'));
        let url = url.parse().with_context(|| format!("`{place}` is no URL"))?;
        Ok(Self::Url(http::client()?, url))
    }

    /// What is in a folder below it.
    pub(super) fn below(&self, folder: &str) -> anyhow::Result<Self> {
        Ok(match self {
            Self::Url(client, url) => Self::Url(client.clone(), url.join(&format!("{folder}/"))?),
            Self::Folder(path) => Self::Folder(path.join(folder)),
        })
    }
}

impl anchor::Mirror for Mirror {
    async fn fetch(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>, MirrorError> {
        match self {
            Self::Url(client, url) => {
                let url = url.join(path).map_err(MirrorError::new)?;
                let response = client.get(url).send().await.map_err(MirrorError::new)?;
                // A store that lets nobody list its keys answers so for those that it has not.
                if matches!(response.status(), StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) {
                    return Ok(None);
                }
                let mut response = response.error_for_status().map_err(MirrorError::new)?;
                let mut bytes = Vec::new();
                while let Some(chunk) = response.chunk().await.map_err(MirrorError::new)? {
                    if bytes.len() + chunk.len() > limit {
                        return Err(MirrorError::too_long(path, limit));
                    }
                    bytes.extend_from_slice(&chunk);
                }
                Ok(Some(bytes))
            }
            Self::Folder(folder) => read(folder.join(path), path, limit).await,
        }
    }
}

async fn read(file: PathBuf, path: &str, limit: usize) -> Result<Option<Vec<u8>>, MirrorError> {
    let metadata = match tokio::fs::metadata(&file).await {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(MirrorError::new(error)),
    };
    if metadata.len() > limit as u64 {
        return Err(MirrorError::too_long(path, limit));
    }
    tokio::fs::read(&file).await.map(Some).map_err(MirrorError::new)
}
