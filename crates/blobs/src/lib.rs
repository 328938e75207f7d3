//! Bytes under keys: in a folder, or in a bucket of an S3-compatible store.

mod blobs;
mod settings;

pub use blobs::{BlobError, Blobs, Form};
pub use settings::{BlobSettings, S3Settings};
