//! Blobs: bytes under keys.

use std::fmt;
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt, PutOptions, RetryConfig,
};

use crate::{BlobSettings, S3Settings};

/// How long one request to an S3 store may take, and how long after the first one it is tried again.
const TIME_OUT: Duration = Duration::from_secs(10);
const CONNECT_TIME_OUT: Duration = Duration::from_secs(3);
const RETRIES: usize = 2;
/// More than any key of ours, and less than a file name may have.
const MAX_KEY: usize = 200;

/// Why a blob was not stored, read or removed.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The settings contradict themselves or miss something.
    #[error("the blob settings cannot be used: {0}")]
    Settings(&'static str),
    /// The folder cannot be used.
    #[error("the blob folder {} cannot be made or opened; check its path and permissions", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        #[source]
        problem: io::Error,
    },
    /// The key is not one of ours.
    #[error(
        "a blob key is at most {MAX_KEY} characters a-z, 0-9, hyphens, underscores, dots and slashes, with something on both \
         sides of each slash that neither begins nor ends with a dot"
    )]
    Key,
    /// The blob is larger than the reader takes.
    #[error("the blob has {size} bytes, more than the {limit} that are read; it was not written by Bestow")]
    TooLarge {
        /// How many bytes it has.
        size: u64,
        /// How many were asked for at most.
        limit: usize,
    },
    /// There are more blobs than the caller wanted to hear of.
    #[error("there are more than {0} blobs under one prefix; they were not written by Bestow")]
    TooMany(usize),
    /// The store does not answer, or refuses.
    #[error("the blob store failed; check that it is reachable and that its keys permit reading and writing")]
    Store(#[from] object_store::Error),
}

/// What a blob is to whoever fetches it over HTTP from a bucket. A folder keeps none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// `Cache-Control`.
    pub cache_control: &'static str,
}

impl Form {
    fn options(self) -> PutOptions {
        let attributes =
            [(Attribute::ContentType, self.content_type), (Attribute::CacheControl, self.cache_control)];
        Attributes::from_iter(attributes).into()
    }
}

/// A store of blobs, cheap to clone.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    /// Whether the store keeps a [`Form`] beside the bytes.
    keeps_forms: bool,
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The store's own text form includes its settings.
        f.write_str("Blobs(..)")
    }
}

impl Blobs {
    /// Opens the store. A folder is made if it is missing; a bucket is not asked for until it is used.
    ///
    /// # Errors
    /// [`BlobError::Settings`], [`BlobError::Folder`], [`BlobError::Key`] for the prefix, [`BlobError::Store`] for
    /// what the environment's settings miss.
    pub fn open(settings: &BlobSettings) -> Result<Self, BlobError> {
        match settings {
            BlobSettings::Folder(folder) => {
                Ok(Self { store: Arc::new(open_folder(folder)?), prefix: String::new(), keeps_forms: false })
            }
            BlobSettings::S3(s3) => {
                if !s3.prefix.is_empty() && !is_key(&s3.prefix) {
                    return Err(BlobError::Key);
                }
                Ok(Self { store: Arc::new(open_s3(s3)?), prefix: s3.prefix.clone(), keeps_forms: true })
            }
        }
    }

