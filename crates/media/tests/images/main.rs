//! What becomes of images from outside.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test itself may")]

mod files;
mod hostile;
mod pixels;
mod qr;
mod stripped;
