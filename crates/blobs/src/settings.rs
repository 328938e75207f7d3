//! Where blobs are kept.

use std::fmt;
use std::path::PathBuf;

/// Where blobs are kept.
#[derive(Clone, Debug)]
pub enum BlobSettings {
    /// Files in a folder of this machine, which is made if it is missing.
    Folder(PathBuf),
    /// Objects in a bucket.
    S3(S3Settings),
}

/// A bucket of Amazon S3, or of a store that speaks its protocol.
#[derive(Clone)]
pub struct S3Settings {
    /// The bucket. It has to exist.
    pub bucket: String,
    /// Its region, for example `eu-central-1`.
    pub region: String,
    /// The URL of the store, without the bucket; Amazon's own if absent.
    pub endpoint: Option<String>,
    /// Which access key signs. Without keys they come from the environment (`AWS_...`) or from the instance's role.
    pub access_key_id: Option<String>,
    /// The secret of the access key.
    pub secret_access_key: Option<String>,
    /// Whether `endpoint` may be `http:`, for a store on this machine or in a private network.
    pub allow_http: bool,
    /// Stands before every key, as a folder: the same characters as a key, or empty.
    pub prefix: String,
}

impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys =
            if self.secret_access_key.is_some() { "from the settings" } else { "from the environment" };
        f.debug_struct("S3Settings")
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .field("keys", &keys)
            .field("allow_http", &self.allow_http)
            .field("prefix", &self.prefix)
            .finish()
    }
}
