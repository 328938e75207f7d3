//! The credential formats and status lists, from the outside: published vectors, properties and refusals.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case should stop there")]

mod common;
mod did;
mod did_keys;
mod jwt_vc;
mod sd_jwt_issue;
mod sd_jwt_process;
mod sd_jwt_vectors;
mod status;
