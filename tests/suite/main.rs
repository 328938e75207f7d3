//! The end-to-end suite: one binary, one module a subject.

mod anchor;
mod authorization;
mod claim_page;
mod credentials;
mod issue;
mod jwks;
mod killed;
mod log;
mod main_job;
mod offers;
mod operations;
mod partner_auth;
mod status;
mod status_lists;
mod store;
mod verify;
mod verify_cli;
mod wallet;
