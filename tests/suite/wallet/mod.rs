//! Claiming into a wallet (OpenID4VCI), as wallets see it: over HTTP.

mod common;
mod credential;
mod deferred;
mod dpop;
mod editions;
mod encryption;
mod flow;
mod keys;
mod metadata;
mod odd;
mod proofs;
mod races;
mod replicas;
mod retries;
mod revocation;
mod states;
mod token;
mod tokens;
mod tx_code;
mod withdrawn;
