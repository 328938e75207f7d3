//! Credential offers (seed 003).

mod access;
mod audit;
mod bulk;
mod claim_code;
mod common;
mod common_words;
mod errors;
mod filters;
mod golden;
mod history;
mod images;
mod life;
mod lists;
mod mail;
mod ownership;
mod plans;
mod profiles;
mod races;
mod repeats;
mod revocation;
mod seed;
mod sharing;
mod values;
mod words;
