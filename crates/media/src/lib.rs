//! Images from outside.
//!
//! [`sanitise`] turns bytes from outside into an image that is safe to serve: decoded within [`ImageLimits`] and written
//! anew, so that nothing of the upload but its pixels remains. [`read_qr`] reads the QR codes on one.

mod jpeg;
mod qr;
mod sanitise;
mod webp;

pub use qr::read_qr;
pub use sanitise::{ImageError, ImageLimits, MediaType, SafeImage, sanitise};
