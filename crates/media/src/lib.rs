//! Images from outside, and where blobs are kept.
//!
//! [`sanitise`] turns bytes from outside into an image that is safe to serve: decoded within [`ImageLimits`] and written
//! anew, so that nothing of the upload but its pixels remains. [`read_qr`] reads the QR codes on one. [`Blobs`] keeps bytes
//! under keys, in a folder or in a bucket of an S3-compatible store.

mod blobs;
mod jpeg;
mod qr;
mod sanitise;
mod settings;
mod webp;

pub use blobs::{BlobError, Blobs};
pub use qr::read_qr;
pub use sanitise::{ImageError, ImageLimits, MediaType, SafeImage, sanitise};
pub use settings::{BlobSettings, S3Settings};
