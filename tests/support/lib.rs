//! Common support of the end-to-end tests: a whole server in this process on a fresh database, a clock that tests move, and
//! partners that sign.

mod anvil;
mod auditor;
mod catalog;
mod chain_server;
mod command;
mod database;
mod dev_server;
mod environment;
mod eventually;
mod file_server;
mod form;
mod jwks_host;
mod mail_server;
mod many_offers;
mod message;
mod partner;
mod presenter;
mod rpc_proxy;
mod server;
mod sources;
mod split_log;
mod sql;
mod verifier;
mod wallet;
mod witness_server;

pub use anvil::{AnchoredEvent, Anvil, ChainSetup, Mining, hex_bytes, nowhere, quantity};
pub use auditor::Auditor;
pub use chain_server::{ChainServer, ChainServerSetup};
pub use command::{Ran, bestow, bestow_reading};
pub use database::{Database, copy_database};
pub use dev_server::{DevProcess, DevServer, binary, free_address};
pub use environment::{Environment, Users};
pub use eventually::{eventually, eventually_some};
pub use file_server::{FileServer, S3Server};
pub use form::{Form, PIXEL};
pub use jwks_host::{JwksHost, Reply};
pub use mail_server::MailServer;
pub use many_offers::{MANY_OFFERS_TENANT, load_many_offers};
pub use message::Message;
pub use partner::{Claims, Partner, PartnerKey};
pub use presenter::{
    Binding, Held, PresentationAsked, Verifiers, disclosures, form_body, jwt_vp, parameters, sha256_text,
    unverified,
};
pub use rpc_proxy::{Act, Moment, RpcProxy, Seen};
pub use server::{Answer, Server, Setup, http_client};
pub use sources::{SystemEntropy, TestClock};
pub use split_log::SplitLog;
pub use sql::{execute_sql, query_texts};
pub use verifier::{STATUS_ENTRIES, payload};
pub use wallet::{Access, FORM, refusal};
pub use witness_server::WitnessServer;

/// Writes a test that runs on both databases: `on_both!(name, async |server: Server| { ... });` gives `name::sqlite` and
/// `name::postgres`.
#[macro_export]
macro_rules! on_both {
    ($(#[$meta:meta])* $name:ident, $body:expr) => {
        $(#[$meta])*
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                ($body)($crate::Server::start($crate::Database::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                ($body)($crate::Server::start($crate::Database::Postgres).await).await;
            }
        }
    };
}

/// Writes a test that starts what it needs on either database: `on_both_databases!(name, async |database: Database| { ... });`
/// gives `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! on_both_databases {
    ($(#[$meta:meta])* $name:ident, $body:expr) => {
        $(#[$meta])*
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                ($body)($crate::Database::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                ($body)($crate::Database::Postgres).await;
            }
        }
    };
}
