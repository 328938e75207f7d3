//! The credential formats and status lists, from the outside: published vectors, properties and refusals.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case should stop there")]

mod common;
mod did;
mod did_document;
mod did_keys;
mod did_web_url;
mod jwt_vc;
mod jwt_vp;
mod key_binding;
mod present;
mod robust;
mod sd_jwt_issue;
mod sd_jwt_json;
mod sd_jwt_process;
mod sd_jwt_vectors;
mod status;
mod status_credentials;
mod status_references;
mod status_tokens;
mod validity;
mod vc_jose_cose;
mod vcdm2;
