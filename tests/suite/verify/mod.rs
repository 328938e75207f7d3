//! The verifier, over HTTP: checking what anybody brings, and asking wallets to present (OpenID4VP 1.0).

mod answers;
mod check;
mod check_binding;
mod check_log;
mod common;
mod conditions;
mod definitions;
mod limits;
mod present;
mod refusals;
mod replicas;
mod request_object;
mod results;
mod stranger;
mod strangers;
mod strangers_certified;
mod strangers_keys;
mod strangers_status;
mod transactions;