    /// Stores `bytes` under `key`, in the place of what was there. A reader sees all of the old or all of the new.
    ///
    /// # Errors
    /// [`BlobError::Key`], [`BlobError::Store`].
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        self.store.put(&self.path(key)?, bytes.into()).await?;
        Ok(())
    }

    /// Stores `bytes` as [`Blobs::put`] does, for whoever fetches them without us: with this `form`, where the store keeps
    /// one.
    ///
    /// # Errors
    /// [`BlobError::Key`], [`BlobError::Store`].
    pub async fn publish(&self, key: &str, bytes: Vec<u8>, form: Form) -> Result<(), BlobError> {
        let options = if self.keeps_forms { form.options() } else { PutOptions::default() };
        self.store.put_opts(&self.path(key)?, bytes.into(), options).await?;
        Ok(())
    }

    /// The keys that begin with the folder `key`, in no order.
    ///
    /// # Errors
    /// [`BlobError::TooMany`] if there are more than `limit`, [`BlobError::Key`], [`BlobError::Store`].
    pub async fn list(&self, key: &str, limit: usize) -> Result<Vec<String>, BlobError> {
        let prefix = self.path(key)?;
        let mut found = self.store.list(Some(&prefix));
        let mut keys = Vec::new();
        while let Some(blob) = found.try_next().await? {
            // What is no key of ours was not put here by us: a file that a killed process left half-written, for example.
            let Some(key) = self.key(&blob.location) else { continue };
            if keys.len() == limit {
                return Err(BlobError::TooMany(limit));
            }
            keys.push(key);
        }
        Ok(keys)
    }

    /// The blob under `key`, if there is one.
    ///
    /// # Errors
    /// [`BlobError::TooLarge`] if it has more than `limit` bytes, of which none is read; [`BlobError::Key`],
    /// [`BlobError::Store`].
    pub async fn get(&self, key: &str, limit: usize) -> Result<Option<Vec<u8>>, BlobError> {
        let found = match self.store.get(&self.path(key)?).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(problem) => return Err(problem.into()),
        };
        let size = found.meta.size;
        if usize::try_from(size).is_ok_and(|size| size <= limit) {
            Ok(Some(found.bytes().await?.into()))
        } else {
            Err(BlobError::TooLarge { size, limit })
        }
    }

    /// Removes the blob under `key`; that there is none is no error.
    ///
    /// # Errors
    /// [`BlobError::Key`], [`BlobError::Store`].
    pub async fn delete(&self, key: &str) -> Result<(), BlobError> {
        match self.store.delete(&self.path(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(problem) => Err(problem.into()),
        }
    }

    /// The key of a path, if it is one of ours.
    fn key(&self, path: &Path) -> Option<String> {
        let path: &str = path.as_ref();
        let key =
            if self.prefix.is_empty() { path } else { path.strip_prefix(&self.prefix)?.strip_prefix('/')? };
        is_key(key).then(|| key.to_owned())
    }

    fn path(&self, key: &str) -> Result<Path, BlobError> {
        if !is_key(key) {
            return Err(BlobError::Key);
        }
        Ok(Path::from_iter(self.prefix.split('/').chain(key.split('/')).filter(|part| !part.is_empty())))
    }
}

/// Whether a key is made as ours are; then no store reads it as anything but a name.
fn is_key(key: &str) -> bool {
    let plain = |part: &str| {
        let character = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
        !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && part.bytes().all(character)
    };
    key.len() <= MAX_KEY && key.split('/').all(plain)
}

fn open_folder(folder: &FilePath) -> Result<LocalFileSystem, BlobError> {
    std::fs::create_dir_all(folder)
        .map_err(|problem| BlobError::Folder { folder: folder.to_owned(), problem })?;
    Ok(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true))
}

fn open_s3(settings: &S3Settings) -> Result<AmazonS3, BlobError> {
    let builder = match (&settings.access_key_id, &settings.secret_access_key) {
        (Some(id), Some(secret)) => {
            AmazonS3Builder::new().with_access_key_id(id).with_secret_access_key(secret)
        }
        (None, None) => AmazonS3Builder::from_env(),
        _ => return Err(BlobError::Settings("give both the access key's id and its secret, or neither")),
    };
    let client = ClientOptions::new().with_timeout(TIME_OUT).with_connect_timeout(CONNECT_TIME_OUT);
    let retry =
        RetryConfig { backoff: BackoffConfig::default(), max_retries: RETRIES, retry_timeout: TIME_OUT };
    let mut builder = builder
        .with_bucket_name(&settings.bucket)
        .with_region(&settings.region)
        .with_client_options(client)
        .with_allow_http(settings.allow_http)
        .with_retry(retry);
    if let Some(endpoint) = &settings.endpoint {
        let insecure = settings.allow_http && endpoint.starts_with("http://");
        if !insecure && !endpoint.starts_with("https://") {
            return Err(BlobError::Settings(
                "the endpoint has to start with https://, or http:// where that is allowed",
            ));
        }
        builder = builder.with_endpoint(endpoint);
    }
    Ok(builder.build()?)
}

#[cfg(test)]
mod tests {
    use super::is_key;

    #[test]
    fn keys_are_plain_names() {
        for key in
            ["a", "images/0f-9a", "t/i/1", "-", "_a", "tile/0/x001/067.p/112", "a..b", "log.example.com/log"]
        {
            assert!(is_key(key), "{key}");
        }
        let long = "a".repeat(201);
        for key in [
            "", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "a/.b", ".a", "a./b", "A", "ä", "a\\b",
            "a%2fb", "a#1", "a\0", "a b", &long,
        ] {
            assert!(!is_key(key), "{key}");
        }
    }
}
